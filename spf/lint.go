package spf

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Linted is what Lint found.
type Linted struct {
	Domain string
	Record string // "" where there is not exactly one
	Notes  []Note // record by record in the order of the walk; MaxNotes at most
	Left   int    // notes beyond MaxNotes, left out
	// Lookups counts the terms that cause lookups and Voids the void lookups,
	// for a client that nothing in any branch matches. A term counts as void
	// where it is for both address families.
	Lookups, Voids int
	// Gaps are the questions that got no answer, "name TYPE: why". Where there
	// are any, the counts are lower bounds and notes may be missing.
	Gaps []string
}

// Lint looks at the record of a domain and at all that it includes or
// redirects to, whether a client would need it or not. Options give the limits.
// What it cannot find out is a gap, never an error.
func Lint(ctx context.Context, res dns.Resolver, domain string, o Options) *Linted {
	domain, _ = mailname.ASCII(domain)
	l := &linter{
		walker: newWalker(ctx, res), out: &Linted{Domain: canonical(domain)},
		included: map[string]string{},
		seen:     map[string]bool{}, noted: map[Note]bool{},
	}
	l.maxLookups, l.maxVoids = o.limits()
	p := l.fetch(l.out.Domain)
	if p.record == nil {
		if p.code == ReasonMultiple || p.code == ReasonRecordTooLong {
			l.note(Note{Domain: p.domain, Text: p.problem, Error: true, Kind: NoteNoRecord})
		}
	} else {
		l.out.Record = p.record.Text
		l.walk(p, true)
		l.covered()
		l.limits()
	}
	l.out.Gaps = l.gaps
	return l.out
}

type linter struct {
	*walker
	out                  *Linted
	maxLookups, maxVoids int
	walked               int
	path                 []string          // domains being walked
	loop                 string            // why the limit is passed, where that is a loop
	included             map[string]string // target to the domain that included it first
	seen                 map[string]bool   // domains walked to their end once
	noted                map[Note]bool     // a record may be walked several times
	over, overVoid       *Note             // the terms at which the limits are passed
	voidNames            []string
	nets                 []network // of all records, those with "+"
	netsFull             bool      // MaxNetworks was hit
	barred               int       // includes around with another qualifier than "+"
}

func (l *linter) note(n Note) {
	switch {
	case l.noted[n]:
	case len(l.out.Notes) < MaxNotes:
		l.noted[n] = true
		l.out.Notes = append(l.out.Notes, n)
	default:
		l.out.Left++
	}
}

// at notes something about a term.
func (l *linter) at(domain string, t *Term, kind NoteKind, format string, args ...any) {
	l.note(Note{Domain: domain, Position: t.Position, Term: t.Text, Text: fmt.Sprintf(format, args...), Kind: kind})
}

// bad notes why receivers that get to a term must answer permerror.
func (l *linter) bad(domain string, t *Term, kind NoteKind, format string, args ...any) {
	l.note(Note{Domain: domain, Position: t.Position, Term: t.Text, Text: fmt.Sprintf(format, args...), Error: true, Kind: kind})
}

// limits notes the totals.
func (l *linter) limits() {
	if n := l.over; n != nil {
		n.Text = fmt.Sprintf("lookup %d of %d for a client that nothing matches before; the limit is %d%s", l.maxLookups+1, l.out.Lookups, l.maxLookups, l.loop)
		l.note(*n)
	}
	if n := l.overVoid; n != nil {
		n.Text = fmt.Sprintf("void lookup %d of %d; receivers may stop at %d (void: %s)", l.maxVoids+1, l.out.Voids, l.maxVoids, strings.Join(l.voidNames, ", "))
		l.note(*n)
	}
}

// walk goes through a record as a client does that nothing matches. decides
// says that the record gives the result: it is not the target of an include.
func (l *linter) walk(p *published, decides bool) {
	rec, domain := p.record, p.domain
	if !p.seen {
		p.seen = true
		l.static(p, decides)
	}
	l.path = append(l.path, domain)
	defer func() {
		l.path = l.path[:len(l.path)-1]
		l.seen[domain] = true
	}()
	for i := range rec.Terms {
		t := &rec.Terms[i]
		if t.Bad || t.Modifier {
			continue
		}
		if t.Kind == "all" {
			return // nothing behind it is reached, and no redirect
		}
		if t.Looks() && !l.term(t, domain, decides) {
			return
		}
	}
	if t := rec.Redirect(); t != nil && !t.Bad {
		l.term(t, domain, decides)
	}
}

// term counts a term with lookups and goes where it leads. It is false where
// the walk must end.
func (l *linter) term(t *Term, domain string, decides bool) bool {
	if l.walked++; l.walked > MaxWalked || l.stopped {
		if l.walked == MaxWalked+1 {
			l.gaps = append(l.gaps, fmt.Sprintf("%s of %s: more than %d terms with lookups; counting ends here", t.Text, domain, MaxWalked))
		}
		return false
	}
	l.out.Lookups++
	if l.out.Lookups == l.maxLookups+1 {
		l.over = &Note{Domain: domain, Position: t.Position, Term: t.Text, Error: true, Kind: NoteLookups}
		l.loop = loop(l.around())
	}
	name, ok := staticName(t, domain, l.out.Domain)
	if !ok {
		if t.Kind == "include" || t.Kind == "redirect" {
			l.at(domain, t, NoteMacroTarget, "depends on the message; not followed")
		}
		return true
	}
	switch t.Kind {
	case "include", "redirect":
		l.follow(t, name, domain, decides)
	case "a":
		l.addressVoid(t, name, domain)
	case "exists":
		if a := l.ask(name, dns.TypeA); a.void() {
			l.void(t, name, dns.TypeA, domain)
		}
	case "mx":
		l.mx(t, name, domain)
	}
	return true
}

// around are the records being walked.
func (l *linter) around() []around {
	var out []around
	for _, name := range l.path {
		if p := l.records[name]; p != nil && p.record != nil {
			out = append(out, around{name, p.record.Text})
		}
	}
	return out
}

// void counts a void lookup.
func (l *linter) void(t *Term, name string, typ dns.Type, domain string) {
	l.out.Voids++
	what := name + " " + typ.String()
	if len(l.voidNames) < MaxAnswer && !slices.Contains(l.voidNames, what) {
		l.voidNames = append(l.voidNames, what)
	}
	if l.maxVoids >= 0 && l.out.Voids == l.maxVoids+1 {
		l.overVoid = &Note{Domain: domain, Position: t.Position, Term: t.Text, Kind: NoteVoidLookups}
	}
}

func (l *linter) addressVoid(t *Term, name, domain string) {
	a := l.ask(name, dns.TypeA)
	if a.bad {
		l.at(domain, t, NoteVoid, "%.80q cannot be asked for", name)
		return
	}
	if !a.void() {
		return
	}
	if l.ask(name, dns.TypeAAAA).void() {
		l.void(t, name, dns.TypeA, domain)
		l.at(domain, t, NoteVoid, "%s has no address: a void lookup", name)
	}
}

func (l *linter) mx(t *Term, name, domain string) {
	a := l.ask(name, dns.TypeMX)
	switch {
	case a.gap:
		return
	case a.bad:
		l.at(domain, t, NoteVoid, "%.80q cannot be asked for", name)
		return
	case a.void():
		l.void(t, name, dns.TypeMX, domain)
		l.at(domain, t, NoteVoid, "%s has no MX record: a void lookup", name)
		return
	case len(a.Records) > MaxMX: // §4.6.4
		l.bad(domain, t, NoteManyMX, "%s has %d MX records; mx may use %d", name, len(a.Records), MaxMX)
		return
	}
	for i := range a.Records {
		host := a.Records[i].Host
		switch {
		case host == "":
			l.at(domain, t, NoteUseless, "%s has a null MX (RFC 7505), which matches nothing", name)
		case l.ask(host, dns.TypeA).void() && l.ask(host, dns.TypeAAAA).void():
			l.at(domain, t, NoteVoid, "the MX host %s has no address; some receivers count that as a void lookup", host)
		}
	}
}

// follow goes into the target of an include or redirect.
func (l *linter) follow(t *Term, name, domain string, decides bool) {
	if slices.Contains(l.path, name) {
		l.bad(domain, t, NoteLoop, "a loop: %s is being evaluated already", name)
		return
	}
	if len(l.path) > MaxDepth {
		l.bad(domain, t, NoteLoop, "nested deeper than %d", MaxDepth)
		return
	}
	p := l.fetch(name)
	if p.void {
		l.void(t, name, dns.TypeTXT, domain)
	}
	switch {
	case p.gap:
		return
	case p.record == nil: // §5.2, §6.1: none becomes permerror
		l.bad(domain, t, NoteNoRecord, "%s", p.problem)
		return
	}
	if t.Kind == "include" {
		if first := l.included[name]; first == "" {
			if len(l.included) < MaxQuestions {
				l.included[name] = domain
			}
		} else if !l.seen[domain] {
			l.at(domain, t, NoteRedundant, "%s is included already, by %s; its lookups count again", name, first)
		}
		if t.Qualifier != '+' {
			l.barred++
			defer func() { l.barred-- }()
		}
		if !canPass(p.record) {
			l.at(domain, t, NoteUseless, "the record of %s lets nobody pass, so this never matches", name)
		}
	}
	l.walk(p, decides && t.Modifier)
}

// canPass reports whether any client can pass a record.
func canPass(rec *Record) bool {
	for i := range rec.Terms {
		t := &rec.Terms[i]
		if t.Bad || t.Modifier && t.Kind == "redirect" || !t.Modifier && t.Qualifier == '+' {
			return true
		}
		if t.Kind == "all" {
			return false
		}
	}
	return false
}
