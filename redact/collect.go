package redact

import (
	"net/netip"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// collect finds the secrets of a report: first in the keys that hold nothing
// else, then by their form in every text.
func (t *table) collect(r *report.Report) {
	for _, name := range strings.Fields(shownFields) {
		t.quoted[name] = true
	}
	t.keep(r)
	if t.o.Domains {
		t.spotDomains(r)
	} else {
		t.labelsOf()
	}
	t.structured(r)
	each(r, func(r *report.Report) {
		if p := r.Source.Path; strings.Contains(p, "/") || len(p) > 4 && strings.Contains(p, ".") {
			t.paths = append(t.paths, p)
		}
	})
	visit(reflect.ValueOf(r), text, t.spot)
	visit(reflect.ValueOf(r), text, func(p policy, s string) {
		if p == server && s != "" {
			t.add(t.servers, s, kindServer)
		}
	})
	t.macros(r)
}

// each calls f with a report and all inside it.
func each(r *report.Report, f func(*report.Report)) {
	f(r)
	for i := range r.Embedded {
		each(&r.Embedded[i], f)
	}
}

// keep notes the domains that stay: without them nobody could follow the
// verdict.
func (t *table) keep(r *report.Report) {
	add := func(names ...string) {
		for _, n := range names {
			if n = hostName(n); strings.Contains(n, ".") && !strings.ContainsAny(n, " @") && !insideName(n) {
				if _, err := netip.ParseAddr(n); err != nil {
					t.kept[n] = true
				}
			}
		}
	}
	each(r, func(r *report.Report) {
		for _, a := range r.Message.From {
			add(a.Domain)
		}
		if f := r.Message.MailFrom; f != nil {
			add(domainOf(*f))
		}
		for _, a := range r.Message.RcptTo {
			add(domainOf(a))
		}
		for i := range r.Hops {
			add(r.Hops[i].Zone)
		}
		for _, z := range r.Zones {
			add(z.Name)
		}
		for i := range r.Claims {
			add(r.Claims[i].AuthservID)
		}
		for i := range r.DKIM {
			add(r.DKIM[i].Domain)
		}
		if r.ARC != nil {
			for i := range r.ARC.Sets {
				add(r.ARC.Sets[i].Domain)
			}
		}
		if d := r.DMARC; d != nil {
			add(d.FromDomain, d.RecordDomain)
			if d.Other != nil {
				add(d.Other.RecordDomain)
			}
		}
		if r.SPF != nil {
			add(r.SPF.Domain)
		}
	})
}

func (t *table) labelsOf() {
	for d := range t.kept {
		for l := range strings.SplitSeq(d, ".") {
			for _, w := range wordsOf(l) {
				t.labels[w] = true
			}
		}
	}
}

func domainOf(addr string) string {
	_, domain, _ := mailname.Split(addr)
	return domain
}

// structured reads the keys that hold secrets by their meaning.
func (t *table) structured(r *report.Report) {
	facts := map[string]*hostFacts{}
	each(r, func(r *report.Report) {
		m := &r.Message
		for _, a := range m.From {
			t.addAddress(a.Address)
			t.addName(a.Name)
		}
		if m.MailFrom != nil {
			t.addAddress(*m.MailFrom)
		}
		for _, a := range m.RcptTo {
			t.addAddress(a)
		}
		if w := wordsOf(m.Subject); len(w) > 0 {
			t.passage(w, t.add(t.topics, m.Subject, kindSubject))
		}
		if id := strings.Trim(m.MessageID, "<> "); id != "" {
			local, domain, ok := strings.Cut(id, "@")
			t.addLocal(local, kindID)
			if ok && insideName(domain) {
				t.addHost(domain)
			}
		}
		t.hostFacts(r, facts)
		for i := range r.Hops {
			h := &r.Hops[i]
			t.addAddress(h.For)
			if h.EnvelopeFrom != nil {
				t.addAddress(*h.EnvelopeFrom)
			}
			if h.Auth != "" && h.Auth != "yes" {
				t.addAddress(h.Auth)
			}
			if h.ID != "" && !dotted(h.ID) {
				t.phrase(wordsOf(h.ID), t.add(t.ids, h.ID, kindID))
			}
		}
		for i := range r.Claims {
			t.quoted[strings.ToLower(r.Claims[i].Header)] = true
		}
		for i := range r.DKIM {
			if rep := r.DKIM[i].Repair; rep != nil {
				for _, c := range rep.Changes {
					for _, q := range spans(c.Description) {
						t.addPassage(q)
					}
					for line := range strings.Lines(c.Diff) {
						t.addPassage(line)
					}
				}
			}
		}
		if d := r.DSN; d != nil {
			for _, x := range d.Recipients {
				t.addAddress(x.Final)
				t.addAddress(x.Original)
			}
		}
	})
	t.innerHosts(r, facts)
}

// dotted reports whether an id is a version number, as Exchange writes it.
func dotted(id string) bool {
	return strings.Contains(id, ".") && strings.Trim(id, "0123456789.") == ""
}

func (t *table) addPassage(s string) {
	if w := wordsOf(s); len(w) > 0 && telling(w) {
		t.passage(w, &secret{kind: kindText, name: string(kindText)})
	}
}

// spans returns what stands in quotation marks.
func spans(s string) []string {
	var out []string
	for _, q := range quotations(s) {
		out = append(out, s[q[0]:q[1]])
	}
	return out
}

// quotations returns where quoted text begins and ends, between “ and ”, also
// between marks that do not close.
func quotations(s string) [][2]int {
	const open, shut = "“", "”"
	var out [][2]int
	for i := 0; ; {
		k := strings.Index(s[i:], open)
		if k < 0 {
			return out
		}
		start := i + k + len(open)
		// A quoted text may hold closing marks of its own.
		stop := len(s)
		if next := strings.Index(s[start:], open); next >= 0 {
			stop = start + next
		}
		end := strings.LastIndex(s[start:stop], shut)
		if end < 0 {
			end = stop - start
		}
		out = append(out, [2]int{start, start + end})
		i = start + end
	}
}

// roleLocals are local parts that every domain has (RFC 5321 §4.5.1) or that
// name a program.
var roleLocals = set("postmaster mailer-daemon")

// addAddress notes the local part of an address, which may have a type in
// front as in a delivery status notification: "rfc822; ann@example.com".
func (t *table) addAddress(addr string) {
	if _, a, ok := strings.Cut(addr, ";"); ok {
		addr = a
	}
	addr = strings.Trim(addr, "<> \t")
	local, _, ok := mailname.Split(addr)
	if !ok {
		local = addr
	}
	t.addLocal(local, kindUser)
}

func localKey(local string) string {
	return strings.ToLower(strings.ReplaceAll(strings.Trim(local, `" `), `\`, ""))
}

// addLocal notes a local part, and the parts of one in which another address
// is packed (SRS, VERP, BATV) or a detail follows a plus sign.
func (t *table) addLocal(local string, k kind) *secret {
	key := localKey(local)
	if key == "" || roleLocals[key] || t.names[key] {
		return nil
	}
	if s := t.locals[key]; s != nil {
		return s
	}
	s := t.add(t.locals, key, k)
	if len(key) > 5 && (strings.HasPrefix(key, "srs0") || strings.HasPrefix(key, "srs1") || strings.HasPrefix(key, "prvs=")) {
		s.before = local[:5]
	}
	t.phrase(wordsOf(key), s)
	if before, _, ok := strings.Cut(key, "+"); ok && before != "" {
		t.phrase(wordsOf(before), s)
	}
	if strings.Contains(key, "=") {
		for part := range strings.SplitSeq(key, "=") {
			if !strings.Contains(part, ".") && !strings.HasPrefix(part, "srs") && part != "prvs" {
				t.phrase(wordsOf(part), s)
			}
		}
	}
	return s
}

// addName notes a display name, and every part of it that can be a name.
func (t *table) addName(name string) *secret {
	words := wordsOf(name)
	if len(words) == 0 {
		return nil
	}
	s := t.add(t.people, strings.Join(words, " "), kindName)
	t.phrase(words, s)
	if len(words) > maxPhrase {
		t.passage(words, s)
	}
	eachWord(name, func(i, j int) bool {
		w := name[i:j]
		first, _ := utf8.DecodeRuneInString(w)
		low := strings.ToLower(w)
		if !unicode.IsLower(first) && utf8.RuneCountInString(w) >= 3 && !t.labels[low] {
			t.phrase([]string{low}, s)
		}
		return true
	})
	return s
}

// spotDomains notes the domains and selectors of a report.
func (t *table) spotDomains(r *report.Report) {
	visit(reflect.ValueOf(r), text, func(_ policy, s string) {
		scan(s, func(k token) {
			if name := s[k.start:k.end]; k.kind == tokenHost && !insideName(name) {
				t.addDomain(name)
			}
		})
	})
	add := func(selector string) {
		if telling(wordsOf(selector)) && !common(selector) {
			t.phrase(wordsOf(selector), t.add(t.keys, strings.ToLower(selector), kindKey))
			t.subs[strings.ToLower(selector)] = t.keys[strings.ToLower(selector)]
		}
	}
	each(r, func(r *report.Report) {
		for i := range r.DKIM {
			add(r.DKIM[i].Selector)
		}
		for i := range r.Claims {
			add(r.Claims[i].Selector)
		}
		if r.ARC != nil {
			for i := range r.ARC.Sets {
				add(r.ARC.Sets[i].Selector)
			}
		}
	})
}

// spot notes the secrets that a text shows by their form.
func (t *table) spot(p policy, s string) {
	if p == person {
		t.addName(s)
	}
	prev := -1 // end of a local part with its @
	scan(s, func(k token) {
		word := s[k.start:k.end]
		switch k.kind {
		case tokenLocal:
			t.addLocal(word, kindUser)
			prev = k.end + 1
			return
		case tokenIP:
			t.seenIP[k.ip.WithZone("")] = true
			if private(k.ip) || t.o.Domains && k.ip.IsGlobalUnicast() {
				t.hideIP(k.ip)
			}
		case tokenHost:
			if insideName(word) {
				t.addHost(word)
			}
			if ip, _, ok := reversed(strings.Split(word, ".")); ok {
				t.seenIP[ip] = true
				if private(ip) || t.o.Domains {
					t.hideIP(ip)
				}
			}
		case tokenWord:
			if k.start == prev {
				t.addHost(word)
			}
		}
		prev = -1
	})
	if p == text {
		if name, value, ok := headerField(s); ok && peopleFields[strings.ToLower(name)] {
			people(value, func(part string) string { t.addName(part); return "" }, func(string) string { return "" })
		}
	}
}
