package spf

import (
	"fmt"
	"net/netip"
	"sort"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
)

// static notes what a record says by itself.
func (l *linter) static(p *published, decides bool) {
	rec, domain := p.record, p.domain
	start := len(l.out.Notes)
	for _, n := range p.errs {
		n.Domain = domain
		l.note(n)
	}
	if n := len(rec.Text); n > 450 { // §3.4
		l.note(Note{Domain: domain, Text: fmt.Sprintf("%d bytes; above 450 the answer may not fit one UDP packet of 512", n), Kind: NoteLong})
	}
	l.flow(rec, domain, decides)
	l.terms(rec, domain)
	l.overlaps(rec, domain, decides)
	if decides { // the exp of an include is never used (§6.2)
		l.exp(rec, domain)
	}
	if start < len(l.out.Notes) {
		notes := l.out.Notes[start:]
		sort.SliceStable(notes, func(i, j int) bool { return notes[i].Position < notes[j].Position })
	}
}

// flow notes terms that are never reached, and how the record ends.
func (l *linter) flow(rec *Record, domain string, decides bool) {
	all, redirect := rec.All(), rec.Redirect()
	if all == nil {
		if redirect == nil && decides {
			l.note(Note{Domain: domain, Position: len(rec.Text),
				Text: "neither all nor redirect: clients that nothing matches get neutral", Kind: NoteNeutral})
		}
		return
	}
	after := false
	for i := range rec.Terms {
		t := &rec.Terms[i]
		switch {
		case t == all:
			after = true
		case t == redirect: // §6.1
			l.at(domain, t, NoteUnreachable, "not used: the record has %s", all.Text)
		case after && !t.Modifier:
			l.at(domain, t, NoteUnreachable, "never reached: it stands behind %s", all.Text)
		}
	}
	switch all.Qualifier {
	case '+':
		l.at(domain, all, NoteOverbroad, "lets every client pass")
	case '?':
		if decides {
			l.at(domain, all, NoteNeutral, "makes no statement on any other client")
		}
	}
}

// terms notes what is doubtful in single terms, and terms that stand twice.
func (l *linter) terms(rec *Record, domain string) {
	seen := map[string]bool{}
	for i := range rec.Terms {
		t := &rec.Terms[i]
		if t.Bad {
			continue
		}
		if usesP(t.Spec) { // §7.2
			l.at(domain, t, NotePTR, "%%{p} is slow and not reliable, and should not be used")
		}
		if t.Modifier {
			if t.Kind != "redirect" && t.Kind != "exp" {
				l.at(domain, t, NoteUnknownModifier, "no modifier of RFC 7208; receivers ignore it")
			}
			continue
		}
		switch t.Kind {
		case "ptr": // §5.5
			l.at(domain, t, NotePTR, "ptr is slow and not reliable, and should not be used")
		case "ip4", "ip6":
			l.network(t, domain)
			continue // see overlaps
		case "a", "mx":
			if t.Bits4 <= 8 || t.Bits6 <= 16 {
				l.at(domain, t, NoteOverbroad, "covers a very large network")
			}
		case "all", "include": // see follow
			continue
		}
		key := canonical(strings.TrimLeft(t.Text, "+-~?"))
		if seen[key] {
			l.at(domain, t, NoteRedundant, "stands twice in the record")
		}
		seen[key] = true
	}
}

// private reports that no address of a network is one of the Internet (RFC 1918,
// RFC 4193, RFC 1122 §3.2.1.3, RFC 3927).
func private(p netip.Prefix) bool {
	first := p.Masked().Addr()
	last := first.AsSlice()
	for i := p.Bits(); i < len(last)*8; i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	return first.IsPrivate() && end.IsPrivate() || first.IsLoopback() && end.IsLoopback() || first.IsLinkLocalUnicast() && end.IsLinkLocalUnicast()
}

func (l *linter) network(t *Term, domain string) {
	p := t.Prefix
	switch ip := p.Addr(); {
	case ip.Is4In6():
		l.at(domain, t, NoteUseless, "matches nothing: an IPv4-mapped client counts as IPv4")
	case p.Bits() == 0:
		l.at(domain, t, NoteOverbroad, "covers every address")
	case private(p):
		l.at(domain, t, NoteUseless, "a private address: no client on the Internet has it")
	case ip.Is4() && p.Bits() <= 8 || ip.Is6() && p.Bits() <= 16:
		l.at(domain, t, NoteOverbroad, "covers a very large network")
	}
	if m := p.Masked(); m.Addr() != p.Addr() {
		l.at(domain, t, NoteHostBits, "has host bits; it means %s", m)
	}
}

// exp checks that the explanation can be had.
func (l *linter) exp(rec *Record, domain string) {
	t := rec.Exp()
	if t == nil || t.Bad {
		return
	}
	name, ok := staticName(t, domain, l.out.Domain)
	if !ok {
		return
	}
	a := l.ask(name, dns.TypeTXT)
	switch {
	case a.gap:
	case len(a.Records) != 1: // §6.2
		l.at(domain, t, NoteExplanation, "%s has %d TXT records, not one; no explanation is given", name, len(a.Records))
	default:
		if problem, at, _ := checkMacros(a.Records[0].Text, inExplain); problem != "" {
			l.at(domain, t, NoteExplanation, "the text at %s is wrong at byte %d: %s; no explanation is given", name, at, problem)
		}
	}
}

// usesP reports whether a domain-spec has the macro p.
func usesP(spec string) bool {
	for {
		i := strings.IndexByte(spec, '%')
		if i < 0 {
			return false
		}
		m, n, problem := readMacro(spec[i:])
		if problem != "" {
			return false
		}
		if m.letter == 'p' {
			return true
		}
		spec = spec[i+n:]
	}
}
