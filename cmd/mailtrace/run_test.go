package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestWorse(t *testing.T) {
	test := func(a, b, want int) {
		t.Helper()
		if got := worse(a, b); got != want {
			t.Errorf("worse(%d, %d) = %d, want %d", a, b, got, want)
		}
		if got := worse(b, a); got != want {
			t.Errorf("worse(%d, %d) = %d, want %d", b, a, got, want)
		}
	}
	test(0, 0, 0)
	test(0, 3, 3)
	test(0, 1, 1)
	test(0, 2, 2)
	test(3, 1, 1)
	test(3, 2, 2)
	test(1, 2, 2)
}

// Whatever the format, the exit code is the same.
func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	message := func(name, fields string) string { return write(t, dir, name, fields+"Subject: x\n\nbody\n") }
	clean := message("clean.eml", "")
	high := message("high.eml", "Finding: high\n")
	low := message("low.eml", "Finding: low\n")
	gap := message("gap.eml", "Gap: timeout\n")
	both := message("both.eml", "Gap: timeout\nFinding: critical\n")
	fails := message("fails.eml", "Fail: the engine says no\n")
	missing := filepath.Join(dir, "missing.eml")
	test := func(want int, args ...string) {
		t.Helper()
		for _, format := range []string{"text", "json", "jsonl", "sarif"} {
			all := append([]string{"analyze", "--dns", "off", "--format", format}, args...)
			if got := runWith(t, fakeEnvironment(), "", all...); got.code != want {
				t.Errorf("%s: exit %d, want %d\n%s", strings.Join(all, " "), got.code, want, got.errout)
			}
		}
	}
	test(0, clean)
	test(1, high)
	test(0, low)
	test(1, low, "--fail-on", "low")
	test(1, low, "--fail-on", "info")
	test(0, low, "--fail-on", "medium")
	test(0, high, "--fail-on", "critical")
	test(0, high, "--fail-on", "never")
	test(3, gap)
	test(3, gap, "--fail-on", "never")
	test(1, both)
	test(3, both, "--fail-on", "never")
	test(2, missing)
	test(2, fails)
	test(2, high, missing)
	test(2, missing, high)
	test(1, clean, high, gap)
	test(3, clean, gap, low)
	test(2, gap, missing)
}

// Every mistake gives one error line and one hint, and exit 2.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	ok := write(t, dir, "ok.eml", "Subject: x\n\n")
	empty := write(t, dir, "empty.eml", "")
	png := write(t, dir, "image.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00")
	prose := write(t, dir, "prose.txt", "Dear all\n\nthis is not a message\n")
	binary := write(t, dir, "program", "\x7fELF\x02\x01\x01\x00\x00a:b\n")
	tricky := write(t, dir, "tricky", "a:b\x00\x00\n\n\x00")
	badZone := write(t, dir, "bad.zone", "example.com. 300 IN TXT \"unclosed\nexample.com. IN A 300.1.1.1\n")
	folder := filepath.Join(dir, "nomail")
	write(t, folder, "notes.txt", "nothing to see\n")
	test := func(wantError, wantHint string, args ...string) {
		t.Helper()
		got := runWith(t, fakeEnvironment(), "", args...)
		if got.code != exitUsage {
			t.Errorf("%s: exit %d", strings.Join(args, " "), got.code)
		}
		lines := strings.Split(strings.TrimSuffix(got.errout, "\n"), "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "error: ") || !strings.HasPrefix(lines[1], "hint: ") {
			t.Errorf("%s: want an error and a hint, got\n%s", strings.Join(args, " "), got.errout)
			return
		}
		if !strings.Contains(lines[0], wantError) || !strings.Contains(lines[1], wantHint) {
			t.Errorf("%s: want %q and %q in\n%s", strings.Join(args, " "), wantError, wantHint, got.errout)
		}
		if got.out != "" {
			t.Errorf("%s: output %q", strings.Join(args, " "), got.out)
		}
	}
	analyze := func(args ...string) []string { return append([]string{"analyze", "--dns", "off"}, args...) }
	test(`no command "analyse"`, "mailtrace analyze", "analyse", ok)
	test(`no command`, "mailtrace analyze "+ok, ok)
	test("no command \"frobnicate\"", "mailtrace help", "frobnicate")
	test("unknown flag: --fromat", "mailtrace analyze --help", analyze("--fromat", "json", ok)...)
	test("missing.eml: no such file", "folder of messages", analyze(filepath.Join(dir, "missing.eml"))...)
	test("the file is empty", "folder of messages", analyze(empty)...)
	test("standard input: the file is empty", "folder of messages", analyze("-")...)
	test("not a message", "folder of messages", analyze(png)...)
	test("not a message", "folder of messages", analyze(prose)...)
	test("not a message", "folder of messages", analyze(binary)...)
	test("not a message", "folder of messages", analyze(tricky)...)
	test("no message in this folder", "folder of messages", analyze(folder)...)
	test(`no format "xml"`, "text, json, jsonl", analyze("--format", "xml", ok)...)
	test("--json and --format text", "one of them", analyze("--json", "--format", "text", ok)...)
	test(`no severity "severe"`, "critical, high", analyze("--fail-on", "severe", ok)...)
	test(`--color "blue"`, "auto, always, never", analyze("--color", "blue", ok)...)
	test(`--progress "yes"`, "auto, always, never", analyze("--progress", "yes", ok)...)
	test(`--cross-check "yes"`, "auto, on, off", analyze("--cross-check", "yes", ok)...)
	test("--quiet and --verbose", "one of them", analyze("-q", "-v", ok)...)
	test("--jobs -1", "0 or more", analyze("--jobs", "-1", ok)...)
	test(`invalid argument "two"`, "--help", analyze("--jobs", "two", ok)...)
	test(`--at "yesterday"`, "2026-11-23T", analyze("--at", "yesterday", ok)...)
	test(`--client-ip "192.0.2"`, "192.0.2.10", analyze("--client-ip", "192.0.2", ok)...)
	test(`--client-ip "fe80::1%eth0"`, "192.0.2.10", analyze("--client-ip", "fe80::1%eth0", ok)...)
	test(`--mail-from ""`, "'<>'", analyze("--mail-from", "", ok)...)
	test(`--mail-from "a b"`, "'<>'", analyze("--mail-from", "a b", ok)...)
	test(`--trust "10.0.0.0/99"`, "10.0.0.0/8", analyze("--trust", "10.0.0.0/99", ok)...)
	test(`--trust "a b"`, "host name", analyze("--trust", "a b", ok)...)
	test(`--timeout 0s`, "500ms", analyze("--timeout", "0", ok)...)
	test(`--retries -1`, "0 or more", analyze("--retries", "-1", ok)...)
	test(`--dns "zone"`, "zone:FILE", "analyze", "--dns", "zone", ok)
	test(`--dns "dns.example.com"`, "IP:PORT", "analyze", "--dns", "dns.example.com", ok)
	test("absent.zone: no such file", "zone:FILE", "analyze", "--dns", "zone:"+filepath.Join(dir, "absent.zone"), ok)
	test("bad.zone", "one record a line", "analyze", "--dns", "zone:"+badZone, ok)
	test("--dns off beside", "alone", analyze("--dns", "system", ok)...)
	test("--record with --dns off", "nothing is asked", analyze("--record", filepath.Join(dir, "r"), ok)...)
	test("no such file or directory", "folder that can be written", analyze("-o", filepath.Join(dir, "no/where.json"), ok)...)
	test("no client address", "mailtrace spf --ip", "spf", "--from", "a@example.com", "--dns", "off")
	test("nothing to check", "mailtrace spf --ip", "spf", "--ip", "192.0.2.1", "--dns", "off")
	test("without --helo", "--helo NAME", "spf", "--ip", "192.0.2.1", "--from", "<>", "--dns", "off")
	test(`no format "csv"`, "text, json", "spf", "--ip", "192.0.2.1", "--helo", "a.example", "--format", "csv")
	test("takes flags only", "mailtrace spf", "spf", "192.0.2.1")
	test("no finding", "explain spf-rechecked-behind-border", "explain", "spf-rechecked-behind-boarder")
	test("no finding", "explain dkim-key-missing", "explain", "missing-dkim-key")
	test("no finding", "explain lists all", "explain", "zzz")
	test("no report given", "mailtrace show", "show")
	test("not a report", "show takes what mailtrace wrote", "show", ok)
	test("the file is empty", "show takes what mailtrace wrote", "show", empty)
	test("schema 9", "newer mailtrace", "show", write(t, dir, "new.json", `{"schema": 9}`))
	test("no schema number", "show takes what mailtrace wrote", "show", write(t, dir, "other.json", `{"a": 1}`))
	test("unknown command", "", "version", "now")
}

// One bad input does not keep the others from being analysed.
func TestBadAmongGood(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.eml", "Subject: first\n\n")
	b := write(t, dir, "b.eml", "")
	d := write(t, dir, "d.eml", "Subject: last\n\n")
	got := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "off", a, b, filepath.Join(dir, "c.eml"), d)
	if got.code != 2 || strings.Count(got.out, "\n") != 2 || !strings.Contains(got.out, "first") || !strings.Contains(got.out, "last") {
		t.Errorf("exit %d\n%s", got.code, got.out)
	}
	if strings.Count(got.errout, "error: ") != 2 || !strings.Contains(got.errout, "2  could not be read") {
		t.Error(got.errout)
	}
}

// An error never carries what a file name or a message could do to a terminal.
func TestErrorsClean(t *testing.T) {
	got := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "off", "\x1b[31mevil\n.eml")
	if strings.ContainsAny(got.errout, "\x1b") || strings.Count(got.errout, "\n") != 2 {
		t.Errorf("%q", got.errout)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"help"}, {"--help"}, {"analyze", "--help"}, {"help", "spf"}, {"completion", "bash"}, {"version"}, {"explain"}} {
		got := runWith(t, fakeEnvironment(), "", args...)
		if got.code != 0 || got.out == "" || got.errout != "" {
			t.Errorf("%v: exit %d, %d bytes, %q", args, got.code, len(got.out), got.errout)
		}
	}
	if got := runWith(t, fakeEnvironment(), "", "explain", "DKIM-key-missing"); got.code != 0 || !strings.HasPrefix(got.out, "dkim-key-missing  No key\n") {
		t.Errorf("%+v", got)
	}
}
