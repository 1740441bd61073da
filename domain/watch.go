package domain

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

// WatchSchema is the version of a State as it is written.
const WatchSchema = 1

// State is what was last known of some domains.
type State struct {
	Schema  int                  `json:"schema"`
	Domains map[string]*Snapshot `json:"domains"`
}

// Snapshot is what was last known of one domain. What was not answered keeps
// what was known before.
type Snapshot struct {
	CheckedAt time.Time `json:"checked_at"`
	// Facts are what the domain publishes, by kind and name: "record SPF",
	// "key s2026", "host mx.example.com", "certificate mx.example.com".
	Facts map[string]string `json:"facts"`
	// Problems are those above info, by code and name, with their severity.
	Problems map[string]string `json:"problems"`
	Unknown  []string          `json:"unknown,omitempty"` // checks that were not answered at the last run
}

// WatchChange is what is different from the last time.
type WatchChange = report.WatchChange

// ReadState reads what State writes. A newer version is an error, and so is
// anything else.
func ReadState(text []byte) (*State, error) {
	s := &State{}
	if err := json.Unmarshal(text, s); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("domain: not a state of watch: no JSON, or cut off, at byte %d", syntax.Offset)
		}
		return nil, errors.New("domain: not a state of watch: JSON of another kind")
	}
	switch {
	case s.Schema == 0:
		return nil, fmt.Errorf("domain: not a state of watch: it has no schema number")
	case s.Schema > WatchSchema:
		return nil, fmt.Errorf("domain: a state of schema %d; this program knows %d", s.Schema, WatchSchema)
	}
	if s.Domains == nil {
		s.Domains = map[string]*Snapshot{}
	}
	return s, nil
}

// Snap takes down what a report says. old is the last one, nil for none; what
// the report does not know is taken from it.
func Snap(r *Result, old *Snapshot) *Snapshot {
	s := &Snapshot{CheckedAt: r.CheckedAt, Facts: map[string]string{}, Problems: map[string]string{}}
	kept := map[string]bool{} // checks that are not known now
	for _, c := range sections(r) {
		if c.check.State == report.StateUnknown && c.name != "dkim" && c.name != "dnssec" && c.name != "dane" {
			kept[c.name] = true
			s.Unknown = append(s.Unknown, c.name)
		}
	}
	record := func(name, check string, c *report.DomainCheck) {
		if !kept[check] {
			if texts := publishedTexts(c); len(texts) > 0 && c.State == report.StatePresent {
				s.Facts["record "+name] = strings.Join(slices.Sorted(slices.Values(texts)), " | ")
			}
		}
	}
	record("MX", "mx", &r.MX.DomainCheck)
	record("SPF", "spf", &r.SPF.DomainCheck)
	record("DMARC", "dmarc", &r.DMARC.DomainCheck)
	record("MTA-STS", "mta_sts", &r.MTASTS.DomainCheck)
	record("TLS-RPT", "tls_rpt", &r.TLSRPT.DomainCheck)
	record("BIMI", "bimi", &r.BIMI.DomainCheck)
	if p := r.MTASTS.Policy; p != nil {
		switch p.State {
		case report.StatePresent:
			s.Facts["record MTA-STS policy"] = fmt.Sprintf("mode %s, max_age %d, mx %s", p.Mode, p.MaxAge, strings.Join(p.MX, " "))
		case report.StateUnknown:
			kept["mta_sts"] = true
		}
	}
	unknown := map[string]bool{} // single facts
	for i := range r.DKIM.Keys {
		k := &r.DKIM.Keys[i]
		switch k.State {
		case report.StatePresent:
			s.Facts["key "+k.Selector] = k.Record
		case report.StateUnknown:
			unknown["key "+k.Selector] = true
		}
	}
	for i := range r.MX.Hosts {
		h := &r.MX.Hosts[i]
		if h.State == report.StateUnknown {
			unknown["host "+h.Hostname] = true
			continue
		}
		var addresses []string
		for _, a := range h.Addresses {
			addresses = append(addresses, a.Address)
		}
		s.Facts["host "+h.Hostname] = strings.Join(addresses, " ")
	}
	for i := range r.DANE.Hosts {
		h := &r.DANE.Hosts[i]
		name := "certificate " + h.Hostname + " (TLSA)"
		var records []string
		for _, t := range h.Records {
			records = append(records, fmt.Sprintf("%d %d %d %s", t.Usage, t.Selector, t.Matching, t.Data))
		}
		switch h.State {
		case report.StatePresent:
			s.Facts[name] = strings.Join(slices.Sorted(slices.Values(records)), " | ")
		case report.StateUnknown:
			unknown[name] = true
		}
	}
	for i := range r.SMTP {
		h := &r.SMTP[i]
		if c := h.Certificate; c != nil {
			s.Facts["certificate "+h.Hostname] = fmt.Sprintf("SHA-256 %s until %s", c.SHA256, c.NotAfter.UTC().Format(time.DateOnly))
		} else if h.State == report.StateUnknown {
			unknown["certificate "+h.Hostname] = true
		}
	}
	asked := map[string]bool{}
	for i := range r.DNS {
		asked[r.DNS[i].Name] = true
	}
	// untold reports that this run did not look at what a fact or a problem is
	// about: the servers, or a selector that another run was given.
	untold := func(name string) bool {
		host, found := strings.CutPrefix(name, "certificate ")
		if found && len(r.SMTP) == 0 && !strings.HasSuffix(host, " (TLSA)") || len(r.SMTP) == 0 && strings.HasPrefix(name, "smtp-") {
			return true
		}
		key := ""
		if selector, found := strings.CutPrefix(name, "key "); found {
			key = selector + "._domainkey." + r.Domain
		} else if _, at, _ := strings.Cut(name, " "); strings.HasSuffix(at, "._domainkey."+r.Domain) {
			key = at
		}
		return key != "" && !r.DKIM.NoKeys && !asked[strings.ToLower(key)]
	}
	for i := range r.Problems {
		p := &r.Problems[i]
		if rank(p.Severity) > 0 {
			k := p.Code + " " + p.Name
			if rank(p.Severity) > rank(s.Problems[k]) {
				s.Problems[k] = p.Severity
			}
		}
	}
	if old == nil {
		return s
	}
	for name, v := range old.Facts {
		if _, now := s.Facts[name]; !now && (unknown[name] || kept[checkOf(name)] || r.Exists == nil || untold(name)) {
			s.Facts[name] = v
		}
	}
	for k, v := range old.Problems { // a problem is gone only where all was answered
		if _, now := s.Problems[k]; !now && (len(r.Gaps) > 0 || untold(k)) {
			s.Problems[k] = v
		}
	}
	return s
}

// Selectors are those of the keys that were known, for Options.Learnt.
func (s *Snapshot) Selectors() []string {
	var out []string
	for name := range s.Facts {
		if selector, ok := strings.CutPrefix(name, "key "); ok {
			out = append(out, selector)
		}
	}
	slices.Sort(out)
	return out
}

// checkOf is the check that a fact comes from.
func checkOf(name string) string {
	switch name {
	case "record MX":
		return "mx"
	case "record SPF":
		return "spf"
	case "record DMARC":
		return "dmarc"
	case "record MTA-STS", "record MTA-STS policy":
		return "mta_sts"
	case "record TLS-RPT":
		return "tls_rpt"
	case "record BIMI":
		return "bimi"
	}
	if strings.HasPrefix(name, "host ") {
		return "mx"
	}
	return ""
}

// WatchChanges compares two snapshots of a domain. A change for the worse is a
// record, key or host that is gone, a DMARC policy that asks for less, and a
// problem that is new or graver.
func WatchChanges(domain string, old, now *Snapshot) []WatchChange {
	var out []WatchChange
	names := slices.Sorted(maps.Keys(old.Facts))
	for name := range now.Facts {
		if _, known := old.Facts[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, full := range names {
		before, had := old.Facts[full]
		after, has := now.Facts[full]
		if had == has && before == after {
			continue
		}
		kind, name, _ := strings.Cut(full, " ")
		c := WatchChange{Domain: domain, Kind: kind, Name: name, Before: before, After: after}
		what := kind + " " + name
		if kind == "record" {
			what = name + " record"
		}
		switch {
		case !has || after == "" && before != "":
			c.Worse = true
			c.Text = "the " + what + " is gone"
			if has {
				c.Text = "the " + what + " has no address any more"
			}
		case !had:
			c.Text = "the " + what + " is new"
		default:
			c.Text = "the " + what + " has changed"
			if name == "DMARC" && milder(askedPolicy(after), askedPolicy(before)) {
				c.Worse = true
				c.Text = fmt.Sprintf("the DMARC policy is p=%s, it was p=%s", askedPolicy(after), askedPolicy(before))
			}
		}
		out = append(out, c)
	}
	for _, k := range slices.Sorted(maps.Keys(now.Problems)) {
		was, is := old.Problems[k], now.Problems[k]
		if was == is {
			continue
		}
		code, name, _ := strings.Cut(k, " ")
		c := WatchChange{Domain: domain, Kind: "problem", Name: code, Before: was, After: is, Severity: is, Worse: rank(is) > rank(was)}
		c.Text = fmt.Sprintf("%s (%s) is new at %s", code, is, cmp.Or(name, domain))
		if was != "" {
			c.Text = fmt.Sprintf("%s at %s is %s, it was %s", code, cmp.Or(name, domain), is, was)
		}
		out = append(out, c)
	}
	for _, k := range slices.Sorted(maps.Keys(old.Problems)) {
		if _, still := now.Problems[k]; !still {
			code, name, _ := strings.Cut(k, " ")
			out = append(out, WatchChange{Domain: domain, Kind: "problem", Name: code, Before: old.Problems[k], Severity: old.Problems[k],
				Text: fmt.Sprintf("%s (%s) is gone at %s", code, old.Problems[k], cmp.Or(name, domain))})
		}
	}
	slices.SortStableFunc(out, func(a, b WatchChange) int {
		return cmp.Compare(b2rank(b.Worse), b2rank(a.Worse))
	})
	return out
}

func b2rank(worse bool) int {
	if worse {
		return 1
	}
	return 0
}
