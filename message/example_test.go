package message_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/message"
)

// Nothing is unfolded, nothing is edited: what is not as it should be is noted.
func ExampleParse() {
	raw := []byte("Subject: one\n two\r\nto: bob@example.org\r\nno field\r\n\r\nHello\r\n")
	m := message.Parse(raw)
	for i, f := range m.Fields {
		fmt.Printf("%d. line %d: %q %q\n", i, f.Line, m.Name(i), m.Value(i))
	}
	fmt.Printf("%q\n", m.Get("To"))
	fmt.Printf("%q\n", raw[m.Body.Start:m.Body.End])
	for _, n := range m.Notes {
		fmt.Println(n.Kind)
	}
	// Output:
	// 0. line 1: "Subject" "one two"
	// 1. line 3: "to" "bob@example.org"
	// "bob@example.org"
	// "Hello\r\n"
	// bad-line
	// mixed-line-ends
}
