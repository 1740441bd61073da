package dkim

import (
	"bytes"
	"fmt"
	"math/rand"
	"regexp"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/message"
)

// The reference canonicalizers follow the words of RFC 6376 §3.4, one rule a
// line, without regard to speed.

var (
	blanksAtLineEnd = regexp.MustCompile(`[ \t]+\r\n`)
	blanksAtEnd     = regexp.MustCompile(`[ \t]+$`)
	blanks          = regexp.MustCompile(`[ \t]+`)
	folding         = regexp.MustCompile(`[ \t\r\n]+`)
)

func refCRLF(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

func refBody(canon, s string) string {
	s = refCRLF(s)
	if canon == Relaxed {
		s = blanksAtLineEnd.ReplaceAllString(s, "\r\n")
		s = blanksAtEnd.ReplaceAllString(s, "")
		s = blanks.ReplaceAllString(s, " ")
	}
	if !strings.HasSuffix(s, "\r\n") {
		s += "\r\n"
	}
	for strings.HasSuffix(s, "\r\n\r\n") {
		s = s[:len(s)-2]
	}
	if canon == Relaxed && s == "\r\n" {
		s = ""
	}
	return s
}

func refHeader(canon, s string) string {
	s = refCRLF(s)
	if canon == Simple {
		return strings.TrimSuffix(s, "\r\n") + "\r\n"
	}
	name, value, _ := strings.Cut(s, ":")
	value = folding.ReplaceAllString(value, " ")
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return strings.TrimRight(string(b), " \t\r\n") + ":" + strings.Trim(value, " ") + "\r\n"
}

func checkBody(t *testing.T, body []byte) {
	t.Helper()
	checkScan(t, body)
	for _, canon := range []string{Relaxed, Simple} {
		got := AppendBody(nil, canon, body)
		if want := refBody(canon, string(body)); string(got) != want {
			i := 0
			for i < len(got) && i < len(want) && got[i] == want[i] {
				i++
			}
			t.Fatalf("%s of %s differs at %d of %d/%d:\ngot  %s\nwant %s", canon, around(body, i), i, len(got), len(want), around(got, i), around([]byte(want), i))
		}
		again := AppendBody(nil, canon, got)
		if !bytes.Equal(again, got) && canon == Relaxed {
			t.Fatalf("%s is not stable", canon)
		}
		n, err := WriteBody(&countWriter{}, canon, body)
		if err != nil || n != int64(len(got)) {
			t.Fatalf("WriteBody: %d %v, want %d", n, err, len(got))
		}
	}
}

// checkScan holds the scanners against the definition: they stop at the first
// dirty place, and at nothing else but a SP before CR, which may be clean.
func checkScan(t *testing.T, b []byte) {
	t.Helper()
	var built, pure scanner
	for pos := 0; pos < len(b); {
		end := min(pos+window, len(b))
		first := slow(b, pos, end)
		last := first // the first that is dirty indeed
		for last < end && b[last] == ' ' && b[last+1] == '\r' && (last+2 == len(b) || b[last+2] != '\n') {
			last = slow(b, last+1, end)
		}
		for name, got := range map[string]int{"next": built.next(b, pos, end), "generic": pure.generic(b, pos, end)} {
			if got < first || got > last || got < end && !dirty(b, got) {
				t.Fatalf("%s(%d, %d) of %s: %d, want %d or %d", name, pos, end, around(b, first), got, first, last)
			}
		}
		pos = last + 1
	}
}

type countWriter struct{ n int }

func (w *countWriter) Write(b []byte) (int, error) { w.n += len(b); return len(b), nil }

func around(b []byte, i int) string {
	return fmt.Sprintf("%q", b[max(0, min(i, len(b))-30):min(len(b), i+30)])
}

func TestBody(t *testing.T) {
	test := func(in, relaxed, simple string) {
		t.Helper()
		if got := string(AppendBody(nil, Relaxed, []byte(in))); got != relaxed {
			t.Errorf("relaxed %q: %q, want %q", in, got, relaxed)
		}
		if got := string(AppendBody(nil, Simple, []byte(in))); got != simple {
			t.Errorf("simple %q: %q, want %q", in, got, simple)
		}
		checkBody(t, []byte(in))
	}
	test("", "", "\r\n")
	test("\r\n\r\n", "", "\r\n")
	test(" \r\n\t\r\n", "", " \r\n\t\r\n")
	test(" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n", " C \r\nD \t E\r\n") // RFC 6376 §3.4.5
	test("a", "a\r\n", "a\r\n")
	test("a\n\nb\n", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n")
	test("a\r\r\n", "a\r\r\n", "a\r\r\n")
	test("a \r\r\n", "a \r\r\n", "a \r\r\n")
	test("\ta\t\n", " a\r\n", "\ta\t\r\n")
	test("a  \nb \t\r\nc", "a\r\nb\r\nc\r\n", "a  \r\nb \t\r\nc\r\n")
	test("\r\na", "\r\na\r\n", "\r\na\r\n")
	test("\na\rb\r", "\r\na\rb\r\r\n", "\r\na\rb\r\r\n")
}

// TestBodyRandom compares with the reference on bodies that are dense in what
// the fast scanners must not miss, at the edges of their windows above all.
func TestBodyRandom(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	pieces := []string{" ", "  ", "\t", "\r", "\n", "\r\n", "\r\n", "\x00", "word", "x", " \r\n", "\t\n", "éé", strings.Repeat("clean text ", 7), " \t "}
	for range 4000 {
		var b bytes.Buffer
		for n := r.Intn(60); n > 0; n-- {
			b.WriteString(pieces[r.Intn(len(pieces))])
		}
		checkBody(t, b.Bytes())
	}
	for range 300 {
		// A clean run that ends near the edge of a window, then anything.
		var b bytes.Buffer
		n := window*(1+r.Intn(2)) - 40 + r.Intn(45)
		for b.Len() < n-80 {
			b.WriteString("The quick brown fox jumps over the lazy dog, as it does each line of text\r\n")
		}
		b.WriteString(strings.Repeat("x", n-b.Len()))
		for n := r.Intn(60); n > 0; n-- {
			b.WriteString(pieces[r.Intn(len(pieces))])
		}
		checkBody(t, b.Bytes())
	}
}

func TestHeader(t *testing.T) {
	test := func(in, relaxed, simple string) {
		t.Helper()
		if got := string(AppendHeader(nil, Relaxed, []byte(in))); got != relaxed {
			t.Errorf("relaxed %q: %q, want %q", in, got, relaxed)
		}
		if got := string(AppendHeader(nil, Simple, []byte(in))); got != simple {
			t.Errorf("simple %q: %q, want %q", in, got, simple)
		}
	}
	test("A: X\r\n", "a:X\r\n", "A: X\r\n") // RFC 6376 §3.4.5
	test("B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n", "B : Y\t\r\n\tZ  \r\n")
	test("A: x\n y", "a:x y\r\n", "A: x\r\n y\r\n")
	test("A:\r\n", "a:\r\n", "A:\r\n")
	test("A: \r\n \r\n", "a:\r\n", "A: \r\n \r\n")
	test("A: x\r\r\n y\r\r\n", "a:x y\r\n", "A: x\r\r\n y\r\r\n")
	test("A\xc4: \xc3\xbc  x", "a\xc4:\xc3\xbc x\r\n", "A\xc4: \xc3\xbc  x\r\n")
}

// TestSignatureField holds that exactly the value of b= is removed.
func TestSignatureField(t *testing.T) {
	test := func(field, want string) {
		t.Helper()
		_, value, _ := strings.Cut(strings.TrimRight(field, "\r\n"), ":")
		tags, _ := ParseTags(value)
		if got := string(AppendSignature(nil, Simple, []byte(field), tags)); got != want {
			t.Errorf("%q: %q, want %q", field, got, want)
		}
	}
	test("S: a=1; b=xyz\r\n", "S: a=1; b=")
	test("S: a=1; b = x\r\n yz ; c=2\r\n", "S: a=1; b =; c=2")
	test("S: a=1; b=; c=2\r\n", "S: a=1; b=; c=2")
	// Other tags that end in b, or hold "b=", stay whole.
	test("S: bh=b=; ab=xb=y; i=bob=x@d; z=Date:Feb=20b=3D; b=sig", "S: bh=b=; ab=xb=y; i=bob=x@d; z=Date:Feb=20b=3D; b=")
	test("S: a=1\r\n", "S: a=1")
}

// TestPicker holds the order in which h= takes fields (RFC 6376 §5.4.2).
func TestPicker(t *testing.T) {
	m := message.Parse([]byte("A: 1\r\nb: 1\r\nDKIM-Signature: this\r\na: 2\r\nA: 3\r\nDKIM-Signature: older\r\n\r\n"))
	test := func(names string, want string) {
		t.Helper()
		p := m.Picker()
		var got []string
		for name := range strings.SplitSeq(names, " ") {
			i := p.Take(name, 2)
			if i < 0 {
				got = append(got, "-")
				continue
			}
			got = append(got, m.Value(i))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, want %s", names, s, want)
		}
	}
	test("a B A a A b", "3 1 2 1 - -")
	test("none a none", "- 3 -")
	test("dkim-signature dkim-signature dkim-signature", "older - -")
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{"", "a b\r\n", " a \t b \n\r\n\r\n", "\r\r\n \r", strings.Repeat("x ", 40) + "  \n"} {
		f.Add([]byte(s), 0)
	}
	f.Fuzz(func(t *testing.T, body []byte, shift int) {
		checkBody(t, body)
		if shift > 0 && shift <= 64 {
			checkBody(t, append(bytes.Repeat([]byte("x"), window-shift), body...))
		}
	})
}

func FuzzHeader(f *testing.F) {
	for _, s := range []string{"A: b\r\n", "A :\n b \t\r\n c", "", ":", "x", "S: a=1; b = x ; c=2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, field []byte) {
		for _, canon := range []string{Relaxed, Simple} {
			got := string(AppendHeader(nil, canon, field))
			want := refHeader(canon, string(field))
			name, _, ok := bytes.Cut(field, []byte(":"))
			if canon == Relaxed && (!ok || bytes.ContainsAny(name, "\r\n")) {
				continue // no field, the reference means nothing
			}
			if got != want {
				t.Fatalf("%s of %q: %q, want %q", canon, field, got, want)
			}
		}
	})
}
