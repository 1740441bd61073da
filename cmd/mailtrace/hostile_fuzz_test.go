package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzInput: whatever comes in on standard input, to whatever command, the exit
// code is one of those that are documented, and nothing moves a terminal.
func FuzzInput(f *testing.F) {
	f.Add(byte(0), []byte("Subject: x\n\nbody\n"))
	f.Add(byte(1), []byte(twoMessages))
	f.Add(byte(2), []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
	f.Add(byte(3), []byte("example.com\nexample.org # x\n"))
	f.Add(byte(4), []byte(`{"schema":1}`))
	commands := [][]string{{"analyze", "--json"}, {"analyze"}, {"analyze", "--format", "sarif"}, {"domain", "--json"}, {"show", "-"}}
	f.Fuzz(func(t *testing.T, which byte, text []byte) {
		args := commands[int(which)%len(commands)]
		if args[0] != "show" {
			args = append(args[:len(args):len(args)], "--dns", "off")
		}
		got := runWith(t, testEnvironment(), string(text), args...)
		if got.code < 0 || got.code > 3 || strings.Contains(got.errout, "internal error") {
			t.Fatalf("%q: exit %d\n%s", args, got.code, got.errout)
		}
		if args[0] == "analyze" && strings.Contains(args[1]+" ", "sarif") && !json.Valid([]byte(got.out)) {
			t.Fatalf("%q: no JSON: %s", args, got.out)
		}
		for _, out := range []string{got.out, got.errout} {
			if !utf8.ValidString(out) {
				t.Fatalf("%q: bytes that are not text: %q", args, out)
			}
			for _, c := range out {
				if c < ' ' && c != '\n' && c != '\t' || c >= 0x7f && c < 0xa0 || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
					t.Fatalf("%q: %q in the output", args, c)
				}
			}
		}
	})
}
