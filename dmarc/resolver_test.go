package dmarc

import (
	"context"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
)

// zone is a closed world of TXT records that keeps the questions. A key holds
// the texts at a name; "SERVFAIL" as the only text makes the name fail, "EXISTS"
// makes it exist without records, "OFF" makes the question one that was never
// asked.
type zone struct {
	txt   map[string][]string
	asked []string
}

func newZone(pairs ...string) *zone {
	z := &zone{txt: make(map[string][]string)}
	for i := 0; i+1 < len(pairs); i += 2 {
		z.txt[pairs[i]] = append(z.txt[pairs[i]], pairs[i+1])
	}
	return z
}

func (z *zone) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	if t == dns.TypeTXT {
		z.asked = append(z.asked, name)
	} else {
		z.asked = append(z.asked, name+" "+t.String())
	}
	a := dns.Answer{Name: name, Type: t, Status: dns.NXDomain}
	texts, ok := z.txt[name]
	if !ok {
		for other := range z.txt {
			if strings.HasSuffix(other, "."+name) {
				a.Status = dns.NoData // an empty non-terminal
			}
		}
		return a, nil
	}
	switch texts[0] {
	case "SERVFAIL":
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.ServFail}
	case "OFF":
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.NotRecorded}
	}
	a.Status = dns.NoData
	if t == dns.TypeTXT && texts[0] != "EXISTS" {
		a.Status = dns.Success
		for _, s := range texts {
			a.Records = append(a.Records, dns.Record{Name: name, Type: t, Text: s})
		}
	}
	return a, nil
}
