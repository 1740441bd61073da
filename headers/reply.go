package headers

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/internal/pattern"
)

// What the reply of a server says about the check that it made: which address
// it judged, for which identity.

var (
	// replyWhy is the page that SPF libraries name: "…openspf.net/Why?s=mfrom;id=
	// ann@example.com;ip=192.0.2.1;r=…" (RFC 7208 has none; the site is gone).
	replyWhy = pattern.New(`(?i)spf\.(?:net|org)/why\?([^\s"<>]+)`)
	replyIPs = []*pattern.Pattern{
		pattern.New(`(?i)\bclient-ip=\[?([0-9a-f.:]{7,45})`),
		pattern.New(`(?i)\bip(?: address)?[:=]? ?\[?([0-9a-f.:]{7,45})\]?`),
		pattern.New(`(?i)\[([0-9a-f.:]{7,45})\]\)? (?:is|was|has been) not (?:allowed|permitted|authori[sz]ed)`),
		pattern.New(`(?i)(?:^|[\s(])([0-9a-f.:]{7,45}) (?:(?:is|was|has been) )?not (?:allowed|permitted|authori[sz]ed)`),
		pattern.New(`(?i)\bfail(?:ed|ure|s)? (?:for|from) \[?([0-9a-f.:]{7,45})\b`),
		pattern.New(`(?i)(?:does not designate|not designated|sending mta|sender host|sent from|from host|mail from) \[?([0-9a-f.:]{7,45})\]?`),
		pattern.New(`(?i)\(([0-9]{1,3}(?:\.[0-9]{1,3}){3})\)`),
		pattern.New(`\[([0-9a-f.:]{7,45})\]`),
	}
	replyIdentities = []*pattern.Pattern{
		pattern.New(`(?i)\bMAIL FROM domain \[?([a-z0-9.-]+\.[a-z0-9-]+)`),
		pattern.New(`(?i)\benvelope-from=<?([^\s<>;"]+)`),
		pattern.New(`(?i)\bto send (?:e?-?mail )?(?:from|for|on behalf of|as) (?:the )?(?:domain )?[<'"]?([^\s<>;"']*[a-z0-9-]+\.[a-z0-9-]+)`),
		pattern.New(`(?i)\bto use '?<?([^\s<>;"']+@[a-z0-9.-]+)'?`),
		pattern.New(`(?i)\bdomain of <?([^\s<>;"]+)`),
		pattern.New(`(?i)\b(?:SPF|policy|record) (?:check |record )?(?:failed |fail )?(?:for|of) (?:the )?(?:domain )?[<'"]?([^\s<>;"']*[a-z0-9-]+\.[a-z0-9-]+)`),
	}
)

// readFacts takes from the reply's text the address and the identity that the
// server judged. Both are its words, not facts: an address in quotes or a
// comment of the sender's may stand there too.
func (r *Reply) readFacts() {
	if m := replyWhy.FindStringSubmatch(r.Text); m != nil {
		for _, p := range strings.FieldsFunc(m[1], func(c rune) bool { return c == ';' || c == '&' }) {
			k, v, _ := strings.Cut(p, "=")
			v = strings.NewReplacer("%40", "@", "%2E", ".", "%3A", ":").Replace(strings.TrimRight(v, ".,)"))
			switch strings.ToLower(k) {
			case "ip":
				r.ClientIP = addressOf(v)
			case "id", "identity", "sender":
				r.Identity = v
			case "s", "scope":
				if strings.EqualFold(v, "helo") {
					r.IdentityKind = "helo"
				} else {
					r.IdentityKind = "mailfrom"
				}
			}
		}
	}
	for _, p := range replyIPs {
		if r.ClientIP.IsValid() {
			break
		}
		for _, m := range p.FindAllStringSubmatch(r.Text, 4) {
			if a := addressOf(m[1]); a.IsValid() && Public(a) && a != r.HostIP {
				r.ClientIP = a
				break
			}
		}
	}
	for _, p := range replyIdentities {
		if r.Identity != "" {
			break
		}
		if m := p.FindStringSubmatch(r.Text); m != nil && !isIPText(m[1]) {
			r.Identity = strings.TrimRight(m[1], ".,)")
		}
	}
	if r.Identity == "" {
		r.Identity = r.MailFrom
	}
	if r.IdentityKind == "" && r.Identity != "" {
		r.IdentityKind = "mailfrom"
	}
}

// judgedDomain is the domain of the identity that the reply names, "" where it
// names none.
func (r *Reply) judgedDomain() string {
	if r.Identity == "" {
		return ""
	}
	if strings.IndexByte(r.Identity, '@') < 0 {
		return mailname.Host(r.Identity)
	}
	return mailname.DomainOf(r.Identity)
}
