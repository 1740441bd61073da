package report_test

import (
	"fmt"
	"net/netip"

	"github.com/mailtrace/mailtrace/report"
)

// A sentence keeps what its words stand for, so that a view can make links of
// them and redaction finds what is a name.
func ExampleSay() {
	t := report.Say("SPF was checked again at %v against %v", report.HopRef(4), netip.MustParseAddr("192.0.2.1"))
	fmt.Println(t)
	for _, p := range t {
		fmt.Printf("%s %q\n", p.Kind, p.Text)
	}
	// Output:
	// SPF was checked again at hop 4 against 192.0.2.1
	// text "SPF was checked again at "
	// hop "hop 4"
	// text " against "
	// ip "192.0.2.1"
}

func ExampleSeverityRank() {
	fmt.Println(report.SeverityRank(report.High) < report.SeverityRank(report.Low))
	// Output: true
}
