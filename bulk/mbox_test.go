package bulk

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func split(t testing.TB, box string) []string {
	t.Helper()
	var got []string
	for e, err := range Mbox(strings.NewReader(box)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, box[e.Offset:e.Offset+e.Length])
	}
	return got
}

func TestMbox(t *testing.T) {
	const (
		from  = "From ann@example.com Mon Nov 23 01:38:52 2026\n"
		from2 = "From MAILER-DAEMON Mon Nov 23 01:40 2026\n"
	)
	test := func(box string, want ...string) {
		t.Helper()
		if got := split(t, box); !slices.Equal(got, want) {
			t.Errorf("%q\n got %q\nwant %q", box, got, want)
		}
	}
	test("")
	test("Subject: no mailbox\n\nbody\n")
	test(from+"Subject: a\n\nbody\n", from+"Subject: a\n\nbody\n")
	test(from+"Subject: a\n\nbody\n\n"+from2+"Subject: b\n\nbody\n\n", from+"Subject: a\n\nbody\n", from2+"Subject: b\n\nbody\n")
	test(strings.ReplaceAll(from+"S: a\n\nx\n\n"+from2+"S: b\n\ny\n", "\n", "\r\n"),
		strings.ReplaceAll(from+"S: a\n\nx\n", "\n", "\r\n"), strings.ReplaceAll(from2+"S: b\n\ny\n", "\n", "\r\n"))
	// A message that ends with blank lines of its own keeps them.
	test(from+"S: a\n\nx\n\n\n\n"+from2+"S: b\n\n", from+"S: a\n\nx\n\n\n", from2+"S: b\n")
	// "From " inside a paragraph, after a blank line without a time, or quoted.
	test(from+"S: a\n\nFrom here on 12:30 it rains\nFrom there 12:31\n", from+"S: a\n", "From here on 12:30 it rains\nFrom there 12:31\n")
	test(from+"S: a\n\nFrom here on it rains\n", from+"S: a\n\nFrom here on it rains\n")
	test(from+"S: a\n\nx\nFrom there 12:31\n", from+"S: a\n\nx\nFrom there 12:31\n")
	test(from+"S: a\n\n>From there 12:31\n", from+"S: a\n\n>From there 12:31\n")
	// Text before the first separator: not a mailbox.
	test("Subject: a\n\n" + from + "S: b\n\n")
	// No line end at the end.
	test(from+"S: a", from+"S: a")
	// Lines longer than the buffer.
	long := strings.Repeat("x", mboxBuffer+100) + "\n"
	test(from+"S: a\n\n"+long+"\n"+from2+"S: "+long, from+"S: a\n\n"+long, from2+"S: "+long)
}

func TestMboxReadError(t *testing.T) {
	broken := errors.New("disk error")
	r := io.MultiReader(strings.NewReader("From a 00:00\nS: a\n"), iotest.ErrReader(broken))
	var got error
	n := 0
	for _, err := range Mbox(r) {
		n++
		got = err
	}
	if n != 1 || !errors.Is(got, broken) {
		t.Errorf("%d extents, %v", n, got)
	}
}

func TestUnquote(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		if got := string(Unquote([]byte(in))); got != want {
			t.Errorf("Unquote(%q) = %q, want %q", in, got, want)
		}
	}
	test("", "")
	test("plain\n", "plain\n")
	test(">From a\n", "From a\n")
	test("x\n>From a\n>>From b\n>>>From c\nd >From e\n> From f\n", "x\nFrom a\n>From b\n>>From c\nd >From e\n> From f\n")
	test("x>From a\n>>\n>From b", "x>From a\n>>\nFrom b")
	test(">From >From >From \n", "From >From >From \n")
}

func FuzzMbox(f *testing.F) {
	f.Add([]byte("From a 00:00\nS: a\n\nb\n\nFrom c 11:11\n\n\n"))
	f.Add([]byte("From a 00:00\r\n\r\n\r\nFrom "))
	f.Add([]byte("\n>From a\n>>From b"))
	f.Fuzz(func(t *testing.T, box []byte) {
		end := int64(0)
		for e, err := range Mbox(bytes.NewReader(box)) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Offset < end || e.Length <= 0 || e.Offset+e.Length > int64(len(box)) {
				t.Fatalf("extent %v after %d in %q", e, end, box)
			}
			if gap := box[end:e.Offset]; len(bytes.TrimRight(gap, "\r\n")) != 0 {
				t.Fatalf("%q lies between messages of %q", gap, box)
			}
			end = e.Offset + e.Length
			if !IsMbox(box[e.Offset:end]) {
				t.Fatalf("extent %v of %q does not begin with a separator", e, box)
			}
		}
		if end > 0 && len(bytes.TrimRight(box[end:], "\r\n")) != 0 {
			t.Fatalf("%q left over of %q", box[end:], box)
		}
		before := len(box)
		var want [][]byte
		for _, l := range bytes.SplitAfter(bytes.Clone(box), []byte("\n")) {
			if bytes.HasPrefix(bytes.TrimLeft(l, ">"), []byte("From ")) && l[0] == '>' {
				l = l[1:]
			}
			want = append(want, l)
		}
		if got := Unquote(box); len(got) > before || !bytes.Equal(got, bytes.Join(want, nil)) {
			t.Fatalf("Unquote: %q, want %q", got, bytes.Join(want, nil))
		}
	})
}

func BenchmarkMbox(b *testing.B) {
	box := []byte(strings.Repeat("From a@example.com Mon Nov 23 01:38:52 2026\nSubject: x\n\n"+strings.Repeat("A line of text of an ordinary length, as in a body.\n", 80)+"\n", 2000))
	b.SetBytes(int64(len(box)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range Mbox(bytes.NewReader(box)) {
			n++
		}
		if n != 2000 {
			b.Fatal(n)
		}
	}
}
