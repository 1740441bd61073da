package dns_test

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

// What if example.org published this? A small zone stands before the source of
// everything else.
func ExampleChain() {
	plan, err := zonefile.Parse("plan", []byte(`_dmarc.example.org. TXT "v=DMARC1; p=reject"`))
	if err != nil {
		fmt.Println(err)
		return
	}
	world, err := zonefile.Parse("world", []byte(`
_dmarc.example.org. TXT "v=DMARC1; p=none"
example.org. TXT "v=spf1 -all"
; SERVFAIL sick.example.
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := dns.Chain(plan, world)
	for _, name := range []string{"_dmarc.example.org", "example.org", "nowhere.example", "sick.example"} {
		a, err := r.Lookup(context.Background(), name, dns.TypeTXT)
		fmt.Println(a.Status, a.Texts(), err)
	}
	// Output:
	// noerror [v=DMARC1; p=reject] <nil>
	// noerror [v=spf1 -all] <nil>
	// nxdomain [] <nil>
	//  [] dns: sick.example TXT: servfail from zone:world
}
