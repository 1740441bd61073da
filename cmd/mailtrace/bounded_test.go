package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/report"
)

// A fault of the program on one input is one error line that says how to report
// it; the others go on.
func TestFaultsStayInside(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.eml", "Subject: one\n\n")
	b := write(t, dir, "b.eml", "Panic: oh\x1b[31m no\n\n")
	c := write(t, dir, "c.eml", "Subject: three\n\n")
	got := runWith(t, fakeEnvironment(), "", "analyze", "-q", "--dns", "off", a, b, c)
	if got.code != exitUsage || !strings.Contains(got.out, "one") || !strings.Contains(got.out, "three") {
		t.Errorf("%+v", got)
	}
	if want := "error: " + b + ": internal error: oh"; !strings.Contains(got.errout, want) ||
		!strings.Contains(got.errout, "hint: this is a fault of mailtrace") || strings.Contains(got.errout, "\x1b") || strings.Contains(got.errout, "goroutine") {
		t.Errorf("want %q in\n%s", want, got.errout)
	}

	env := testEnvironment()
	env.engine.domain = func(_ context.Context, name string, _ mailtrace.DomainOptions) (*report.Domain, error) {
		if name == "b.example" {
			panic("of " + name)
		}
		return &report.Domain{Schema: 1, Domain: name}, nil
	}
	got = runWith(t, env, "", "domain", "--dns", "off", "--format", "jsonl", "a.example", "b.example", "c.example")
	if got.code != exitUsage || strings.Count(got.out, "\n") != 2 || !strings.Contains(got.errout, "error: b.example: internal error: of b.example") {
		t.Errorf("%+v", got)
	}
}

// errors in a mailbox name the message and its place.
func TestErrorsInAMailbox(t *testing.T) {
	dir := t.TempDir()
	box := write(t, dir, "box", "From a@example.com Mon Nov 23 01:38:52 2026\nSubject: one\n\nbody\n\nFrom b@example.com Mon Nov 23 01:38:52 2026\nFail: it says no\n\nbody\n\n"+
		"From b@example.com Mon Nov 23 01:38:52 2026\n\nno header at all\n\n")
	got := runWith(t, fakeEnvironment(), "", "analyze", "-q", "--dns", "off", box)
	for _, want := range []string{"box, message 2 at byte 64: it says no", "box, message 3 at byte 132: not a message"} {
		if !strings.Contains(got.errout, want) {
			t.Errorf("want %q in\n%s", want, got.errout)
		}
	}
}

// endless gives the same bytes for ever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat(string(e), 1+len(p)/len(e))), nil
}

func TestBound(t *testing.T) {
	test := func(r io.Reader, max int64, want int, bad bool) {
		t.Helper()
		got, err := io.ReadAll(bound(r, max))
		if len(got) != want || errors.As(err, new(tooLong)) != bad {
			t.Errorf("%d bytes, %v; want %d, too long %v", len(got), err, want, bad)
		}
	}
	test(strings.NewReader("12345"), 5, 5, false)
	test(strings.NewReader("123456"), 5, 5, true)
	test(strings.NewReader(""), 5, 0, false)
	test(endless("x"), 10_000, 10_000, true)
}

// What has no end is told so, whatever it is given as.
func TestEndlessInputs(t *testing.T) {
	if testing.Short() {
		t.Skip("reads up to every bound")
	}
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("no /dev/zero: ", err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	test := func(want string, args ...string) {
		t.Helper()
		got := runWith(t, testEnvironment(), "", args...)
		if got.code != exitUsage || !strings.Contains(got.errout, want) {
			t.Errorf("%q: exit %d\n%s", args, got.code, got.errout)
		}
	}
	const zero = "/dev/zero"
	test("/dev/zero: not a message", "analyze", "--dns", "off", zero)
	test("/dev/zero", "domain", "--dns", "off", "@"+zero)
	test("more than 64 MB", "spf", "--dns", "zone:"+zero, "--ip", "192.0.2.1", "--from", "a@example.com")
	test("/dev/zero: not a report", "show", zero)

	var out, errout bytes.Buffer
	for _, command := range [][]string{{"domain", "--dns", "off"}, {"show", "-"}} {
		errout.Reset()
		if code := run(context.Background(), command, endless("\x00"), &out, &errout, testEnvironment()); code != exitUsage {
			t.Errorf("%q: exit %d\n%s", command, code, errout.String())
		}
	}
}

// A pipe that nobody writes to ends with an error, not with waiting.
func TestPipeWithoutAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := exec.Command("mkfifo", path).Run(); err != nil {
		t.Skip("no named pipes: ", err)
	}
	test := func(args ...string) {
		t.Helper()
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			got := runWith(t, testEnvironment(), "", args...)
			if got.code != exitUsage || !strings.Contains(got.errout, errNoWriter.Error()) {
				t.Errorf("%q: exit %d\n%s", args, got.code, got.errout)
			}
		})
	}
	test("analyze", "--dns", "off", path)
	test("domain", "--dns", "off", "@"+path)
	test("spf", "--dns", "zone:"+path, "--ip", "192.0.2.1", "--from", "a@example.com")
	test("show", path)
	test("compare", "--dns", "off", path, path)
	// One whose writer comes late is read.
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = os.WriteFile(path+"2", []byte("Subject: late\n\nbody\n"), 0)
	}()
	if err := exec.Command("mkfifo", path+"2").Run(); err != nil {
		t.Fatal(err)
	}
	if got := runWith(t, fakeEnvironment(), "", "analyze", "-q", "--dns", "off", path+"2"); got.code != 0 || !strings.Contains(got.out, "late") {
		t.Errorf("%+v", got)
	}
}

// stalled blocks until the test ends.
type stalled struct{ end <-chan struct{} }

func (s stalled) Read([]byte) (int, error) { <-s.end; return 0, io.EOF }

// Waiting for standard input ends when the run is interrupted.
func TestInterruptedWhileReading(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	var out, errout bytes.Buffer
	if code := run(ctx, []string{"analyze", "--dns", "off"}, stalled{t.Context().Done()}, &out, &errout, testEnvironment()); code == 0 || !strings.Contains(errout.String(), "interrupted") {
		t.Errorf("exit %d\n%s", code, errout.String())
	}
}

// cutOff answers one question, then the run is interrupted and answers come no
// more.
type cutOff struct{ cancel context.CancelFunc }

func (c cutOff) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	c.cancel()
	<-ctx.Done()
	return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.Cancelled, Err: ctx.Err()}
}

// What an interruption cut off is written nowhere: a report on answers that
// did not come would look like one on answers that are not there.
func TestInterruptedRunWritesNoHalfReports(t *testing.T) {
	dir := t.TempDir()
	text := "Received: from a.example (a.example [198.51.100.1]) by mx.example.org; Mon, 23 Nov 2026 01:38:52 +0000\nFrom: ann@example.com\nSubject: x\n\nbody\n"
	var files []string
	for _, n := range []string{"a.eml", "b.eml", "c.eml"} {
		files = append(files, write(t, dir, n, text))
	}
	for _, args := range [][]string{append([]string{"analyze", "--jobs", "2"}, files...), {"analyze", files[0]}, {"domain", "a.example", "b.example"}} {
		ctx, cancel := context.WithCancel(context.Background())
		env := testEnvironment()
		env.live = func(live.Options) dns.Resolver { return cutOff{cancel} }
		var out, errout bytes.Buffer
		code := run(ctx, append(args, "--dns", "192.0.2.53", "--json"), strings.NewReader(""), &out, &errout, env)
		cancel()
		if strings.Contains(out.String(), `"schema"`) || code == 0 || !strings.Contains(errout.String(), "interrupted") {
			t.Errorf("%q: exit %d\n%s\n%s", args[0], code, out.String(), errout.String())
		}
	}
}
