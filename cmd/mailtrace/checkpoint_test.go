package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// boxOf is a mailbox of n messages, of different lengths.
func boxOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "From a@example.com Mon Nov 23 01:38:52 2026\nReceived: from a.example.net (a.example.net [192.0.2.%d]) by mx.example.org; Mon, 23 Nov 2026 01:38:52 +0000\n"+
			"From: a@example.com\nSubject: %d\n\n%s\n", i%200+1, i, strings.Repeat("line\n", i%9))
	}
	return b.String()
}

// The program is killed at random places, more than fifty times in four ways to
// run it, and goes on each time: in the end the output is that of a run that
// nothing disturbed.
func TestKilled(t *testing.T) {
	for _, way := range []string{"in order", "unordered", "summary", "archive"} {
		t.Run(way, func(t *testing.T) { killed(t, way, 13) })
	}
}

func killed(t *testing.T, way string, kills int) {
	const messages = 800
	dir := t.TempDir()
	box := write(t, dir, "box", boxOf(messages))
	if way == "archive" {
		box = write(t, dir, "box.tgz", gzipped(t, tarred(t, map[string]string{"a": boxOf(messages / 2), "b": boxOf(messages / 2)})))
	}
	run := func(out, state string) *exec.Cmd {
		args := []string{"analyze", "--dns", "off", "--allow-gaps", "-q", "--fail-on", "never", "-o", out, "--jobs", "2"}
		if state != "" {
			args = append(args, "--checkpoint", state)
		}
		switch way {
		case "unordered":
			args = append(args, "--unordered", "--format", "jsonl")
		case "summary":
			args = append(args, "--summary", "--format", "json")
		default:
			args = append(args, "--format", "jsonl")
		}
		return exec.Command("mailtrace", append(args, box)...)
	}
	calm := filepath.Join(dir, "calm")
	start := time.Now() // only to spread the kills
	if out, err := run(calm, "").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(start)
	want, err := os.ReadFile(calm)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(want, []byte("\n")); way != "summary" && n != messages {
		t.Fatalf("%d reports", n)
	}

	result, state := filepath.Join(dir, "out"), filepath.Join(dir, "state")
	same := func() {
		t.Helper()
		got, err := os.ReadFile(result)
		if err != nil {
			t.Fatal(err)
		}
		lines, wanted := bytes.SplitAfter(got, []byte("\n")), bytes.SplitAfter(want, []byte("\n"))
		if way == "unordered" {
			slices.SortFunc(lines, bytes.Compare)
			slices.SortFunc(wanted, bytes.Compare)
		}
		if !slices.EqualFunc(lines, wanted, bytes.Equal) {
			t.Fatalf("%d bytes, want %d", len(got), len(want))
		}
	}
	rnd := rand.New(rand.NewPCG(uint64(len(way)), 1))
	interrupted, moved, before := 0, 0, 0
	for runs := 0; interrupted < kills && runs < 5*kills; runs++ {
		cmd := run(result, state)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// At any time: while it starts, while it finds its place again, while it
		// works, or just after it kept what is done.
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if rnd.IntN(3) == 0 {
			awaitChange(state, ended)
		}
		timer := time.AfterFunc(time.Duration(rnd.Int64N(int64(whole)/4+1)), func() { _ = cmd.Process.Kill() })
		err := <-ended
		timer.Stop()
		if err == nil {
			// It came to its end: once more from the start.
			same()
			before = 0
			if err := errors.Join(os.Remove(result), os.Remove(state)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		interrupted++
		switch now := doneIn(t, state); {
		case now < before:
			t.Fatalf("%d messages done, %d before", now, before)
		case now > before:
			moved++
			before = now
		}
	}
	if out, err := run(result, state).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	same()
	if interrupted < kills || moved == 0 {
		t.Errorf("%d runs were killed, %d of them had done something", interrupted, moved)
	}
	t.Logf("%d runs were killed, %d of them had done something", interrupted, moved)
}

// awaitChange waits until a file is another one, or a process has ended.
func awaitChange(file string, ended chan error) {
	was, _ := os.Stat(file)
	for {
		now, err := os.Stat(file)
		if err == nil && (was == nil || !os.SameFile(was, now)) {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func doneIn(t *testing.T, state string) int {
	t.Helper()
	text, err := os.ReadFile(state)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	var s saved
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.Done + len(s.Also)
}

// A run goes on with new messages at the end; with others than before it says
// so, and leaves all as it is.
func TestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	box, out, state := write(t, dir, "box", boxOf(5)), filepath.Join(dir, "out"), filepath.Join(dir, "state")
	args := func(more ...string) []string {
		return append([]string{"analyze", "--dns", "off", "-q", "--checkpoint", state, "-o", out}, more...)
	}
	lines := func() int {
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(text, []byte("\n"))
	}
	ok := func(want int, more ...string) {
		t.Helper()
		if got := runWith(t, fakeEnvironment(), "", args(more...)...); got.code != 0 || lines() != want {
			t.Errorf("exit %d, %d lines, want %d\n%s", got.code, lines(), want, got.errout)
		}
	}
	bad := func(want string, more ...string) {
		t.Helper()
		if got := runWith(t, fakeEnvironment(), "", args(more...)...); got.code != exitUsage || !strings.Contains(got.errout, want) {
			t.Errorf("exit %d, want %q in\n%s", got.code, want, got.errout)
		}
	}
	ok(5, box)
	ok(5, box)
	write(t, dir, "box", boxOf(8))
	ok(8, box)
	bad("of another run", "--at", "now", box)
	bad("of another run", box, box)
	write(t, dir, "box", boxOf(3))
	bad("fewer messages than before", box)
	write(t, dir, "box", strings.Replace(boxOf(9), "Subject: 7\n", "Subject: seven\n", 1))
	bad("other messages than before", box)
	if lines() != 8 {
		t.Errorf("%d lines", lines())
	}
	write(t, dir, "out", "")
	bad("shorter than", box)
	write(t, dir, "state", "{}")
	bad("not a checkpoint", box)
	bad("--checkpoint without --output", "-o", "-", box)
	bad("--checkpoint with --format html", "--format", "html", box)
	if got := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "192.0.2.1", "--record", filepath.Join(dir, "r"), "--checkpoint", state, "-o", out, box); !strings.Contains(got.errout, "--checkpoint with --record") {
		t.Errorf("%+v", got)
	}

	// What was found before it was interrupted counts for the exit code.
	found := write(t, dir, "found", "From a@example.com Mon Nov 23 01:38:52 2026\nFinding: high\n\n\n"+boxOf(1))
	state, out = filepath.Join(dir, "state2"), filepath.Join(dir, "out2")
	for range 2 {
		if got := runWith(t, fakeEnvironment(), "", args(found)...); got.code != exitFound {
			t.Errorf("exit %d\n%s", got.code, got.errout)
		}
	}
}
