package mailtrace

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/report"
)

// DomainOptions are settings of CheckDomain. The zero value asks nothing: all
// is a gap.
type DomainOptions struct {
	// Resolver answers DNS questions. nil asks none.
	Resolver dns.Resolver
	// Selectors are DKIM selectors that the domain is known to use, beside
	// common ones, which are always tried.
	Selectors []string
	// Learnt are selectors that the domain was seen to use; one without a key is no
	// problem.
	Learnt []string
	// Parked says that the domain neither sends nor receives mail.
	Parked bool
	// Fetch gets the MTA-STS policy over HTTPS. nil gets none, which is a gap
	// where there is a policy to get.
	Fetch func(ctx context.Context, url string) (domain.Fetched, error)
	// DNSSEC validates a name: status is "secure", "insecure", "bogus" or
	// "unknown", reason one line for people. nil takes the resolver's word, the
	// AD bit. Several goroutines call it.
	DNSSEC func(ctx context.Context, name string) (status, reason string)
	// Now is the time of the check, as the report gives it; the zero time is that
	// of the clock.
	Now time.Time
	// Suggest looks for records to publish: Suggested and Changes of the report.
	// Each is tried out before it is offered.
	Suggest bool
	// Shorter looks for a shorter SPF record that lets the same addresses pass.
	Shorter bool
	// SMTP connects to the MX hosts and looks at their TLS. nil does not.
	SMTP *domain.Dialer
	// AskServer asks one name server by itself, without recursion. nil leaves the
	// name servers out.
	AskServer func(ctx context.Context, server netip.Addr, name string, t dns.Type) (dns.Direct, error)
	// Marks fetches the logo and the certificate of BIMI. nil does not.
	Marks *domain.Marks
	// Policy is an MTA-STS policy file to judge in place of the one that is
	// served; nil fetches that.
	Policy []byte
	// AllSelectors tries all built-in DKIM selectors, not only the likeliest.
	AllSelectors bool
}

// CheckDomain looks at what a domain publishes for mail and reports on it. An
// error means that name is not a domain name, and wraps domain.ErrName; broken
// records and DNS failures are reported, not returned. When ctx ends, what was
// not answered by then is a gap.
func CheckDomain(ctx context.Context, name string, o DomainOptions) (_ *report.Domain, err error) {
	defer guard.Catch(&err)
	name, err = domain.Name(name)
	if err != nil {
		return nil, err
	}
	r := domain.Check(ctx, name, domain.Options{
		Resolver: o.Resolver, Selectors: o.Selectors, Learnt: o.Learnt, Parked: o.Parked, Fetch: o.Fetch, DNSSEC: o.DNSSEC,
		Suggest: o.Suggest, Shorter: o.Shorter, SMTP: o.SMTP, Policy: o.Policy, AskServer: o.AskServer, Marks: o.Marks, AllSelectors: o.AllSelectors,
		Now: present(o.Now), Tool: report.Tool{Name: "mailtrace", Version: Version},
	})
	r.Findings = domainFindings(r)
	return r, nil
}

// domainFindings makes findings of the problems, the worst first. All rest on
// answers of the DNS or on files that were read, so they are proved.
func domainFindings(r *report.Domain) []report.Finding {
	out := make([]report.Finding, 0, len(r.Problems))
	for i := range r.Problems {
		p := &r.Problems[i]
		f := report.Finding{
			Code: p.Code, Title: p.Title, Severity: p.Severity, Confidence: report.Proved,
			AtFault: report.Party{Role: roleOf(p.Check), Host: cmp.Or(p.Host, r.Domain)},
			Message: p.Message, Parts: p.Parts, Advice: p.Advice, AdviceParts: report.Words(p.Advice), Because: []string{}, Evidence: []report.Evidence{},
		}
		e, ok := published(r, p)
		if !ok {
			e = report.Evidence{Kind: report.EvidenceComputed, Text: p.Message}
		}
		e.Ref = p.Source
		f.Evidence = append(f.Evidence, e)
		if p.Term != "" && p.Position != nil && ok {
			f.Evidence = append(f.Evidence, report.Evidence{Kind: report.EvidenceComputed, Text: fmt.Sprintf("byte %d: %s", *p.Position, p.Term)})
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b report.Finding) int {
		return report.SeverityRank(a.Severity) - report.SeverityRank(b.Severity)
	})
	return out
}

// roleOf says in which role a domain has to change what a check is about: what
// others go by who send to it, or what they go by who receive from it.
func roleOf(check string) string {
	switch check {
	case "mx", "mta_sts", "tls_rpt", "dane":
		return report.RoleRecipient
	}
	return report.RoleSender
}

// published finds the DNS answer that a problem rests on: that of the name that
// it is about, of the type of its check.
func published(r *report.Domain, p *report.DomainProblem) (report.Evidence, bool) {
	kinds := []string{"TXT"}
	switch p.Check {
	case "mx":
		kinds = []string{"MX", "A", "AAAA", "PTR"}
	case "dane":
		kinds = []string{"TLSA", "MX"}
	case "ns":
		kinds = []string{"NS", "CAA", "CNAME", "A"}
	case "dnssec":
		kinds = []string{"DS", "TXT", "A"}
	}
	if p.Code == "spf-type99" {
		kinds = []string{"SPF"}
	}
	for _, kind := range kinds {
		for i := range r.DNS {
			a := &r.DNS[i]
			if a.Name != p.Name || a.Type != kind {
				continue
			}
			text := a.Status
			if len(a.Values) > 0 {
				text = strings.Join(relevant(a.Values, p), " | ")
			}
			return report.Evidence{Kind: report.EvidenceDNS, Text: text, DNS: a.Name + " " + a.Type}, true
		}
	}
	return report.Evidence{}, false
}

// relevant picks of several values those that hold the term of a problem, or
// begin as the records of its check do; all where none does.
func relevant(values []string, p *report.DomainProblem) []string {
	begins := map[string]string{
		"spf": "v=spf1", "dmarc": "v=dmarc1", "dkim": "v=dkim1", "mta_sts": "v=stsv1", "tls_rpt": "v=tlsrpt", "bimi": "v=bimi1",
	}[p.Check]
	var out []string
	for _, v := range values {
		if p.Term != "" && strings.Contains(v, p.Term) || begins != "" && strings.HasPrefix(strings.ToLower(v), begins) {
			out = append(out, v)
		}
	}
	if out == nil {
		return values
	}
	return out
}
