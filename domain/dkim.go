package domain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// nobody is a selector that nobody uses: it finds wildcards.
const nobody = "mailtrace-no-such-selector"

// Bases of a selector.
const (
	given  = "given"
	common = "common"
)

// dkim checks the keys of the selectors given, and looks for keys at common
// ones. Any name can be a selector (RFC 6376 §3.1), so a common one without a
// key says nothing.
func (c *checker) dkim(s *section, out *report.DomainDKIM) {
	out.Keys = []report.DKIMKey{}
	root := "_domainkey." + c.domain
	s.found(root, report.StateUnknown, nil)

	if c.rehearsal {
		c.again(s, out)
		return
	}
	keys, capped := c.selectors(s)
	for i, name := range c.opt.Learnt {
		if i < MaxSelectors && !slices.ContainsFunc(keys, func(k report.DKIMKey) bool { return strings.EqualFold(k.Selector, name) }) {
			keys = append(keys, report.DKIMKey{Selector: name, Basis: common})
		}
	}
	top := c.ask(root, dns.TypeTXT)
	out.NoKeys = !top.gap && top.Status == dns.NXDomain && len(top.CNAMEs) == 0
	var wild reply
	guess := !top.gap && (!out.NoKeys || c.opt.AllSelectors)
	if guess {
		wild = c.ask(nobody+"."+root, dns.TypeTXT)
		guess = !wild.gap
	}
	texts := wild.Texts()
	out.Wildcard = len(texts) > 0
	var later []report.DKIMKey
	switch {
	case top.gap || wild.gap:
		s.gap("DKIM keys of "+c.domain, "the server does not answer for names below _domainkey, so common selectors were not tried")
	case guess:
		now := c.likely()
		for i := range commonSelectors {
			sel := &commonSelectors[i]
			if slices.ContainsFunc(keys, func(k report.DKIMKey) bool { return strings.EqualFold(k.Selector, sel.Name) }) {
				continue
			}
			k := report.DKIMKey{Selector: sel.Name, Basis: common, Provider: sel.Provider}
			if c.opt.AllSelectors || slices.ContainsFunc(now, func(n string) bool { return strings.EqualFold(n, sel.Name) }) {
				keys = append(keys, k)
			} else {
				later = append(later, k)
			}
		}
		label, _, _ := strings.Cut(c.domain, ".")
		for _, name := range [...]string{label, strings.ReplaceAll(c.domain, ".", "-")} { // names that owners choose
			if !slices.ContainsFunc(slices.Concat(keys, later), func(k report.DKIMKey) bool { return strings.EqualFold(k.Selector, name) }) {
				later = append(later, report.DKIMKey{Selector: name, Basis: common})
			}
		}
		for _, name := range now { // those made from the domain
			if !slices.ContainsFunc(keys, func(k report.DKIMKey) bool { return strings.EqualFold(k.Selector, name) }) {
				keys = append(keys, report.DKIMKey{Selector: name, Basis: common})
			}
		}
	}
	open := c.tryKeys(s, out, keys, &wild) || capped
	if len(later) > 0 && !slices.ContainsFunc(out.Keys, func(k report.DKIMKey) bool { return k.State == report.StatePresent }) {
		// There is something below _domainkey, and none of the likeliest is it.
		open = c.tryKeys(s, out, later, &wild) || open
	}
	c.dkimOpen = open || top.gap || wild.gap
	c.keySet(s, out, texts, c.dkimOpen)
}

// again looks at the keys that are known from another check.
func (c *checker) again(s *section, out *report.DomainDKIM) {
	var keys []report.DKIMKey
	for _, k := range c.keys {
		keys = append(keys, report.DKIMKey{Selector: k.Selector, Basis: k.Basis, Provider: k.Provider})
	}
	wild := c.ask(nobody+"._domainkey."+c.domain, dns.TypeTXT)
	open := c.tryKeys(s, out, keys, &wild)
	c.keySet(s, out, wild.Texts(), open || wild.gap || len(keys) == 0)
}

// tryKeys asks for selectors side by side, and reports whether one was not
// answered for.
func (c *checker) tryKeys(s *section, out *report.DomainDKIM, keys []report.DKIMKey, wild *reply) (open bool) {
	var wg guard.Group
	parts := make([]*section, len(keys))
	for i := range keys {
		parts[i] = &section{name: s.name}
		wg.Go(func() { c.key(parts[i], &keys[i], wild) })
	}
	wg.Wait()
	out.Tried += len(keys)
	for i := range keys {
		k := &keys[i]
		open = open || k.State == report.StateUnknown
		if k.Basis == common && k.State == report.StateAbsent && len(k.CNAME) == 0 {
			continue
		}
		out.Keys = append(out.Keys, *k)
		s.take(parts[i])
	}
	return open
}

// commonest are the selectors that most domains use one of.
var commonest = [...]string{"google", "selector1", "selector2", "default", "s1", "s2", "k1", "mail", "dkim", "x"}

// likely lists the selectors that are tried first: the commonest, those of the
// providers that MX and SPF name, and those that a provider makes from the
// domain itself.
func (c *checker) likely() []string {
	out := slices.Clone(commonest[:])
	add := func(p *provider) {
		if p != nil {
			out = append(out, p.selectors...)
		}
	}
	mx := c.ask(c.domain, dns.TypeMX)
	for _, host := range mx.Hosts() {
		add(mxProvider(host))
	}
	txt := c.ask(c.domain, dns.TypeTXT)
	for _, text := range txt.Texts() {
		if !spf.IsRecord(text) {
			continue
		}
		rec, _ := spf.Parse(text)
		for i := range rec.Terms {
			if t := &rec.Terms[i]; !t.Bad && (t.Kind == "include" || t.Kind == "redirect") {
				add(includeProvider(strings.ToLower(strings.TrimSuffix(t.Spec, "."))))
			}
		}
	}
	if strings.HasSuffix(c.domain, ".onmicrosoft.com") {
		// Microsoft signs for a tenant's first domain with a selector made from it.
		dashed := strings.ReplaceAll(c.domain, ".", "-")
		out = append(out, "selector1-"+dashed, "selector2-"+dashed)
	}
	return out
}

// selectors lists the caller's selectors once each.
func (c *checker) selectors(s *section) (keys []report.DKIMKey, capped bool) {
	for _, sel := range c.opt.Selectors {
		sel = strings.TrimSuffix(strings.TrimSpace(sel), ".")
		if sel == "" || slices.ContainsFunc(keys, func(k report.DKIMKey) bool { return strings.EqualFold(k.Selector, sel) }) {
			continue
		}
		if len(keys) == MaxSelectors {
			s.gap("DKIM keys of "+c.domain, fmt.Sprintf("more than %d selectors were given; the rest was not asked for", MaxSelectors))
			return keys, true
		}
		k := report.DKIMKey{Selector: sel, Basis: given}
		for i := range commonSelectors {
			if strings.EqualFold(commonSelectors[i].Name, sel) {
				k.Provider = commonSelectors[i].Provider
			}
		}
		keys = append(keys, k)
	}
	return keys, false
}

// key asks for one selector and reads what is there.
func (c *checker) key(s *section, k *report.DKIMKey, wild *reply) {
	name, ok := dkim.KeyName(c.domain, k.Selector)
	if !ok {
		k.State = report.StateAbsent
		s.add("dkim-key-missing", at{name: c.domain}, "%s cannot be a selector: it does not fit a DNS name", quote(k.Selector))
		return
	}
	k.Location = name
	a := c.ask(name, dns.TypeTXT)
	k.CNAME = slices.Clone(a.CNAMEs)
	if len(k.CNAME) > 0 && slices.Equal(k.CNAME, wild.CNAMEs) {
		k.CNAME = nil // what a wildcard gives any name
	}
	if p := keyHost(k.CNAME); p != "" {
		k.Provider = p
	}
	if a.gap {
		k.State = report.StateUnknown
		return
	}
	var texts []string
	for _, t := range a.Texts() {
		// What a wildcard gives any name is not a key of this selector.
		if k.Basis == given || meantAsKey(t) && !slices.Contains(wild.Texts(), t) {
			texts = append(texts, t)
		}
	}
	k.Records = len(texts)
	k.State = stateOf(&a, len(texts))
	switch {
	case len(texts) > 0:
	case len(k.CNAME) > 0: // see dangling
		return
	default:
		if k.Basis != given {
			return
		}
		text := fmt.Sprintf("there is no key at %s", name)
		if other := c.strayKeys(k.Selector, name); other != "" {
			text += "; " + other
		}
		s.add("dkim-key-missing", at{name: name}, "%s", text)
		return
	}
	if len(texts) > 1 {
		s.add("dkim-several-keys", at{name: name}, "there are %d records at %s", len(texts), report.DomainRef(name))
	}
	c.read(s, k, texts[0])
}

// read takes a key record apart.
func (c *checker) read(s *section, k *report.DKIMKey, text string) {
	key, problems := dkim.ParseKey(text)
	mended, meant := repairKey(text)
	k.Record, k.Type, k.Bits = text, key.Type, key.Bits
	k.Hashes, k.Services, k.Flags, k.Notes = key.Hashes, key.Services, key.Flags, key.Notes
	k.Revoked, k.Testing = key.Revoked, key.Testing
	valid := true
	if what := privateKey(text); what != "" {
		invalid := false
		k.Valid, k.Problems = &invalid, []string{"it holds " + what}
		s.add("dkim-private-key", at{name: k.Location}, "%s holds %s: everybody can sign in the name of %s", report.DomainRef(k.Location), what, report.DomainRef(c.domain))
		return
	}
	reports := len(key.Services) > 0 && !slices.ContainsFunc(key.Services, func(s string) bool { return !strings.EqualFold(s, "tlsrpt") })
	said := false
	for _, p := range problems {
		if reports && p.Fatal && p.Code == dkim.ReasonKeyMismatch && p.Tag == "s" {
			continue // RFC 8460 §3: a key for TLS reports alone is one
		}
		k.Problems = append(k.Problems, p.Text)
		valid = valid && !p.Fatal
		where := at{name: k.Location, harmless: !p.Fatal}
		if i := p.Offset; i < len(text) {
			end := strings.IndexByte(text[i:], ';')
			if end < 0 {
				end = len(text) - i
			}
			where.term, where.pos = cut(text[i:i+end], 60), i
		}
		if p.Fatal && meant {
			if where.advice = "publish it with only the fault fixed: " + mended.text; !said {
				said = true
				p.Text += "; " + mended.why()
			} else {
				continue // one fault, one finding
			}
		} else if faults := peel(text).faults; p.Fatal && p.Code == dkim.ReasonKeyMalformed && len(faults) > 0 && !said {
			said = true
			p.Text += "; " + strings.Join(faults, "; ")
		}
		switch p.Code {
		case dkim.ReasonKeyRevoked:
			s.add("dkim-key-revoked", where, "the key at %s is revoked (p= is empty)", report.DomainRef(k.Location))
		case dkim.ReasonKeyWeak:
			if p.Fatal {
				where.severity = report.Critical
			}
			s.add("dkim-key-weak", where, "%s: %s", report.DomainRef(k.Location), p.Text)
		case dkim.ReasonKeyMismatch:
			if len(key.Hashes) > 0 && !slices.ContainsFunc(key.Hashes, func(h string) bool { return strings.EqualFold(h, "sha256") }) {
				if where.advice == "" || !meant {
					where.advice = "publish the key without h=, or with h=sha256"
				}
				s.add("dkim-algorithm-obsolete", where, "%s: %s", report.DomainRef(k.Location), p.Text)
			} else {
				s.add("dkim-key-malformed", where, "%s: %s", report.DomainRef(k.Location), p.Text)
			}
		default:
			if !p.Fatal {
				where.severity = report.Low
			}
			s.add("dkim-key-malformed", where, "%s: %s", report.DomainRef(k.Location), p.Text)
		}
	}
	k.Valid = &valid
	if key.Testing && !key.Revoked {
		s.add("dkim-key-testing", at{name: k.Location}, "the key at %s is marked as a test (t=y)", report.DomainRef(k.Location))
	}
}

// meantAsKey reports whether a TXT record is meant as a key.
func meantAsKey(text string) bool {
	if strings.Contains(strings.ToLower(text[:min(len(text), 64)]), "dkim1") {
		return true
	}
	tags, _ := dkim.ParseTags(text)
	_, ok := dkim.TagValue(tags, "p")
	return ok
}

// keySet judges all keys together. open says that some could not be asked for.
func (c *checker) keySet(s *section, out *report.DomainDKIM, wild []string, open bool) {
	usable, rsa, revokedByWildcard := 0, 0, false
	for i := range out.Keys {
		k := &out.Keys[i]
		if k.State == report.StatePresent {
			s.check.State = report.StatePresent
		}
		if holds(k.Valid) && !slices.ContainsFunc(k.Services, func(s string) bool { return strings.EqualFold(s, "tlsrpt") }) {
			usable++
			if k.Type == "rsa" {
				rsa++
			}
		}
	}
	for _, text := range wild {
		if !meantAsKey(text) {
			continue
		}
		if key, _ := dkim.ParseKey(text); key.Revoked {
			revokedByWildcard = true
			out.Revoked = true
			continue
		}
		s.add("dkim-wildcard", at{name: "*._domainkey." + c.domain}, "a selector that nobody uses has a key record too: %s", quote(text))
	}
	c.dangling(s, out)
	switch {
	case usable > 0 && rsa == 0 && !open:
		s.add("dkim-ed25519-only", at{name: "_domainkey." + c.domain}, "the keys known are all Ed25519, which many receivers cannot verify")
	case s.check.State != report.StatePresent && !open && !c.opt.Parked && !revokedByWildcard && c.exists():
		text := fmt.Sprintf("no key at the %d selectors tried; others may be in use", out.Tried)
		if out.NoKeys {
			text = fmt.Sprintf("_domainkey.%s does not exist, so there should be no key at any selector (RFC 8020)", c.domain)
		}
		if twice := "_domainkey." + c.domain + "." + c.domain; c.written2() {
			if a := c.ask(twice, dns.TypeTXT); !a.gap && !a.bad && a.Status != dns.NXDomain && len(a.CNAMEs) == 0 && !slices.ContainsFunc(a.Texts(), func(t string) bool { return c.wild(twice, t) }) {
				text += fmt.Sprintf("; there are names below %s, where the final dot was forgotten and the name of the zone added once more", twice)
			}
		}
		s.add("dkim-none-known", at{name: "_domainkey." + c.domain}, "%s", text)
	}
}

// cut shortens a text from the DNS.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// dangling notes selectors that lead to a provider which has no key there. Where
// another selector of the same provider has one, this is the one for the next
// rotation, or the last one: it must stay.
func (c *checker) dangling(s *section, out *report.DomainDKIM) {
	var pending []string
	for i := range out.Keys {
		k := &out.Keys[i]
		if k.State != report.StateAbsent || len(k.CNAME) == 0 {
			continue
		}
		target := k.CNAME[len(k.CNAME)-1]
		if a := c.ask(k.Location, dns.TypeTXT); a.gap || len(a.Records) > 0 {
			continue
		}
		other := slices.ContainsFunc(out.Keys, func(o report.DKIMKey) bool {
			return holds(o.Valid) && len(o.CNAME) > 0 && (o.Provider != "" && o.Provider == k.Provider || zoneOf(o.CNAME[len(o.CNAME)-1]) == zoneOf(target))
		})
		unknown := slices.ContainsFunc(out.Keys, func(o report.DKIMKey) bool { return o.State == report.StateUnknown })
		switch {
		case unknown: // another of the provider's may have a key
		case other && k.Basis == common:
			pending = append(pending, k.Selector)
		case other:
			s.add("dkim-cname-dangling", at{name: k.Location, severity: report.Medium, harmless: true, advice: pendingAdvice}, "%s points at %s, where no key is; another selector of the provider has one", report.DomainRef(k.Location), report.DomainRef(target))
		default:
			severity := ""
			if k.Basis == common { // it may be out of use, or not in use yet
				severity = report.Medium
			}
			s.add("dkim-cname-dangling", at{name: k.Location, severity: severity, harmless: k.Basis == common}, "%s points at %s, where no key is", report.DomainRef(k.Location), report.DomainRef(target))
		}
	}
	if len(pending) > 0 {
		s.add("dkim-selector-pending", at{name: "_domainkey." + c.domain, advice: pendingAdvice}, "no key is behind the selector %s yet; another of the provider has one", strings.Join(pending, ", "))
	}
}

const pendingAdvice = "leave the record as it is: the provider puts the next key there"

// zoneOf is the registrable part of a name, or its last two labels.
func zoneOf(name string) string {
	labels := strings.Split(name, ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}
