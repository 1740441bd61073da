package mailtrace_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

// expectation is expect.json of a case: what really happened to the message.
type expectation struct {
	Title          string   `json:"title"`
	BorderClientIP *string  `json:"border_client_ip"` // null: not checked
	Border         struct { // what holds at the border
		SPF     words `json:"spf"`
		DMARC   words `json:"dmarc"`
		DKIMNow []struct {
			D, S   string
			Result words
		} `json:"dkim_now"` // each signature as it verifies on the stored message
	} `json:"border"`
	RootCause []string `json:"root_cause"` // one of them must be named; empty: nobody may be accused
	Where     string   `json:"where"`      // "root": as the root cause; "finding": among the findings
	Also      []string `json:"also"`       // all of them must be among the findings
	Status    []string `json:"status"`     // one of them; null: not checked
	AtFault   []string `json:"at_fault"`   // names or addresses, one of which the hop at fault must show
}

// words is a result word, or a list of which any will do.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

func (w words) has(got string) bool {
	if got == "" {
		got = "none"
	}
	return w == nil || slices.Contains(w, got)
}

// knownMisses are cases that are not whole yet, each with what is missing.
var knownMisses = map[string]string{}

// TestCases analyses messages that went through real mail servers and holds
// the reports against what happened to them.
func TestCases(t *testing.T) {
	dirs, err := filepath.Glob("testdata/cases/*/expect.json")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	whole := 0
	for _, path := range dirs {
		dir := filepath.Dir(path)
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			misses := judgeCase(t, dir)
			reason, known := knownMisses[name]
			switch {
			case len(misses) == 0 && known:
				t.Errorf("is whole now; take it out of knownMisses (%s)", reason)
			case len(misses) == 0:
				whole++
			case known:
				t.Skipf("known miss: %s: %s", reason, strings.Join(misses, "; "))
			default:
				t.Error(strings.Join(misses, "\n"))
			}
		})
	}
	t.Logf("%d of %d cases whole", whole, len(dirs))
}

func judgeCase(t *testing.T, dir string) (misses []string) {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var want expectation
	if err := json.Unmarshal(read("expect.json"), &want); err != nil {
		t.Fatal(err)
	}
	zone, err := zonefile.Parse("zone.txt", read("zone.txt"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := mailtrace.AnalyzeBytes(context.Background(), read("message.eml"), mailtrace.Options{Resolver: zone})
	if err != nil {
		t.Fatal(err)
	}
	miss := func(what string, got, want any) {
		misses = append(misses, what+": got "+text(got)+", want "+text(want))
	}
	if ip := want.BorderClientIP; ip != nil && (r.Border == nil || r.Border.ClientIP != *ip) {
		miss("border address", r.Border, *ip)
	}
	if !want.Border.SPF.has(r.Verdict.Border.SPF) {
		miss("border spf", r.Verdict.Border.SPF, want.Border.SPF)
	}
	if !want.Border.DMARC.has(r.Verdict.Border.DMARC) {
		miss("border dmarc", r.Verdict.Border.DMARC, want.Border.DMARC)
	}
	for _, sig := range want.Border.DKIMNow {
		ok := false
		for _, d := range r.DKIM {
			ok = ok || d.Domain == sig.D && d.Selector == sig.S && sig.Result.has(d.Result)
		}
		if !ok {
			miss("dkim "+sig.D+"/"+sig.S, r.DKIM, sig.Result)
		}
	}
	var codes, accusing []string
	for _, x := range r.Findings {
		codes = append(codes, x.Code)
		if x.Severity == report.Critical || x.Severity == report.High {
			accusing = append(accusing, x.Code)
		}
	}
	root := ""
	if r.Verdict.RootCause != nil {
		root = *r.Verdict.RootCause
	}
	switch {
	case len(want.RootCause) == 0:
		if root != "" {
			miss("root cause", root, "none")
		}
		if len(accusing) > 0 {
			miss("accusations", accusing, "none")
		}
	case want.Where == "finding":
		if !slices.ContainsFunc(want.RootCause, func(c string) bool { return slices.Contains(codes, c) }) {
			miss("finding", codes, want.RootCause)
		}
	case !slices.Contains(want.RootCause, root):
		miss("root cause", root, want.RootCause)
	}
	for _, c := range want.Also {
		if !slices.Contains(codes, c) {
			miss("finding", codes, c)
		}
	}
	if len(want.AtFault) > 0 {
		names := atFault(r, want.RootCause)
		if !slices.ContainsFunc(want.AtFault, func(n string) bool { return names[strings.ToLower(n)] }) {
			miss("hop at fault", names, want.AtFault)
		}
	}
	if want.Status != nil && !slices.Contains(want.Status, r.Verdict.Status) {
		miss("status", r.Verdict.Status, want.Status)
	}
	return misses
}

// atFault collects the names and addresses of the hops that the verdict and
// the findings with these codes point at.
func atFault(r *report.Report, codes []string) map[string]bool {
	names := map[string]bool{}
	add := func(index *int) {
		for _, h := range r.Hops {
			if index != nil && h.Index == *index {
				for _, n := range []string{h.From.Helo, h.From.RDNS, h.From.IP, h.By.Name, h.By.IP} {
					if n != "" {
						names[strings.ToLower(strings.TrimSuffix(n, "."))] = true
					}
				}
			}
		}
	}
	add(r.Verdict.Hop)
	for _, x := range r.Findings {
		if slices.Contains(codes, x.Code) {
			add(x.Hop)
			names[strings.ToLower(x.AtFault.Host)] = true
		}
	}
	return names
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
