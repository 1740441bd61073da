package headers

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// weighedClaims holds what the header says against the message itself and against
// what was computed. A verdict in the recipient's name that came with the message
// counts for less where these refute it; it is forged only where they leave no
// honest way in which it can have come about. Where it stands proves nothing:
// filters write below their own Received field, tenants cut Received fields out,
// a message comes home through somebody else.
func weighedClaims(x Facts) []Claim {
	f := &x
	if f.LastRun() == nil {
		return f.Claims
	}
	claims := append([]Claim(nil), f.Claims...)
	forged, refuted := map[int]string{}, map[int]string{}
	for n := range claims {
		c := &claims[n]
		if c.Trust == Trusted || !f.inRecipientsName(c) {
			continue
		}
		if why := f.signedBefore(c); why != "" {
			forged[c.Field] = why
		} else if why := f.deniedByWriter(c, claims); why != "" {
			forged[c.Field] = why
		} else if why := f.refuted(c); why != "" {
			refuted[c.Field] = why
		}
	}
	// A field is one statement: what is shown of a part holds for all of it.
	for n := range claims {
		c := &claims[n]
		if why := forged[c.Field]; why != "" {
			c.Trust, c.Why = Forged, why
		} else if why := refuted[c.Field]; why != "" && c.Trust != Forged {
			c.Trust, c.Why = Untrusted, why
		}
	}
	return claims
}

// inRecipientsName reports whether a verdict below the border gives itself out
// for the recipient's server's.
func (f *Facts) inRecipientsName(c *Claim) bool {
	switch c.Header {
	case "Authentication-Results", "Received-SPF":
	default:
		return false
	}
	first := f.Custody.First
	if first < len(f.Hops) && c.Field < f.Hops[first].Field {
		return false
	}
	id := mailname.Host(cmp.Or(c.AuthservID, c.Receiver))
	return id != "" && (f.Custody.Own(id) || f.trust.hasName(id))
}

// signedBefore says why a verdict was in the message before its sender handed it
// over: a signature that verifies covers the field.
func (f *Facts) signedBefore(c *Claim) string {
	if f.Returned() {
		return "" // it may have been the recipient's on the way out
	}
	name := f.Msg.Name(c.Field)
	for i := range f.DKIM {
		s := &f.DKIM[i]
		if s.Result != dkim.Pass || f.Custody.Own(s.Domain) {
			continue
		}
		// Names in h= stand for the fields from the bottom up (RFC 6376 §5.4.2).
		signed := s.Names(name)
		all := f.Msg.All(name)
		for n := len(all) - 1; n >= 0 && signed > 0; n, signed = n-1, signed-1 {
			if all[n] == c.Field {
				return "it names the recipient's server, but " + s.Domain + " signed it before the message came there"
			}
		}
	}
	return ""
}

// deniedByWriter says why the border's own server can't have written a verdict
// that stands below its Received field and names it: it saw another client, or
// wrote the opposite above. That holds for a host of the recipient's own that
// took the message once: a service says the same name for many customers, and
// tenants of it cut Received fields out.
func (f *Facts) deniedByWriter(c *Claim, claims []Claim) string {
	border := f.Custody.Border
	if border < 0 || c.Tie != "" {
		return ""
	}
	h := &f.Hops[border]
	id := mailname.Host(cmp.Or(c.AuthservID, c.Receiver))
	if id != mailname.Host(h.By) || serviceOf(id) != nil || !strings.Contains(id, ".") {
		return ""
	}
	for k := range border {
		if r := f.RunOf(k); r != nil && r.Contradicted != "" {
			continue
		}
		if mailname.Host(f.Hops[k].By) == id || mailname.Host(f.Hops[k].Helo) == id || mailname.Host(f.Hops[k].RDNS) == id {
			return "" // it was there twice, or under another line
		}
	}
	if c.IP.IsValid() && c.IPBasis != "position" && Public(c.IP) && f.Custody.Client.IsValid() && c.IP != f.Custody.Client {
		return "it names " + id + " as its writer and judges " + c.IP.String() + ", but the client that " + id + " saw is " + f.Custody.Client.String()
	}
	for n := range claims {
		o := &claims[n]
		if o.Trust == Trusted && o.Hop == border && o.Field < h.Field && o.Method == c.Method && o.Normal != "" && c.Normal != "" && o.Domain == c.Domain &&
			mailname.Host(cmp.Or(o.AuthservID, o.Receiver)) == id && (o.Normal == "pass") != (c.Normal == "pass") {
			return "it names " + id + " as its writer, and that server's own verdict, above its Received field, says " + o.Method + "=" + o.Normal
		}
	}
	return ""
}

// refuted says what shows that a verdict which passes can't be the border's: the
// same question, asked of the border's client and of the message, has another
// answer. "" where it may be right.
func (f *Facts) refuted(c *Claim) string {
	if c.Normal != "pass" || c.Tie != "" {
		return ""
	}
	switch c.Method {
	case "spf":
		if f.SPF != nil && f.Custody.Client.IsValid() && (f.SPF.Result == spf.Fail || f.SPF.Result == spf.SoftFail || f.SPF.Result == spf.Neutral || f.SPF.Result == spf.None) &&
			c.Identity != "helo" && c.Identity != "pra" && (c.Domain == "" || c.Domain == f.SPF.Domain || f.MailFrom == nil) {
			return "SPF at the border is " + string(f.SPF.Result)
		}
	case "dkim":
		if c.Domain != "" && len(f.DKIM) == 0 {
			return "there is no signature in the message"
		}
	case "dmarc":
		if f.DMARC != nil && f.SPF != nil && f.DMARC.Result == "fail" && (c.Domain == "" || c.Domain == f.FromDomain) {
			return "DMARC at the border is fail"
		}
	}
	return ""
}
