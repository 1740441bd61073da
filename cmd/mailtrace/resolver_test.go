package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/report"
)

// --dns names the servers that are asked, and --timeout and --retries how.
func TestServers(t *testing.T) {
	message := write(t, t.TempDir(), "a.eml", "Subject: x\n\n")
	test := func(want string, args ...string) {
		t.Helper()
		var got []string
		env := fakeEnvironment()
		env.live = func(o live.Options) dns.Resolver {
			got = append(got, fmt.Sprintf("%v %v %d", o.Servers, o.Timeout, o.Retries))
			return noNetwork{}
		}
		if out := runWith(t, env, "", append([]string{"analyze", message}, args...)...); out.code != 0 {
			t.Errorf("%v: exit %d: %s", args, out.code, out.errout)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%v: got %s, want %s", args, s, want)
		}
	}
	test("[192.0.2.53:53] 2s 2")
	test("[192.0.2.53:53] 2s 2", "--dns", "system")
	test("[198.51.100.1:53] 500ms 5", "--dns", "198.51.100.1", "--timeout", "500ms", "--retries", "5")
	test("[[2001:db8::53]:5353] 2s -1", "--dns", "[2001:db8::53]:5353", "--retries", "0")
	test("[198.51.100.1:53] 2s 2, [192.0.2.53:53] 2s 2", "--dns", "198.51.100.1", "--dns", "system")
	test("", "--dns", "off")
}

// What the flags say reaches the analysis.
func TestSettings(t *testing.T) {
	message := write(t, t.TempDir(), "a.eml", "Subject: x\n\n")
	options := func(args ...string) (got mailtrace.Options) {
		t.Helper()
		env := fakeEnvironment()
		var mu sync.Mutex
		env.engine.analyze = func(_ context.Context, _ []byte, o mailtrace.Options) (*report.Report, error) {
			mu.Lock()
			defer mu.Unlock()
			got = o
			return &report.Report{Schema: 1}, nil
		}
		if out := runWith(t, env, "", append([]string{"analyze", "--dns", "off", message}, args...)...); out.code != 0 {
			t.Errorf("%v: exit %d: %s", args, out.code, out.errout)
		}
		return got
	}
	o := options()
	if o.Resolver != nil || !o.At.IsZero() || o.MailFrom != nil || o.ClientIP.IsValid() || !o.CrossCheck || o.Path != message || !o.Now.Equal(testNow) {
		t.Errorf("%+v", o)
	}
	o = options("--client-ip", "::ffff:192.0.2.1", "--helo", "a.example", "--mail-from", "<>", "--rcpt", "<b@example.org>",
		"--trust", "mx.example.org", "--trust", "10.0.0.0/8", "--at", "2026-01-02T03:04:05Z", "--cross-check", "off", "--headers-only")
	if o.ClientIP.String() != "192.0.2.1" || o.Helo != "a.example" || o.MailFrom == nil || *o.MailFrom != "" || o.Rcpt != "b@example.org" ||
		strings.Join(o.Trust, " ") != "mx.example.org 10.0.0.0/8" || !o.At.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) ||
		o.CrossCheck || !o.HeadersOnly {
		t.Errorf("%+v", o)
	}
	if o = options("--at", "now"); !o.At.Equal(testNow) {
		t.Errorf("%+v", o)
	}
	if o = options(message); o.CrossCheck {
		t.Error("a second opinion for each of many")
	}
	if o = options(message, "--cross-check", "on"); !o.CrossCheck {
		t.Error("no second opinion though asked for")
	}
}

// Colour is for a terminal that takes it, and text only.
func TestColor(t *testing.T) {
	message := write(t, t.TempDir(), "a.eml", "Subject: x\n\n")
	test := func(want bool, terminal int, vars map[string]string, args ...string) {
		t.Helper()
		env := fakeEnvironment()
		env.terminal = func(any) int { return terminal }
		env.getenv = func(k string) string { return vars[k] }
		out := runWith(t, env, "", append([]string{"analyze", "--dns", "off", message}, args...)...)
		if got := strings.Contains(out.out, "\x1b["); got != want {
			t.Errorf("terminal %d, %v, %v: colour %v", terminal, vars, args, got)
		}
	}
	test(false, 0, nil)
	test(true, 80, nil)
	test(false, 80, map[string]string{"NO_COLOR": "1"})
	test(true, 80, map[string]string{"NO_COLOR": ""})
	test(false, 80, map[string]string{"TERM": "dumb"})
	test(true, 80, map[string]string{"NO_COLOR": "1"}, "--color", "always")
	test(true, 0, nil, "--color", "always")
	test(false, 80, nil, "--color", "never")
	test(false, 80, nil, "--json")
	test(false, 80, nil, "--format", "jsonl")
}

// The meter is for a terminal, and leaves no trace behind.
func TestProgress(t *testing.T) {
	message := write(t, t.TempDir(), "a.eml", "Subject: x\n\n")
	test := func(want bool, terminal int, args ...string) {
		t.Helper()
		env := fakeEnvironment()
		env.terminal = func(any) int { return terminal }
		now := testNow
		env.now = func() time.Time { now = now.Add(time.Second); return now }
		out := runWith(t, env, "", append([]string{"analyze", "--dns", "off", message, message}, args...)...)
		if got := strings.Contains(out.errout, "a second"); got != want {
			t.Errorf("terminal %d, %v: %q", terminal, args, out.errout)
		}
		if i := strings.LastIndex(out.errout, "\r"); want && !strings.HasPrefix(out.errout[i:], "\r\x1b[K2  messages\n") {
			t.Errorf("left behind: %q", out.errout)
		}
	}
	test(false, 0)
	test(true, 80)
	test(true, 0, "--progress", "always")
	test(false, 80, "--progress", "never")
	test(false, 80, "-q")
}

// An interrupted run is not finished.
func TestInterrupted(t *testing.T) {
	message := write(t, t.TempDir(), "a.eml", "Subject: x\n\n")
	for _, args := range [][]string{{message}, {message, message}} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var out, errout strings.Builder
		code := run(ctx, append([]string{"analyze", "--dns", "off"}, args...), strings.NewReader(""), &out, &errout, fakeEnvironment())
		if code != exitStopped || !strings.Contains(errout.String(), "error: interrupted") {
			t.Errorf("exit %d: %s", code, errout.String())
		}
	}
}

// failing is an output that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// What could not be written is told, whatever was found.
func TestFullDisk(t *testing.T) {
	message := write(t, t.TempDir(), "a.eml", "Finding: high\nSubject: x\n\n")
	for _, args := range [][]string{{message}, {message, message}, {"--format", "sarif", message}} {
		var errout strings.Builder
		code := run(t.Context(), append([]string{"analyze", "--dns", "off"}, args...), strings.NewReader(""), failing{}, &errout, fakeEnvironment())
		if code != exitUsage || !strings.Contains(errout.String(), "error: standard output: no space left on device\n") {
			t.Errorf("%v: exit %d: %s", args, code, errout.String())
		}
	}
}

// The record is written although a message could not be read.
func TestRecordWritten(t *testing.T) {
	dir := t.TempDir()
	record := filepath.Join(dir, "answers.txt")
	zone := write(t, dir, "a.zone", "example.com. IN A 192.0.2.1\n")
	runWith(t, fakeEnvironment(), "", "analyze", "--dns", "zone:"+zone, "--record", record, filepath.Join(dir, "missing.eml"))
	if info, err := os.Stat(record); err != nil || info.Size() == 0 {
		t.Errorf("%v, %v", info, err)
	}
}
