package bulk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/bulk"
)

const box = "From ann@example.com Mon Nov 23 01:38:52 2026\nSubject: one\n\nHello\n\nFrom bob@example.org Mon Nov 23 02:38:52 2026\nSubject: two\n\nHello\n\n"

// Where do the messages of a mailbox lie? Each with the line that the mailbox put
// before it.
func ExampleMbox() {
	for at, err := range bulk.Mbox(strings.NewReader(box)) {
		if err != nil {
			panic(err)
		}
		first, _, _ := strings.Cut(box[at.Offset:][:at.Length], "\n")
		fmt.Println(at.Offset, at.Length, first)
	}
	// Output:
	// 0 66 From ann@example.com Mon Nov 23 01:38:52 2026
	// 67 66 From bob@example.org Mon Nov 23 02:38:52 2026
}

// Two at a time, and the results in the order of the input.
func ExampleRun() {
	err := bulk.Run(context.Background(), 2, slices.Values([]string{"a", "b", "c"}),
		func(_ context.Context, s string) string { return strings.ToUpper(s) },
		func(s string) error { _, err := fmt.Println(s); return err })
	fmt.Println(err)
	// Output:
	// A
	// B
	// C
	// <nil>
}
