package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/compare"
)

const base = "Received: from a by b; Mon, 23 Nov 2026 01:00:00 +0000\n" +
	"From: ann@example.com\nTo: bob@example.org\nSubject: Hello\n\none\ntwo\nthree\nfour\n"

// TestSummary changes one thing at a time.
func TestSummary(t *testing.T) {
	test := func(name string, change func(string) string, extent compare.Extent, want string) {
		t.Helper()
		b := change(base)
		if name != "same" && b == base {
			t.Fatalf("%s: nothing was changed", name)
		}
		r := compareText(t, nil, base, b)
		if r.Extent != extent || r.Summary != want {
			t.Errorf("%s:\ngot  %s: %s\nwant %s: %s", name, r.Extent, r.Summary, extent, want)
		}
	}
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, old, new) }
	}
	test("same", func(s string) string { return s }, compare.Identical, "A and B are the same, byte for byte")
	test("line ends", replace("\n", "\r\n"), compare.LineEnds, "A and B are the same but for line ends")
	test("empty lines at the end", func(s string) string { return s + "\n\n" }, compare.LineEnds, "A and B are the same but for line ends")
	test("mbox line", func(s string) string { return "From ann Mon Nov 23 01:00:00 2026\n" + s }, compare.LineEnds, "A and B are the same but for line ends")
	test("one hop more", func(s string) string { return "Received: from b by c; today\n" + s }, compare.TraceOnly, "A and B differ only in what servers add on the way")
	test("Return-Path", func(s string) string { return "Return-Path: <ann@example.com>\n" + s }, compare.TraceOnly, "A and B differ only in what servers add on the way")

	test("folding", replace("To: bob", "To:\n bob"), compare.Canonical, "To is written with other blanks or case")
	test("case of a name", replace("Subject:", "SUBJECT:"), compare.Canonical, "Subject is written with other blanks or case")
	test("order", replace("To: bob@example.org\nSubject: Hello\n", "Subject: Hello\nTo: bob@example.org\n"), compare.Canonical, "the fields stand in another order")
	test("blanks in the body", replace("two\n", "two  \n"), compare.Canonical, "the body differs in blanks only")

	test("tag in front", replace("Hello", "[list] Hello"), compare.Content, "B has “[list] ” in front of Subject")
	test("tag behind", replace("Hello", "Hello (was: spam)"), compare.Content, "B has “ (was: spam)” behind Subject")
	test("other text", replace("Hello", "Goodbye"), compare.Content, "Subject differs")
	test("field added", replace("Subject:", "Sender: list@example.net\nSubject:"), compare.Content, "Sender is in B only")
	test("fields added", replace("Subject:", "A: 1\nB: 2\nC: 3\nD: 4\nE: 5\nSubject:"), compare.Content, "A, B, C and 2 more fields are in B only")
	test("field removed", replace("To: bob@example.org\n", ""), compare.Content, "To is in A only")
	test("stray line", replace("Subject:", "no field\nSubject:"), compare.Content, "lines in the header that are not fields differ")

	test("footer", func(s string) string { return s + "-- \nlist\n" }, compare.Content, "B has 2 lines more at the end")
	test("banner", replace("\none", "\nEXTERNAL\none"), compare.Content, "B has 1 line more at the start")
	test("both", func(s string) string { return strings.Replace(s, "\none", "\nEXTERNAL\none", 1) + "list\n" }, compare.Content,
		"B has 1 line more at the start and 1 line more at the end")
	test("line changed", replace("two", "zwei"), compare.Content, "1 line inside changed")
	test("line removed", replace("two\n", ""), compare.Content, "B has 1 line fewer inside")
	test("line split", replace("two", "t\nwo"), compare.Content, "1 line inside became 2")
	test("cut off", replace("three\nfour\n", ""), compare.Content, "B has 2 lines fewer at the end")
	test("no body", replace("one\ntwo\nthree\nfour\n", ""), compare.Content, "B has 4 lines fewer at the end")
	test("another body", replace("one\ntwo\nthree\nfour\n", "x\n"), compare.Content, "4 lines inside became 1")
	test("tag and footer", func(s string) string { return strings.Replace(s, "Hello", "[list] Hello", 1) + "-- \nlist\n" }, compare.Content,
		"B has 2 lines more at the end and “[list] ” in front of Subject")
	test("tag, footer and field", func(s string) string {
		return "Sender: x\n" + strings.Replace(s, "Hello", "[list] Hello", 1) + "-- \nlist\n"
	}, compare.Content,
		"B has 2 lines more at the end and “[list] ” in front of Subject, Sender is in B only")
}

// describe writes the fields that differ as one line each.
func describe(fields []compare.Field) string {
	var out []string
	for _, f := range fields {
		s := f.Name + " " + string(f.Change)
		if f.A != nil {
			s += fmt.Sprintf(" A%d=%s", f.A.Line, f.A.Value)
		}
		if f.B != nil {
			s += fmt.Sprintf(" B%d=%s", f.B.Line, f.B.Value)
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func TestFields(t *testing.T) {
	test := func(a, b, want string) {
		t.Helper()
		r := compareText(t, nil, a+"\n\n", b+"\n\n")
		if got := strings.TrimSpace(describe(r.Fields) + " | " + describe(r.Trace)); got != strings.TrimSpace(want+" |") && got != want {
			t.Errorf("%q\n%q\ngot  %s\nwant %s", a, b, got, want)
		}
	}
	// Counterparts are sought from the bottom up, and what is equal first.
	test("X: 1\nX: 2", "X: 0\nX: 1\nX: 2", "X only-b B1=0")
	test("X: 1\nX: 2\nX: 3", "X: 1\nX: 9\nX: 3", "X changed A2=2 B2=9")
	test("X: 1\nX: 2", "X: 2", "X only-a A1=1")
	test("X: 1\nX: 1", "X: 1", "X only-a A1=1")
	test("Comments: 1\nComments: 2", "comments: 2\nComments: 1", "Comments changed A2=2 B1=2")
	// A Received that differs is another hop.
	test("Received: 1", "Received: 2\nReceived: 3", "| Received only-a A1=1; Received only-b B1=2; Received only-b B2=3")
	test("Return-Path: <a@x>", "Return-Path: <b@x>", "| Return-Path changed A1=<a@x> B1=<b@x>")
	// Another signature is another field, the same one written again is not.
	test("DKIM-Signature: d=a.example; s=s; b=AAAA", "DKIM-Signature: d=b.example; s=s; b=AAAA",
		"DKIM-Signature only-a A1=d=a.example; s=s; b=AAAA; DKIM-Signature only-b B1=d=b.example; s=s; b=AAAA")
	test("DKIM-Signature: d=a.example; s=s; b=AAAA", "DKIM-Signature: d=a.example;s=s;b=AA AA",
		"DKIM-Signature changed A1=d=a.example; s=s; b=AAAA B1=d=a.example;s=s;b=AA AA")
}

// A long value is shown where it differs.
func TestLongValue(t *testing.T) {
	long := strings.Repeat("word ", 1000)
	r := compareText(t, nil, "X: "+long+"one\n\n", "X: "+long+"two\n\n")
	if len(r.Fields) != 1 {
		t.Fatalf("%d fields", len(r.Fields))
	}
	f := r.Fields[0]
	if !strings.HasSuffix(f.A.Value, " one") || !strings.HasSuffix(f.B.Value, " two") || !strings.HasPrefix(f.A.Value, "…") || len(f.A.Value) > compare.MaxText {
		t.Errorf("got %q and %q", f.A.Value, f.B.Value)
	}
}

func TestReordered(t *testing.T) {
	r := compareText(t, nil, "X: 1\nX: 2\n\n", "X: 2\nX: 1\n\n")
	if len(r.Reordered) != 1 || r.Extent != compare.Content || len(r.Fields) != 0 || r.Summary != "X fields stand in another order" {
		t.Errorf("got %+v", r)
	}
}

func TestFirstLine(t *testing.T) {
	test := func(a, b string, line int, want string) {
		t.Helper()
		const header = "X: 1\n\n"
		r := compareText(t, nil, header+a, header+b)
		f := r.Body.First
		if f == nil {
			t.Errorf("%q %q: no line", a, b)
			return
		}
		show := func(s *string) string {
			if s == nil {
				return "-"
			}
			return fmt.Sprintf("%q", *s)
		}
		got := fmt.Sprintf("%s at %d, %s at %d", show(f.A), f.AtA-len(header), show(f.B), f.AtB-len(header))
		if f.Line != line || got != want {
			t.Errorf("%q %q: got line %d %s, want line %d %s", a, b, f.Line, got, line, want)
		}
	}
	test("a\nb\nc\n", "a\nx\nc\n", 2, `"b" at 2, "x" at 2`)
	test("a\nb\nc\n", "a\r\nbx\r\nc\r\n", 2, `"b" at 3, "bx" at 4`)
	test("a\n", "a\nb\n", 2, `- at 2, "b" at 2`)
	test("", "b\n", 1, `- at 0, "b" at 0`)
	// What only the simple form sees is shown where nothing else differs.
	test("a\nb \nc\n", "a\nb\nc\n", 2, `"b " at 3, "b" at 3`)
	test("a\nb \nc\n", "a\nb\nx\n", 3, `"c" at 5, "x" at 4`)
}

func TestHunks(t *testing.T) {
	test := func(a, b, want string) {
		t.Helper()
		lines := func(s string) string { return "X: 1\n\n" + strings.Join(strings.Split(s, ""), "\n") + "\n" }
		r := compareText(t, nil, lines(a), lines(b))
		var got []string
		for _, h := range r.Body.Hunks {
			got = append(got, fmt.Sprintf("%s %d,%d -%s +%s", h.Place, h.LineA, h.LineB, strings.Join(h.A, ""), strings.Join(h.B, "")))
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", a, b, s, want)
		}
	}
	test("abc", "abcxy", "end 4,4 - +xy")
	test("abc", "xyabc", "start 1,1 - +xy")
	test("abc", "xabcy", "start 1,1 - +x; end 4,5 - +y")
	test("abcdef", "abXdeYf", "inside 3,3 -c +X; inside 6,6 - +Y")
	test("abcdef", "Xbcdef", "start 1,1 -a +X")
	test("aaaa", "aabaa", "inside 3,3 - +b")
	// Lines that stand more than once are found beside those that stand once.
	test("a--b--c", "Xa--b--cY", "start 1,1 - +X; end 8,9 - +Y")
	test("abcdefg", "Xdefg-abcY", "start 1,1 -abc +X; end 8,6 - +-abcY")
	test("abc", "xyz", "inside 1,1 -abc +xyz")
}

// A body with more lines than are compared is said to be replaced in between.
func TestBounded(t *testing.T) {
	var lines strings.Builder
	for i := range compare.MaxLines/2 + 1 {
		fmt.Fprintf(&lines, "%x\n", i)
	}
	r := compareText(t, nil, "X: 1\n\n"+lines.String(), "X: 1\n\nfirst\n"+lines.String()+"last\n")
	if len(r.Limits) != 1 || len(r.Body.Hunks) != 1 || r.Body.Inside.Removed != compare.MaxLines/2+1 {
		t.Errorf("limits %v, %d hunks, inside %+v", r.Limits, len(r.Body.Hunks), r.Body.Inside)
	}
}

func TestManyFields(t *testing.T) {
	var b strings.Builder
	for i := range compare.MaxDifferences + 7 {
		fmt.Fprintf(&b, "X-%d: 1\n", i)
	}
	r := compareText(t, nil, "X: 1\n\n", "X: 1\n"+b.String()+"\n")
	if len(r.Fields) != compare.MaxDifferences || len(r.Limits) != 1 || r.Limits[0] != "7 more header fields differ, which are not listed" {
		t.Errorf("%d fields, limits %v", len(r.Fields), r.Limits)
	}
}
