package message

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// describe writes a message down as its fields, its body and its notes.
func describe(m *Message) string {
	var b strings.Builder
	for i := range m.Fields {
		fmt.Fprintf(&b, "%d %s=%q\n", m.Fields[i].Line, m.Name(i), m.Raw[m.Fields[i].Value.Start:m.Fields[i].Value.End])
	}
	fmt.Fprintf(&b, "body %q\n", m.BodyBytes())
	for _, n := range m.Notes {
		fmt.Fprintf(&b, "%s @%d line %d x%d\n", n.Kind, n.Offset, n.Line, n.Count)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	test := func(name, in, want string) {
		t.Helper()
		m := Parse([]byte(in))
		check(t, m)
		if got := strings.TrimSpace(describe(m)); got != strings.TrimSpace(want) {
			t.Errorf("%s: %q\ngot:\n%s\nwant:\n%s", name, in, got, want)
		}
	}
	test("CRLF", "A: 1\r\nB: 2\r\n 3\r\n\r\nx\r\ny", `
1 A=" 1"
2 B=" 2\r\n 3"
body "x\r\ny"`)
	test("LF only", "A: 1\nB: 2\n\t3\n\nx\ny", `
1 A=" 1"
2 B=" 2\n\t3"
body "x\ny"
bare-lf @0 line 1 x3`)
	test("mixed", "A: 1\r\nB: 2\nC: 3\r\n\nx", `
1 A=" 1"
2 B=" 2"
3 C=" 3"
body "x"
mixed-line-ends @6 line 2 x1`)
	test("CR CR LF", "A: 1\r\r\nB: 2\r\n\r\r\nx", `
1 A=" 1"
2 B=" 2"
body "x"
double-cr @4 line 1 x1`)
	test("mbox line", "From a@b Thu Jan  1 00:00:00 1970\nA: 1\n\nx", `
2 A=" 1"
body "x"
mbox-from-line @0 line 1 x1
bare-lf @34 line 2 x1`)
	test("quoted mbox line", ">From a@b\r\nA: 1\r\n\r\nx", `
2 A=" 1"
body "x"
mbox-from-line @0 line 1 x1`)
	test("byte order mark", "\xef\xbb\xbfA: 1\r\n\r\nx", `
1 A=" 1"
body "x"
byte-order-mark @0 line 1 x1`)
	test("leading blank lines", "\r\n\nA: 1\r\n\r\nx", `
3 A=" 1"
body "x"
leading-blank-line @0 line 1 x2`)
	test("bad line, with its continuation", "A: 1\r\n junk\r\nno field here\r\n more of it\r\nB: 2\r\n\r\nx", `
1 A=" 1\r\n junk"
5 B=" 2"
body "x"
bad-line @13 line 3 x1`)
	test("bad line before the blank line", "A: 1\r\nno field here\r\n\r\nx", `
1 A=" 1"
body "x"
bad-line @6 line 2 x1`)
	test("bad line first", "garbage\r\nA: 1\r\n\r\nx", `
2 A=" 1"
body "x"
bad-line @0 line 1 x1`)
	test("continuation first", " A: 1\r\nB: 2\r\n\r\nx", `
2 B=" 2"
body "x"
bad-line @0 line 1 x1`)
	test("bad lines count", "A: 1\r\n?\x00\r\nB: 2\r\n??? \r\nC: 3\r\n\r\n", `
1 A=" 1"
3 B=" 2"
5 C=" 3"
body ""
bad-line @6 line 2 x2
nul @7 line 2 x1`)
	test("no blank line", "A: 1\r\nHello there\r\nall of you\r\n", `
1 A=" 1"
body "Hello there\r\nall of you\r\n"
no-blank-line @6 line 2 x1`)
	test("8bit", "A: gr\xc3\xbc\xc3\x9fe\r\nB: x\r\n\r\n\xff", `
1 A=" grüße"
2 B=" x"
body "\xff"
8bit-header @5 line 1 x4`)
	test("8bit, NUL and bare CR late", "Subject: 0123456789\r\nA: \x00\rb\xe4\r\n\r\n", `
1 Subject=" 0123456789"
2 A=" \x00\rb\xe4"
body ""
nul @24 line 2 x1
8bit-header @27 line 2 x1
bare-cr @25 line 2 x1`)
	test("blank before the colon", "A : 1\r\nB\t: 2\r\n\r\n", `
1 A=" 1"
2 B=" 2"
body ""
blank-before-colon @0 line 1 x2`)
	test("header only, whole", "A: 1\r\n", `
1 A=" 1"
body ""
header-only @6 line 2 x1`)
	test("header only, cut", "A: 1\r\nB: 2", `
1 A=" 1"
2 B=" 2"
body ""
header-only @10 line 2 x1`)
	test("header that ends in lines of blanks", "A: 1\r\n \r\n\t\r\n", `
1 A=" 1\r\n \r\n\t"
body ""
header-only @12 line 4 x1`)
	test("line of blanks before the blank line", "A: 1\r\n \r\n\r\nx", `
1 A=" 1\r\n "
body "x"`)
	test("empty value, empty body", "A:\r\n\r\n", `
1 A=""
body ""`)
	test("empty", "", `
body ""
empty @0 line 0 x1`)
	test("blank only", "\r\n\r\n", `
body ""
leading-blank-line @0 line 1 x2
header-only @4 line 3 x1
not-a-message @4 line 0 x1`)
	test("old Mac line ends", "A: 1\rB: 2\r\rx", `
1 A=" 1\rB: 2\r\rx"
body ""
header-only @12 line 1 x1
bare-cr @4 line 1 x3`)
	test("binary", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff", `
body "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff"
no-blank-line @0 line 1 x1
not-a-message @0 line 0 x1`)
	test("colon first", ": 1\r\nA: 2\r\n\r\n", `
2 A=" 2"
body ""
bad-line @0 line 1 x1`)
}

func TestManyFields(t *testing.T) {
	for _, n := range []int{10_000, MaxFields, MaxFields + 7} {
		raw := strings.Repeat("X-Field: value\r\n folded\r\n", n) + "\r\nbody"
		m := Parse([]byte(raw))
		check(t, m)
		if want := min(n, MaxFields); len(m.Fields) != want {
			t.Errorf("%d fields: %d indexed, want %d", n, len(m.Fields), want)
		}
		if got := string(m.BodyBytes()); got != "body" {
			t.Errorf("%d fields: body %q", n, got)
		}
		note := m.Note(FieldLimit)
		if n <= MaxFields && note != nil {
			t.Errorf("%d fields: %+v", n, note)
		}
		if n > MaxFields && (note == nil || note.Count != n-MaxFields || note.Line != 2*MaxFields+1) {
			t.Errorf("%d fields: %+v", n, note)
		}
		last := m.Value(len(m.Fields) - 1)
		if last != "value folded" {
			t.Errorf("%d fields: the last is %q: a field over the limit leaked into it", n, last)
		}
	}
}

// A bad line when the index is full must not lend its continuation to the last
// field.
func TestJunkAtFieldLimit(t *testing.T) {
	raw := strings.Repeat("A: b\r\n", MaxFields) + "no field\r\n of it\r\nC: d\r\n\r\nbody"
	m := Parse([]byte(raw))
	check(t, m)
	if got := m.Value(MaxFields - 1); got != "b" {
		t.Errorf("the last field is %q", got)
	}
	if m.Note(BadLine) == nil || m.Note(FieldLimit) == nil {
		t.Errorf("notes %+v", m.Notes)
	}
}

func TestLongFold(t *testing.T) {
	raw := "A: x\r\n" + strings.Repeat(" 0123456789012345678901234567890123456789\r\n", 25_000) + "B: y\r\n\r\nbody"
	m := Parse([]byte(raw))
	check(t, m)
	if len(m.Fields) != 2 || m.Fields[0].Value.Len() < 1_000_000 || m.Fields[1].Line != 25_002 {
		t.Errorf("%d fields, %+v", len(m.Fields), m.Fields)
	}
	if got := m.Value(0); len(got) != 1+25_000*41 {
		t.Errorf("the value has %d bytes", len(got))
	}
}

func TestAccess(t *testing.T) {
	m := Parse([]byte("Received: one\r\nsubject : a\r\n b \r\nRECEIVED: two\r\nX:\r\n\r\nbody"))
	if got := m.All("received"); len(got) != 2 || got[0] != 0 || got[1] != 2 {
		t.Errorf("All: %v", got)
	}
	if got := m.Get("Subject"); got != "a b" {
		t.Errorf("Get: %q", got)
	}
	if got := string(m.Bytes(1)); got != "subject : a\r\n b \r\n" {
		t.Errorf("Bytes: %q", got)
	}
	if m.First("none") != -1 || m.Get("none") != "" || m.Get("x") != "" {
		t.Error("absent fields")
	}
}

// check holds a parsed message against what every message must satisfy.
func check(t *testing.T, m *Message) {
	t.Helper()
	n := len(m.Raw)
	in := func(what string, s Span) {
		if s.Start < 0 || s.Start > s.End || s.End > n {
			t.Fatalf("%s %v of %d bytes", what, s, n)
		}
	}
	in("header", m.Header)
	in("body", m.Body)
	if m.Body.Start < m.Header.End || m.Body.End != n {
		t.Fatalf("header %v, body %v of %d bytes", m.Header, m.Body, n)
	}
	if gap := m.Raw[m.Header.End:m.Body.Start]; len(bytes.Trim(gap, "\r\n")) > 0 || bytes.Count(gap, []byte("\n")) > 1 {
		t.Fatalf("%q between header and body", gap)
	}
	pos, line := m.Header.Start, 0
	covered := 0
	for i, f := range m.Fields {
		in("name", f.Name)
		in("value", f.Value)
		if f.Name.Len() == 0 || f.Name.Start < pos || f.Name.End >= f.Value.Start || f.Value.End > f.End || f.End > m.Header.End || f.Line <= line {
			t.Fatalf("field %d %+v after %d (line %d) in %v", i, f, pos, line, m.Header)
		}
		if blanks := bytes.TrimRight(m.Raw[f.Name.End:f.Value.Start], " \t:"); len(blanks) > 0 {
			t.Fatalf("field %d: %q before the value", i, blanks)
		}
		if end := bytes.Trim(m.Raw[f.Value.End:f.End], "\r\n"); len(end) > 0 {
			t.Fatalf("field %d: %q after the value", i, end)
		}
		if f.Name.Start > pos && m.Note(BadLine) == nil {
			t.Fatalf("field %d: %q is in no field and not noted", i, m.Raw[pos:f.Name.Start])
		}
		covered += f.End - f.Name.Start
		pos, line = f.End, f.Line
	}
	if covered < m.Header.Len() && m.Note(BadLine) == nil && m.Note(FieldLimit) == nil {
		t.Fatalf("%d of %d header bytes are in fields, nothing is noted", covered, m.Header.Len())
	}
	if len(m.Notes) > MaxNotes {
		t.Fatalf("%d notes", len(m.Notes))
	}
	for _, note := range m.Notes {
		if note.Offset < 0 || note.Offset > n || note.Count < 1 || note.Line < 0 {
			t.Fatalf("note %+v", note)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "A: 1\r\n\r\nx", "A: 1\nB : 2\n\n", "From x\nA: b\n c\n", "\xef\xbb\xbf\r\n\r\n>From \r\nA:\r\r\n\r\n",
		"junk\r\n more\r\nA: b\r\njunk\r\n\r\n", "A: \x00\r\xff\r\n", " \n\t\nA: b\n \n", ":\n::\nA:\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		m := Parse(raw)
		check(t, m)
		for i := range m.Fields {
			_ = m.Value(i)
		}
		if !bytes.Equal(raw, before) {
			t.Fatal("the input was changed")
		}
	})
}

func benchmark(b *testing.B, raw []byte) {
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(raw)
	}
}

func BenchmarkParse(b *testing.B) {
	field := "Received: from mail.example.com (mail.example.com [192.0.2.10])\r\n\tby mx.example.org (Postfix) with ESMTPS id 4F2c1D0k3Pz9sQ\r\n\tfor <bob@example.org>; Mon, 23 Nov 2026 04:10:00 +0000 (UTC)\r\n"
	b.Run("4KB", func(b *testing.B) { benchmark(b, []byte(strings.Repeat(field, 20)+"\r\n")) })
	b.Run("4KB-8bit", func(b *testing.B) {
		benchmark(b, []byte(strings.Repeat(strings.Replace(field, "bob", "b\xc3\xb6b", 1), 20)+"\r\n"))
	})
	b.Run("10000-fields", func(b *testing.B) { benchmark(b, []byte(strings.Repeat(field, 10_000)+"\r\n")) })
	b.Run("1MB-fold", func(b *testing.B) {
		benchmark(b, []byte("A: x\r\n"+strings.Repeat(" 0123456789012345678901234567890123456789\r\n", 25_000)+"\r\n"))
	})
	b.Run("blank-lines", func(b *testing.B) { benchmark(b, bytes.Repeat([]byte("\n"), 1<<20)) })
	b.Run("bad-lines", func(b *testing.B) {
		benchmark(b, []byte("A: b\n"+strings.Repeat("no field\n no field\nno\nno\nA: b\n", 40_000)))
	})
	b.Run("long-bad-lines", func(b *testing.B) {
		benchmark(b, []byte(strings.Repeat(strings.Repeat("x", 200_000)+"\n", 5)))
	})
}
