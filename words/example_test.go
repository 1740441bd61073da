package words_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/words"
)

func ExampleFind() {
	w, ok := words.Find("softfail")
	fmt.Println(ok, w.Title)
	fmt.Println(w.Text)
	// Output:
	// true the record doubts the address
	// The SPF record ends in ~all: the address is probably not authorised. Receivers accept such mail and treat it with care. For DMARC it is not a pass.
}
