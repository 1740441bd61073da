package spf

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/mailtrace/mailtrace/dns"
)

// The public suites come with blitiri.com.ar/go/spf in the module cache, each
// under its own licence. They are read there, not copied.

type suiteFile []suite

type suite struct {
	Description string
	Tests       map[string]suiteTest
	Zone        map[string][]suiteRecord `yaml:"zonedata"`
}

type suiteTest struct {
	Helo, Host, MailFrom, Explanation, Skip string
	Result                                  oneOrMore
}

type suiteRecord struct {
	A, AAAA, SPF, TXT, PTR       oneOrMore
	MX                           []string
	CNAME                        *string
	Timeout, ServFail, CNAMELoop bool
}

// UnmarshalYAML reads the keys as the suites write them, in capitals.
func (r *suiteRecord) UnmarshalYAML(n *yaml.Node) error {
	var raw struct {
		A         oneOrMore `yaml:"A"`
		AAAA      oneOrMore `yaml:"AAAA"`
		SPF       oneOrMore `yaml:"SPF"`
		TXT       oneOrMore `yaml:"TXT"`
		PTR       oneOrMore `yaml:"PTR"`
		MX        []string  `yaml:"MX"`
		CNAME     *string   `yaml:"CNAME"`
		Timeout   bool      `yaml:"TIMEOUT"`
		ServFail  bool      `yaml:"SERVFAIL"`
		CNAMELoop bool      `yaml:"CNAMELOOP"`
	}
	if n.Kind == yaml.ScalarNode && n.Value == "TIMEOUT" {
		r.Timeout = true
		return nil
	}
	if err := n.Decode(&raw); err != nil {
		return err
	}
	*r = suiteRecord(raw)
	return nil
}

// oneOrMore is a value, or a list of values.
type oneOrMore []string

func (o *oneOrMore) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		var list []string
		if err := n.Decode(&list); err != nil {
			return err
		}
		*o = append(oneOrMore{}, list...)
		return nil
	}
	var s string
	if err := n.Decode(&s); err != nil {
		return err
	}
	*o = oneOrMore{s}
	return nil
}

// testZone turns the zone data into a resolver. Conventions of the suites: an
// SPF record stands for TXT unless the name has a TXT entry, "TXT: NONE" is
// such an entry without a record, and TIMEOUT is a failure of whatever the name
// does not hold.
func (s suite) testZone() zone {
	z := zone{}
	for name, records := range s.Zone {
		name = canonical(name)
		hasTXT := slices.ContainsFunc(records, func(r suiteRecord) bool { return r.TXT != nil })
		fail := ""
		add := func(t string, values ...string) { z[name+" "+t] = append(z[name+" "+t], values...) }
		for _, r := range records {
			add("A", r.A...)
			add("AAAA", r.AAAA...)
			for _, v := range r.PTR {
				add("PTR", v)
			}
			if r.MX != nil {
				add("MX", strings.Join(r.MX, " "))
			}
			if r.CNAME != nil {
				add("CNAME", *r.CNAME)
			}
			if r.TXT != nil && !slices.Equal(r.TXT, oneOrMore{"NONE"}) {
				add("TXT", strings.Join(r.TXT, ""))
			}
			if len(r.SPF) > 0 && !hasTXT {
				add("TXT", strings.Join(r.SPF, ""))
			}
			switch {
			case r.Timeout:
				fail = "!timeout"
			case r.ServFail:
				fail = "!servfail"
			case r.CNAMELoop:
				fail = "!malformed"
			}
		}
		if fail != "" {
			for t := range zoneTypes {
				if t != "CNAME" && len(z[name+" "+t]) == 0 {
					z[name+" "+t] = []string{fail}
				}
			}
		}
		for key, v := range z {
			if len(v) == 0 {
				delete(z, key)
			}
		}
	}
	return z
}

// suiteDir is the testdata folder of the library.
func suiteDir(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "blitiri.com.ar/go/spf").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skip("blitiri.com.ar/go/spf is not in the module cache")
	}
	return filepath.Join(dir, "testdata")
}

func readSuite(t testing.TB, name string) suiteFile {
	t.Helper()
	f, err := os.Open(filepath.Join(suiteDir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all suiteFile
	dec := yaml.NewDecoder(f)
	for {
		var s suite
		err := dec.Decode(&s)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Tests) > 0 {
			all = append(all, s)
		}
	}
}

// runSuite runs a suite and holds the number of its tests against want. skip
// names disputed tests with the reason.
func runSuite(t *testing.T, file string, want int, skip map[string]string) {
	var passed, explained, skipped, agreed, differed int
	used := map[string]bool{}
	for _, s := range readSuite(t, file) {
		if file == "blitirispf-tests.yml" {
			s = s.qualify()
		}
		z := s.testZone()
		for _, name := range slices.Sorted(maps.Keys(s.Tests)) {
			test := s.Tests[name]
			id := s.Description + "/" + name
			if reason := skip[id]; reason != "" {
				used[id] = true
				skipped++
				t.Logf("skipped %s: %s", id, reason)
				continue
			}
			q := Query{IP: netip.MustParseAddr(test.Host), Helo: test.Helo, MailFrom: test.MailFrom}
			ev, err := Check(context.Background(), z, q, Options{Tree: true, Explain: true})
			if err != nil {
				t.Errorf("%s: %v", id, err)
				continue
			}
			if !slices.Contains(test.Result, string(ev.Result)) {
				t.Errorf("%s: result %s, want %v: %s\n%s", id, ev.Result, test.Result, ev.Reason, ev.Tree)
				continue
			}
			passed++
			if test.Explanation != "" {
				explained++
				wantText := test.Explanation
				if wantText == "DEFAULT" {
					wantText = ""
				}
				same := ev.Explanation == wantText
				if name == "v-macro-ip6" {
					// The suite prints the nibbles of %{i} in capitals, RFC
					// 7208 §7.4 in small letters. As a name it is the same.
					same = strings.EqualFold(ev.Explanation, wantText)
				}
				if !same {
					t.Errorf("%s: explanation %q, want %q (%s)", id, ev.Explanation, wantText, ev.NoExplanation)
				}
			}
			other, note, err := CrossCheck(context.Background(), z, q)
			switch {
			case err != nil:
				t.Errorf("%s: cross check: %v", id, err)
			case other == ev.Result:
				agreed++
			default:
				differed++
				if KnownDifference(ev, other) == "" {
					t.Errorf("%s: we say %s (%s), go/spf says %s (%s), and nothing is known that explains it", id, ev.Result, ev.Reason, other, note)
				}
			}
		}
	}
	for id := range skip {
		if !used[id] {
			t.Errorf("no test %q to skip", id)
		}
	}
	if passed+skipped != want && !t.Failed() {
		t.Errorf("%d tests, want %d", passed+skipped, want)
	}
	t.Logf("%s: %d passed (%d explanations compared), %d skipped; go/spf agrees in %d, differs as known in %d",
		file, passed, explained, skipped, agreed, differed)
}

func TestRFC7208(t *testing.T) { runSuite(t, "rfc7208-tests.yml", 203, nil) }

func TestRFC4408(t *testing.T) { runSuite(t, "rfc4408-tests.yml", 191, nil) }

func TestPySPF(t *testing.T) {
	const lax = "the modifier default= of pre-RFC drafts; an unknown modifier is ignored (RFC 7208 §6)"
	runSuite(t, "pyspf-tests.yml", 16, map[string]string{
		"/default-modifier":       lax,
		"/default-modifier-harsh": lax + `; "ambiguous" is not a result of RFC 7208`,
	})
}

// qualify writes ".test" behind the single-label names of a suite. Part of the
// library's own suite uses them for brevity; by RFC 7208 §4.3 and §7.1 they
// are not domains, and all its points would be lost to that.
func (s suite) qualify() suite {
	name := func(n string) string {
		if n == "" || strings.ContainsAny(n, ".%[") {
			return n
		}
		return n + ".test"
	}
	record := func(text string) string {
		terms := strings.Split(text, " ")
		for i, t := range terms {
			if k := strings.IndexAny(t, ":="); k >= 0 && i > 0 && !strings.HasPrefix(t, "ip") {
				host, bits, cut := strings.Cut(t[k+1:], "/")
				terms[i] = t[:k+1] + name(host)
				if cut {
					terms[i] += "/" + bits
				}
			}
		}
		return strings.Join(terms, " ")
	}
	out := suite{Description: s.Description, Tests: map[string]suiteTest{}, Zone: map[string][]suiteRecord{}}
	for id, test := range s.Tests {
		local, domain, _ := cutLast(test.MailFrom, "@")
		if domain != "" {
			test.MailFrom = local + "@" + name(domain)
		}
		out.Tests[id] = test
	}
	for owner, records := range s.Zone {
		for i, r := range records {
			r.SPF, r.PTR, r.MX = slices.Clone(r.SPF), slices.Clone(r.PTR), slices.Clone(r.MX)
			for j := range r.SPF {
				r.SPF[j] = record(r.SPF[j])
			}
			for j := range r.PTR {
				r.PTR[j] = name(r.PTR[j])
			}
			if len(r.MX) == 2 {
				r.MX[1] = name(r.MX[1])
			}
			records[i] = r
		}
		out.Zone[name(owner)] = records
	}
	return out
}

func TestBlitiri(t *testing.T) {
	runSuite(t, "blitirispf-tests.yml", 83, nil)
}

var _ dns.Resolver = zone{}
