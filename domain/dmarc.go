package domain

import (
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
		switch e.disposition {
		case dmarc.PolicyQuarantine:
			return 1
		case dmarc.PolicyReject:
			return 2
		}
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
	c.misplaced(s, out)

	now := &c.policies[0]
	switch own := "_dmarc." + c.domain; {
	case now.found.Record != nil:
		s.found("_dmarc."+now.found.Domain, report.StatePresent, []string{now.found.Record.Raw})
	case len(now.found.Invalid) > 0 && now.err == nil:
		s.found(own, report.StatePresent, now.found.Invalid)
	case now.err != nil:
		s.found(own, report.StateUnknown, nil)
		return
	default:
		s.found(own, report.StateAbsent, nil)
	}
	c.invalid(s, now)
	switch rec := now.found.Record; {
	case rec != nil:
		c.record(s, out, now)
	case c.exists() && s.check.State == report.StateAbsent:
		s.add("dmarc-record-missing", at{name: "_dmarc." + c.domain}, "no DMARC record applies to %s", c.domain)
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
	text := ""
	got, err := ev.Evaluate(c.ctx, res, dmarc.Input{From: name}, m)
	switch {
	case err != nil || got.Result == dmarc.TempError:
		text = "not known: the DNS did not answer"
	case got.Result == dmarc.Fail:
		e = effect{known: true, applies: true, disposition: got.Disposition, tag: got.PolicyTag}
		text = c.inWords(kind, got)
	default:
		e = effect{known: true}
		text = "no usable DMARC record applies: nothing is asked of receivers, forged mail is judged by other means"
	}
	out.Spoofs = append(out.Spoofs, report.SpoofEffect{From: kind, Method: string(m), Domain: name, Policy: string(e.disposition), Tag: e.tag, Text: text})
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
// and below a name that was written out twice.
func (c *checker) misplaced(s *section, out *report.DomainDMARC) {
	look := []string{c.domain}
	if c.policies[0].found.Record == nil {
		look = append(look, "_dmarc."+c.domain+"."+c.domain)
	}
	for _, name := range look {
		a := c.ask(name, dns.TypeTXT)
		for _, text := range a.Texts() {
			if !strings.HasPrefix(strings.ToLower(strings.TrimLeft(text, " \t\"'")), "v=dmarc1") || len(out.Misplaced) == MaxRecords {
				continue
			}
			out.Misplaced = append(out.Misplaced, name+": "+text)
			s.add("dmarc-record-misplaced", at{name: name}, "%s stands at %s; receivers look at _dmarc.%s", quoted(text), name, c.domain)
		}
	}
}

// invalid notes records that had to be discarded.
func (c *checker) invalid(s *section, p *policy) {
	for i, text := range p.found.Invalid {
		if i == MaxRecords {
			break
		}
		name := "_dmarc." + c.domain
		for _, q := range p.found.Queries {
			if a := c.ask(q.Name, dns.TypeTXT); slices.Contains(a.Texts(), text) {
				name = q.Name
				if len(a.Records) > 1 && dmarc.ParseRecord(text).IsDMARC() {
					s.add("dmarc-record-invalid", at{name: name, harmless: p.found.Record != nil}, "one of several records at %s, all of which are discarded: %s", name, quoted(text))
					name = ""
				}
				break
			}
		}
		if name == "" {
			continue
		}
		rec := dmarc.ParseRecord(text)
		reason := "it does not begin with v=DMARC1"
		for _, pr := range rec.Problems {
			if pr.Fatal {
				reason = pr.Text
			}
		}
		s.add("dmarc-record-invalid", at{name: name, harmless: p.found.Record != nil}, "%s at %s is no DMARC record: %s", quoted(text), name, reason)
	}
}

// record judges the text of the record and the addresses in it.
func (c *checker) record(s *section, out *report.DomainDMARC, p *policy) {
	rec, name := p.found.Record, "_dmarc."+p.found.Domain
	out.Tags = tags(rec)
	for _, pr := range rec.Problems {
		where := at{name: name, term: pr.Tag, pos: pr.Offset, harmless: !pr.Fatal}
		if pr.Tag == "" {
			where.term = cut(rec.Raw[min(pr.Offset, len(rec.Raw)):], 20)
		}
		text := pr.Text
		if pr.Tag != "" {
			text = pr.Tag + "=: " + text
		}
		if pr.Fatal {
			s.add("dmarc-record-invalid", where, "%s: %s", name, text)
		} else {
			s.add("dmarc-tag-invalid", where, "%s: %s", name, text)
		}
	}
	for _, tag := range [...]string{"pct", "rf", "ri"} { // RFC 9989 app. C
		if v, ok := rec.Tag(tag); ok {
			s.add("dmarc-tag-invalid", at{name: name, severity: report.Info}, "%s=%s has no effect any more: RFC 9989 removed it", tag, cut(v, 20))
		}
	}
	if len(rec.Aggregate) == 0 && !c.opt.Parked {
		s.add("dmarc-no-reports", at{name: name}, "the record asks for no aggregate reports (rua=)")
	}
	if rec.PSD == "y" && p.found.Domain == c.domain {
		test := "name." + c.domain
		org, err := dmarc.Evaluator{Suffixes: c.opt.Suffixes}.OrgDomain(c.ctx, c.mem, test, dmarc.RFC7489)
		if err == nil && org != test {
			s.add("dmarc-psd", at{name: name, term: "psd", pos: 0}, "psd=y: each name below %s counts as an organisation of its own", c.domain)
		}
	}
	reports, err := dmarc.Evaluator{Suffixes: c.opt.Suffixes}.ExternalReports(c.ctx, c.mem, p.found.Domain, rec, dmarc.RFC9989)
	for _, r := range reports {
		d := report.ReportDestination{Domain: r.Domain, URIs: r.URIs, Location: r.Name, Answer: r.Answer}
		if !r.Temp {
			d.Authorized = is(r.Authorized)
			if !r.Authorized {
				s.add("dmarc-report-unauthorised", at{name: r.Name}, "%s has not agreed to reports about %s: no v=DMARC1 at %s (%s)", r.Domain, p.found.Domain, r.Name, r.Answer)
			}
		}
		out.External = append(out.External, d)
	}
	if err != nil {
		s.gap("report addresses of "+name, err.Error())
	}
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
			s.add("dmarc-parked-not-reject", at{name: name}, "forged mail in the name of %s, which sends none, is not asked to be refused", c.domain)
		}
		return
	}
	if !p.domain.applies {
		return
	}
	rec := p.found.Record
	switch {
	case p.domain.strength() == 0:
		s.add("dmarc-policy-not-enforced", at{name: name}, "the policy asks for nothing: forged mail in the name of %s is delivered", c.domain)
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
				sub.what, c.domain, orNone(sub.disposition), p.domain.disposition)
		}
	}
}

func orNone(p dmarc.Policy) dmarc.Policy {
	if p == "" {
		return dmarc.PolicyNone
	}
	return p
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
		s.add("dmarc-orgdomain-method-differs", at{name: name}, "by RFC 9989 the record is at %s, by RFC 7489 at %s", place(a.found), place(b.found))
	case a.found.Org != b.found.Org:
		s.add("dmarc-orgdomain-method-differs", at{name: name}, "by RFC 9989 the organisational domain is %s, by RFC 7489 %s: identifiers align differently", a.found.Org, b.found.Org)
	}
}

func place(d *dmarc.Discovered) string {
	if d.Record == nil {
		return "no name"
	}
	return "_dmarc." + d.Domain
}
