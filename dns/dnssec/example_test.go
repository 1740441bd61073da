package dnssec_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/dnssec"
	"github.com/mailtrace/mailtrace/dns/live"
)

// Is the SPF record of example.org secure, and until when? The servers must
// pass on signatures; what they say of their own validation is not asked.
func ExampleValidator() {
	source := live.New(live.Options{Servers: []string{"192.0.2.53"}})
	defer source.Close()
	v := dnssec.NewValidator(source, dnssec.ValidatorOptions{Now: time.Now})
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

// What everything is traced back to.
func ExampleRootAnchors() {
	for _, a := range dnssec.RootAnchors() {
		fmt.Println(a.KeyTag, a.Algorithm, a.DigestType)
	}
	// Output:
	// 20326 8 2
	// 38696 8 2
}
