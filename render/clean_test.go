package render

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q)\n got %q\nwant %q", in, got, want)
		}
	}
	test("", "")
	test("Received: from a.example", "Received: from a.example")
	test("Grüße 你好 Привет", "Grüße 你好 Привет")
	test("a\tb", "a b")
	test("folded\r\n\tvalue", "folded value")
	test("folded\n  value", "folded value")
	test("two\nlines", `two\u{0a}lines`)
	test("over\rwrite", `over\u{0d}write`)
	test("\x1b[2J\x1b]0;title\a", `\u{1b}[2J\u{1b}]0;title\u{07}`)
	test("\u009b31mred", `\u{9b}31mred`) // C1 CSI
	test("\x9b31m", `\x{9b}31m`)
	test("caf\xe9", `caf\x{e9}`)
	test("\x00\x7f", `\u{00}\u{7f}`)
	test("moc.\u202eelpmaxe", `moc.\u{202e}elpmaxe`)
	test("a\u2066b\u2069", `a\u{2066}b\u{2069}`)
	test("exa\u200bmple", `exa\u{200b}mple`)
	test("\ufeffx", `\u{feff}x`)
	test("soft\u00adhyphen", `soft\u{ad}hyphen`)
	test("no\u00a0break", `no\u{a0}break`)
	test("tag\U000e0041", `tag\u{e0041}`)
	test("line\u2028sep", `line\u{2028}sep`)
	test("\u3164hidden", `\u{3164}hidden`)
	test("e\u0301", "e\u0301")
	test("\u0301alone", `\u{301}alone`)
	test("z"+strings.Repeat("\u0301", 6), "z"+strings.Repeat("\u0301", 4)+`\u{301}\u{301}`)
	test("x\ufe01", `x\u{fe01}`)
	test(strings.Repeat("a", maxText), strings.Repeat("a", maxText))
	test(strings.Repeat("a", maxText+1), strings.Repeat("a", maxText)+"…")
	test(strings.Repeat("é", maxText), strings.Repeat("é", maxText))
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[31m", "a\r\n b", "\xff\xfe", "\u202e\u200d\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Clean(%q) = %q: not UTF-8", s, got)
		}
		for _, r := range got {
			if r != 0x3000 && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || !unicode.IsPrint(r) || invisible(r)) {
				t.Fatalf("Clean(%q) = %q: holds %U", s, got, r)
			}
		}
		if n := utf8.RuneCountInString(got); n > 10*maxText+1 {
			t.Fatalf("Clean(%q): %d characters", s, n)
		}
		if Clean(got) != got && n(got) <= maxText {
			t.Fatalf("clean is not stable: %q, %q", got, Clean(got))
		}
	})
}

func n(s string) int { return utf8.RuneCountInString(s) }
