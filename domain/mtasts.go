package domain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
)

const (
	maxPolicyAge  = 31557600 // seconds, RFC 8461 §3.2
	shortAge      = 86400    // below a day a policy protects little
	maxPolicyID   = 32
	policyDefault = "/.well-known/mta-sts.txt"
)

// mtaSTS checks the record of RFC 8461 §3.1 and fetches the policy.
func (c *checker) mtaSTS(s *section, out *report.MTASTS) {
	name := "_mta-sts." + c.domain
	a := c.ask(name, dns.TypeTXT)
	records, near, others := withVersion(a.Texts(), &formSTS)
	s.others(others)
	s.found(name, stateOf(&a, len(records)), records)
	if a.gap {
		return
	}
	if c.opt.Policy != nil {
		c.givenPolicy(s, out, len(records))
		if len(records) != 1 {
			return
		}
	}
	if len(records) == 0 && len(near) == 0 {
		if c.exists() && !c.opt.Parked {
			c.strayRecords(s, &formSTS, name, "mta-sts-record-invalid", ", so there is no policy", "mta-sts."+c.domain, "_mta_sts."+c.domain, c.domain)
		}
		return
	}
	if len(records) == 0 {
		s.meant(&formSTS, name, near, "mta-sts-record-invalid", "senders ignore it, so there is no policy")
		return
	}
	if len(records) > 1 { // §3.1: senders assume that there is no policy
		s.add("mta-sts-record-invalid", at{name: name}, "%s has %d MTA-STS records; senders ignore them all", report.DomainRef(name), len(records))
		return
	}
	id, problem := parseSTS(records[0])
	out.ID = id
	if problem != "" {
		s.add("mta-sts-record-invalid", at{name: name}, "%s: %s", report.DomainRef(name), problem)
	}
	if c.opt.Policy != nil {
		return // judged already
	}
	out.Policy = &report.MTASTSPolicy{URL: "https://mta-sts." + c.domain + policyDefault}
	c.fetchPolicy(s, out.Policy)
}

// givenPolicy judges a policy file that is not served yet.
func (c *checker) givenPolicy(s *section, out *report.MTASTS, records int) {
	out.Policy = &report.MTASTSPolicy{URL: "the file given", State: report.StatePresent}
	if len(c.opt.Policy) > MaxPolicy {
		out.Policy.Valid = is(false)
		s.add("mta-sts-policy-invalid", at{name: out.Policy.URL}, "%s has more than %d bytes", out.Policy.URL, MaxPolicy)
		return
	}
	c.judgePolicy(s, out.Policy, Fetched{Status: 200, Body: c.opt.Policy})
	if records == 0 {
		out.Policy.Pending = true
	}
}

// parseSTS reads the record. problem is "" for a valid one.
func parseSTS(text string) (id, problem string) {
	fields, problem := splitFields(text)
	found := false
	for _, f := range fields {
		if f.name != "id" || found {
			continue
		}
		found, id = true, f.value
		bad := id == "" || len(id) > maxPolicyID
		for i := 0; i < len(id) && !bad; i++ {
			bad = !isAlnum(id[i])
		}
		if bad && problem == "" {
			problem = fmt.Sprintf("id=%s is not 1 to %d letters and digits", cut(id, 40), maxPolicyID)
		}
	}
	if !found && problem == "" {
		problem = "there is no id="
	}
	return id, problem
}

// fetchPolicy gets and reads the policy file (RFC 8461 §3.3).
func (c *checker) fetchPolicy(s *section, p *report.MTASTSPolicy) {
	p.State = report.StateUnknown
	host := "mta-sts." + c.domain
	v4, v6 := c.ask(host, dns.TypeA), c.ask(host, dns.TypeAAAA)
	if v4.none() && v6.none() {
		p.State, p.Valid = report.StateAbsent, is(false)
		what := "has no address"
		if v4.Status == dns.NXDomain && v6.Status == dns.NXDomain && len(v4.CNAMEs) == 0 {
			what = "does not exist"
		}
		s.add("mta-sts-policy-unreachable", at{name: host}, "the policy host %s %s, so senders find no policy", report.HostRef(host), what)
		return
	}
	if c.opt.Fetch == nil {
		s.gap(p.URL, "not fetched: HTTPS is not in use")
		return
	}
	got, err := c.opt.Fetch(c.ctx, p.URL)
	if err != nil {
		s.gap(p.URL, notFetched(err))
		return
	}
	p.Status = got.Status
	switch {
	case got.TLSError != "":
		s.add("mta-sts-policy-unreachable", at{name: p.URL}, "%s: the certificate is not valid: %s", p.URL, got.TLSError)
	case got.Status >= 300 && got.Status < 400:
		s.add("mta-sts-policy-unreachable", at{name: p.URL}, "%s answers with the redirect %d, which senders must not follow", p.URL, got.Status)
	case got.Status != 200:
		s.add("mta-sts-policy-unreachable", at{name: p.URL}, "%s answers with status %d", p.URL, got.Status)
	case len(got.Body) > MaxPolicy:
		p.State, p.Valid = report.StatePresent, is(false)
		s.add("mta-sts-policy-invalid", at{name: p.URL}, "%s has more than %d bytes", p.URL, MaxPolicy)
		return
	default:
		p.State = report.StatePresent
		c.judgePolicy(s, p, got)
		return
	}
	p.State, p.Valid = report.StateAbsent, is(false)
}

func (c *checker) judgePolicy(s *section, p *report.MTASTSPolicy, got Fetched) {
	p.Text = string(got.Body)
	if head := strings.ToLower(strings.TrimSpace(p.Text[:min(len(p.Text), 512)])); strings.HasPrefix(head, "<") {
		p.Valid, p.Errors = is(false), []string{"it is a web page (HTML), not a policy file"}
		s.add("mta-sts-policy-invalid", at{name: p.URL}, "%s gives a web page (HTML), not a policy file", p.URL)
		return
	}
	if strings.HasPrefix(p.Text, "\xef\xbb\xbf") {
		p.Valid, p.Errors = is(false), []string{"it begins with a byte order mark (EF BB BF)"}
		s.add("mta-sts-policy-invalid", at{name: p.URL}, "%s begins with a byte order mark (EF BB BF), so its first line is not a version line", p.URL)
		return
	}
	media, _, _ := strings.Cut(got.ContentType, ";")
	if media = strings.ToLower(strings.TrimSpace(media)); media != "" && media != "text/plain" { // §3.2
		s.add("mta-sts-policy-invalid", at{name: p.URL, severity: report.Low, harmless: true}, "%s is sent as %s, not as text/plain; some senders refuse it", p.URL, cut(media, 60))
	}
	parsed := ParsePolicy(p.Text)
	p.Mode, p.MX, p.MaxAge, p.Errors = parsed.Mode, parsed.MX, parsed.MaxAge, parsed.Errors
	p.Valid = is(len(p.Errors) == 0)
	for _, e := range p.Errors {
		s.add("mta-sts-policy-invalid", at{name: p.URL}, "%s: %s", p.URL, e)
	}
	if len(p.Errors) > 0 {
		return
	}
	switch {
	case p.Mode != "enforce":
		s.add("mta-sts-not-enforced", at{name: p.URL}, "the policy has mode: %s; senders deliver without TLS too", p.Mode)
	case p.MaxAge < shortAge:
		s.add("mta-sts-max-age-short", at{name: p.URL}, "max_age is %d seconds; an attacker need only wait as long", p.MaxAge)
	}
}

// STSPolicy is an MTA-STS policy file (RFC 8461 §3.2).
type STSPolicy struct {
	Version string
	Mode    string   // "enforce", "testing", "none"
	MaxAge  int64    // seconds
	MX      []string // patterns, lower case
	Errors  []string // why senders do not use the policy
}

// ParsePolicy reads a policy file. It never fails: what is wrong is in Errors.
func ParsePolicy(text string) STSPolicy {
	var p STSPolicy
	bad := func(format string, args ...any) {
		if len(p.Errors) < MaxProblems {
			p.Errors = append(p.Errors, fmt.Sprintf(format, args...))
		}
	}
	seen := map[string]bool{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if strings.Trim(line, " \t") == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			bad("line %d has no colon: %s", n, quoted(cut(line, 60)))
			continue
		}
		key, value = strings.Trim(key, " \t"), strings.Trim(value, " \t")
		if key != "mx" {
			switch key { // §3.2: of a field that stands twice the first counts
			case "version", "mode", "max_age":
				if seen[key] {
					continue
				}
				seen[key] = true
			}
		}
		switch key {
		case "version":
			if p.Version = value; value != "STSv1" {
				bad("line %d: version is %s, not STSv1", n, quoted(cut(value, 40)))
			}
		case "mode":
			if p.Mode = value; value != "enforce" && value != "testing" && value != "none" {
				bad("line %d: mode is %s, not enforce, testing or none", n, quoted(cut(value, 40)))
			}
		case "max_age":
			age, err := strconv.ParseUint(value, 10, 63)
			if err != nil || len(value) > 10 || age > maxPolicyAge {
				bad("line %d: max_age is %s, not a number of seconds up to %d", n, quoted(cut(value, 40)), maxPolicyAge)
				continue
			}
			p.MaxAge = int64(age)
		case "mx":
			if len(p.MX) == MaxPolicyMX {
				bad("line %d: more than %d mx lines", n, MaxPolicyMX)
				return p
			}
			pattern := strings.ToLower(strings.TrimSuffix(value, "."))
			if _, err := Name(strings.TrimPrefix(pattern, "*.")); err != nil {
				bad("line %d: mx is %s, not a host name or *. and a domain", n, quoted(cut(value, 80)))
				continue
			}
			p.MX = append(p.MX, pattern)
		}
	}
	for _, key := range [...]string{"version", "mode", "max_age"} {
		if !seen[key] {
			bad("there is no %s line", key)
		}
	}
	if len(p.MX) == 0 && p.Mode != "none" {
		bad("there is no mx line")
	}
	return p
}

// Matches reports whether a policy names an MX host (RFC 8461 §4.1): "*."
// stands for exactly one label.
func (p STSPolicy) Matches(host string) bool {
	return slices.ContainsFunc(p.MX, func(pattern string) bool { return matchesHost(pattern, host) })
}

func matchesHost(pattern, host string) bool {
	if rest, ok := strings.CutPrefix(pattern, "*."); ok {
		_, parent, found := strings.Cut(host, ".")
		return found && parent == rest
	}
	return pattern == host
}

// policyHosts compares the policy with the MX hosts.
func (c *checker) policyHosts(s *section, out *report.MTASTS) {
	p := out.Policy
	if p == nil || !holds(p.Valid) || p.Mode == "none" {
		return
	}
	policy := STSPolicy{MX: p.MX}
	used := make([]bool, len(p.MX))
	for i := range c.out.MX.Hosts {
		host := c.out.MX.Hosts[i].Hostname
		for j := range p.MX {
			used[j] = used[j] || matchesHost(p.MX[j], host)
		}
		if !policy.Matches(host) {
			p.Unmatch = append(p.Unmatch, host)
			severity := ""
			if p.Mode != "enforce" {
				severity = report.Medium
			}
			s.add("mta-sts-mx-mismatch", at{name: host, severity: severity}, "no mx line of the policy matches the MX host %s", report.HostRef(host))
		}
	}
	for j, u := range used {
		if !u && c.out.MX.State == report.StatePresent {
			p.Unused = append(p.Unused, p.MX[j])
			s.add("mta-sts-mx-unused", at{name: p.URL}, "the policy names %s, which is not an MX host", report.HostRef(p.MX[j]))
		}
	}
}
