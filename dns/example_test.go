package dns_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mailtrace/mailtrace/dns"
)

// What if example.org published this? A small zone stands before the source of
// everything else.
func ExampleChain() {
	plan, err := dns.ParseZone("plan", []byte(`_dmarc.example.org. TXT "v=DMARC1; p=reject"`))
	if err != nil {
		fmt.Println(err)
		return
	}
	world, err := dns.ParseZone("world", []byte(`
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

func ExampleParseZone_errors() {
	_, err := dns.ParseZone("zone.txt", []byte("a.example. A 192.0.2\nb.example. A 192.0.2.1\nc.example. MX mail.example.\n"))
	fmt.Println(err)
	// Output:
	// zone.txt:1: not an IPv4 address: "192.0.2"
	//   hint: such as 192.0.2.1
	// zone.txt:3: an MX record begins with its preference: "mail.example."
	//   hint: MX 10 mail.example.com.
}

// Is the SPF record of example.org secure, and until when? The servers must
// pass on signatures; what they say of their own validation is not asked.
func ExampleValidator() {
	live := dns.NewLive(dns.LiveOptions{Servers: []string{"192.0.2.53"}})
	defer live.Close()
	v := dns.NewValidator(live, dns.ValidatorOptions{Now: time.Now})
	got, err := v.Validate(context.Background(), "example.org", dns.TypeTXT)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Security, got.Reason, got.Answer.Texts(), got.Algorithms, got.Expires)
	for _, l := range got.Chain {
		fmt.Printf("%q %s, DS %d %v %v\n", l.Zone, l.Security, l.KeyTags, l.Algorithms, l.Digests)
	}
}
