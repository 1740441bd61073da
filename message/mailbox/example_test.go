package mailbox_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/message/mailbox"
)

func ExampleParse() {
	for _, m := range mailbox.Parse(`Sales, Example <news@Example.com>, "ceo@example.com" <x@example.net>`) {
		fmt.Printf("%s | %s | %s\n", m.Name, m.Address, m.Domain)
	}
	// Output:
	// Sales, Example | news@Example.com | example.com
	// ceo@example.com | x@example.net | example.net
}
