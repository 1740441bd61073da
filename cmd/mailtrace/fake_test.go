package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// noNetwork stands for the real DNS. A test that asks it is wrong, and ends.
type noNetwork struct{}

func (noNetwork) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	panic("a test asked the real DNS for " + name + " " + t.String())
}

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// testEnvironment is a machine without network, terminal and time.
func testEnvironment() environment {
	env := systemEnvironment()
	env.getenv = func(string) string { return "" }
	env.now = func() time.Time { return testNow }
	env.terminal = func(any) int { return 0 }
	env.startPager = func(string, func(string) string, io.Writer, io.Writer) (io.WriteCloser, func() error, error) {
		return nil, nil, errors.New("a test has no pager")
	}
	env.pipeWait = 40 * time.Millisecond
	env.servers = func() ([]string, error) { return []string{"192.0.2.53:53"}, nil }
	env.live = func(live.Options) dns.Resolver { return noNetwork{} }
	env.dial = func(_ context.Context, _, address string) (net.Conn, error) {
		panic("a test connected to " + address)
	}
	return env
}

// fakeEnvironment has an engine that obeys the message: the field Finding
// gives the severity of a finding, Gap a gap, Fail an error, Panic a panic. It is for tests
// of what stands around an analysis.
func fakeEnvironment() environment {
	env := testEnvironment()
	env.engine.analyze = func(_ context.Context, raw []byte, o mailtrace.Options) (*report.Report, error) {
		m := message.Parse(raw)
		if why := m.Get("Panic"); why != "" {
			panic(why)
		}
		if why := m.Get("Fail"); why != "" {
			return nil, errors.New(why)
		}
		r := &report.Report{
			Schema: 1, Source: report.Source{Path: o.Path, Index: o.Index, Kind: report.KindMessage, Bytes: len(raw)},
			Message: report.Message{Subject: m.Get("Subject")},
			Verdict: report.Verdict{Status: report.Authenticated, Summary: m.Get("Subject")},
		}
		if o.HeadersOnly {
			r.Source.Kind = report.KindHeadersOnly
		}
		if s := m.Get("Finding"); s != "" {
			r.Findings = []report.Finding{{Code: "a-finding", Severity: s}}
		}
		if s := m.Get("Gap"); s != "" {
			r.Gaps = []report.Gap{{What: "spf", Why: s}}
		}
		return r, nil
	}
	env.engine.rules = func() []render.Rule {
		return []render.Rule{
			{Code: "spf-rechecked-behind-border", Title: "SPF evaluated again", Severity: report.High, Doc: "## What happened\nIt was.", Refs: []string{"RFC 7208 §9.1"}},
			{Code: "dkim-key-missing", Title: "No key", Severity: report.High},
		}
	}
	return env
}

// outcome is what a run left behind.
type outcome struct {
	code        int
	out, errout string
}

func runWith(t testing.TB, env environment, stdin string, args ...string) outcome {
	t.Helper()
	var out, errout bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(stdin), &out, &errout, env)
	if strings.Contains(errout.String(), "internal error: a test ") { // of noNetwork
		t.Error(errout.String())
	}
	return outcome{code, out.String(), errout.String()}
}

// write makes a file below dir and returns its path.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
