package domain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// world is a zone of testdata with what is expected of its domains.
type world struct {
	file     string
	zone     *zonefile.Zone
	secure   []string // names below which the resolver says that it validated
	policies map[string]string
	wants    []want
}

type want struct {
	domain    string
	line      int
	selectors []string
	parked    bool
	gaps      bool
	validate  bool
	codes     []string // sorted
}

// Lookup implements dns.Resolver.
func (w *world) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	a, err := w.zone.Lookup(ctx, name, t)
	a.Authenticated = slices.ContainsFunc(w.secure, func(s string) bool {
		return a.Name == s || strings.HasSuffix(a.Name, "."+s)
	})
	return a, err
}

// fetch plays the web server of an MTA-STS policy.
func (w *world) fetch(_ context.Context, url string) (Fetched, error) {
	domain, ok := strings.CutPrefix(url, "https://mta-sts.")
	domain, rest, _ := strings.Cut(domain, "/")
	text, known := w.policies[domain]
	if !ok || rest != ".well-known/mta-sts.txt" || !known {
		return Fetched{}, fmt.Errorf("no such host: %s", url)
	}
	first, body, _ := strings.Cut(text, "\n")
	if reason, ok := strings.CutPrefix(first, "tls: "); ok {
		return Fetched{TLSError: reason}, nil
	}
	if reason, ok := strings.CutPrefix(first, "error: "); ok {
		return Fetched{}, errors.New(reason)
	}
	status, media, _ := strings.Cut(first, " ")
	n, err := strconv.Atoi(status)
	return Fetched{Status: n, ContentType: media, Body: []byte(body)}, err
}

var testTime = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func (w *world) check(want *want) *Result {
	o := Options{Resolver: w, Selectors: want.selectors, Parked: want.parked, Fetch: w.fetch, Now: testTime, Suggest: true, Shorter: true,
		Tool: report.Tool{Name: "mailtrace", Version: "test"}}
	if want.validate {
		o.DNSSEC = func(_ context.Context, name string) (status, reason string) {
			if strings.HasSuffix(name, want.domain) {
				return "bogus", "the signature is not by this key"
			}
			return "secure", ""
		}
	}
	return Check(context.Background(), want.domain, o)
}

// worlds reads the zones.
func worlds(t testing.TB) []*world {
	t.Helper()
	files, err := filepath.Glob("testdata/*.zone")
	if err != nil || len(files) == 0 {
		t.Fatal("no zones", err)
	}
	archive, err := txtar.ParseFile("testdata/policies.txt")
	if err != nil {
		t.Fatal(err)
	}
	policies := map[string]string{}
	for _, f := range archive.Files {
		policies[f.Name] = string(f.Data)
	}
	var out []*world
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := zonefile.Parse(filepath.Base(file), text)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{file: file, zone: zone, policies: policies}
		groups := map[string][]string{}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			word, rest, _ := strings.Cut(strings.TrimLeft(line, "; "), " ")
			if !strings.HasPrefix(line, "; ") {
				continue
			}
			switch word {
			case "SECURE":
				w.secure = append(w.secure, strings.TrimSuffix(strings.TrimSpace(rest), "."))
			case "LET":
				name, codes, _ := strings.Cut(rest, "=")
				groups[strings.TrimSpace(name)] = strings.Fields(codes)
			case "WANT":
				if strings.Contains(rest, "DOMAIN") { // the explanation
					continue
				}
				head, codes, ok := strings.Cut(rest, ":")
				if !ok {
					t.Fatalf("%s:%d: no colon", file, n)
				}
				words := strings.Fields(head)
				v := want{domain: words[0], line: n}
				for _, o := range words[1:] {
					switch name, value, _ := strings.Cut(o, "="); name {
					case "parked":
						v.parked = true
					case "gaps":
						v.gaps = true
					case "validate":
						v.validate = true
					case "selectors":
						v.selectors = strings.Split(value, ",")
					default:
						t.Fatalf("%s:%d: unknown option %s", file, n, o)
					}
				}
				for _, c := range strings.Fields(codes) {
					if g := groups[c]; g != nil {
						v.codes = append(v.codes, g...)
					} else {
						v.codes = append(v.codes, c)
					}
				}
				slices.Sort(v.codes)
				w.wants = append(w.wants, v)
			}
		}
		out = append(out, w)
	}
	return out
}

func codes(r *Result) []string {
	var out []string
	for i := range r.Problems {
		out = append(out, r.Problems[i].Code)
	}
	slices.Sort(out)
	return out
}

// Each domain of the zones has exactly the problems that the zone says.
func TestZones(t *testing.T) {
	domains := 0
	for _, w := range worlds(t) {
		for i := range w.wants {
			want := &w.wants[i]
			domains++
			r := w.check(want)
			if got := codes(r); !slices.Equal(got, want.codes) {
				t.Errorf("%s:%d: %s\n got %s\nwant %s", w.file, want.line, want.domain, strings.Join(got, " "), strings.Join(want.codes, " "))
				for _, p := range r.Problems {
					if !slices.Contains(want.codes, p.Code) {
						t.Logf("  %s: %s", p.Code, p.Message)
					}
				}
			}
			if got := len(r.Gaps) > 0; got != want.gaps && len(want.codes) > 0 {
				// A policy that no web server of the test holds is not a gap here.
				t.Errorf("%s:%d: %s: gaps %v", w.file, want.line, want.domain, r.Gaps)
			}
		}
	}
	if domains < 60 {
		t.Errorf("only %d domains", domains)
	}
	t.Logf("%d domains", domains)
}

// elsewhere are the codes that come up in TestNameServers and TestMarks: no zone
// shows them.
var elsewhere = map[string]bool{"ns-lame": true, "ns-host-broken": true, "ns-delegation-differs": true, "ns-serials-differ": true, "ns-one-network": true,
	"cname-and-data": true, "caa-invalid": true, "caa-forbids": true, "bimi-certificate-invalid": true, "bimi-logo-differs": true}

// Every problem of the table comes up in the zones.
func TestEveryProblemComesUp(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range worlds(t) {
		for i := range w.wants {
			for _, c := range w.wants[i].codes {
				seen[c] = true
			}
		}
	}
	for _, p := range Problems() {
		if elsewhere[p.Code] || strings.HasPrefix(p.Code, "smtp-") { // those are the servers', see TestSMTP
			continue
		}
		if !seen[p.Code] {
			t.Errorf("%s: no domain of the zones has it", p.Code)
		}
		delete(seen, p.Code)
	}
	for _, c := range slices.Sorted(maps.Keys(seen)) {
		t.Errorf("%s is expected by a zone, but not in the table", c)
	}
}

// What holds for the result of every domain.
func TestResultsAreWhole(t *testing.T) {
	for _, w := range worlds(t) {
		for i := range w.wants {
			want := &w.wants[i]
			r := w.check(want)
			for _, s := range sections(r) {
				c := s.check
				switch c.State {
				case report.StatePresent:
					if c.Valid == nil && len(r.Gaps) == 0 || c.Valid != nil && *c.Valid != (c.Error == nil) {
						t.Errorf("%s %s: present, valid %v, error %v", want.domain, s.name, c.Valid, c.Error)
					}
				case report.StateAbsent, report.StateUnknown:
					if c.Valid != nil || c.Record != nil {
						t.Errorf("%s %s: %s with a record or a judgement", want.domain, s.name, c.State)
					}
				default:
					t.Errorf("%s %s: state %q", want.domain, s.name, c.State)
				}
				if c.Warnings == nil {
					t.Errorf("%s %s: warnings are null", want.domain, s.name)
				}
			}
			for _, p := range r.Problems {
				if p.Position != nil && p.Check == "spf" {
					checkPosition(t, r, &p)
				}
			}
			// The tree and the lint count alike.
			lint := spf.Lint(context.Background(), w, want.domain, spf.Options{})
			if r.SPF.DNSLookups != lint.Lookups || r.SPF.VoidDNSLookups != lint.Voids {
				t.Errorf("%s: %d lookups and %d void ones in the tree, %d and %d by spf.Lint", want.domain,
					r.SPF.DNSLookups, r.SPF.VoidDNSLookups, lint.Lookups, lint.Voids)
			}
		}
	}
}

// checkPosition holds a place against the record in the tree.
func checkPosition(t *testing.T, r *Result, p *report.DomainProblem) {
	t.Helper()
	var found bool
	var visit func(*report.SPFBranch)
	visit = func(b *report.SPFBranch) {
		if b.Kind == "record" && b.Domain == p.Name && *p.Position <= len(b.Term) {
			found = found || strings.Contains(b.Term, p.Term) // an error may stand inside its term
		}
		for _, c := range b.Children {
			visit(c)
		}
	}
	visit(r.SPF.Tree)
	for _, h := range r.MX.Hosts {
		if h.Hostname == p.Name && h.SPF != nil && strings.HasPrefix(h.SPF.Record[*p.Position:], p.Term) {
			found = true
		}
	}
	if !found {
		t.Errorf("%s: %s is at byte %d of no record of %s", r.Domain, p.Term, *p.Position, p.Name)
	}
}
