package redact_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/report"
)

// One person is the same user everywhere in the report.
func ExampleReport() {
	from := "ann@example.com"
	r := redact.Report(&report.Report{
		Schema:  report.Schema,
		Message: report.Message{MailFrom: &from, From: []report.Address{{Address: from}}},
		Hops:    []report.Hop{{For: "bob@example.org", From: report.HopFrom{IP: "10.1.2.3"}}},
	}, redact.Options{})
	fmt.Println(*r.Message.MailFrom, r.Message.From[0].Address, r.Hops[0].For, r.Hops[0].From.IP)
	// Output:
	// user-1@example.com user-1@example.com user-2@example.org 10.0.0.1
}
