package domain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
)

// policy is what one method makes of the domain and of names below it.
type policy struct {
	method                    dmarc.Method
	found                     *dmarc.Discovered
	err                       error
	domain, existing, missing effect
}

// effect is what becomes of mail that nothing authenticates.
type effect struct {
	known       bool
	applies     bool
	disposition dmarc.Policy
	tag         string
}

// strength orders what is asked for; no policy is the weakest.
func (e effect) strength() int {
	if e.applies {
		return wordStrength(string(e.disposition))
	}
	return 0
}

// wordStrength orders the words of p=.
func wordStrength(word string) int {
	switch dmarc.Policy(word) {
	case dmarc.PolicyQuarantine:
		return 1
	case dmarc.PolicyReject:
		return 2
	}
	return 0
}

// dmarc finds the policy by both standards and what it does to forged mail.
func (c *checker) dmarc(s *section, out *report.DomainDMARC) {
	out.Tags = map[string]report.DMARCTag{}
	out.Discovery, out.External, out.Spoofs = []report.DMARCDiscovery{}, []report.ReportDestination{}, []report.SpoofEffect{}
	ev := dmarc.Evaluator{Suffixes: c.opt.Suffixes}
	for _, m := range [...]dmarc.Method{dmarc.RFC9989, dmarc.RFC7489} {
		p := policy{method: m}
		p.found, p.err = ev.Discover(c.ctx, c.mem, c.domain, m)
		p.domain = c.effect(ev, out, m, "domain", c.domain, c.mem)
		p.existing = c.effect(ev, out, m, "existing subdomain", existingName+"."+c.domain, below{c.mem, existingName + "." + c.domain, dns.NoData})
		p.missing = c.effect(ev, out, m, "non-existent subdomain", missingName+"."+c.domain, below{c.mem, missingName + "." + c.domain, dns.NXDomain})
		out.Discovery = append(out.Discovery, discovery(&p))
		c.policies = append(c.policies, p)
	}
	now := &c.policies[0]
	own := "_dmarc." + c.domain
	here := c.ask(own, dns.TypeTXT)
	var meant []string // no DMARC records, and plainly meant as such
	for _, text := range here.Texts() {
		switch {
		case dmarc.ParseRecord(text).IsDMARC():
		case formDMARC.meant(peel(text).text, true):
			meant = append(meant, text)
		case len(out.Others) < MaxRecords:
			out.Others = append(out.Others, text)
		}
	}
	open := c.misplaced(s, out, now)

	switch {
	case now.found.Record != nil:
		s.found("_dmarc."+now.found.Domain, report.StatePresent, []string{now.found.Record.Raw})
	case len(meant) > 0 && now.err == nil:
		var texts []string
		for _, text := range here.Texts() {
			if !slices.Contains(out.Others, text) {
				texts = append(texts, text)
			}
		}
		s.found(own, report.StatePresent, texts)
	case len(now.found.Invalid) > 0 && now.err == nil:
		s.found(own, report.StatePresent, now.found.Invalid)
	case now.err != nil:
		s.found(own, report.StateUnknown, nil)
		return
	default:
		s.found(own, report.StateAbsent, nil)
	}
	c.invalid(s, now, meant)
	switch rec := now.found.Record; {
	case rec != nil:
		c.record(s, out, now)
	case c.exists() && s.check.State == report.StateAbsent && len(out.Misplaced) == 0 && !open: // else the cause is named already
		text := fmt.Sprintf("no DMARC record applies to %s", c.domain)
		if len(out.Others) > 0 {
			text += "; what stands at " + own + " is none: " + quoted(out.Others[0])
		}
		where := at{name: own}
		if to := c.aliasOf(own); to != "" {
			text += fmt.Sprintf("; %s is an alias (CNAME) of %s, where no DMARC record is", own, to)
			where.severity, where.advice = report.Medium, "set the record up at the service that the CNAME record leads to, or publish one in place of the CNAME record"
		}
		s.add("dmarc-record-missing", where, "%s", text)
	}
	c.judge(s, out, now)
	c.differ(s)
}

// The names that stand for any subdomain.
const (
	existingName = "existing"
	missingName  = "no-such-name"
)

// below answers for a subdomain of which only this is known: it publishes no
// record, and exists or does not.
type below struct {
	res    dns.Resolver
	name   string
	status dns.Status
}

// Lookup implements dns.Resolver.
func (b below) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	name = dns.Canonical(name)
	switch {
	case name == b.name:
		return dns.Answer{Name: name, Type: t, Status: b.status}, nil
	case strings.HasSuffix(name, "."+b.name):
		return dns.Answer{Name: name, Type: t, Status: dns.NXDomain}, nil
	}
	return b.res.Lookup(ctx, name, t)
}

// effect evaluates a message that nothing authenticates.
func (c *checker) effect(ev dmarc.Evaluator, out *report.DomainDMARC, m dmarc.Method, kind, name string, res dns.Resolver) effect {
	e := effect{}
	text, unknown := "", false
	got, err := ev.Evaluate(c.ctx, res, dmarc.Input{From: name}, m)
	switch {
	case err != nil || got.Result == dmarc.TempError:
		unknown, text = true, "not known: the DNS did not answer"
	case got.Result == dmarc.Fail:
		e = effect{known: true, applies: true, disposition: got.Disposition, tag: got.PolicyTag}
		text = c.inWords(kind, got)
	default:
		e = effect{known: true}
		text = "no usable DMARC record applies: nothing is asked of receivers, forged mail is judged by other means"
	}
	out.Spoofs = append(out.Spoofs, report.SpoofEffect{From: kind, Method: string(m), Domain: name, Policy: string(e.disposition), Tag: e.tag, Text: text, Unknown: unknown})
	return e
}

func (c *checker) inWords(kind string, ev *dmarc.Evaluation) string {
	rec := ev.Discovered.Record
	text := fmt.Sprintf("the owner asks %s", ev.Disposition.Request())
	if ev.Disposition == dmarc.PolicyNone {
		text = "forged mail is delivered as if there were no policy"
	}
	text += fmt.Sprintf(" (%s=%s at _dmarc.%s", ev.PolicyTag, ev.Policy, ev.Discovered.Domain)
	switch {
	case ev.Disposition == ev.Policy:
	case ev.Method == dmarc.RFC9989 && rec.Testing:
		text += ", lowered by t=y"
	case rec.Percent < 100:
		text += fmt.Sprintf(", lowered for some by pct=%d", rec.Percent)
	}
	text += ")"
	if ev.Method == dmarc.RFC7489 && ev.Disposition == ev.Policy && rec.Percent < 100 {
		text += fmt.Sprintf("; pct=%d: for that share only", rec.Percent)
	}
	if kind == "domain" && ev.Method == dmarc.RFC9989 && ev.Disposition == dmarc.PolicyReject {
		text += "; receivers do not refuse by that alone (RFC 9989)"
	}
	return text
}

func discovery(p *policy) report.DMARCDiscovery {
	d := report.DMARCDiscovery{Method: string(p.method), RecordDomain: p.found.Domain, OrgDomain: p.found.Org, Path: []report.DMARCQuery{}}
	for _, q := range p.found.Queries {
		d.Path = append(d.Path, report.DMARCQuery{Name: q.Name, Answer: q.Answer})
	}
	if p.domain.applies {
		d.Policy, d.PolicyTag = string(p.domain.disposition), p.domain.tag
	}
	if p.err != nil {
		d.Error = why(p.err)
	}
	return d
}

// misplaced finds records where receivers do not look: at the domain itself,
// below a name that was written out twice, and without the underscore.
func (c *checker) misplaced(s *section, out *report.DomainDMARC, now *policy) (open bool) {
	look := []string{c.domain}
	if now.found.Record == nil || now.found.Domain != c.domain {
		look = append(look, "_dmarc."+c.domain+"."+c.domain, "dmarc."+c.domain)
	}
	for _, name := range look {
		a := c.ask(name, dns.TypeTXT)
		open = open || a.gap
		for _, text := range a.Texts() {
			home := name != c.domain
			if m := peel(text); !formDMARC.meant(m.text, home) || len(out.Misplaced) == MaxRecords || len(a.CNAMEs) > 0 && home {
				continue
			}
			if here := c.ask("_dmarc."+c.domain, dns.TypeTXT); slices.Contains(here.Texts(), text) {
				if home { // a wildcard gives it to any name
					continue
				}
			}
			out.Misplaced = append(out.Misplaced, name+": "+text)
			severity, consequence := c.lost(now, []string{text})
			where := at{name: name, severity: severity, advice: fmt.Sprintf("publish it at _dmarc.%s, and remove it at %s", c.domain, name)}
			if word := askedPolicy(text); word != "" && word != "none" && severity == report.High {
				where.advice += fmt.Sprintf("; p=%s starts then: the careful way is p=none first", word)
			}
			why := ""
			if strings.HasSuffix(name, "."+c.domain+"."+c.domain) {
				why = " (the final dot is missing in the record, so the name of the zone was added once more)"
			}
			s.add("dmarc-record-misplaced", where, "%s stands at %s%s; receivers look at _dmarc.%s only%s", quote(text), report.DomainRef(name), why, report.DomainRef(c.domain), consequence)
		}
	}
	return open
}

// mendedDMARC is the advice to publish a repaired record. A policy that starts with
// it is named: mail that nobody looked at yet may fail.
func (c *checker) mendedDMARC(text string) string {
	advice := "publish it with only the fault fixed: " + text
	word := askedPolicy(text)
	if n := wordStrength(word); len(c.policies) > 0 && n > c.policies[0].domain.strength() {
		advice += fmt.Sprintf(" (p=%s starts then: the careful way is p=none first, until the reports show that honest mail passes)", word)
	}
	return advice
}

// lost weighs records that nobody obeys by what their owner demands in them: a
// policy that does not hold is high, reports that nobody sends are medium.
func (c *checker) lost(now *policy, texts []string) (severity, consequence string) {
	strongest, word := 0, ""
	for _, text := range texts {
		p := askedPolicy(text)
		if p == "" {
			if m, ok := formDMARC.repair(text); ok {
				p = askedPolicy(m.text)
			}
		}
		if n := wordStrength(p); n > strongest {
			strongest, word = n, p
		}
	}
	if strongest > now.domain.strength() {
		return report.High, fmt.Sprintf("; so p=%s is not in force, and forged mail is delivered", word)
	}
	if now.domain.applies { // another record protects the name
		return report.Low, ""
	}
	return report.Medium, ""
}

// invalid notes records that had to be discarded.
func (c *checker) invalid(s *section, p *policy, meant []string) {
	own := "_dmarc." + c.domain
	here := c.ask(own, dns.TypeTXT)
	var records []string // at the own name
	for _, text := range here.Texts() {
		if dmarc.ParseRecord(text).IsDMARC() {
			records = append(records, text)
		}
	}
	harmless := p.found.Record != nil
	if len(records) > 1 {
		severity, consequence := c.lost(p, records)
		s.add("dmarc-record-invalid", at{name: own, harmless: harmless, severity: severity},
			"there are %d records at %s, all of which are discarded: %s%s", len(records), report.DomainRef(own), quotedAll(records), consequence)
	}
	for i, text := range meant {
		if i == MaxRecords {
			break
		}
		severity, consequence := c.lost(p, []string{text})
		where := at{name: own, harmless: harmless || len(records) == 1, severity: severity}
		m, ok := formDMARC.repair(text)
		reason := m.why()
		if ok {
			where.advice = c.mendedDMARC(m.text)
		} else {
			reason = "it does not begin with v=DMARC1"
		}
		s.add("dmarc-record-invalid", where, "%s at %s is not a DMARC record: %s%s", quote(text), report.DomainRef(own), reason, consequence)
	}
	said := map[string]bool{}
	for i, text := range p.found.Invalid {
		if i == MaxRecords {
			break
		}
		name := ""
		for _, q := range p.found.Queries {
			if a := c.ask(q.Name, dns.TypeTXT); slices.Contains(a.Texts(), text) {
				name = q.Name
				break
			}
		}
		rec := dmarc.ParseRecord(text)
		switch {
		case name == own && (len(records) > 1 || slices.Contains(meant, text)): // noted above
		case name != own && rec.IsDMARC() && rec.Usable(dmarc.RFC9989):
			if !said[name] {
				said[name] = true
				s.add("dmarc-record-invalid", at{name: name, harmless: harmless, severity: report.Medium}, "there are several records at %s, all of which are discarded, one of them %s", report.DomainRef(name), quote(text))
			}
		default:
			reason := "it does not begin with v=DMARC1"
			for _, pr := range rec.Problems {
				if pr.Fatal {
					reason = pr.Text
				}
			}
			severity, consequence := c.lost(p, []string{text})
			where := at{name: cmp.Or(name, own), harmless: harmless, severity: severity}
			if m, ok := formDMARC.repair(text); ok {
				reason += "; " + m.why()
				where.advice = c.mendedDMARC(m.text)
			}
			s.add("dmarc-record-invalid", where, "%s at %s is not a DMARC record: %s%s", quote(text), report.DomainRef(where.name), reason, consequence)
		}
	}
}

func quotedAll(texts []string) string {
	var out []string
	for i, t := range texts {
		if i == 4 {
			out = append(out, "…")
			break
		}
		out = append(out, quoted(t))
	}
	return strings.Join(out, ", ")
}

// record judges the text of the record and the addresses in it.
func (c *checker) record(s *section, out *report.DomainDMARC, p *policy) {
	rec, name := p.found.Record, "_dmarc."+p.found.Domain
	out.Tags = tags(rec)
	asks, _ := rec.Tag("p")
	weakened := !rec.Usable(dmarc.RFC9989) || policyWord(asks) != "" && !strings.EqualFold(string(rec.Policy), policyWord(asks))
	policyTags := map[string]bool{"p": true, "sp": true, "np": true}
	done := map[int]bool{} // one fault, one finding
	for _, pr := range rec.Problems {
		if done[pr.Offset] && pr.Offset > 0 {
			continue
		}
		where := at{name: name, term: pr.Tag, pos: pr.Offset, harmless: !pr.Fatal}
		raw, _, _ := strings.Cut(rec.Raw[min(pr.Offset, len(rec.Raw)):], ";")
		raw = strings.TrimSpace(raw)
		if pr.Tag == "" || !strings.Contains(raw, "=") {
			where.term = cut(raw, 40)
		}
		text := pr.Text
		switch {
		case raw != "" && !strings.Contains(raw, "=") && pr.Offset > 0:
			done[pr.Offset] = true
			text = fmt.Sprintf("%s at byte %d has no \"=\"; receivers ignore it", quoted(cut(raw, 60)), pr.Offset)
			if m, ok := formDMARC.repair("v=DMARC1; p=none; " + raw); ok && !strings.HasSuffix(m.text, "p=none") {
				text += ", " + quoted(strings.TrimPrefix(m.text, "v=DMARC1; p=none; ")) + " is meant"
			}
		case policyTags[pr.Tag] && pr.Value && weakened:
			value, _ := rec.Tag(pr.Tag)
			text = fmt.Sprintf("%s=%s is not none, quarantine or reject, so the whole record counts as p=none (RFC 9989 §4.10.1): forged mail is delivered", pr.Tag, cut(value, 40))
			where.severity = report.Medium
			if policyWord(asks) != "none" && (policyWord(asks) != "" || pr.Tag != "p") {
				where.severity = report.High
			}
			if m, ok := formDMARC.repair(rec.Raw); ok {
				where.advice = c.mendedDMARC(m.text)
			}
		case pr.Tag != "":
			text = pr.Tag + "=: " + text
		}
		if pr.Fatal {
			if policyWord(asks) == "none" {
				where.severity = report.Medium
			}
			s.add("dmarc-record-invalid", where, "%s: %s", report.DomainRef(name), text)
		} else {
			s.add("dmarc-tag-invalid", where, "%s: %s", report.DomainRef(name), text)
		}
	}
	for _, tag := range [...]string{"pct", "rf", "ri"} { // RFC 9989 app. C
		if v, ok := rec.Tag(tag); ok {
			s.add("dmarc-tag-invalid", at{name: name, severity: report.Info}, "%s=%s has no effect any more: RFC 9989 removed it", tag, cut(v, 20))
		}
	}
	if _, wanted := rec.Tag("rua"); len(rec.Aggregate) == 0 && !c.opt.Parked {
		if wanted {
			s.add("dmarc-no-reports", at{name: name, severity: report.Medium, advice: "write the addresses as URIs: mailto: and the mailbox"}, "no address of rua= can be used, so nobody sends the reports that it asks for")
		} else {
			s.add("dmarc-no-reports", at{name: name}, "the record asks for no aggregate reports (rua=)")
		}
	}
	if p.found.Domain == c.domain {
		test := "name." + c.domain
		org, err := dmarc.Evaluator{Suffixes: c.opt.Suffixes}.OrgDomain(c.ctx, c.mem, test, dmarc.RFC7489)
		switch {
		case err != nil:
		case rec.PSD == "y" && org != test:
			s.add("dmarc-psd", at{name: name, term: "psd", pos: 0}, "psd=y: each name below %s counts as an organisation of its own", report.DomainRef(c.domain))
		case rec.PSD != "y" && org == test:
			s.add("dmarc-psd", at{name: name, severity: report.Low, advice: "add psd=y, if the names below belong to others"},
				"%s is a public suffix, and its record has no psd=y: receivers that follow RFC 9989 take all names below it for parts of one organisation", report.DomainRef(c.domain))
		}
	}
	reports, err := dmarc.Evaluator{Suffixes: c.opt.Suffixes}.ExternalReports(c.ctx, c.mem, p.found.Domain, rec, dmarc.RFC9989)
	for _, r := range reports {
		d := report.ReportDestination{Domain: r.Domain, URIs: r.URIs, Location: r.Name, Answer: r.Answer}
		if !r.Temp {
			d.Authorized = is(r.Authorized)
			if !r.Authorized {
				s.add("dmarc-report-unauthorised", at{name: r.Name}, "%s has not agreed to reports about %s: no v=DMARC1 at %s (%s)", report.DomainRef(r.Domain), report.DomainRef(p.found.Domain), report.DomainRef(r.Name), r.Answer)
			}
		}
		out.External = append(out.External, d)
	}
	if err != nil {
		s.gap("report addresses of "+name, why(err))
	}
	c.reportHosts(s, out, name, rec)
}

// defaults are the values of tags that are absent (RFC 9989 §4.7).
var defaults = [...]struct{ tag, value string }{
	{"adkim", "r"}, {"aspf", "r"}, {"fo", "0"}, {"psd", "u"}, {"t", "n"},
}

func tags(rec *dmarc.Record) map[string]report.DMARCTag {
	out := map[string]report.DMARCTag{}
	for _, t := range rec.Tags {
		if _, ok := out[t.Name]; !ok {
			out[t.Name] = report.DMARCTag{Value: t.Value, Explicit: true}
		}
	}
	for _, d := range defaults {
		if _, ok := out[d.tag]; !ok {
			out[d.tag] = report.DMARCTag{Value: d.value}
		}
	}
	p := string(rec.Policy)
	if _, ok := out["p"]; !ok {
		out["p"] = report.DMARCTag{Value: p}
	}
	sp := out["sp"].Value
	if _, ok := out["sp"]; !ok {
		sp = p
		out["sp"] = report.DMARCTag{Value: sp}
	}
	if _, ok := out["np"]; !ok {
		out["np"] = report.DMARCTag{Value: sp}
	}
	return out
}

// judge weighs what becomes of forged mail.
func (c *checker) judge(s *section, out *report.DomainDMARC, p *policy) {
	name := "_dmarc." + c.domain
	if p.found.Domain != "" {
		name = "_dmarc." + p.found.Domain
	}
	if p.domain.known {
		out.Enforced = is(p.domain.strength() > 0)
	}
	if !p.domain.known || !c.exists() {
		return
	}
	if c.opt.Parked {
		if p.domain.strength() < 2 || p.existing.known && p.existing.strength() < 2 || p.missing.known && p.missing.strength() < 2 {
			s.add("dmarc-parked-not-reject", at{name: name}, "forged mail in the name of %s, which sends none, is not asked to be refused", report.DomainRef(c.domain))
		}
		return
	}
	if !p.domain.applies {
		return
	}
	rec := p.found.Record
	switch {
	case p.domain.strength() == 0:
		s.add("dmarc-policy-not-enforced", at{name: name}, "the policy asks for nothing: forged mail in the name of %s is delivered", report.DomainRef(c.domain))
	case rec.Testing:
		s.add("dmarc-policy-not-enforced", at{name: name}, "t=y lowers the policy by one step, to %s", p.domain.disposition)
	case rec.Percent < 100:
		s.add("dmarc-policy-not-enforced", at{name: name}, "pct=%d: receivers that follow RFC 7489 apply the policy to that share only, those of RFC 9989 to all", rec.Percent)
	}
	for _, sub := range [...]struct {
		effect
		what string
	}{{p.existing, "existing"}, {p.missing, "non-existent"}} {
		if sub.known && sub.strength() < p.domain.strength() {
			s.add("dmarc-subdomain-weaker", at{name: name}, "forged mail in the name of %s subdomains of %s is treated as %s, that of the domain itself as %s",
				sub.what, report.DomainRef(c.domain), cmp.Or(sub.disposition, dmarc.PolicyNone), p.domain.disposition)
		}
	}
}

// reportHosts checks that the addresses for reports take mail: nobody sends
// reports over HTTP, and a domain without mail host gets none.
func (c *checker) reportHosts(s *section, out *report.DomainDMARC, name string, rec *dmarc.Record) {
	seen := map[string]bool{}
	for _, tag := range [...]struct {
		name string
		uris []dmarc.ReportURI
	}{{"rua", rec.Aggregate}, {"ruf", rec.Failure}} {
		for _, u := range tag.uris {
			if u.Address == "" {
				if !seen[u.URI] {
					seen[u.URI] = true
					s.add("dmarc-tag-invalid", at{name: name}, "%s: %s=%s: nobody sends reports so; they come by mail (mailto:)", report.DomainRef(name), tag.name, cut(u.URI, 80))
				}
				continue
			}
			if seen[u.Domain] || len(seen) == MaxRecords {
				continue
			}
			seen[u.Domain] = true
			if slices.ContainsFunc(out.External, func(e report.ReportDestination) bool {
				return e.Domain == u.Domain && e.Authorized != nil && !*e.Authorized
			}) {
				continue // nobody sends them there, whether it takes mail or not
			}
			if why := c.takesNoMail(u.Domain); why != "" {
				where := at{name: u.Domain}
				if !c.own(u.Domain) {
					where.host = u.Domain
				}
				s.add("dmarc-report-unreachable", where, "%s=mailto:%s: %s, so nobody gets these reports", tag.name, cut(u.Address, 80), why)
			}
		}
	}
}

// takesNoMail says why a domain cannot receive mail, "" where it can or that is
// not known.
func (c *checker) takesNoMail(domain string) string {
	mx := c.ask(domain, dns.TypeMX)
	switch {
	case mx.gap:
		return ""
	case mx.Status == dns.NXDomain:
		return domain + " does not exist"
	case len(mx.Records) == 1 && mx.Records[0].Host == "":
		return domain + " takes no mail (null MX)"
	}
	hosts := mx.Hosts()
	if len(hosts) == 0 {
		hosts = []string{domain}
	}
	for i, h := range hosts {
		if i == MaxHosts {
			return ""
		}
		v4, v6 := c.ask(h, dns.TypeA), c.ask(h, dns.TypeAAAA)
		if v4.gap || v6.gap || len(v4.Records)+len(v6.Records) > 0 {
			return ""
		}
	}
	if len(mx.Records) > 0 {
		return "no MX host of " + domain + " has an address"
	}
	return domain + " has no MX record and no address"
}

// differ notes where the two standards do not agree on the domain.
func (c *checker) differ(s *section) {
	a, b := &c.policies[0], &c.policies[1]
	if a.err != nil || b.err != nil || a.found.Record == nil && b.found.Record == nil {
		return
	}
	name := "_dmarc." + c.domain
	switch {
	case a.found.Domain != b.found.Domain:
		s.add("dmarc-orgdomain-method-differs", at{name: name}, "by RFC 9989 the record is at %s, by RFC 7489 at %s", report.DomainRef(place(a.found)), report.DomainRef(place(b.found)))
	case a.found.Org != b.found.Org:
		s.add("dmarc-orgdomain-method-differs", at{name: name}, "by RFC 9989 the organisational domain is %s, by RFC 7489 %s: identifiers align differently", report.DomainRef(a.found.Org), report.DomainRef(b.found.Org))
	}
}

func place(d *dmarc.Discovered) string {
	if d.Record == nil {
		return "no name"
	}
	return "_dmarc." + d.Domain
}
