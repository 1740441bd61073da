package domain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

const (
	// ednsUDP is the size in bytes up to which servers send answers over UDP
	// since the DNS flag day of 2020.
	ednsUDP = 1232
	// manyAddresses is the number of IPv4 addresses above which a pass proves
	// little whoever owns them: a sixteenth of all.
	manyAddresses = 1 << 28
)

// spf checks the SPF record of the domain with all that it includes.
func (c *checker) spf(s *section, out *report.DomainSPF) {
	out.MaxDNSLookups = spf.DefaultMaxLookups
	a := c.ask(c.domain, dns.TypeTXT)
	var records []string
	for _, text := range a.Texts() {
		if spf.IsRecord(text) {
			records = append(records, text)
		}
	}
	s.found(c.domain, stateOf(&a, len(records)), records)
	if a.gap {
		return
	}
	c.type99(s, out, records)
	out.ResponseBytes = responseBytes(c.domain, &a)
	c.meantSPF(s, out, &a)
	if out.ResponseBytes > ednsUDP {
		s.add("spf-response-long", at{name: c.domain}, "the TXT records of %s make an answer of %d bytes; above %d it comes over TCP, which not all resolvers manage", report.DomainRef(c.domain), out.ResponseBytes, ednsUDP)
	}
	if len(records) == 0 && len(out.Meant) == 0 && len(a.CNAMEs) == 0 && c.exists() {
		c.straySPF(s)
	}
	switch len(records) {
	case 0:
		switch n := len(a.CNAMEs); {
		case !c.exists() || len(out.Meant) > 0 || len(s.stray) > 0: // the cause is named already
		case n > 0: // RFC 1034 §3.6.2
			s.add("spf-none", at{name: c.domain, severity: report.Info, advice: "nothing, if the name sends no mail; else use a name that is not an alias"},
				"%s is an alias (CNAME) of %s and can have no records of its own; there is no SPF record at that name", report.DomainRef(c.domain), a.CNAMEs[n-1])
		default:
			s.add("spf-none", at{name: c.domain}, "%s has no SPF record", report.DomainRef(c.domain))
		}
		return
	case 1:
	default:
		s.add("spf-permerror-syntax", at{name: c.domain}, "%s has %d SPF records; only one is allowed, so every check ends in permerror", report.DomainRef(c.domain), len(records))
		return
	}

	out.RecordBytes = len(records[0])
	rec, errs := spf.Parse(records[0])
	t := &treeWalk{c: c}
	out.Tree = t.record(c.domain, rec, 0)
	out.DNSLookups, out.VoidDNSLookups = out.Tree.DNSLookups, out.Tree.Voids
	out.Macros = t.macros
	if t.nodes >= spf.MaxNodes || t.walked >= spf.MaxWalked {
		s.gap(c.domain+" SPF", fmt.Sprintf("the include tree has more than %d nodes or %d terms with lookups", spf.MaxNodes, spf.MaxWalked))
	}
	out.Parsed = parsed(rec, errs, out.Tree)
	lint := spf.Lint(c.ctx, c.mem, c.domain, spf.Options{})
	hinted := map[string]bool{}
	for _, n := range lint.Notes {
		code, where := classify(n)
		text := noteText(n, c.domain)
		if n.Domain != "" && !c.own(n.Domain) {
			where.host = n.Domain
			if !n.Error && rank(kind(code).Severity) == rank(report.Low) {
				where.severity = report.Info // in the hands of others
			}
		}
		if code == "spf-permerror-lookup-limit" && n.Error && n.Term != "" && (n.Domain == c.domain || lint.Lookups > spf.DefaultMaxLookups) {
			text = fmt.Sprintf("the record with all that it includes causes %d DNS lookups, and %d are allowed: receivers that get to %s%s give up (permerror)", lint.Lookups, spf.DefaultMaxLookups, n.Term, placeOf(n, c.domain))
		}
		if code == "spf-include-none" {
			if near := nearInclude(n.Term); near != "" {
				text += "; is " + near + " meant?"
			}
		}
		if m, ok := c.hint(n); ok {
			if !hinted[n.Domain] {
				hinted[n.Domain] = true
				text += ". " + upper(m.why())
			}
			where.advice = mendedSPF(m.text)
		}
		s.add(code, where, "%s", text)
	}
	if lint.Left > 0 {
		s.add(spfRemark, at{name: c.domain}, "%d more remarks on the record of %s and what it includes are left out", lint.Left, c.domain)
	}
	s.open = len(lint.Gaps) > 0

	auth, err := spf.Ranges(c.ctx, c.mem, c.domain, spf.Options{})
	if err == nil {
		c.authorized = auth
	}
	out.Authorized = ranges(auth)
	if auth.Count4 == 1<<32 || len(auth.IPv6) == 1 && auth.IPv6[0].Bits() == 0 { // the term that does it is named already
		for i := range s.problems {
			if s.problems[i].Code == "spf-overbroad-pass" {
				s.problems[i].Severity = report.Critical
			}
		}
	} else if auth.Count4 >= manyAddresses {
		s.add("spf-overbroad-pass", at{name: c.domain}, "%d IPv4 addresses get a pass", auth.Count4)
	}
	if c.opt.Parked {
		if len(auth.IPv4)+len(auth.IPv6)+len(auth.Open) > 0 {
			s.add("spf-parked-passes", at{name: c.domain}, "%s lets hosts send for a domain that sends no mail", quote(records[0]))
		}
		return
	}
	if c.opt.Shorter && t.nodes <= MaxTrialNodes {
		out.Shorter = c.shorter(rec, lint)
	}
	if sh := out.Shorter; sh != nil {
		s.add("spf-shorter-record", at{name: c.domain}, "%s authorises the same addresses with %d bytes in place of %d and %d lookups in place of %d",
			quote(sh.Record), len(sh.Record), len(records[0]), sh.DNSLookups, lint.Lookups)
	}
}

// stateOf is the state where n of the records in a reply count.
func stateOf(a *reply, n int) string {
	switch {
	case a.gap:
		return report.StateUnknown
	case n == 0:
		return report.StateAbsent
	}
	return report.StatePresent
}

// type99 looks for records of the type that RFC 7208 §3.1 gave up.
func (c *checker) type99(s *section, out *report.DomainSPF, records []string) {
	a := c.ask(c.domain, dns.TypeSPF)
	for i := range a.Records {
		if len(out.Type99) == MaxRecords {
			break
		}
		text := a.Records[i].Text
		if text == "" {
			text = a.Records[i].Data
		}
		out.Type99 = append(out.Type99, text)
	}
	if len(out.Type99) == 0 {
		return
	}
	same := "the same as"
	if len(records) != 1 || out.Type99[0] != records[0] {
		same = "not the same as"
	}
	s.add("spf-type99", at{name: c.domain}, "%s has a record of type SPF, %s that of type TXT; receivers do not ask for it", report.DomainRef(c.domain), same)
}

// meantSPF finds texts that are not an SPF record and are plainly meant as one.
func (c *checker) meantSPF(s *section, out *report.DomainSPF, a *reply) {
	for i := range a.Records {
		r := &a.Records[i]
		if spf.IsRecord(r.Text) || len(r.Text) > maxMend || len(out.Meant) == MaxRecords {
			continue
		}
		m := peel(r.Text)
		if !meansSPF(m.text) && !meansSPF(peel(joined(r.Text, r.Strings, joinSPF)).text) {
			continue
		}
		t := report.MeantText{Name: c.domain, Text: r.Text}
		mended, ok := repairSPF(r.Text, r.Strings)
		t.Why = cmp.Or(mended.why(), m.why(), "it does not begin with v=spf1 and a blank")
		where := at{name: c.domain}
		if ok {
			t.Mended = mended.text
			where.advice = mendedSPF(mended.text)
		}
		out.Meant = append(out.Meant, t)
		s.add("spf-not-recognised", where, "%s is not read as an SPF record: %s", quote(r.Text), t.Why)
	}
}

// mendedSPF is the advice to publish a repaired record. A -all that starts with it
// is named.
func mendedSPF(text string) string {
	advice := "publish it with only the fault fixed: " + text
	if rec, _ := spf.Parse(text); rec.All() != nil && rec.All().Qualifier == '-' {
		advice += " (its -all starts then: the careful way is ~all first)"
	}
	return advice
}

// hint says what a faulty record is meant to be.
func (c *checker) hint(n spf.Note) (mend, bool) {
	if !n.Error && n.Kind != spf.NoteUnreachable && n.Kind != spf.NoteUnknownModifier {
		return mend{}, false
	}
	a := c.ask(n.Domain, dns.TypeTXT)
	var found *dns.Record
	for i := range a.Records {
		if spf.IsRecord(a.Records[i].Text) {
			if found != nil {
				return mend{}, false
			}
			found = &a.Records[i]
		}
	}
	if found == nil {
		return mend{}, false
	}
	return repairSPF(found.Text, found.Strings)
}

// nobodyPasses weighs a record that names somebody and lets nobody pass, where
// the domain has mail hosts: all its mail fails. The fault that does it is the
// finding; where none is named there is one of its own.
func (c *checker) nobodyPasses(s *section) {
	auth := c.authorized
	if auth == nil || len(auth.Open)+len(auth.Gaps) > 0 || c.opt.Parked || s.check.Record == nil || len(c.out.MX.Hosts) == 0 || onInternet(auth.IPv4) || onInternet(auth.IPv6) {
		return
	}
	rec, _ := spf.Parse(*s.check.Record)
	if !names(rec) {
		return
	}
	const consequence = "; so the record lets nobody pass, and all mail of the domain fails"
	best := -1
	for i := range s.problems {
		p := &s.problems[i]
		switch p.Code {
		case "spf-unknown-modifier", "spf-unreachable-term", "spf-useless-term", "spf-void-term", "spf-void-lookups", "spf-include-none", "spf-permerror-syntax", "spf-include-loop", "spf-mx-limit", "spf-permerror-lookup-limit":
			if best < 0 || rank(p.Severity) > rank(s.problems[best].Severity) {
				best = i
			}
		}
	}
	for i := range c.out.MX.Hosts { // a host without address is the cause, and named there
		if h := &c.out.MX.Hosts[i]; h.State == report.StateAbsent && slices.ContainsFunc(rec.Terms, func(t spf.Term) bool { return t.Kind == "mx" && t.Spec == "" }) {
			return
		}
	}
	if best < 0 {
		s.add("spf-nobody-passes", at{name: c.domain}, "%s names senders, but lets nobody pass: all mail of the domain fails", quote(*s.check.Record))
		return
	}
	p := &s.problems[best]
	switch p.Code { // to take out the only sender is not a remedy
	case "spf-void-term", "spf-useless-term", "spf-void-lookups":
		p.Advice = "give the name in the record its address, or name the public addresses and services that send; without the term nobody may"
	}
	if rank(p.Severity) < rank(report.High) {
		p.Severity = report.High
	}
	p.Parts = p.Parts.Add(report.Words(consequence)...)
	p.Message = p.Parts.String()
}

// onInternet reports that one of the networks at least can hold a client on the
// Internet.
func onInternet(nets []prefix) bool {
	return slices.ContainsFunc(nets, func(p prefix) bool {
		switch scope(p.Addr()) {
		case "public", "documentation":
			return true
		}
		return p.Bits() < 8 // more than the block that it begins with
	})
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// responseBytes is the length of a DNS answer with these TXT records: header,
// question, and for each record a compressed name, type, class, TTL, length and
// its strings (RFC 1035 §4).
func responseBytes(name string, a *reply) int {
	n := 12 + len(name) + 2 + 4
	for i := range a.Records {
		r := &a.Records[i]
		pieces := len(r.Strings)
		if pieces == 0 {
			pieces = max(1, (len(r.Text)+254)/255)
		}
		n += 12 + len(r.Text) + pieces
	}
	return n
}

func parsed(rec *spf.Record, errs []spf.Note, tree *report.SPFBranch) *report.SPFParsed {
	out := &report.SPFParsed{Mechanisms: []report.SPFTerm{}, Modifiers: []report.SPFTerm{}}
	for i := range rec.Terms {
		t := &rec.Terms[i]
		term := report.SPFTerm{Mechanism: t.Kind, Term: t.Text, Position: t.Position, Value: termValue(t)}
		for _, e := range errs {
			if e.Position >= t.Position && e.Position <= t.Position+len(t.Text) {
				term.Error = e.Text
				break
			}
		}
		if i < len(tree.Children) {
			term.DNSLookups, term.Voids = tree.Children[i].DNSLookups, tree.Children[i].Voids
		}
		if t.Modifier {
			out.Modifiers = append(out.Modifiers, term)
			continue
		}
		term.Action = string(t.Result())
		out.Mechanisms = append(out.Mechanisms, term)
	}
	if t := rec.Redirect(); t != nil {
		out.Redirect = t.Spec
	}
	if t := rec.Exp(); t != nil {
		out.Exp = t.Spec
	}
	if t := rec.All(); t != nil {
		out.All = string(t.Result())
	}
	return out
}

// termValue is what stands behind the name of a term.
func termValue(t *spf.Term) string {
	if t.Bad && t.Kind == "" {
		return ""
	}
	i := strings.IndexAny(t.Text, ":=/")
	if i < 0 {
		return ""
	}
	if t.Text[i] == '/' {
		return t.Text[i:]
	}
	return t.Text[i+1:]
}

func ranges(a *spf.Authorized) *report.Authorized {
	out := &report.Authorized{
		IPv4:  report.AddressSet{Count: fmt.Sprint(a.Count4), Ranges: []string{}},
		IPv6:  report.AddressSet{Count: a.Count6.String(), Ranges: []string{}},
		Open:  []string{},
		Stops: []string{},
	}
	for i, p := range a.IPv4 {
		if i == MaxRanges {
			out.IPv4.More = len(a.IPv4) - MaxRanges
			break
		}
		out.IPv4.Ranges = append(out.IPv4.Ranges, p.String())
	}
	for i, p := range a.IPv6 {
		if i == MaxRanges {
			out.IPv6.More = len(a.IPv6) - MaxRanges
			break
		}
		out.IPv6.Ranges = append(out.IPv6.Ranges, p.String())
	}
	for _, n := range a.Open {
		out.Open = append(out.Open, noteText(n, a.Domain))
	}
	for _, n := range a.Stops {
		out.Stops = append(out.Stops, noteText(n, a.Domain))
	}
	out.Complete = len(a.Open) == 0 && len(a.Gaps) == 0
	return out
}

// placeOf is where the term of a note stands.
func placeOf(n spf.Note, domain string) string {
	if n.Domain != domain {
		return " in the record of " + n.Domain
	}
	return fmt.Sprintf(" at byte %d", n.Position)
}

// noteText is a note with its term and, where it is another's, its domain.
func noteText(n spf.Note, domain string) string {
	var b strings.Builder
	if n.Domain != domain {
		b.WriteString("in the record of " + n.Domain + ": ")
	}
	if n.Term != "" {
		fmt.Fprintf(&b, "%s at byte %d: ", n.Term, n.Position)
	} else if n.Position > 0 {
		fmt.Fprintf(&b, "at byte %d: ", n.Position)
	}
	b.WriteString(n.Text)
	return b.String()
}

// covers reports whether one of the sorted networks holds an address.
func covers(r *report.MXAddress, auth *spf.Authorized) bool {
	ip := parseAddr(r.Address)
	nets := auth.IPv6
	if ip.Is4() {
		nets = auth.IPv4
	}
	i, found := slices.BinarySearchFunc(nets, ip, func(p prefix, ip addr) int { return p.Addr().Compare(ip) })
	return found || i > 0 && nets[i-1].Contains(ip)
}
