package domain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/report"
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

	keys, capped := c.selectors(s)
	top := c.ask(root, dns.TypeTXT)
	out.NoKeys = !top.gap && top.Status == dns.NXDomain
	wild := c.ask(nobody+"."+root, dns.TypeTXT)
	texts := wild.Texts()
	out.Wildcard = len(texts) > 0
	if !top.gap && !wild.gap {
		for i := range commonSelectors {
			sel := &commonSelectors[i]
			if !slices.ContainsFunc(keys, func(k report.DKIMKey) bool { return strings.EqualFold(k.Selector, sel.Name) }) {
				keys = append(keys, report.DKIMKey{Selector: sel.Name, Basis: common, Provider: sel.Provider})
			}
		}
	} else {
		s.gap("DKIM keys of "+c.domain, "the server does not answer for names below _domainkey, so common selectors were not tried")
	}
	out.Tried = len(keys)

	var wg guard.Group
	parts := make([]*section, len(keys))
	for i := range keys {
		parts[i] = &section{name: s.name}
		wg.Go(func() { c.key(parts[i], &keys[i], texts) })
	}
	wg.Wait()
	open := capped
	for i := range keys {
		k := &keys[i]
		open = open || k.State == report.StateUnknown
		if k.Basis == common && k.State == report.StateAbsent && len(k.CNAME) == 0 {
			continue
		}
		out.Keys = append(out.Keys, *k)
		s.take(parts[i])
	}
	c.keySet(s, out, texts, open || top.gap || wild.gap)
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
func (c *checker) key(s *section, k *report.DKIMKey, wild []string) {
	name, ok := dkim.KeyName(c.domain, k.Selector)
	if !ok {
		k.State = report.StateAbsent
		s.add("dkim-key-missing", at{name: c.domain}, "%s cannot be a selector: it does not fit a DNS name", quoted(k.Selector))
		return
	}
	k.Location = name
	a := c.ask(name, dns.TypeTXT)
	k.CNAME = slices.Clone(a.CNAMEs)
	if p := keyHost(k.CNAME); p != "" {
		k.Provider = p
	}
	if a.gap {
		k.State = report.StateUnknown
		return
	}
	var texts []string
	for _, t := range a.Texts() {
		// What a wildcard gives any name is no key of this selector.
		if k.Basis == given || meantAsKey(t) && !slices.Contains(wild, t) {
			texts = append(texts, t)
		}
	}
	k.Records = len(texts)
	k.State = stateOf(&a, len(texts))
	switch {
	case len(texts) > 0:
	case len(k.CNAME) > 0:
		severity := ""
		if k.Basis == common { // it may be out of use, or not in use yet
			severity = report.Medium
		}
		if len(a.Records) == 0 {
			s.add("dkim-cname-dangling", at{name: name, severity: severity, harmless: k.Basis == common}, "%s points at %s, where no key is", name, k.CNAME[len(k.CNAME)-1])
		}
		return
	default:
		if k.Basis == given {
			s.add("dkim-key-missing", at{name: name}, "there is no key at %s", name)
		}
		return
	}
	if len(texts) > 1 {
		s.add("dkim-several-keys", at{name: name}, "there are %d records at %s", len(texts), name)
	}
	c.read(s, k, texts[0])
}

// read takes a key record apart.
func (c *checker) read(s *section, k *report.DKIMKey, text string) {
	key, problems := dkim.ParseKey(text)
	k.Record, k.Type, k.Bits = text, key.Type, key.Bits
	k.Hashes, k.Services, k.Flags, k.Notes = key.Hashes, key.Services, key.Flags, key.Notes
	k.Revoked, k.Testing = key.Revoked, key.Testing
	valid := true
	for _, p := range problems {
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
		switch p.Code {
		case dkim.ReasonKeyRevoked:
			s.add("dkim-key-revoked", where, "the key at %s is revoked (p= is empty)", k.Location)
		case dkim.ReasonKeyWeak:
			if p.Fatal {
				where.severity = report.Critical
			}
			s.add("dkim-key-weak", where, "%s: %s", k.Location, p.Text)
		case dkim.ReasonKeyMismatch:
			if len(key.Hashes) > 0 && !slices.Contains(key.Hashes, "sha256") {
				s.add("dkim-algorithm-obsolete", where, "%s: %s", k.Location, p.Text)
			} else {
				s.add("dkim-key-malformed", where, "%s: %s", k.Location, p.Text)
			}
		default:
			if !p.Fatal {
				where.severity = report.Low
			}
			s.add("dkim-key-malformed", where, "%s: %s", k.Location, p.Text)
		}
	}
	k.Valid = &valid
	if key.Testing && !key.Revoked {
		s.add("dkim-key-testing", at{name: k.Location}, "the key at %s is marked as a test (t=y)", k.Location)
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
		if holds(k.Valid) {
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
			continue
		}
		s.add("dkim-wildcard", at{name: "*._domainkey." + c.domain}, "a selector that nobody uses has a key record too: %s", quoted(text))
	}
	switch {
	case usable > 0 && rsa == 0 && !open:
		s.add("dkim-ed25519-only", at{name: "_domainkey." + c.domain}, "the keys known are all Ed25519, which many receivers cannot verify")
	case s.check.State != report.StatePresent && !open && !c.opt.Parked && !revokedByWildcard && c.exists():
		text := fmt.Sprintf("no key at the %d selectors tried; others may be in use", out.Tried)
		if out.NoKeys {
			text = fmt.Sprintf("_domainkey.%s does not exist, so there should be no key at any selector (RFC 8020)", c.domain)
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
