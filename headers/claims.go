package headers

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers/authres"
)

// bindClaims attaches every verdict of the header to the hop at which it was
// written, as far as that shows. It runs before the path is cut, so it uses
// positions, names and addresses only.
func (f *Facts) bindClaims() {
	for i, v := range f.verdicts {
		if i == MaxClaims {
			f.ask.addGap(Gap{What: "verdicts in the header", Why: "more than are read"})
			break
		}
		c := Claim{Verdict: v, Hop: f.hopOf(&v), IPBasis: string(v.IPBasis)}
		c.IP = v.IP
		if v.IPBasis == authres.IPSibling {
			// Another method of the same field names the address outright.
			c.IPBasis = string(authres.IPExplicit)
		}
		c.Writer = v.AuthservID
		if c.Writer == "" {
			c.Writer = v.Receiver
		}
		if c.Hop >= 0 {
			h := &f.Hops[c.Hop]
			if c.Writer == "" || !strings.Contains(c.Writer, ".") {
				c.Writer = orElse(host(h.By), c.Writer)
			}
			// SpamAssassin judges the first relay outside its trusted networks,
			// which its place does not tell; amavis' own line shows the server
			// that fed it.
			if !c.IP.IsValid() && c.Method == "spf" && h.IP.IsValid() && c.Dialect != "spamassassin" && !h.OwnHost {
				c.IP, c.IPBasis = h.IP, "position"
			}
		}
		f.Claims = append(f.Claims, c)
	}
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// hopOf finds the hop whose server wrote a verdict. A server writes its
// verdicts above its own Received field, so the next Received below is the
// first guess; filters that append (rspamd) put theirs below it. Names and
// addresses decide between the neighbours (RFC 8601 §5, RFC 7208 §9.1).
func (f *Facts) hopOf(v *authres.Verdict) int {
	if len(f.Hops) == 0 {
		return -1
	}
	if v.Header == "X-hMailServer-Reason" || v.Dialect == "hmailserver" {
		return f.hMailServerHop()
	}
	below := -1 // newest hop whose field is below the verdict
	for k := len(f.Hops) - 1; k >= 0; k-- {
		if f.Hops[k].Field > v.Field {
			below = k
			break
		}
	}
	id := host(orElse(v.AuthservID, v.Receiver))
	best, score := -1, 0
	// Candidates by distance: the hop below, the one above, then two further
	// below, which a filter between the MTA's own fields may have skipped.
	for n, k := range []int{below, below + 1, below - 1, below - 2} {
		if below < 0 && n == 0 {
			continue
		}
		if below < 0 && n == 1 {
			k = 0 // below all Received fields: the oldest hop is next above
		}
		if k < 0 || k >= len(f.Hops) {
			continue
		}
		if below < 0 && n > 1 {
			continue
		}
		h := &f.Hops[k]
		s := [...]int{3, 2, 0, 0}[n]
		by := host(h.By)
		switch {
		case id == "":
		case id == by:
			s += 5
		case Org(id) != "" && Org(id) == Org(by), hostOrg(id) != "" && hostOrg(id) == h.Org:
			s += 3
		case domainOf(h.For) != "" && Org(id) == Org(domainOf(h.For)):
			s += 2
		default:
			s -= 3
		}
		if v.IP.IsValid() && h.IP.IsValid() {
			if v.IP == h.IP {
				s += 4
			} else if n > 1 {
				s -= 4
			}
		}
		if v.Dialect == "exchange-online" && h.Product != "" {
			if h.Product == "Exchange Online" {
				s += 2
			} else {
				s -= 2
			}
		}
		if s > score {
			best, score = k, s
		}
	}
	return best
}

// hMailServerHop finds the hop of an hMailServer, which writes its marks at
// the end of the header: the place tells nothing, the form of its Received
// field does.
func (f *Facts) hMailServerHop() int {
	for k := len(f.Hops) - 1; k >= 0; k-- {
		if f.Hops[k].Dialect == "hmailserver" {
			return k
		}
	}
	return -1
}

// trustClaims decides what each verdict is worth, once the border is known.
// Everything above the border's Received field was put there after the message
// had come in; everything below it came with the message, save for what the
// border's own filter may have put right under it.
func (f *Facts) trustClaims() {
	last := f.LastRun()
	for n := range f.Claims {
		c := &f.Claims[n]
		c.Trust, c.Why = f.trustOf(c, last)
		if why := c.Doubt(); why != "" && c.Trust == Trusted {
			c.Trust, c.Why = Testimony, why
		}
	}
	// A field is one statement: if a part of it is invented, all of it is.
	forged := map[int]string{}
	for n := range f.Claims {
		if why := f.forgery(&f.Claims[n], last); why != "" && forged[f.Claims[n].Field] == "" {
			forged[f.Claims[n].Field] = why
		}
	}
	for n := range f.Claims {
		if why := forged[f.Claims[n].Field]; why != "" {
			f.Claims[n].Trust, f.Claims[n].Why = Forged, why
		}
	}
}

// relayed are the names under which servers keep verdicts that came with the
// message.
var relayed = []string{
	"Authentication-Results-Original", "Original-Authentication-Results", "X-Original-Authentication-Results",
	"X-Authentication-Results", "X-MS-Exchange-Authentication-Results", "ARC-Authentication-Results",
	"X-Forefront-Antispam-Report-Untrusted",
}

func (f *Facts) trustOf(c *Claim, last *Run) (ClaimTrust, string) {
	if slices.ContainsFunc(relayed, func(n string) bool { return strings.EqualFold(n, c.Header) }) {
		return Testimony, "kept from an earlier server under another name"
	}
	if last == nil {
		return Untrusted, "no Received field shows who wrote it"
	}
	if f.trust.hasName(host(c.AuthservID)) && (c.Hop < 0 || f.Hops[c.Hop].Observed) && f.aboveBorder(c, last) {
		return Trusted, ""
	}
	if f.aboveBorder(c, last) {
		return Trusted, ""
	}
	if c.Hop >= 0 && f.Hops[c.Hop].Observed {
		switch {
		case !f.appended(c, last):
			return Untrusted, "it stands below the Received field of the border, where the sender could have written it"
		case c.Normal == "pass":
			// The place is one where the border's filter writes, and where a
			// sender would put a lie. Nobody lies to his own harm.
			return Testimony, "it stands where the border's filter writes, but the sender could have written it too"
		}
		return Trusted, ""
	}
	if r := f.RunOf(c.Hop); r != nil && r != last && r.Contradicted == "" && r.Border >= 0 && (c.Field < f.Hops[r.Border].Field || filterField(c)) {
		return Testimony, "written on the way, before the recipient's border"
	}
	return Untrusted, "it came with the message"
}

// aboveBorder reports whether the verdict's field was added after the border
// had written its Received field.
func (f *Facts) aboveBorder(c *Claim, last *Run) bool {
	if last.Border >= 0 {
		return c.Field < f.Hops[last.Border].Field
	}
	return last.First < len(f.Hops) && c.Field < f.Hops[last.First].Field
}

// appended reports whether a verdict below the border's Received field is of
// the kind that the recipient's own software puts there: Microsoft's, hMailServer's
// and the spam filters' fields at the end of the header, and verdicts directly
// under the Received field (rspamd).
func (f *Facts) appended(c *Claim, last *Run) bool {
	if filterField(c) {
		return true
	}
	if last.Border < 0 || c.Hop != last.Border {
		return false
	}
	// Directly below: nothing but verdicts between the border's Received field
	// and this one.
	for i := f.Hops[last.Border].Field + 1; i < c.Field; i++ {
		if !f.verdictFields[i] {
			return false
		}
	}
	if c.IP.IsValid() && c.IPBasis != "position" && c.IP != f.Hops[last.Border].IP {
		return false
	}
	return true
}

// filterField reports whether a verdict is of a kind that the writing server
// puts at the end of the header, so that its place says nothing.
func filterField(c *Claim) bool {
	switch c.Dialect {
	case "hmailserver", "forefront", "microsoft", "spamassassin", "rspamd":
		return true
	}
	return false
}

// forgery says why a verdict in the recipient's name can't be the recipient's:
// it stands below its border and contradicts what its servers saw or wrote. ""
// where it may be genuine.
func (f *Facts) forgery(c *Claim, last *Run) string {
	if c.Trust == Trusted || last == nil || last.Border < 0 || f.aboveBorder(c, last) {
		return ""
	}
	switch c.Header {
	case "Authentication-Results", "Received-SPF":
	default:
		return ""
	}
	id := host(orElse(c.AuthservID, c.Receiver))
	if id == "" || !f.ownID(id, last) || f.Returned() {
		return ""
	}
	border := &f.Hops[last.Border]
	switch {
	case c.IP.IsValid() && c.IPBasis != "position" && border.IP.IsValid() && c.IP != border.IP:
		return "it names the recipient's server and judges " + c.IP.String() + ", but the message came in from " + border.IP.String()
	case f.contradictedAbove(c, id, last):
		return "it names the recipient's server but came with the message; that server's own verdict, above, says otherwise"
	case f.signedField(c.Field):
		return "it names the recipient's server but the sender signed it"
	}
	return ""
}

// ownID reports whether an authserv-id is the recipient's: the name of one of
// its hosts on the path, or of its organisation.
func (f *Facts) ownID(id string, last *Run) bool {
	for k := last.First; k <= last.Last; k++ {
		if host(f.Hops[k].By) == id {
			return true
		}
	}
	if org := Org(id); org != "" && slices.Contains(last.Orgs, org) {
		return true
	}
	for n := range f.Claims {
		if f.Claims[n].Trust == Trusted && host(f.Claims[n].AuthservID) == id {
			return true
		}
	}
	return f.trust.hasName(id)
}

// contradictedAbove reports whether the recipient's border wrote a verdict by
// the same method above its Received field, and it differs between pass and
// not.
func (f *Facts) contradictedAbove(c *Claim, id string, last *Run) bool {
	if c.Normal == "" {
		return false
	}
	for n := range f.Claims {
		o := &f.Claims[n]
		if o.Trust != Trusted || o.Method != c.Method || o.Normal == "" || !f.aboveBorder(o, last) {
			continue
		}
		oid := host(orElse(o.AuthservID, o.Receiver))
		if (oid == id || Org(oid) == Org(id)) && (o.Normal == "pass") != (c.Normal == "pass") {
			return true
		}
	}
	return false
}

// signedField reports whether a signature that verifies covers the field: then
// it was there before the message was sent.
func (f *Facts) signedField(field int) bool {
	name := f.Msg.Name(field)
	for i := range f.DKIM {
		if f.DKIM[i].HeaderSignature != "match" {
			continue
		}
		for _, h := range f.DKIM[i].SignedFields {
			if strings.EqualFold(h, name) {
				return true
			}
		}
	}
	return false
}

// Trusted returns the trusted verdicts of a method that the run's servers
// wrote, from the newest hop down.
func (f *Facts) Trusted(method string) []*Claim {
	var out []*Claim
	for n := range f.Claims {
		if c := &f.Claims[n]; c.Trust == Trusted && c.Method == method {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *Claim) int { return b.Hop - a.Hop })
	return out
}
