package dmarc_test

import (
	"context"
	"fmt"
	"log"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
)

// records is a resolver for TXT records in memory.
type records map[string]string

func (r records) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	a := dns.Answer{Name: name, Type: t, Status: dns.NXDomain}
	if text, ok := r[name]; ok && t == dns.TypeTXT {
		a.Status = dns.Success
		a.Records = []dns.Record{{Name: name, Type: t, Text: text}}
	}
	return a, nil
}

func ExampleEvaluate() {
	zone := records{"_dmarc.dept.example.com": "v=DMARC1; p=reject"}
	in := dmarc.Input{
		From: "dept.example.com",
		SPF:  []dmarc.Identifier{{Domain: "bounce.esp.example", Pass: true}},
		DKIM: []dmarc.Identifier{{Domain: "example.com", Pass: true}},
	}
	for _, method := range []dmarc.Method{dmarc.RFC9989, dmarc.RFC7489} {
		e, err := dmarc.Evaluate(context.Background(), zone, in, method)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s, the owner asks %s\n  %s\n", e.Method, e.Result, e.Disposition.Request(), e.Reason)
	}
	// Output:
	// rfc9989: fail, the owner asks to refuse such mail
	//   SPF passes for bounce.esp.example and DKIM passes for example.com, none of them of the same organisation as dept.example.com
	// rfc7489: pass, the owner asks for nothing
	//   DKIM passes for example.com, of the same organisation (example.com)
}

func ExampleParseRecord() {
	r := dmarc.ParseRecord("v=DMARC1; p=Reject; sp=nothing; rua=mailto:dmarc@example.com")
	fmt.Println(r.Policy)
	for _, p := range r.Problems {
		fmt.Printf("%d %s: %s\n", p.Offset, p.Tag, p.Text)
	}
	// Output:
	// none
	// 20 sp: the value is not none, quarantine or reject
}
