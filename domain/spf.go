package domain

import (
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
	var records, others []string
	for _, text := range a.Texts() {
		if spf.IsRecord(text) {
			records = append(records, text)
		} else {
			others = append(others, text)
		}
	}
	s.found(c.domain, stateOf(&a, len(records)), records)
	if a.gap {
		return
	}
	c.type99(s, out, records)
	out.ResponseBytes = responseBytes(c.domain, &a)
	for _, text := range others {
		if text := meantAsSPF(text); text != "" {
			s.add("spf-not-recognised", at{name: c.domain}, "%s is not read as an SPF record", quoted(text))
		}
	}
	if out.ResponseBytes > ednsUDP {
		s.add("spf-response-long", at{name: c.domain}, "the TXT records of %s make an answer of %d bytes; above %d it comes over TCP, which not all resolvers manage", c.domain, out.ResponseBytes, ednsUDP)
	}
	switch len(records) {
	case 0:
		if c.exists() {
			s.add("spf-none", at{name: c.domain}, "%s has no SPF record", c.domain)
		}
		return
	case 1:
	default:
		s.add("spf-permerror-syntax", at{name: c.domain}, "%s has %d SPF records; only one is allowed, so every check ends in permerror", c.domain, len(records))
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
	for _, n := range lint.Notes {
		code, where := classify(n)
		s.add(code, where, "%s", noteText(n, c.domain))
	}
	if lint.Left > 0 {
		s.add(spfRemark, at{name: c.domain}, "%d more remarks on the record of %s and what it includes are left out", lint.Left, c.domain)
	}

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
			s.add("spf-parked-passes", at{name: c.domain}, "%s lets hosts send for a domain that sends no mail", quoted(records[0]))
		}
		return
	}
	if t.nodes <= MaxTrialNodes {
		out.Shorter = c.shorter(rec, lint)
	}
	if sh := out.Shorter; sh != nil {
		s.add("spf-shorter-record", at{name: c.domain}, "%s authorises the same addresses with %d bytes in place of %d and %d lookups in place of %d",
			quoted(sh.Record), len(sh.Record), len(records[0]), sh.DNSLookups, lint.Lookups)
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
	s.add("spf-type99", at{name: c.domain}, "%s has a record of type SPF, %s that of type TXT; receivers do not ask for it", c.domain, same)
}

// meantAsSPF returns a TXT record, cleaned of what hides it, that its owner
// probably takes for an SPF record; "" for any other.
func meantAsSPF(text string) string {
	if len(text) > spf.MaxRecord {
		return ""
	}
	lower := strings.ToLower(text)
	bare := strings.TrimLeft(lower, " \t\"'\u00a0\ufeff\u200b\\")
	for _, start := range [...]string{"v=spf1", "v =spf1", "v= spf1", "v = spf1", "v=spf 1", "v:spf1", "spf1 ", "v=spf=1", "spf=v1"} {
		if strings.HasPrefix(bare, start) {
			return text
		}
	}
	// "spf2.0/pra" is Sender ID (RFC 4406), another thing.
	if strings.HasPrefix(bare, "v=spf2") || strings.HasPrefix(bare, "v=spf ") {
		return text
	}
	return ""
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
