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
	"testing/iotest"
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

// A named pipe whose writer comes late is read.
func TestPipeWithALateWriter(t *testing.T) {
	path := pipeAt(t, filepath.Join(t.TempDir(), "pipe"))
	go func() {
		time.Sleep(50 * time.Millisecond)
		_ = os.WriteFile(path, []byte("Subject: late\n\nbody\n"), 0)
	}()
	env := fakeEnvironment()
	env.pipeWait = pipeWait
	if got := runWith(t, env, "", "analyze", "-q", "--dns", "off", path); got.code != 0 || !strings.Contains(got.out, "late") {
		t.Errorf("%+v", got)
	}
}

// What is read whole comes as it is, however it is cut, and ends at its bound.
func TestReadWhole(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 3<<16) // 3 MB
	for _, size := range []int64{-1, 0, 100, 5 << 20, int64(len(text)), 7 << 20} {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			if got, err := readWhole(r, size); err != nil || string(got) != text {
				t.Errorf("size %d: %d bytes, %v", size, len(got), err)
			}
		}
	}
	if _, err := readWhole(bound(endless("x"), 3<<20), -1); !errors.As(err, new(tooLong)) {
		t.Error(err)
	}
	c := cli{environment: testEnvironment()}
	path := write(t, t.TempDir(), "list", "12345\n")
	if _, err := c.readFile(path, wholeFile{most: 5}); !errors.As(err, new(tooLong)) {
		t.Error(err)
	}
	if got, err := c.readFile(path, wholeFile{most: 6}); err != nil || string(got) != "12345\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// A file that is cut off, replaced or removed while it is read gives errors, and
// no report on what is left of it.
func TestFilesThatChange(t *testing.T) {
	one := "From: ann@example.com\nSubject: one\n\nbody\n"
	many := strings.Repeat("From a@example.com Mon Nov 23 01:38:52 2026\n"+one+"\n", 2000)
	for _, changed := range []struct {
		name, text, want string
		change           func(path string) error
	}{
		{"shorter", one, "it became shorter while it was read: 30 of 41 bytes", func(path string) error { return os.Truncate(path, 30) }},
		{"shorter mailbox", many, "shorter", func(path string) error { return os.Truncate(path, 120) }},
		{"replaced", one, "another file stands there", func(path string) error {
			write(t, filepath.Dir(path), "new", one)
			return os.Rename(filepath.Join(filepath.Dir(path), "new"), path)
		}},
		{"replaced mailbox", many, "another file stands there", func(path string) error {
			write(t, filepath.Dir(path), "new", many)
			return os.Rename(filepath.Join(filepath.Dir(path), "new"), path)
		}},
		{"removed mailbox", many, "no such file or directory", os.Remove},
	} {
		c := cli{environment: testEnvironment()}
		path := write(t, t.TempDir(), "mail", changed.text)
		var errs []string
		read := 0
		for in := range c.inputs([]string{path}) {
			if read == 0 && len(errs) == 0 {
				if err := changed.change(path); err != nil {
					t.Fatal(err)
				}
			}
			err := in.err
			if err == nil {
				_, _, err = in.load()
			}
			if err == nil {
				read++
			} else {
				errs = append(errs, err.Error())
			}
		}
		all := strings.Join(errs, "\n")
		if !strings.Contains(all, changed.want) || changed.text == one && read > 0 {
			t.Errorf("%s: %d read, want the error %q\n%s", changed.name, read, changed.want, all)
		}
		// One cause is told once, and that there was more.
		if strings.HasSuffix(changed.name, "d mailbox") && (len(errs) != 2 || !strings.Contains(all, "nothing behind message 1 was read")) {
			t.Errorf("%s: %d errors\n%.500s", changed.name, len(errs), all)
		}
	}
}

// pipeAt makes a named pipe.
func pipeAt(t *testing.T, path string) string {
	t.Helper()
	if err := exec.Command("mkfifo", path).Run(); err != nil {
		t.Skip("no named pipes: ", err)
	}
	return path
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
