package authres

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// prop returns the value of the first property that goes by one of the names,
// which are written "smtp.mailfrom", or "action" where they have no type. The
// order of the names is the order of preference.
func (v *Verdict) prop(names ...string) (string, bool) {
	for _, name := range names {
		for i := range v.Properties {
			if p := &v.Properties[i]; p.is(name) {
				return p.Value, true
			}
		}
	}
	return "", false
}

// addProperty appends p, with room for as many as usual at the first.
func (v *Verdict) addProperty(p Property, usual int) {
	if v.Properties == nil {
		v.Properties = make([]Property, 0, usual)
	}
	v.Properties = append(v.Properties, p)
}

func (p *Property) is(name string) bool {
	if p.Type == "" {
		return p.Name == name
	}
	return len(name) == len(p.Type)+1+len(p.Name) &&
		name[:len(p.Type)] == p.Type && name[len(p.Type)] == '.' && name[len(p.Type)+1:] == p.Name
}

// eachComment calls f with the comments of the result and of the properties.
func (v *Verdict) eachComment(f func(string)) {
	for _, c := range v.Comments {
		f(c)
	}
	for i := range v.Properties {
		for _, c := range v.Properties[i].Comments {
			f(c)
		}
	}
}

// derive fills the fields that are read out of properties and comments.
func (v *Verdict) derive() {
	v.Comment = strings.Join(v.Comments, "; ")
	v.Normal = normal(v.Method, v.Result)
	v.address("smtp.remote-ip", "smtp.client-ip", "smtp.client_ip", "policy.iprev", "client-ip")
	switch v.Method {
	case "spf":
		v.deriveSPF()
	case "dkim", "domainkeys", "dkim-adsp", "dkim-atps", "bimi":
		v.deriveDKIM()
	case "dmarc":
		v.deriveDMARC()
	case "sender-id":
		v.Identity = "pra"
		if a, ok := v.prop("header.from", "header.sender", "header.resent-from", "header.resent-sender"); ok {
			v.Domain = domainOf(a)
		}
	case "iprev", "x-ptr":
		if h, ok := v.prop("smtp.helo"); ok {
			v.Helo = h
		}
	case "auth":
		if a, ok := v.prop("smtp.mailfrom", "smtp.mail"); ok {
			v.MailFrom = unwrap(a)
		}
	}
	if v.Action == "" {
		if a, ok := v.prop("action"); ok {
			v.Action = mailname.Lower(a)
		}
	}
}

// address takes the client's address from the first of the properties.
func (v *Verdict) address(names ...string) {
	for _, name := range names {
		if s, ok := v.prop(name); ok {
			if ip := parseIP(s); ip.IsValid() {
				v.IP, v.IPBasis = ip, IPExplicit
				return
			}
		}
	}
}

func (v *Verdict) deriveSPF() {
	from, hasFrom := v.prop("smtp.mailfrom", "smtp.mail", "smtp.mfrom", "smtp.envelope-from", "envelope-from")
	helo, hasHelo := v.prop("smtp.helo", "smtp.ehlo", "helo")
	pra, _ := v.prop("smtp.pra") // IronPort in its SIDF modes
	v.MailFrom = unwrap(from)
	_, v.Helo, _ = mailname.Split(unwrap(helo)) // IronPort: smtp.helo=postmaster@h
	switch {
	case v.MailFrom != "":
		v.Identity = "mailfrom"
	case pra != "":
		v.Identity, v.Domain = "pra", domainOf(pra)
		v.eachComment(v.readPhrase)
		return
	case hasHelo || hasFrom: // an empty reverse-path: RFC 7208 §2.4
		v.Identity = "helo"
	}
	v.eachComment(v.readPhrase)
	v.deriveDomain()
}

// deriveDomain sets the domain that SPF judged, once the identity is known.
func (v *Verdict) deriveDomain() {
	if v.Identity == "helo" {
		v.Domain = hostName(v.Helo)
	} else {
		v.Domain = domainOf(v.MailFrom)
	}
}

// readPhrase takes from an SPF comment what no property says.
func (v *Verdict) readPhrase(c string) {
	ph := readPhrase(c)
	if !v.IP.IsValid() && ph.ip.IsValid() {
		v.IP, v.IPBasis = ph.ip, IPComment
	}
	if v.Receiver == "" {
		v.Receiver = ph.host
	}
	if v.Helo == "" {
		v.Helo = ph.helo
	}
	if v.Identity == "" && ph.sender != "" {
		v.MailFrom, v.Identity = unwrap(ph.sender), "mailfrom"
		switch ph.identity {
		case "helo":
			v.MailFrom, v.Helo, v.Identity = "", hostName(ph.sender), "helo"
		case "pra":
			v.Identity = "pra"
		}
	}
}

func (v *Verdict) deriveDKIM() {
	d, _ := v.prop("header.d", "policy.d")
	v.AUID, _ = v.prop("header.i")
	if d == "" {
		d = domainOf(v.AUID)
	}
	if d == "" {
		d, _ = v.prop("header.from") // dkim-adsp
	}
	v.Selector, _ = v.prop("header.s", "header.selector")
	v.Signer, _ = v.prop("header.b")
	// QUIRK: Exchange Online writes header.d=none, IronPort header.i=none,
	// where there is no signature.
	if v.Result == "none" && equalFold(d, "none") {
		d = ""
	}
	if v.Result == "none" && equalFold(v.AUID, "none") {
		v.AUID = ""
	}
	v.Domain = domainOf(d)
}

func (v *Verdict) deriveDMARC() {
	// QUIRK: IronPort writes d= without a type.
	from, _ := v.prop("header.from", "d")
	v.Domain = domainOf(from)
	policy, _ := v.prop("policy.dmarc", "policy.published-domain-policy")
	action, _ := v.prop("action", "policy.applied-disposition", "policy.applied_disposition")
	v.Policy, v.Action = mailname.Lower(policy), mailname.Lower(action)
	v.eachComment(func(c string) {
		p, a := readPolicy(c)
		if v.Policy == "" {
			v.Policy = mailname.Lower(p)
		}
		if v.Action == "" {
			v.Action = mailname.Lower(a)
		}
	})
}

// unwrap takes the angle brackets off a path, and quotes that enclose it.
func unwrap(s string) string {
	s = strings.Trim(s, " \t")
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if len(s) >= 2 && s[0] == '<' && s[len(s)-1] == '>' {
		s = s[1 : len(s)-1]
	}
	return s
}

// domainOf is the domain of an address, or of a bare domain, lower case and
// without a final dot.
func domainOf(s string) string {
	_, domain, _ := mailname.Split(unwrap(s))
	return hostName(domain)
}

func hostName(s string) string {
	return mailname.Lower(strings.TrimSuffix(strings.Trim(s, " \t<>"), "."))
}

// parseIP reads an address in any of the spellings of mail headers:
// 192.0.2.1, [192.0.2.1], [IPv6:2001:db8::1], ::ffff:192.0.2.1.
func parseIP(s string) netip.Addr {
	const longest = 64
	if len(s) == 0 || len(s) > longest {
		return netip.Addr{}
	}
	s = strings.Trim(s, " \t\"<>[]")
	if len(s) > 5 && equalFold(s[:5], "ipv6:") {
		s = s[5:]
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}

// score reads a number of a spam score, nil where it is none.
func score(s string) *float64 {
	const longest = 24
	if len(s) == 0 || len(s) > longest {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f-f != 0 { // not a number, or infinite
		return nil
	}
	return &f
}

// normal gives a result in the words of RFC 8601 §2.7, "" where it has no
// equal there.
func normal(method, result string) string {
	switch result {
	case "pass", "fail", "none", "temperror", "permerror":
		return result
	case "neutral", "softfail", "policy":
		return result
	case "hardfail": // RFC 8601 §2.7.2 keeps it as an older word for fail
		return "fail"
	case "bestguesspass": // no DMARC record; one of "v=DMARC1; p=none" would have passed
		if method == "dmarc" {
			return "none"
		}
	case "permfail", "perm_fail", "permanenterror", "permerr", "perm_error":
		return "permerror"
	case "timeout", "tempfail", "temp_fail", "temporaryerror", "temperr", "temp_error", "transerror":
		return "temperror"
	case "error": // drafts before RFC 4408
		if method == "spf" || method == "sender-id" {
			return "temperror"
		}
	case "unknown":
		switch method {
		case "spf", "sender-id": // drafts before RFC 4408
			return "permerror"
		case "dkim-adsp":
			return result
		}
	case "discard", "nxdomain":
		if method == "dkim-adsp" {
			return result
		}
	case "reject", "invalid": // Rspamd
		if method == "arc" {
			return "fail"
		}
	}
	return ""
}
