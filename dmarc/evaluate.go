package dmarc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// MaxIdentifiers is how many different domains of SPF and of DKIM each are
// compared. Reason says when there were more.
const MaxIdentifiers = 32

// Evaluate decides DMARC, by [Evaluator.Evaluate].
func Evaluate(ctx context.Context, res dns.Resolver, in Input, m Method) (*Evaluation, error) {
	return Evaluator{}.Evaluate(ctx, res, in, m)
}

// Evaluate decides DMARC for a message (RFC 9989 §5.3, RFC 7489 §6.6.2).
//
// One aligned identifier that passed is a Pass. Where none passed, but a server
// failed us on a question that could have made one pass, or the mechanism of an
// aligned identifier ended in temperror, the result is TempError (RFC 9989
// §5.3.6). A record that cannot be used gives PermError, several records at one
// name give None: they are discarded.
//
// The error is not nil only where a question could not be asked (cancelled, not
// recorded, switched off): then there is no verdict.
func (e Evaluator) Evaluate(ctx context.Context, res dns.Resolver, in Input, m Method) (*Evaluation, error) {
	ev := &evaluation{
		Evaluation: &Evaluation{Method: m, From: in.From, Disposition: PolicyNone},
		p:          newProber(ctx, res, e.Suffixes),
	}
	if err := ev.run(in); err != nil {
		return nil, fmt.Errorf("dmarc: %s: %w", in.From, err)
	}
	return ev.Evaluation, nil
}

type evaluation struct {
	*Evaluation
	p     *prober
	temp  string   // why the result is open, "" where it is not
	notes []string // what Reason adds
}

// end sets the outcome.
func (ev *evaluation) end(r Result, format string, args ...any) error {
	ev.Result = r
	ev.Reason = fmt.Sprintf(format, args...)
	for _, n := range ev.notes {
		ev.Reason += "; " + n
	}
	return nil
}

func (ev *evaluation) run(in Input) error {
	from, ok := mailname.Normal(in.From)
	switch {
	case in.From == "":
		return ev.end(PermError, "there is no single From domain")
	case !ok || from[0] == '[': // a domain literal, RFC 5321 §4.1.3
		return ev.end(PermError, "%q is not a domain name", clip(in.From))
	}
	ev.From = from
	d := &ev.Discovered
	if err := ev.p.discover(d, from, ev.Method); err != nil {
		if !asked(err) {
			return err
		}
		return ev.end(TempError, "the DMARC record could not be fetched: %s", d.lastQuestion())
	}
	switch rec := d.Record; {
	case rec == nil && len(d.Invalid) > 0:
		return ev.end(None, "no usable DMARC record: %s", d.invalidQuestion())
	case rec == nil:
		return ev.end(None, "no DMARC record at %s or above it", from)
	case !rec.Usable(ev.Method):
		return ev.end(PermError, "the DMARC record of %s has no valid policy and no usable rua=", d.Domain)
	}
	rec := d.Record
	ev.Policy, ev.PolicyTag = rec.Requested(ev.Method, d.Domain != from, d.NonExistent)

	spf, dkim := ev.domains(in.SPF, "SPF"), ev.domains(in.DKIM, "DKIM")
	var err error
	if ev.SPFDomain, err = ev.aligned(spf, "SPF", rec.StrictSPF); err != nil {
		return err
	}
	if ev.DKIMDomain, err = ev.aligned(dkim, "DKIM", rec.StrictDKIM); err != nil {
		return err
	}
	ev.SPFAligned, ev.DKIMAligned = ev.SPFDomain != "", ev.DKIMDomain != ""
	if ev.SPFAligned || ev.DKIMAligned {
		return ev.end(Pass, "%s", ev.passReason())
	}
	if ev.temp != "" {
		return ev.end(TempError, "%s", ev.temp)
	}
	if err := ev.strictOnly(spf, dkim); err != nil {
		return err
	}
	if ev.p.existsUnknown {
		return ev.end(TempError, "whether %s exists could not be asked, so it is open whether np= applies", from)
	}
	ev.dispose()
	return ev.end(Fail, "%s", ev.failReason(spf, dkim))
}

// identifiers are the domains of one mechanism.
type identifiers struct {
	passed, open []string // normal names, each once
	unnamed      bool     // one that is open has no domain
}

// domains sorts out the identifiers of a mechanism.
func (ev *evaluation) domains(ids []Identifier, mechanism string) identifiers {
	var out identifiers
	for _, id := range ids {
		if !id.Pass && !id.Temp {
			continue
		}
		name, ok := mailname.Normal(id.Domain)
		if !ok {
			out.unnamed = out.unnamed || id.Temp && !id.Pass
			continue
		}
		to := &out.open
		if id.Pass {
			to = &out.passed
		}
		if slices.Contains(*to, name) {
			continue
		}
		if len(*to) == MaxIdentifiers {
			ev.notes = append(ev.notes, fmt.Sprintf("only the first %d domains of %s were compared", MaxIdentifiers, mechanism))
			break
		}
		*to = append(*to, name)
	}
	return out
}

// aligned returns the first domain that passed and is aligned. An equal one is
// preferred: it needs no question. The error is one of ours.
func (ev *evaluation) aligned(ids identifiers, mechanism string, strict bool) (string, error) {
	if slices.Contains(ids.passed, ev.From) {
		if ev.Discovered.Domain == ev.From && ev.Discovered.Org == "" && ev.Method == RFC9989 && !strict {
			ev.Discovered.Org = ev.From // RFC 9989 §4.10.2, the first note
		}
		return ev.From, nil
	}
	for _, passed := range [...]bool{true, false} {
		list := ids.passed
		if !passed {
			list = ids.open
		}
		for _, name := range list {
			same, err := ev.compare(name, strict)
			switch {
			case asked(err):
				ev.temp = fmt.Sprintf("whether %s is of the same organisation as %s could not be asked", name, ev.From)
			case err != nil:
				return "", err
			case same && passed:
				return name, nil
			case same:
				ev.temp = fmt.Sprintf("%s of %s ended in a temporary error; it might have passed", mechanism, name)
			}
		}
	}
	if ids.unnamed {
		ev.temp = mechanism + " ended in a temporary error; it might have passed"
	}
	return "", nil
}

// compare reports whether a domain is aligned with From, and keeps the
// organisational domain of From when that was looked for.
func (ev *evaluation) compare(name string, strict bool) (bool, error) {
	if strict || name == ev.From {
		return name == ev.From, nil
	}
	d := &ev.Discovered
	if d.Org == "" && !unrelated(name, ev.From) {
		if err := ev.p.fillOrg(d, ev.From, ev.Method); err != nil {
			return false, err
		}
	}
	return ev.p.sameOrg(ev.From, name, ev.Method)
}

// strictOnly finds what fails for strict alignment alone. A server's failure
// here leaves the verdict as it is.
func (ev *evaluation) strictOnly(spf, dkim identifiers) error {
	rec := ev.Discovered.Record
	for _, c := range [...]struct {
		strict bool
		ids    identifiers
	}{{rec.StrictSPF, spf}, {rec.StrictDKIM, dkim}} {
		if !c.strict {
			continue
		}
		for _, name := range c.ids.passed {
			same, err := ev.compare(name, false)
			if err != nil && !asked(err) {
				return err
			}
			if same && !slices.Contains(ev.StrictOnly, name) {
				ev.StrictOnly = append(ev.StrictOnly, name)
			}
		}
	}
	return nil
}

// dispose works out what the owner asks for this message.
func (ev *evaluation) dispose() {
	rec := ev.Discovered.Record
	ev.Disposition = ev.Policy
	switch {
	case ev.Policy == PolicyNone:
	case ev.Method == RFC9989 && rec.Testing:
		// RFC 9989 §4.7 t=y: one level below.
		ev.Disposition = ev.Policy.Lower()
		ev.notes = append(ev.notes, fmt.Sprintf("t=y lowers %s to %s", ev.Policy, ev.Disposition))
	case ev.Method == RFC7489 && rec.Percent == 0:
		// RFC 7489 §6.6.4: messages that the sampling spares get one level
		// below.
		ev.Disposition = ev.Policy.Lower()
		ev.notes = append(ev.notes, fmt.Sprintf("pct=0 lowers %s to %s", ev.Policy, ev.Disposition))
	case ev.Method == RFC7489 && rec.Percent < 100:
		ev.notes = append(ev.notes, fmt.Sprintf("pct=%d: for the other %d of 100 messages it is %s",
			rec.Percent, 100-rec.Percent, ev.Policy.Lower()))
	}
}

// Lower is the next weaker policy (RFC 9989 §4.7 t=, RFC 7489 §6.6.4).
func (p Policy) Lower() Policy {
	if p == PolicyReject {
		return PolicyQuarantine
	}
	return PolicyNone
}

// Request says what a policy asks of a receiver, after "the owner asks".
func (p Policy) Request() string {
	switch p {
	case PolicyReject:
		return "to refuse such mail"
	case PolicyQuarantine:
		return "to treat such mail as suspicious"
	}
	return "for nothing"
}

func (ev *evaluation) passReason() string {
	var s []string
	for _, c := range [...]struct{ mechanism, domain string }{{"SPF", ev.SPFDomain}, {"DKIM", ev.DKIMDomain}} {
		switch {
		case c.domain == "":
		case c.domain == ev.From:
			s = append(s, c.mechanism+" passes for "+c.domain)
		default:
			s = append(s, fmt.Sprintf("%s passes for %s, of the same organisation (%s)", c.mechanism, c.domain, ev.Discovered.Org))
		}
	}
	return strings.Join(s, " and ")
}

func (ev *evaluation) failReason(spf, dkim identifiers) string {
	if len(ev.StrictOnly) > 0 {
		return fmt.Sprintf("%s passes and is of the same organisation, but strict alignment asks for %s itself",
			strings.Join(shortList(ev.StrictOnly), ", "), ev.From)
	}
	var s []string
	for _, c := range [...]struct {
		mechanism string
		passed    []string
	}{{"SPF", spf.passed}, {"DKIM", dkim.passed}} {
		if len(c.passed) > 0 {
			s = append(s, fmt.Sprintf("%s passes for %s", c.mechanism, strings.Join(shortList(c.passed), ", ")))
		}
	}
	if len(s) == 0 {
		return "neither SPF nor DKIM passes"
	}
	which := "which is not"
	if len(spf.passed)+len(dkim.passed) > 1 {
		which = "none of them"
	}
	return fmt.Sprintf("%s, %s of the same organisation as %s", strings.Join(s, " and "), which, ev.From)
}

// shortList keeps a list of names readable.
func shortList(names []string) []string {
	const most = 4
	if len(names) <= most {
		return names
	}
	return append(slices.Clone(names[:most]), fmt.Sprintf("%d more", len(names)-most))
}

// lastQuestion is the question that ended a discovery.
func (d *Discovered) lastQuestion() string {
	if len(d.Queries) == 0 {
		return "no answer"
	}
	q := d.Queries[len(d.Queries)-1]
	return q.Name + ": " + q.Answer
}

// invalidQuestion is the first question that found records to discard.
func (d *Discovered) invalidQuestion() string {
	for _, q := range d.Queries {
		if strings.HasSuffix(q.Answer, "discarded") || strings.HasPrefix(q.Answer, "no valid record") {
			return q.Name + ": " + clip(q.Answer)
		}
	}
	return "discarded"
}

// clip keeps foreign text in a Reason short.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
