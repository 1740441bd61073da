package dmarc

import (
	"context"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Evaluator holds what does not change from message to message. The zero value
// is ready to use; the functions of the package use it.
type Evaluator struct {
	// Suffixes is the public suffix list of method RFC 7489; nil means the one
	// compiled in.
	Suffixes Suffixes
}

// Discover finds the record that applies to a domain and its organisational
// domain, by [Evaluator.Discover].
func Discover(ctx context.Context, res dns.Resolver, domain string, m Method) (*Discovered, error) {
	return Evaluator{}.Discover(ctx, res, domain, m)
}

// OrgDomain returns the organisational domain, by [Evaluator.OrgDomain].
func OrgDomain(ctx context.Context, res dns.Resolver, domain string, m Method) (string, error) {
	return Evaluator{}.OrgDomain(ctx, res, domain, m)
}

// Discover finds the record that applies to a domain (RFC 9989 §4.10.1, RFC
// 7489 §6.6.3) and its organisational domain. With RFC 9989 that is one whole
// tree walk. An error means that a question was not answered, be it for a
// server's failure or ours; what was asked until then comes back with it.
func (e Evaluator) Discover(ctx context.Context, res dns.Resolver, domain string, m Method) (*Discovered, error) {
	name, ok := mailname.Normal(domain)
	if !ok {
		return &Discovered{Org: domain}, nil
	}
	p := newProber(ctx, res, e.Suffixes)
	d := &Discovered{}
	if err := p.discover(d, name, m); err != nil {
		return d, err
	}
	var err error
	if d.Org == "" {
		err = p.fillOrg(d, name, m)
	}
	return d, err
}

// OrgDomain returns the organisational domain of a domain: by a tree walk (RFC
// 9989 §4.10.2), or by the public suffix list without any question (RFC 7489
// §3.2). A public suffix is its own.
func (e Evaluator) OrgDomain(ctx context.Context, res dns.Resolver, domain string, m Method) (string, error) {
	name, ok := mailname.Normal(domain)
	if !ok {
		return domain, nil
	}
	org, _, err := newProber(ctx, res, e.Suffixes).org(name, m)
	return org, err
}

// discover finds the record for a normal name and asks no more than that needs.
// Org is filled where that comes for free.
func (p *prober) discover(d *Discovered, name string, m Method) error {
	own, err := p.at(name)
	d.add(name, own)
	switch {
	case err != nil:
		return err
	case own.record != nil:
		d.Domain, d.Record = name, own.record
		return nil
	case m == RFC7489:
		return p.discoverBySuffix(d, name, own)
	}
	// RFC 9989 §4.10.1: the walk goes on at the parent. The first question is
	// remembered, so this is the same walk.
	steps, err := p.walk(name)
	for _, s := range steps[1:] {
		d.add(s.domain, s.probe)
	}
	if err != nil {
		return err
	}
	d.Org = organisation(steps)
	// The organisational domain's record, else that of the public suffix above
	// it. A record between the two is nobody's policy.
	for _, s := range steps[1:] {
		if s.record != nil && (s.domain == d.Org || s.record.PSD == "y") {
			d.Domain, d.Record = s.domain, s.record
			break
		}
	}
	if d.Record != nil {
		return p.nonExistent(d, name)
	}
	return nil
}

// discoverBySuffix follows RFC 7489 §6.6.3 from step 3.
func (p *prober) discoverBySuffix(d *Discovered, name string, own probe) error {
	d.Org, d.PrivateSuffix = registrable(p.lists, name)
	if d.Org == "" {
		d.Org = name
	}
	// Step 5: several records at the first name end the discovery.
	if own.several || d.Org == name {
		return nil
	}
	got, err := p.at(d.Org)
	d.add(d.Org, got)
	if got.record != nil {
		d.Domain, d.Record = d.Org, got.record
	}
	return err
}

// nonExistent settles whether np= applies, where the record has one.
func (p *prober) nonExistent(d *Discovered, name string) error {
	if _, has := d.Record.Tag("np"); !has {
		return nil
	}
	exists, err := p.exists(name)
	if asked(err) {
		p.existsUnknown = true
		return nil
	}
	d.NonExistent = err == nil && !exists
	return err
}

// fillOrg finds the organisational domain where discovery did not need it.
func (p *prober) fillOrg(d *Discovered, name string, m Method) error {
	if m == RFC7489 {
		d.Org, d.PrivateSuffix, _ = p.org(name, m)
		return nil
	}
	steps, err := p.walk(name)
	for _, s := range steps[1:] {
		d.add(s.domain, s.probe)
	}
	if err == nil {
		d.Org = organisation(steps)
	}
	return err
}

// add notes a question, once.
func (d *Discovered) add(domain string, got probe) {
	name := "_dmarc." + domain
	for _, q := range d.Queries {
		if q.Name == name {
			return
		}
	}
	d.Queries = append(d.Queries, Query{Name: name, Answer: got.answer})
	d.Invalid = append(d.Invalid, got.invalid...)
}
