package dmarc

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message/mailbox"
)

// load reads a JSON file of the conformance data.
func load(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(corpus.Path(t, "corpora/"+name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// tally counts the cases of a suite and prints them.
type tally struct{ passed, failed, skipped int }

func (c *tally) skip(t *testing.T, name, why string) {
	c.skipped++
	t.Logf("skipped %s: %s", name, why)
}

func (c *tally) check(t *testing.T, ok bool, format string, args ...any) {
	t.Helper()
	if ok {
		c.passed++
		return
	}
	c.failed++
	t.Errorf(format, args...)
}

func (c *tally) report(t *testing.T, want int) {
	t.Helper()
	t.Logf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
	if n := c.passed + c.failed + c.skipped; n != want {
		t.Errorf("%d cases, the suite has %d", n, want)
	}
}

func TestSuiteTreeWalk(t *testing.T) {
	var suite struct {
		TreeWalk []struct {
			Start, Org string
			Zone       map[string]string
			Queries    []string
		} `json:"tree_walk"`
		Alignment []struct {
			From, MailFrom, DKIM string
			Zone                 map[string]string
			SPFAligned           bool   `json:"spf_aligned"`
			DKIMAligned          bool   `json:"dkim_aligned"`
			PolicyDomain         string `json:"policy_domain"`
		}
	}
	load(t, "dmarc/rfc9989/treewalk-cases.json", &suite)
	zoneOf := func(records map[string]string) *zone {
		z := newZone()
		for name, r := range records {
			z.txt[name] = []string{r}
		}
		return z
	}
	var c tally
	for _, v := range suite.TreeWalk {
		z := zoneOf(v.Zone)
		d, err := Discover(t.Context(), z, v.Start, RFC9989)
		if err != nil {
			t.Fatal(err)
		}
		var noted []string
		for _, q := range d.Queries {
			noted = append(noted, q.Name)
		}
		c.check(t, d.Org == v.Org && slices.Equal(z.asked, v.Queries) && slices.Equal(noted, v.Queries),
			"%s: organisation %s, asked %q, noted %q; want %s, %q", v.Start, d.Org, z.asked, noted, v.Org, v.Queries)
	}
	for _, v := range suite.Alignment {
		in := Input{From: v.From, SPF: ids(v.MailFrom), DKIM: ids(v.DKIM)}
		e, err := Evaluate(t.Context(), zoneOf(v.Zone), in, RFC9989)
		if err != nil {
			t.Fatal(err)
		}
		c.check(t, e.SPFAligned == v.SPFAligned && e.DKIMAligned == v.DKIMAligned && e.Discovered.Domain == v.PolicyDomain,
			"%+v: spf %v, dkim %v, policy of %s", in, e.SPFAligned, e.DKIMAligned, e.Discovered.Domain)
	}
	c.report(t, 10)
}

func TestSuitePublicSuffix(t *testing.T) {
	var suite struct {
		TestPSL []suffixCase `json:"test_psl"`
		Tests   []suffixCase `json:"tests"`
	}
	load(t, "dmarc/publicsuffix/cases.json", &suite)
	if len(suite.Tests) == 0 {
		suite.Tests = readSuffixTests(t)
	}
	f, err := os.Open(corpus.Path(t, "corpora/dmarc/publicsuffix/public_suffix_list.dat"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, err := ReadSuffixes(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []struct {
		name string
		Suffixes
	}{{"compiled in", builtin{}}, {"from the file", file}} {
		t.Run(list.name, func(t *testing.T) {
			var c tally
			for _, v := range slices.Concat(suite.TestPSL, suite.Tests) {
				got, want := "", ""
				if v.Domain != nil {
					if name, ok := mailname.Normal(*v.Domain); ok {
						got, _ = registrable(list, name)
					}
				}
				if v.Registrable != nil {
					want, _ = mailname.Normal(*v.Registrable)
				}
				c.check(t, got == want, "%s: %q, want %q", deref(v.Domain), got, want)
			}
			c.report(t, len(suite.TestPSL)+len(suite.Tests))
		})
	}
}

type suffixCase struct{ Domain, Registrable *string }

func deref(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// readSuffixTests reads the second form of the suite: two columns.
func readSuffixTests(t *testing.T) []suffixCase {
	data, err := os.ReadFile(corpus.Path(t, "corpora/dmarc/publicsuffix/tests.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var out []suffixCase
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) != 2 || strings.HasPrefix(line, "//") {
			continue
		}
		one := suffixCase{&f[0], &f[1]}
		if f[0] == "null" {
			one.Domain = nil
		}
		if f[1] == "null" {
			one.Registrable = nil
		}
		out = append(out, one)
	}
	return out
}

func TestSuiteOpenDMARC(t *testing.T) {
	var suite struct {
		RecordParse []struct{ Record, Outcome string } `json:"record_parse"`
		Alignment   []struct {
			A, B, Mode string
			Aligned    bool
		}
		From      []struct{ From, Domain string } `json:"from_domain_extraction"`
		OrgDomain []struct{ Domain, Org string }  `json:"org_domain"`
	}
	load(t, "dmarc/opendmarc/cases.json", &suite)
	var c tally
	for _, v := range suite.RecordParse {
		r := ParseRecord(v.Record)
		switch {
		case v.Record == "v=DMARC1; p=n;":
			c.skip(t, v.Record, "OpenDMARC matches a prefix of the policy word")
		case v.Outcome == "DMARC_PARSE_OKAY":
			c.check(t, r.Usable(RFC7489), "%q: unusable, %v", v.Record, r.Problems)
		case v.Outcome == "DMARC_PARSE_ERROR_BAD_VALUE":
			// OpenDMARC refuses the record; the standards discard the bad tag
			// unless it is a policy.
			last := r.Tags[len(r.Tags)-1]
			bad := slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Tag == last.Name && p.Offset == last.Offset })
			c.check(t, bad && r.Usable(RFC7489) == !strings.HasSuffix(last.Name, "p"), "%q: %v", v.Record, r.Problems)
		default: // no version, nothing at all, no p=
			c.check(t, !r.Usable(RFC7489), "%q: usable, outcome %s", v.Record, v.Outcome)
		}
	}
	for _, v := range suite.Alignment {
		name := fmt.Sprintf("%s with %s, %s", v.A, v.B, v.Mode)
		if strings.Trim(v.A, ".") != v.A && v.Aligned {
			c.skip(t, name, "OpenDMARC strips dots around a name; a name that begins with a dot is none")
			continue
		}
		got, err := Aligned(t.Context(), newZone(), v.A, v.B, v.Mode == "STRICT", RFC7489)
		c.check(t, err == nil && got == v.Aligned, "%s: %v, %v", name, got, err)
	}
	for _, v := range suite.From {
		// OpenDMARC takes the first address.
		boxes := mailbox.Parse(v.From)
		c.check(t, len(boxes) > 0 && boxes[0].Domain == v.Domain, "%s: %+v", v.From, boxes)
	}
	for _, v := range suite.OrgDomain {
		got, err := OrgDomain(t.Context(), newZone(), v.Domain, RFC7489)
		c.check(t, err == nil && got == v.Org, "%s: %q, %v", v.Domain, got, err)
	}
	c.report(t, 19+10+13+3)
}

func TestSuiteMox(t *testing.T) {
	var suite struct {
		Cases []struct {
			Record string
			OK     bool
			Is     bool `json:"isdmarc"`
			Parsed *struct {
				Policy, SubdomainPolicy Policy
				Aggregate               []moxURI `json:"AggregateReportAddresses"`
				Failure                 []moxURI `json:"FailureReportAddresses"`
				ADKIM, ASPF             string
				FailureReportingOptions []string
				Percentage              int
			}
		}
	}
	load(t, "dmarc/mox/parse-cases.json", &suite)
	var c tally
	for _, v := range suite.Cases {
		r := ParseRecord(v.Record)
		switch {
		case v.Record == "v=DMARC1":
			c.skip(t, v.Record, "RFC 9989 §4.8 allows a record that is the version alone; RFC 7489 §6.4 wanted a semicolon")
		case !v.Is:
			c.check(t, !r.IsDMARC() && !r.Usable(RFC7489), "%q: taken for a DMARC record", v.Record)
		case !v.OK:
			// mox refuses what the standards tell to discard: the record must at
			// least be complained of.
			c.check(t, r.IsDMARC() && (!r.Usable(RFC7489) || len(r.Problems) > 0), "%q: nothing is wrong with it", v.Record)
		default:
			want := v.Parsed
			var options []string
			if _, has := r.Tag("fo"); has {
				options = want.FailureReportingOptions
			}
			got, _ := r.Requested(RFC7489, false, false)
			c.check(t, r.Usable(RFC7489) && got == want.Policy && r.Subdomain == want.SubdomainPolicy &&
				r.StrictDKIM == (want.ADKIM == "s") && r.StrictSPF == (want.ASPF == "s") && r.Percent == want.Percentage &&
				slices.Equal(r.FailureOptions, options) && sameURIs(r.Aggregate, want.Aggregate) && sameURIs(r.Failure, want.Failure),
				"%q: %s %v, want %+v", v.Record, summary(r), r.Problems, want)
		}
	}
	c.report(t, 41)
}

type moxURI struct {
	Address string
	MaxSize uint64
	Unit    string
}

func sameURIs(got []ReportURI, want []moxURI) bool {
	return slices.EqualFunc(got, want, func(g ReportURI, w moxURI) bool {
		limit := ""
		if w.MaxSize != 0 || w.Unit != "" {
			limit = fmt.Sprint(w.MaxSize) + w.Unit
		}
		return g.URI == w.Address && g.Limit == limit
	})
}

func TestSuiteMailauth(t *testing.T) {
	type question struct {
		Name, Error string
		Answer      [][]string
	}
	var suite struct {
		Cases []struct {
			Name  string
			Calls []struct {
				Args   []string
				DNS    []question
				Result json.RawMessage
				Threw  string
			}
		}
	}
	load(t, "dmarc/mailauth/get-dmarc-record-cases.json", &suite)
	skip := map[string]string{
		"Should handle invalid pct value as 0":    "RFC 7489 §6.3 and RFC 9989 §4.8: a bad value counts as absent, so pct=100",
		"Should handle tags with no value":        "compares a JavaScript value of a tag that is none",
		"Should handle tags starting with equals": "compares a JavaScript key of a tag that is none",
	}
	var c tally
	for _, v := range suite.Cases {
		short := v.Name[strings.LastIndex(v.Name, "> ")+2:]
		if why := skip[short]; why != "" {
			c.skip(t, short, why)
			continue
		}
		ok := true
		for _, call := range v.Calls {
			z := newZone()
			for _, q := range call.DNS {
				switch {
				case q.Error == "ETIMEOUT":
					z.txt[q.Name] = []string{"SERVFAIL"}
				case q.Error == "ENODATA", q.Error == "" && len(q.Answer) == 0:
					z.txt[q.Name] = []string{"EXISTS"}
				case q.Error == "":
					for _, pieces := range q.Answer {
						z.txt[q.Name] = append(z.txt[q.Name], strings.Join(pieces, ""))
					}
				}
			}
			d, err := Discover(t.Context(), z, call.Args[0], RFC7489)
			ok = ok && sameAsMailauth(d, err, call.Args[0], call.Result, call.Threw)
		}
		c.check(t, ok, "%s", v.Name)
	}
	c.report(t, 25)
}

// sameAsMailauth compares a discovery with the object that mailauth returned.
func sameAsMailauth(d *Discovered, err error, domain string, result json.RawMessage, threw string) bool {
	if threw != "" || err != nil {
		return threw != "" && asked(err)
	}
	var want map[string]any
	if json.Unmarshal(result, &want) != nil {
		return d.Record == nil // the result is false
	}
	if d.Record == nil || d.Record.Raw != want["rr"] && strings.TrimSpace(d.Record.Raw) != want["rr"] {
		return false
	}
	for name, value := range want {
		switch name {
		case "rr":
		case "isOrgRecord":
			if (d.Domain != domain) != value.(bool) {
				return false
			}
		default:
			if got, ok := d.Record.Tag(name); !ok || got != fmt.Sprint(value) {
				return false
			}
		}
	}
	return true
}
