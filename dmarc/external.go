package dmarc

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// ExternalReport is a destination of reports outside the organisation of the
// domain that asks for them, and whether it agrees.
type ExternalReport struct {
	Domain     string   // of the destination
	URIs       []string // the addresses there, of rua= and ruf=
	Name       string   // the question: "example.com._report._dmarc.example.net"
	Answer     string   // in one line, as in Query
	Authorized bool     // the destination accepts reports about the domain
	Temp       bool     // a server failed: it is open whether it does
	Record     *Record  // that the destination published, nil where none
}

// ExternalReports checks the destinations of a record, by
// [Evaluator.ExternalReports].
func ExternalReports(ctx context.Context, res dns.Resolver, policyDomain string, rec *Record, m Method) ([]ExternalReport, error) {
	return Evaluator{}.ExternalReports(ctx, res, policyDomain, rec, m)
}

// ExternalReports finds the report addresses outside the organisation of
// policyDomain, where the record stands, and asks whether each destination
// agrees to receive them (RFC 9990 §4, RFC 7489 §7.1). Reports must not be sent
// to one that does not. The error is not nil only where a question could not
// be asked.
func (e Evaluator) ExternalReports(ctx context.Context, res dns.Resolver, policyDomain string, rec *Record, m Method) ([]ExternalReport, error) {
	policy, ok := mailname.Normal(policyDomain)
	if rec == nil || !ok {
		return nil, nil
	}
	p := newProber(ctx, res, e.Suffixes)
	var out []ExternalReport
	seen := make(map[string]int) // index into out, -1 for a destination inside
	for _, list := range [...][]ReportURI{rec.Aggregate, rec.Failure} {
		for _, u := range list {
			if u.Domain == "" {
				continue
			}
			i, known := seen[u.Domain]
			if !known {
				r, external, err := p.external(policy, u.Domain, m)
				if err != nil {
					return out, fmt.Errorf("dmarc: report address %s: %w", u.URI, err)
				}
				i = -1
				if external {
					i = len(out)
					out = append(out, r)
				}
				seen[u.Domain] = i
			}
			if i >= 0 {
				out[i].URIs = append(out[i].URIs, u.URI)
			}
		}
	}
	return out, nil
}

// external checks one destination. The error is one of ours.
func (p *prober) external(policy, dest string, m Method) (r ExternalReport, external bool, err error) {
	r = ExternalReport{Domain: dest, Name: policy + "._report._dmarc." + dest}
	same, err := p.sameOrg(policy, dest, m)
	switch {
	case asked(err):
		r.Temp, r.Answer = true, "whether it is of the same organisation could not be asked"
		return r, true, nil
	case err != nil || same:
		return r, false, err
	}
	texts, answer, err := txt(p.ctx, p.res, r.Name)
	r.Answer = answer
	if err != nil {
		r.Temp = true
		if asked(err) {
			err = nil
		}
		return r, true, err
	}
	for _, t := range texts {
		// RFC 7489 §7.1 step 5: one record with a valid v= is enough, and
		// several are no harm.
		if rec := ParseRecord(t); rec.IsDMARC() {
			r.Authorized, r.Record, r.Answer = true, rec, t
			break
		}
	}
	if len(texts) > 0 && !r.Authorized {
		r.Answer = "TXT records, but none begins with v=DMARC1"
	}
	return r, true, nil
}
