package fix_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/fix"
)

// Which settings end a finding?
func ExampleFor() {
	for _, r := range fix.For("spf-rechecked-behind-border") {
		if r.Product == "Exchange Online" {
			fmt.Println(r.ID, r.Effect, r.Who)
		}
	}
	// Output:
	// exo-efskip-last cause recipient
	// exo-efskip-list cause recipient
}
