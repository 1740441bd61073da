package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

type file struct{ name, text string }

func tarred(t testing.TB, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.text))}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		check(t, w.WriteHeader(h))
		_, err := io.WriteString(w, f.text)
		check(t, err)
	}
	check(t, w.Close())
	return b.String()
}

func zipped(t testing.TB, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		m, err := w.Create(f.name)
		check(t, err)
		_, err = io.WriteString(m, f.text)
		check(t, err)
	}
	check(t, w.Close())
	return b.String()
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	check(t, err)
	check(t, w.Close())
	return b.String()
}

func xzed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.WriterConfig{BlockSize: 5000}.NewWriter(&b)
	check(t, err)
	_, err = io.WriteString(w, text)
	check(t, err)
	check(t, w.Close())
	return b.String()
}

func zstded(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	check(t, err)
	return string(w.EncodeAll([]byte(text), nil))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// walk lists "name: text" or "name: error: why" of all that an archive holds.
func walk(t testing.TB, packed string, lim Limits) []string {
	t.Helper()
	var got []string
	o := Opener{Limits: lim, Spool: func() (Spooled, func(), error) {
		f, err := os.CreateTemp(t.TempDir(), "")
		return f, func() { f.Close() }, err
	}}
	err := o.Walk("a", strings.NewReader(packed), int64(len(packed)), func(e Entry) error {
		if e.Err != nil {
			got = append(got, e.Name+": error: "+e.Err.Error())
			return nil
		}
		text, err := io.ReadAll(io.LimitReader(e.R, 1<<30))
		if err != nil {
			got = append(got, e.Name+": error: "+err.Error())
			return nil
		}
		got = append(got, e.Name+": "+string(text))
		return nil
	})
	check(t, err)
	return got
}

func TestWalk(t *testing.T) {
	test := func(packed string, want ...string) {
		t.Helper()
		if got := walk(t, packed, Limits{}); !slices.Equal(got, want) {
			t.Errorf("\n got %q\nwant %q", got, want)
		}
	}
	files := []file{{"b/", ""}, {"b/one", "1"}, {"b/two", "2"}}
	test("plain", "a: plain")
	test(gzipped(t, "x"), "a: x")
	test(gzipped(t, "x")+gzipped(t, "y"), "a: xy")
	test(xzed(t, strings.Repeat("x", 7000)), "a: "+strings.Repeat("x", 7000))
	test(xzed(t, "x")+"\x00\x00\x00\x00"+xzed(t, "y"), "a: xy")
	test(zstded(t, "x"), "a: x")
	// printf hello | bzip2
	test("BZh91AY&SY\x19\x31\x65\x3d\x00\x00\x00\x81\x00\x02\x44\xa0\x00\x21\x9a\x68\x33\x4d\x07\x33\x8b\xb9\x22\x9c\x28\x48\x0c\x98\xb2\x9e\x80", "a: hello")
	test(tarred(t, files...), "a!b/one: 1", "a!b/two: 2")
	test(zipped(t, files...), "a!b/one: 1", "a!b/two: 2")
	test(gzipped(t, tarred(t, files...)), "a!b/one: 1", "a!b/two: 2")
	test(zipped(t, file{"x.tgz", gzipped(t, tarred(t, files...))}, file{"y", "3"}), "a!x.tgz!b/one: 1", "a!x.tgz!b/two: 2", "a!y: 3")
	test(tarred(t, file{"x.zip", zipped(t, files...)}, file{"y", "3"}), "a!x.zip!b/one: 1", "a!x.zip!b/two: 2", "a!y: 3")
	test(zstded(t, zipped(t, files...)), "a!b/one: 1", "a!b/two: 2")
	// No path leads out of an archive.
	test(tarred(t, file{"../../etc/x", "1"}, file{"/y", "2"}), "a!etc/x: 1", "a!y: 2")
	test(zipped(t))
}

// Damage of one member or archive is told, what can be read is read.
func TestDamage(t *testing.T) {
	test := func(packed string, want ...string) {
		t.Helper()
		got := walk(t, packed, Limits{})
		ok := len(got) == len(want)
		for i := 0; ok && i < len(got); i++ {
			ok = strings.HasPrefix(got[i], want[i])
		}
		if !ok {
			t.Errorf("\n got %q\nwant %q", got, want)
		}
	}
	noise := make([]byte, 3000)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	tgz := gzipped(t, tarred(t, file{"one", "1"}, file{"two", string(noise)}))
	test(tgz[:len(tgz)-2000], "a!one: 1", "a!two: error: unexpected EOF", "a: error: unexpected EOF")
	test("\x1f\x8b\x08 rubbish and more rubbish", "a: error: ")
	test("\xfd7zXZ\x00 rubbish and more rubbish", "a: error: ")
	test("\x28\xb5\x2f\xfd rubbish and more rubbish", "a: error: ")
	test("PK\x03\x04 rubbish", "a: error: zip: not a valid zip file")
	z := []byte(zipped(t, file{"one", strings.Repeat("1", 100)}, file{"two", "2"}))
	for i := bytes.Index(z, []byte("PK\x01\x02")); i >= 0; {
		z[i+8] |= 1 // encrypted
		break
	}
	test(string(z), "a!one: error: it is encrypted", "a!two: 2")
}

// Every bound is met by an error that names it, and nothing is read behind it.
func TestBounds(t *testing.T) {
	test := func(packed string, lim Limits, want string) {
		t.Helper()
		got := walk(t, packed, lim)
		if len(got) == 0 || !strings.Contains(got[len(got)-1], ": error: "+want) {
			t.Errorf("got %.300q, want %q at the end", got, want)
		}
	}
	zeros := strings.Repeat("\x00", 5<<20)
	deep := "x"
	for range 12 {
		deep = gzipped(t, deep)
	}
	test(deep, Limits{}, "more than 8 archives in one another")
	test(gzipped(t, zeros), Limits{Slack: 1 << 20}, "more than 500 bytes come out for each byte of this archive")
	test(xzed(t, zeros[:20000]), Limits{Slack: 1 << 10, Ratio: 5}, "more than 5 bytes come out for each byte")
	test(zstded(t, zeros), Limits{Slack: 1 << 20}, "more than 500 bytes come out for each byte")
	test(zipped(t, file{"a", zeros}, file{"b", "1"}), Limits{Slack: 1 << 20}, "more than 500 bytes come out")
	test(tarred(t, file{"a", zeros}), Limits{Total: 1 << 20}, "more than 1048576 bytes come out of this archive")
	var many []file
	for i := range 100 {
		many = append(many, file{fmt.Sprint("n", i), "1"})
	}
	test(tarred(t, many...), Limits{Entries: 50}, "more than 50 files in archives")
	test(zipped(t, many...), Limits{Entries: 50}, "more than 50 files in archives")
	test(zipped(t, many...), Limits{Directory: 2000}, "more than 2000 bytes in the table of contents")
	test(string(xzHeader(40)), Limits{}, "more than 134217728 bytes of memory to unpack it")
	test(gzipped(t, zipped(t, many...)), Limits{Spool: 2000}, "more than 2000 bytes of a zip archive that is not a file of its own")
	// The second block of a file asks too.
	x := xzed(t, strings.Repeat("x", 7000))
	second := strings.LastIndex(x, x[12:16])
	if second <= 12 {
		t.Fatal("one block only")
	}
	big := []byte(x)
	copy(big[second:], xzHeader(38)[12:])
	test(string(big), Limits{}, "more than 134217728 bytes of memory to unpack it")
	// Each block has a dictionary of its own: small blocks ask for memory again
	// and again.
	d := dictionaries{r: strings.NewReader(x), most: 16 << 20, sum: 5 << 30}
	if _, err := io.Copy(io.Discard, io.LimitReader(&d, 1<<20)); err == nil || !strings.Contains(err.Error(), "memory for each byte") {
		t.Errorf("%v", err)
	}
	// A zip archive inside one, where nothing can be spooled.
	o := Opener{}
	var last error
	check(t, o.Walk("a", strings.NewReader(gzipped(t, zipped(t))), -1, func(e Entry) error { last = e.Err; return nil }))
	if last == nil {
		t.Error("no error for a zip archive that cannot be spooled")
	}
}

// xzHeader is the beginning of an xz file with one block of that dictionary.
func xzHeader(dictionary byte) []byte {
	h := []byte("\xfd7zXZ\x00\x00\x01")
	h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE(h[6:8]))
	b := []byte{2, 0, 0x21, 1, dictionary, 0, 0, 0}
	return binary.LittleEndian.AppendUint32(append(h, b...), crc32.ChecksumIEEE(b))
}

func TestVisitorEnds(t *testing.T) {
	n := 0
	o := Opener{}
	packed := tarred(t, file{"1", "1"}, file{"2", "2"})
	check(t, o.Walk("a", strings.NewReader(packed), -1, func(Entry) error { n++; return ErrStop }))
	if n != 1 {
		t.Errorf("%d visits", n)
	}
	full := errors.New("disk full")
	if err := o.Walk("a", strings.NewReader(gzipped(t, packed)), -1, func(Entry) error { return full }); err != full {
		t.Errorf("%v", err)
	}
}

func TestForeign(t *testing.T) {
	for _, head := range []string{"7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07\x00", "!BDN"} {
		if what, hint, _ := Foreign([]byte(head)); what == "" || hint == "" {
			t.Errorf("%q has no name", head)
		}
	}
	if what, _, _ := Foreign([]byte("From: a")); what != "" {
		t.Errorf("mail is %s", what)
	}
}

func FuzzWalk(f *testing.F) {
	files := []file{{"b/one", "1"}, {"b/two", "From a"}}
	for _, s := range []string{tarred(f, files...), zipped(f, files...), gzipped(f, tarred(f, files...)), xzed(f, "xyz"), zstded(f, tarred(f, files...)), tarred(f, file{"z", zipped(f, files...)})} {
		f.Add([]byte(s))
	}
	lim := Limits{Slack: 1 << 20, Entries: 1000, Directory: 1 << 16, Window: 1 << 20}
	f.Fuzz(func(t *testing.T, packed []byte) {
		out := int64(0)
		o := Opener{Limits: lim, Spool: func() (Spooled, func(), error) { return &memory{}, func() {}, nil }}
		err := o.Walk("a", bytes.NewReader(packed), int64(len(packed)), func(e Entry) error {
			if (e.R == nil) == (e.Err == nil) {
				t.Fatalf("%+v", e)
			}
			if e.R != nil {
				n, err := io.Copy(io.Discard, io.LimitReader(e.R, 1<<30))
				out += n
				var b *Bound
				if err == nil || errors.As(err, &b) {
					return nil
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if most := lim.Slack + 500*int64(len(packed)+1) + 1<<17; out > most {
			t.Errorf("%d bytes from %d", out, len(packed))
		}
	})
}

// memory is a spool for tests.
type memory struct{ b []byte }

func (m *memory) Write(p []byte) (int, error) { m.b = append(m.b, p...); return len(p), nil }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.b).ReadAt(p, off)
}
