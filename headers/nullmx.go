package headers

import (
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
)

// NullMX is a domain that says that it takes no mail (RFC 7505).
type NullMX struct {
	Domain string
	Use    string // "envelope sender", "author"
}

// findNullMX asks whether the domains that the message uses take mail at all,
// where DMARC does not pass: two questions at most.
func (f *Facts) findNullMX() {
	if f.DMARC == nil && f.SPF == nil || f.DMARC != nil && f.DMARC.Result == dmarc.Pass {
		return
	}
	env := ""
	if f.MailFrom != nil {
		env = envelopeDomain(*f.MailFrom)
	}
	for _, x := range []NullMX{{env, "envelope sender"}, {f.FromDomain, "author"}} {
		if x.Domain == "" || x.Use == "author" && x.Domain == env {
			continue
		}
		ans, ok := f.ask.lookup("whether the sender's domain takes mail", x.Domain, dns.TypeMX)
		// RFC 7505 §3: exactly one record, preference 0, the root as its host.
		if ok && len(ans.Records) == 1 && ans.Records[0].Type == dns.TypeMX && ans.Records[0].Pref == 0 && ans.Records[0].Host == "" {
			f.NullMX = append(f.NullMX, x)
		}
	}
}
