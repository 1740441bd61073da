package doh_test

import (
	"context"
	"fmt"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/doh"
)

// The messages go and come by whatever the program has: a fetch of a browser, an
// HTTP client, or, as here, a function.
func ExampleResolver() {
	r := &doh.Resolver{Server: "dns.example", Exchange: func(_ context.Context, query []byte) ([]byte, error) {
		var m dnsmessage.Message
		if err := m.Unpack(query); err != nil {
			return nil, err
		}
		m.Response = true
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 300},
			Body:   &dnsmessage.TXTResource{TXT: []string{"v=spf1 -all"}},
		}}
		return m.Pack()
	}}
	answer, err := r.Lookup(context.Background(), "example.com", dns.TypeTXT)
	fmt.Println(answer.Status, answer.Texts(), answer.TTL, err)
	// Output: noerror [v=spf1 -all] 300 <nil>
}
