package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/report"
)

// The metrics keep the rules of the Prometheus text format: HELP and TYPE once and
// before the samples of their family, the samples of a family together, no series
// twice, label values escaped, a line end at the end.
func TestWatchMetrics(t *testing.T) {
	w := &watched{old: &domain.State{Domains: map[string]*domain.Snapshot{}}, now: &domain.State{Domains: map[string]*domain.Snapshot{}}, worst: map[string]*report.Domain{}}
	for _, name := range []string{"a.example", "b.example", "a.example", "x\"y\\z\n.example"} {
		if err := w.Domain(&report.Domain{Findings: []report.Finding{{Code: "spf-none", Severity: report.Low}}, Domain: name}); err != nil {
			t.Fatal(err)
		}
	}
	text := string(watchMetrics(time.Unix(1795821664, 0), w))
	if !strings.HasSuffix(text, "\n") {
		t.Error("no line end at the end")
	}
	sample := regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.e+]+)$`)
	family, seen, done := "", map[string]bool{}, map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if words := strings.SplitN(line, " ", 4); words[0] == "#" {
			if words[1] == "HELP" {
				done[family] = true
				if family = words[2]; done[family] {
					t.Errorf("%s comes twice", family)
				}
			} else if words[1] != "TYPE" || words[2] != family || words[3] != "gauge" {
				t.Errorf("%q", line)
			}
			continue
		}
		m := sample.FindStringSubmatch(line)
		switch {
		case m == nil:
			t.Errorf("%q is not a sample", line)
		case m[1] != family:
			t.Errorf("%q stands among those of %s", line, family)
		case seen[m[1]+m[2]]:
			t.Errorf("%s comes twice", m[1]+m[2])
		default:
			seen[m[1]+m[2]] = true
		}
	}
	if len(seen) != 3*(5+1+2)+1 {
		t.Errorf("%d series", len(seen))
	}
}

// A file is there whole or as it was: who reads while it is written sees one of
// the two, and what a killed run left behind is in nobody's way.
func TestReplaceFile(t *testing.T) {
	var c cli
	path := filepath.Join(t.TempDir(), "state.json")
	text := func(n int) string { return fmt.Sprintf("{%d %s}", n, strings.Repeat("x", 1<<16)) }
	if err := c.replaceFile(path, []byte(text(0)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), ".state.json.123"), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	wrong := make(chan string, 1)
	go func() {
		defer close(wrong)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got, err := os.ReadFile(path); err != nil || got[0] != '{' || got[len(got)-1] != '}' {
				wrong <- fmt.Sprint(len(got), err)
				return
			}
		}
	}()
	for n := range 50 {
		if err := c.replaceFile(path, []byte(text(n)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if w, ok := <-wrong; ok {
		t.Error("half a file was seen: ", w)
	}
	if err := c.replaceFile(filepath.Join(path, "below"), nil, 0o644); err == nil {
		t.Error("a folder that is none")
	}
}
