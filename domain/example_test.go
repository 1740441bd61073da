package domain_test

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/domain"
)

func Example() {
	zone, err := zonefile.Parse("example", []byte(`
example.com.        MX  10 mx.example.com.
example.com.        TXT "v=spf1 mx include:_spf.example.net a:old.example.com -all"
mx.example.com.     A   192.0.2.25
mx.example.com.     TXT "v=spf1 a -all"
_spf.example.net.   TXT "v=spf1 ip4:198.51.100.0/24 -all"
_dmarc.example.com. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := domain.Check(context.Background(), "example.com", domain.Options{Resolver: zone})
	fmt.Println(r.SPF.DNSLookups, "lookups,", r.SPF.Authorized.IPv4.Count, "addresses")
	for _, p := range r.Problems {
		if p.Check == "spf" {
			fmt.Println(p.Code+":", p.Message)
		}
	}
	// Output:
	// 3 lookups, 257 addresses
	// spf-void-term: a:old.example.com at byte 35: old.example.com has no address: a void lookup
}
