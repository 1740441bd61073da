package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// What can stand for a file, as an argument or behind a flag, is tried with all
// that is none: a device without end, a pipe without the other side, a folder. The
// flags are those that the commands have, so a new one is tried with the others.

// fileCommands is a run of each command that names files, and its arguments that
// are read; x stands for what is tried.
type fileCommand struct {
	args  []string   // a run that works
	reads [][]string // the same with x for a file that is read
}

func fileCommands(t *testing.T, dir string) (commands map[string]fileCommand, zone, list, saved string) {
	zone = write(t, dir, "ok.zone", "example.com. 300 IN TXT \"v=spf1 -all\"\n")
	mail := write(t, dir, "ok.eml", "From: ann@example.com\nSubject: x\n\nbody\n")
	list = write(t, dir, "list", "example.com\n")
	built := write(t, dir, "built", "x")
	saved = filepath.Join(dir, "saved.json")
	if got := runWith(t, testEnvironment(), "", "analyze", "--dns", "zone:"+zone, "--json", "-o", saved, mail); got.errout != "" {
		t.Fatal(got.errout)
	}
	z := "zone:" + zone
	return map[string]fileCommand{
		"analyze": {[]string{"analyze", "--dns", z, mail}, [][]string{{"analyze", "--dns", z, "x"}}},
		"domain":  {[]string{"domain", "--dns", z, "example.com"}, [][]string{{"domain", "--dns", z, "x"}, {"domain", "--dns", z, "@x"}}},
		"spf":     {[]string{"spf", "--dns", z, "--ip", "192.0.2.1", "--from", "ann@example.com"}, nil},
		"compare": {[]string{"compare", "--dns", z, mail, mail}, [][]string{{"compare", "--dns", z, "x", mail}, {"compare", "--dns", z, mail, "x"}}},
		"show":    {[]string{"show", saved}, [][]string{{"show", "x"}}},
		"fix":     {[]string{"fix", saved}, [][]string{{"fix", "x"}}},
		"learn":   {[]string{"learn", "--dns", z, mail}, [][]string{{"learn", "--dns", z, "x"}}},
		"watch": {[]string{"watch", "--dns", z, "--state", filepath.Join(dir, "state"), list},
			[][]string{{"watch", "--dns", z, "--state", filepath.Join(dir, "state"), "x"}}},
		"serve": {[]string{"serve", "--no-open", "--port", "0", "--dns", z}, nil},
		"page":  {[]string{"page", "--wasm", built, "--wasm-exec", built, filepath.Join(dir, "page")}, nil},
	}, zone, list, saved
}

// fileFlags are the flags of a command that name a file.
func fileFlags(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if what, _ := pflag.UnquoteUsage(f); what == "FILE" || what == "PATH" || what == "DIR" || what == "SPEC" {
			names = append(names, f.Name)
		}
	})
	return names
}

// Each flag that names a file is known as one that is read or written, and each
// command that takes files as arguments is in the table of this test.
func TestFileFlagsAreKnown(t *testing.T) {
	commands, _, _, _ := fileCommands(t, t.TempDir())
	c := cli{environment: testEnvironment()}
	n := 0
	for _, cmd := range c.rootCommand().Commands() {
		have := commands[cmd.Name()]
		for _, flag := range fileFlags(cmd) {
			n++
			if slices.Contains(readFlags, flag) == slices.Contains(writtenFlags, flag) {
				t.Errorf("%s --%s: put it into readFlags or writtenFlags", cmd.Name(), flag)
			}
			if have.args == nil {
				t.Errorf("%s --%s: the command is not in fileCommands", cmd.Name(), flag)
			}
		}
		if regexp.MustCompile(`PATH|FILE|ARCHIVE|DOMAIN|\.json|\.eml`).MatchString(cmd.Use) && len(have.reads) == 0 {
			t.Errorf("%s: its arguments are not in fileCommands", cmd.Use)
		}
	}
	if n < 30 {
		t.Errorf("%d flags that name files", n)
	}
}

// with is a run with one more flag. What a flag needs beside it is there.
func with(have fileCommand, flag, value, dir string) []string {
	args := append(slices.Clone(have.args), "--"+flag, value)
	if flag == "checkpoint" {
		args = append(args, "--output", filepath.Join(dir, "checked.jsonl"))
	}
	return args
}

// fails runs a command that must end by itself, with exit 2, an error that names
// the file and a hint.
func fails(t *testing.T, path string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var out, errout bytes.Buffer
	code := run(ctx, args, strings.NewReader(""), &out, &errout, testEnvironment())
	text := errout.String()
	if code != exitUsage || !strings.Contains(text, "error: ") || !strings.Contains(text, "hint: ") || !strings.Contains(text, render.Clean(filepath.Base(path))) || raw(text) || strings.Contains(text, "\r") {
		t.Errorf("%q: exit %d, want 2, an error that names %q, and a hint\n%q", args, code, path, text)
	}
}

const tricky = "no\x1b[31m\u202e\r\nsuch"

func TestWhatIsNoFileToRead(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("no /dev/zero: ", err)
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	pipe := pipeAt(t, filepath.Join(dir, "pipe"))
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	commands, _, _, _ := fileCommands(t, dir)
	c := cli{environment: testEnvironment()}
	for _, path := range []string{"/dev/zero", pipe, loop, folder, filepath.Join(dir, tricky, "file")} {
		t.Run(render.Clean(filepath.Base(path)), func(t *testing.T) {
			for _, cmd := range c.rootCommand().Commands() {
				have := commands[cmd.Name()]
				for _, args := range have.reads {
					args = slices.Clone(args)
					for i := range args {
						if args[i] == "x" || args[i] == "@x" {
							args[i] = strings.Replace(args[i], "x", path, 1)
						}
					}
					fails(t, path, args...)
				}
				for _, flag := range fileFlags(cmd) {
					switch {
					case flag == "dns":
						fails(t, path, with(have, flag, "zone:"+path, dir)...)
						fails(t, path, with(have, flag, "replay:"+path, dir)...)
					case slices.Contains(readFlags, flag) || flag == "state" || flag == "checkpoint":
						fails(t, path, with(have, flag, path, dir)...)
					}
				}
			}
		})
	}
	// All that was begun is put away.
	for _, at := range []string{os.Getenv("TMPDIR"), dir} {
		left, err := filepath.Glob(filepath.Join(at, "*mailtrace-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %q, %v", left, err)
		}
	}
}

func TestWhatIsNoFileToWrite(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	commands, zone, list, saved := fileCommands(t, dir)
	paths := []string{folder, pipeAt(t, filepath.Join(dir, "pipe")), filepath.Join(dir, tricky, "file"), zone}
	if _, err := os.Stat("/dev/full"); err == nil {
		paths = append(paths, "/dev/full")
	}
	c := cli{environment: testEnvironment()}
	for _, path := range paths {
		for _, cmd := range c.rootCommand().Commands() {
			have := commands[cmd.Name()]
			for _, flag := range fileFlags(cmd) {
				path := path
				switch {
				case !slices.Contains(writtenFlags, flag):
					continue
				case path == "/dev/full" && cmd.Name() == "serve":
					continue // written when it ends
				case path == zone && (cmd.Name() == "show" || cmd.Name() == "fix"):
					path = saved
				case path == zone && cmd.Name() == "watch":
					path = list
				}
				// A file that the run reads stays as it is.
				before, _ := os.ReadFile(zoneOr(path, zone, list, saved))
				fails(t, path, with(have, flag, path, dir)...)
				if after, _ := os.ReadFile(zoneOr(path, zone, list, saved)); !bytes.Equal(before, after) {
					t.Fatalf("%s --%s %s: overwritten with %q", cmd.Name(), flag, path, after)
				}
			}
		}
	}
	if info, err := os.Stat("/dev/full"); err == nil && info.Mode().IsRegular() {
		t.Error("/dev/full was replaced")
	}
	file := write(t, dir, "file", "")
	fails(t, file, "man", file)
	page := slices.Clone(commands["page"].args)
	page[len(page)-1] = file
	fails(t, file, page...)
}

// zoneOr is the path where it is a file of the test, else one of them.
func zoneOr(path, zone string, others ...string) string {
	if slices.Contains(others, path) {
		return path
	}
	return zone
}

// The same for what is read from standard input.
func TestWhatIsNoStandardInput(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	mail := write(t, t.TempDir(), "a.eml", "Subject: x\n\nbody\n")
	for _, args := range [][]string{
		{"analyze", "--dns", "off"}, {"analyze", "--dns", "off", "-"}, {"domain", "--dns", "off"}, {"domain", "--dns", "off", "-"}, {"domain", "--dns", "off", "@-"},
		{"domain", "--dns", "off", "--selectors-from", "-", "example.com"}, {"compare", "--dns", "off", "-", mail}, {"compare", "--dns", "off", mail, "-"},
		{"show", "-"}, {"fix", "-"}, {"learn", "--dns", "off", "-"}, {"learn", "--dns", "off"},
	} {
		var out, errout bytes.Buffer
		code := run(context.Background(), args, endless("\x00"), &out, &errout, testEnvironment())
		if code != exitUsage || !strings.Contains(errout.String(), errZeros.Error()) || !strings.Contains(errout.String(), "hint: ") {
			t.Errorf("%q: exit %d\n%s", args, code, errout.String())
		}
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(20*time.Millisecond, cancel)
		errout.Reset()
		out.Reset()
		if code := run(ctx, args, stalled{t.Context().Done()}, &out, &errout, testEnvironment()); code != exitStopped || !strings.Contains(errout.String(), "interrupted") || out.Len() > 0 {
			t.Errorf("%q: exit %d\n%s\n%s", args, code, errout.String(), out.String())
		}
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// refusing is an output that takes nothing.
type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }

// stuck is one whose reader reads nothing.
type stuck struct{ end <-chan struct{} }

func (s stuck) Write([]byte) (int, error) { <-s.end; return 0, io.ErrClosedPipe }

// What standard output does not take is told, but for a reader that went away;
// one that waits for ever is not waited for when the run is interrupted.
func TestStandardOutput(t *testing.T) {
	commands, _, _, _ := fileCommands(t, t.TempDir())
	runs := [][]string{{"explain"}, {"version"}, {"completion", "bash"}, {"help"}, {"--version"}}
	for name, have := range commands {
		if name != "serve" && name != "page" {
			runs = append(runs, have.args)
		}
	}
	hasty := testEnvironment()
	hasty.stopWait = 20 * time.Millisecond
	for _, args := range runs {
		var errout bytes.Buffer
		if code := run(context.Background(), args, strings.NewReader(""), refusing{syscall.ENOSPC}, &errout, testEnvironment()); code != exitUsage ||
			strings.Count(errout.String(), "error: standard output: ") != 1 {
			t.Errorf("%q: exit %d\n%s", args, code, errout.String())
		}
		errout.Reset()
		if code := run(context.Background(), args, strings.NewReader(""), refusing{syscall.EPIPE}, &errout, testEnvironment()); code == exitUsage || errout.Len() > 0 {
			t.Errorf("%q: exit %d\n%s", args, code, errout.String())
		}
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(20*time.Millisecond, cancel)
		if code := run(ctx, args, strings.NewReader(""), stuck{t.Context().Done()}, io.Discard, hasty); code != exitStopped {
			t.Errorf("%q: exit %d", args, code)
		}
	}
}

// A run that is given up takes its files with it.
func TestGivenUp(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	env := fakeEnvironment()
	env.stopWait = 20 * time.Millisecond
	mail := io.MultiReader(strings.NewReader("Subject: x\n\n"), io.LimitReader(endless("body\n"), spoolOver+1))
	if code := run(ctx, []string{"analyze", "--dns", "off"}, mail, stuck{t.Context().Done()}, io.Discard, env); code != exitStopped {
		t.Errorf("exit %d", code)
	}
	var c cli
	for range 3 {
		if _, _, err := c.files.make(dir, "a*"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.files.makeDir("b*"); err != nil {
			t.Fatal(err)
		}
	}
	c.tidy()
	if _, _, err := c.scratch(); err == nil {
		t.Error("a file behind the end of the run")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// SARIF of a run that did not come to its end, or did not read all, says so: a
// program that has only the output takes an empty one for a clean run.
func TestOutputOfAnUnfinishedRun(t *testing.T) {
	mail := write(t, t.TempDir(), "a.eml", "Received: from a.example (a.example [198.51.100.1]) by mx.example.org; Mon, 23 Nov 2026 01:38:52 +0000\nFrom: ann@example.com\n\nbody\n")
	const failed = `"executionSuccessful": false`
	for _, args := range [][]string{{"analyze", mail}, {"analyze", mail, mail}, {"domain", "a.example"}, {"domain", "--sort", "domain", "a.example"}} {
		ctx, cancel := context.WithCancel(context.Background())
		env := testEnvironment()
		env.live = func(live.Options) dns.Resolver { return cutOff{cancel} }
		var out bytes.Buffer
		run(ctx, append(args, "--dns", "192.0.2.53", "--format", "sarif"), strings.NewReader(""), &out, io.Discard, env)
		cancel()
		if !strings.Contains(out.String(), failed) {
			t.Errorf("%q:\n%s", args, out.String())
		}
	}
	if got := runWith(t, testEnvironment(), "a..example\n", "domain", "--dns", "off", "--format", "sarif"); got.code != exitUsage || !strings.Contains(got.out, failed) {
		t.Errorf("%+v", got)
	}
	// A page says it behind its summary.
	for _, args := range [][]string{{"analyze", mail, filepath.Join(filepath.Dir(mail), "none.eml")}, {"domain", "a.example", "a..example"}} {
		if got := runWith(t, testEnvironment(), "", append(args, "--dns", "off", "--format", "html")...); !strings.Contains(got.out, "1 could not be read.") {
			t.Errorf("%q: %.300s", args, got.out)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	env := fakeEnvironment()
	analyze := env.engine.analyze
	env.engine.analyze = func(ctx context.Context, raw []byte, o mailtrace.Options) (*report.Report, error) {
		if o.Index == 2 {
			cancel()
		}
		return analyze(ctx, raw, o)
	}
	box := write(t, t.TempDir(), "box", strings.Repeat("From a@example.com Mon Nov 23 01:38:52 2026\nFrom: ann@example.com\n\nbody\n\n", 4))
	var page bytes.Buffer
	if code := run(ctx, []string{"analyze", "--jobs", "1", "--dns", "off", "--format", "html", box}, strings.NewReader(""), &page, io.Discard, env); code != exitStopped ||
		!strings.Contains(page.String(), "Not all: interrupted after 2 messages.") {
		t.Errorf("exit %d\n%.3000s", code, page.String())
	}
	if got := runWith(t, testEnvironment(), "{", "fix", "-"); got.code != exitUsage || got.out != "" {
		t.Errorf("settings of a report that was not read: %+v", got)
	}
}
