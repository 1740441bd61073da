package desk_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mailtrace/mailtrace/web/desk"
)

// Where the DNS is asked, the path comes first and the number of open questions
// meanwhile; without it there is nothing to wait for.
func ExampleDesk_Answer() {
	d := desk.New(desk.Options{Rules: desk.Rules(), Load: desk.Load, Now: time.Now})
	d.Answer(context.Background(), desk.Question{Message: []byte("From: ann@example.com\nSubject: Thursday\n\nHello\n")}, func(e desk.Event) { fmt.Println(e.Event) })
	// Output:
	// done
}
