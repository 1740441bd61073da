package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
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
	test(from+"S: a\n\nFrom here on 12:30 it rains\nFrom there 12:31\n", from+"S: a\n\nFrom here on 12:30 it rains\nFrom there 12:31\n")
	test(from+"S: a\n\nFrom x 12:30\nS: b\n", from+"S: a\n", "From x 12:30\nS: b\n")
	// What Thunderbird and Google Takeout write.
	const thunder, takeout = "From - Mon Nov 23 01:38:52 2026\r\n", "From 1718476734829384@xxx Mon Nov 23 01:38:52 +0000 2026\r\n"
	test(from+"S: a\r\n\r\nx\r\n\r\n"+thunder+"X-Mozilla-Status: 0001\r\n\r\n\r\n"+takeout+"X-GM-THRID: 1\r\n\r\n",
		from+"S: a\r\n\r\nx\r\n", thunder+"X-Mozilla-Status: 0001\r\n\r\n", takeout+"X-GM-THRID: 1\r\n")
	test("From \nS: a\n\nx\n\nFrom \nS: b\n\n", "From \nS: a\n\nx\n", "From \nS: b\n")
	test("From \nS: a\n\nx\n\nFrom \nnowhere\n\n", "From \nS: a\n\nx\n\nFrom \nnowhere\n")
	// A crash left no blank line; the same text in a quotation is not a separator.
	test(from+"S: a\n\ncut off he"+"\n"+from2+"S: b\n\n", from+"S: a\n\ncut off he\n", from2+"S: b\n")
	test(from+"S: a\n\nhe wrote:\n"+from2+"and so on\n", from+"S: a\n\nhe wrote:\n"+from2+"and so on\n")
	// Lengths are the sender's word, unless the mailbox has them throughout.
	test(from+"S: a\nContent-Length: 1000\n\nx\n\n"+from2+"S: b\n\n", from+"S: a\nContent-Length: 1000\n\nx\n", from2+"S: b\n")
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

// Where the mailbox has lengths, they say where a message ends; one that is
// wrong is not followed.
func TestLengths(t *testing.T) {
	const from = "From ann@example.com Mon Nov 23 01:38:52 2026\n"
	message := func(body string) string {
		return fmt.Sprintf("%sS: a\nContent-Length: %d\n\n%s", from, len(body), body)
	}
	test := func(whole bool, want Box, messages ...string) {
		t.Helper()
		box := strings.Join(messages, "\n")
		if whole {
			box += "\n"
		}
		form := SampleBox([]byte(box), whole)
		if form != want {
			t.Errorf("%q: form %+v, want %+v", box, form, want)
			return
		}
		var got []string
		for e, err := range form.Split(strings.NewReader(box)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, box[e.Offset:e.Offset+e.Length])
		}
		if !slices.Equal(got, messages) {
			t.Errorf("%q\n got %q\nwant %q", box, got, messages)
		}
	}
	inner := "see\n\n" + from + "S: no message\n\nof its own\n"
	test(true, Box{Lengths: true}, message("x\n"), message("y\n"))
	test(true, Box{Lengths: true, Bare: true}, message("x\n"), message(inner), message("z\n"))
	test(true, Box{Lengths: true, Bare: true}, message("x\n"), message("z\n"), message(inner))
	test(true, Box{Lengths: true}, message("x\n"), message("no line end"), message("z\n"))
	test(true, Box{Lengths: true}, message(""), message("\n\n"), message("z\n"))
	// The sample ends inside of a message.
	test(false, Box{Lengths: true}, message("x\n"), message("y\n"), from+"S: a\nContent-Length: 1000\n\nx\n")
	// One message without, or with two: no mailbox with lengths.
	test(true, Box{}, message("x\n"), message("y\n"), from+"S: a\n\nx\n")
	test(true, Box{}, message("x\n"), message("y\n"), from+"S: a\nContent-Length: 2\nContent-Length: 2\n\nx\n")
	// A sender names a length that would hide the next message.
	evil := fmt.Sprintf("%sS: evil\nContent-Length: %d\n\nx\n", from, len("x\n\n")+len(message("y\n")))
	test(true, Box{}, evil, from+"S: a\n\ny\n", from+"S: b\n\ny\n")
	test(true, Box{}, message("x\n"), message("x\n"), strings.Replace(message("x\n"), "Length: 2", "Length: 4", 1), message("y\n"))
}

// A length that leads nowhere in a mailbox that has them is given up, and what
// stands inside is split.
func TestWrongLength(t *testing.T) {
	const from = "From ann@example.com Mon Nov 23 01:38:52 2026\n"
	box := from + "S: a\nContent-Length: 100\n\nx\n\n" + from + "S: b\nContent-Length: 2\n\ny\n\n" + from + "S: c\nContent-Length: 2\n\nz\n\n"
	var got []int64
	for e, err := range (Box{Lengths: true}).Split(strings.NewReader(box)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Offset)
	}
	if n := int64(strings.Index(box[1:], "From ann")) + 1; len(got) != 3 || got[1] != n {
		t.Errorf("messages at %v, the second is at %d", got, n)
	}
}

// What is read once gives the same messages.
func TestPieces(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "From a@example.com Mon Nov 23 01:38:52 2026\nS: %d\n\n%s\n", i, strings.Repeat("line\n", i%700))
	}
	box := b.String()
	want := split(t, box)
	const most = 3000
	i := 0
	for p, err := range (Box{}).Pieces(iotest.HalfReader(strings.NewReader(box)), most) {
		if err != nil {
			t.Fatal(err)
		}
		w := want[i]
		i++
		if len(w) > most {
			if p.Raw != nil || p.Length != int64(len(w)) {
				t.Fatalf("message %d of %d bytes: %d bytes kept", i, len(w), len(p.Raw))
			}
		} else if string(p.Raw) != w {
			t.Fatalf("message %d: %q, want %q", i, p.Raw, w)
		}
	}
	if i != len(want) {
		t.Errorf("%d messages, want %d", i, len(want))
	}
	// One long message does not fill the memory.
	k := keeper{r: strings.NewReader(strings.Repeat("x", 8<<20)), most: 1 << 20}
	for range k.splitAll() {
	}
	if cap(k.buf) > 4<<20 {
		t.Errorf("%d bytes kept", cap(k.buf))
	}
}

func (k *keeper) splitAll() iter.Seq2[Extent, error] { return Box{}.Split(k) }

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

	// Where the message tells what was signed, that is taken.
	signed := func(want string) func([]byte) bool { return func(raw []byte) bool { return string(raw) == want } }
	const in = "S: a\n\n>From a\n>>From b\n>>From c\n>From d\n"
	for _, was := range []string{in, "S: a\n\nFrom a\n>From b\n>From c\nFrom d\n", "S: a\n\nFrom a\n>>From b\n>>From c\nFrom d\n"} {
		for _, box := range []Box{{}, {Lengths: true}, {Lengths: true, Bare: true}} {
			if got := string(box.Unquote([]byte(in), signed(was))); got != was {
				t.Errorf("%+v: %q, want %q", box, got, was)
			}
		}
	}
	if got := string(Box{Bare: true}.Unquote([]byte(in), signed(""))); got != in {
		t.Errorf("a bare mailbox: %q", got)
	}
}

// Cut into units of any size, the messages are the same.
func TestUnits(t *testing.T) {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "From a@example.com Mon Nov 23 01:38:52 2026\nS: %d\n\n%s\n", i, strings.Repeat("line\n", i%7))
	}
	box := b.String()
	want := split(t, box)
	for _, size := range []int64{1, 100, 1000, 1 << 20} {
		units(t, box, Box{}, size, want)
	}
	// A file that changed is told.
	u := Unit{Offset: 0, Length: 100, Count: 2}
	var last error
	for _, err := range u.Messages(strings.NewReader(strings.Repeat("x", 200))) {
		last = err
	}
	if !errors.Is(last, ErrChanged) {
		t.Errorf("%v", last)
	}
}

// units holds the messages of all units against those of the whole.
func units(t *testing.T, box string, form Box, size int64, want []string) {
	t.Helper()
	r := strings.NewReader(box)
	n := 0
	for u, err := range form.Units("box", r, size) {
		if err != nil {
			t.Fatal(err)
		}
		if u.First != n || u.Count == 0 {
			t.Fatalf("unit %+v after %d messages", u, n)
		}
		for e, err := range u.Messages(strings.NewReader(box)) {
			if err != nil {
				t.Fatalf("%v in %q", err, box)
			}
			if got := box[e.Offset : e.Offset+e.Length]; n >= len(want) || got != want[n] {
				t.Fatalf("size %d, message %d of %q: %q", size, n, box, got)
			}
			n++
		}
	}
	if n != len(want) {
		t.Fatalf("size %d: %d messages, want %d in %q", size, n, len(want), box)
	}
}

func FuzzMbox(f *testing.F) {
	f.Add([]byte("From a 00:00\nS: a\n\nb\n\nFrom c 11:11\nS: b\n\n\n"))
	f.Add([]byte("From a 00:00\r\n\r\n\r\nFrom "))
	f.Add([]byte("\n>From a\n>>From b"))
	f.Add([]byte("From a\nContent-Length: 4\n\nx\n\n\nFrom a Mon Nov 23 00:00\nContent-Length: 50\n\nx\n\nFrom b Mon Nov 23 00:00\nS: c\n\n"))
	f.Fuzz(func(t *testing.T, box []byte) {
		SampleBox(box, false)
		for _, form := range []Box{{}, {Lengths: true}, SampleBox(box, true)} {
			splits(t, form, box)
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

// splits checks that nothing of a mailbox is lost, whatever it holds, and that
// a stream and units give the same.
func splits(t *testing.T, form Box, box []byte) {
	end := int64(0)
	var all []string
	for e, err := range form.Split(bytes.NewReader(box)) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Offset < end || e.Length <= 0 || e.Offset+e.Length > int64(len(box)) {
			t.Fatalf("%+v: extent %v after %d in %q", form, e, end, box)
		}
		if gap := box[end:e.Offset]; len(bytes.TrimRight(gap, "\r\n")) != 0 {
			t.Fatalf("%+v: %q lies between messages of %q", form, gap, box)
		}
		end = e.Offset + e.Length
		if !IsMbox(box[e.Offset:end]) {
			t.Fatalf("%+v: extent %v of %q does not begin with a separator", form, e, box)
		}
		all = append(all, string(box[e.Offset:end]))
	}
	if end > 0 && len(bytes.TrimRight(box[end:], "\r\n")) != 0 {
		t.Fatalf("%+v: %q left over of %q", form, box[end:], box)
	}
	i := 0
	for p, err := range form.Pieces(bytes.NewReader(box), 1<<20) {
		if err != nil || i >= len(all) || string(p.Raw) != all[i] {
			t.Fatalf("%+v: message %d of the stream %q: %q, %v", form, i, box, p.Raw, err)
		}
		i++
	}
	if i != len(all) {
		t.Fatalf("%+v: %d messages of %d in the stream %q", form, i, len(all), box)
	}
	units(t, string(box), form, 16, all)
}

func TestEmlx(t *testing.T) {
	const list = "<?xml version=\"1.0\"?>\n<plist/>\n"
	test := func(raw, want string, whole, ok bool) {
		t.Helper()
		m, w, is := Emlx([]byte(raw))
		if is != ok || is && (string(m) != want || w != whole) {
			t.Errorf("%q: %q, whole %v, %v", raw, m, w, is)
		}
	}
	test("11\nS: a\n\nbody\n"+list, "S: a\n\nbody\n", true, true)
	test("11        \nS: a\n\nbody\n"+list, "S: a\n\nbody\n", true, true)
	test("11\nS: a\n\nbody\n", "S: a\n\nbody\n", true, true)
	test("90\nS: a\n\nbody\n", "S: a\n\nbody\n", false, true)
	test("37\nS: a\n\n--x\nX-Apple-Content-Length: 9\n\n"+list, "S: a\n\n--x\nX-Apple-Content-Length: 9\n\n", false, true)
	test("5\nS: a\n\nbody\n"+list, "", false, false) // the list is not there
	test("S: a\n\n11\n", "", false, false)
	test("2026\nan essay\n", "", false, false)
	test("", "", false, false)
	test("\n", "", false, false)
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
