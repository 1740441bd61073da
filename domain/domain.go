// Package domain checks what a domain publishes for mail: MX, SPF with all its
// includes, DKIM keys, DMARC as both standards find it, MTA-STS, TLS-RPT, BIMI,
// DANE and DNSSEC.
//
// Check asks and returns plain data: what is there, and problems with stable
// codes. A question that got no answer is a gap and its check is "unknown",
// never "absent".
//
// Not stable, but for the codes of problems, which stay: who wants results imports
// the module's root and calls CheckDomain.
package domain

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// Result is what Check found.
type Result = report.Domain

// Options are settings of a check. The zero value asks nothing: all is a gap.
type Options struct {
	// Resolver answers DNS questions. nil asks none.
	Resolver dns.Resolver
	// Selectors are DKIM selectors that the domain is known to use, beside the
	// built-in common ones. A selector here without a key is a problem.
	Selectors []string
	// Learnt are selectors that the domain was seen to use. They are tried as the
	// built-in ones are: one without a key is not a problem.
	Learnt []string
	// Parked says that the domain neither sends nor receives mail.
	Parked bool
	// Fetch gets a file over HTTPS, for the MTA-STS policy. nil gets none,
	// which is a gap.
	Fetch func(ctx context.Context, url string) (Fetched, error)
	// Now is the time of the check, as the result gives it.
	Now time.Time
	// Tool is who checks, as the result gives it.
	Tool report.Tool
	// DNSSEC validates a name: status is "secure", "insecure", "bogus" or
	// "unknown", reason one line for people. nil takes the resolver's word,
	// the AD bit. It may be called by several goroutines.
	DNSSEC func(ctx context.Context, name string) (status, reason string)
	// Suffixes is the public suffix list for RFC 7489; nil means the one
	// compiled in.
	Suffixes dmarc.Suffixes
	// Suggest looks for records to publish, and tries each of them out.
	Suggest bool
	// Shorter looks for a shorter SPF record.
	Shorter bool
	// SMTP connects to the MX hosts and looks at their TLS. nil does not.
	SMTP *Dialer
	// AskServer asks one name server by itself, without recursion: the servers of
	// the zone are looked at with it. nil leaves them out. The error is a
	// *dns.Error.
	AskServer func(ctx context.Context, server netip.Addr, name string, t dns.Type) (dns.Direct, error)
	// Marks fetches the logo and the certificate of a BIMI record. nil does not.
	Marks *Marks
	// Policy is an MTA-STS policy file that is to be judged in place of the one
	// that is served: before it is. nil fetches.
	Policy []byte
	// AllSelectors tries all built-in DKIM selectors. Without it the commonest
	// are tried, those of the domain's providers, and the rest only where the
	// name _domainkey exists (RFC 8020).
	AllSelectors bool
}

// Fetched is what a web server sent.
type Fetched struct {
	Status      int    // of HTTP; redirects are not to be followed (RFC 8461 §3.3)
	ContentType string // as sent
	Body        []byte // MaxPolicy and one more bytes suffice
	// TLSError says why the certificate is not valid for the host, "" where it
	// is. Nothing else has then to be set.
	TLSError string
}

// Errors of Name.
var (
	ErrName = errors.New("domain: not a domain name")
)

// Name returns a domain name in the form that Check uses: lower case, A-labels,
// no final dot. The error wraps ErrName.
func Name(s string) (string, error) {
	name, ok := mailname.Normal(s)
	if !ok {
		return "", fmt.Errorf("%w: %.60q", ErrName, s)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", fmt.Errorf("%w: %q is an IP address", ErrName, s)
	}
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return "", fmt.Errorf("%w: %.60q holds %q", ErrName, s, c)
		}
	}
	return name, nil
}

// Check looks at what a domain publishes. Whatever is wrong with records or
// servers is in the result; it is never nil. What Name does not accept is asked
// nothing and comes back as a gap.
func Check(ctx context.Context, domain string, o Options) *Result {
	out := &Result{Schema: report.Schema, Kind: report.DocDomain, Tool: o.Tool, CheckedAt: o.Now, Parked: o.Parked,
		Problems: []report.DomainProblem{}, Findings: []report.Finding{}, Gaps: []report.Gap{}, DNS: []report.DNSAnswer{}}
	name, err := Name(domain)
	if err != nil {
		out.Domain = domain
		out.Gaps = append(out.Gaps, report.Gap{What: domain, Why: "not a domain name"})
		for _, s := range sections(out) {
			s.check.State = report.StateUnknown
			s.finish()
		}
		return out
	}
	out.Domain = name
	c := &checker{ctx: ctx, opt: &o, domain: name, mem: newMemory(o.Resolver), out: out}
	c.run()
	return out
}

// checker is one check.
type checker struct {
	ctx    context.Context
	opt    *Options
	domain string
	mem    *memory
	out    *Result
	// authorized are the addresses of the SPF record; nil where not all could
	// be asked for.
	authorized *spf.Authorized
	policies   []policy // of DMARC, by method
	dkimOpen   bool     // not all selectors could be asked for
	// keys are the DKIM keys that another check found, where this one rehearses
	// a change and need not look for more.
	keys      []report.DKIMKey
	rehearsal bool
	// stray are records at wrong names, by check.
	stray map[string][]stray
}

// The sections, in the order of the result.
const (
	inMX = iota
	inSPF
	inDKIM
	inDMARC
	inMTASTS
	inTLSRPT
	inBIMI
	inDANE
	inDNSSEC
	inNS // only where the name servers are asked
)

func sections(out *Result) []*section {
	all := []*section{
		inMX:     {name: "mx", check: &out.MX.DomainCheck},
		inSPF:    {name: "spf", check: &out.SPF.DomainCheck},
		inDKIM:   {name: "dkim", check: &out.DKIM.DomainCheck},
		inDMARC:  {name: "dmarc", check: &out.DMARC.DomainCheck},
		inMTASTS: {name: "mta_sts", check: &out.MTASTS.DomainCheck},
		inTLSRPT: {name: "tls_rpt", check: &out.TLSRPT.DomainCheck},
		inBIMI:   {name: "bimi", check: &out.BIMI.DomainCheck},
		inDANE:   {name: "dane", check: &out.DANE.DomainCheck},
		inDNSSEC: {name: "dnssec", check: &out.DNSSEC.DomainCheck},
	}
	if out.NS != nil {
		all = append(all, &section{name: "ns", check: &out.NS.DomainCheck})
	}
	return all
}

// run does the checks: first those that need no other, side by side, then
// those that need the MX hosts, then what follows from all of them.
func (c *checker) run() {
	if c.opt.AskServer != nil && !c.rehearsal {
		c.out.NS = &report.NameServers{}
	}
	out, s := c.out, sections(c.out)
	var first guard.Group
	first.Go(func() { c.mx(s[inMX], &out.MX) })
	first.Go(func() { c.spf(s[inSPF], &out.SPF) })
	first.Go(func() { c.dkim(s[inDKIM], &out.DKIM) })
	first.Go(func() { c.dmarc(s[inDMARC], &out.DMARC) })
	first.Go(func() { c.mtaSTS(s[inMTASTS], &out.MTASTS) })
	first.Go(func() { c.tlsRPT(s[inTLSRPT], &out.TLSRPT) })
	first.Go(func() { c.bimi(s[inBIMI], &out.BIMI) })
	first.Wait()

	var second guard.Group
	helo := make([]*report.HeloSPF, len(out.MX.Hosts))
	second.Go(func() { c.heloRecords(helo, out.MX.Hosts) })
	second.Go(func() { c.dane(s[inDANE], &out.DANE) })
	second.Go(func() { c.dnssec(s[inDNSSEC], &out.DNSSEC) })
	second.Wait()
	c.helo(s[inSPF], helo, out.MX.Hosts)

	if out.NS != nil {
		c.nameServers(s[inNS], out.NS)
	}
	c.daneSecurity(s[inDANE], &out.DANE)
	c.policyHosts(s[inMTASTS], &out.MTASTS)
	if !c.rehearsal {
		c.smtp(s[inMX], &out.SMTP)
		c.logoAndCertificate(s[inBIMI], &out.BIMI)
	}
	c.across(s)
	out.Bulk = bulkRules(out)
	c.stray = map[string][]stray{}
	for _, s := range s {
		s.finish()
		out.Problems = append(out.Problems, s.problems...)
		c.stray[s.name] = s.stray
	}
	answers, gaps := c.mem.outcomes()
	out.DNS = answers
	out.Gaps = append(out.Gaps, gaps...)
	for _, s := range s {
		out.Gaps = append(out.Gaps, s.gaps...)
	}
	if c.mem.full() {
		out.Gaps = append(out.Gaps, report.Gap{What: c.domain, Why: fmt.Sprintf("%s: %d", errQuestions, MaxQuestions)})
	}
	if c.opt.Suggest {
		c.suggest()
	}
}

// exists reports that the domain is not proved to be missing: one answer
// suffices for that, whatever its type (RFC 8020).
func (c *checker) exists() bool {
	for _, t := range [...]dns.Type{dns.TypeMX, dns.TypeTXT} {
		if a := c.ask(c.domain, t); a.Status == dns.NXDomain {
			return false
		}
	}
	return true
}

// across finds what shows only in several checks.
func (c *checker) across(s []*section) {
	out := c.out
	c.ipv6Uncovered(s[inSPF])
	c.nobodyPasses(s[inSPF])
	if out.MX.Null && !c.opt.Parked && c.authorized != nil && len(c.authorized.IPv4)+len(c.authorized.IPv6) > 0 {
		s[inMX].add("sender-null-mx", at{name: c.domain}, "%s accepts no mail (null MX), but its SPF record lets hosts send", report.DomainRef(c.domain))
	}
	receives := len(out.MX.Hosts) > 0 && !c.opt.Parked
	var missing []string
	for _, check := range [...]struct {
		what  string
		check *report.DomainCheck
	}{{"MTA-STS", &out.MTASTS.DomainCheck}, {"DANE", &out.DANE.DomainCheck}, {"TLS-RPT", &out.TLSRPT.DomainCheck}} {
		if check.check.State == report.StateAbsent {
			missing = append(missing, check.what)
		}
	}
	switch {
	case !receives:
	case len(missing) == 3:
		s[inMTASTS].add("transport-policy-missing", at{name: c.domain}, "%s publishes no MTA-STS policy, no TLSA records and no TLS-RPT record", report.DomainRef(c.domain))
	case out.MTASTS.State == report.StateAbsent && out.DANE.State == report.StateAbsent:
		s[inMTASTS].add("transport-policy-missing", at{name: c.domain}, "%s publishes no MTA-STS policy and no TLSA records", report.DomainRef(c.domain))
	case out.TLSRPT.State == report.StateAbsent && (out.MTASTS.State == report.StatePresent || slices.ContainsFunc(out.DANE.Hosts, func(h report.DANEHost) bool { return holds(h.Usable) })):
		s[inTLSRPT].add("tls-rpt-missing", at{name: "_smtp._tls." + c.domain}, "%s has a policy on TLS, but asks for no reports on it", report.DomainRef(c.domain))
	}
	c.bimiEligible(s[inBIMI], &out.BIMI)
}

type (
	addr   = netip.Addr
	prefix = netip.Prefix
)

// parseAddr reads an address that this package wrote.
func parseAddr(s string) netip.Addr {
	a, _ := netip.ParseAddr(s)
	return a
}

// quoted is a text from the DNS for use in a message, cut where it is long.
func quoted(s string) string {
	const most = 300
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
