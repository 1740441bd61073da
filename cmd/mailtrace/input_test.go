package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// subjects runs analyze in a folder and returns "path[index] subject bytes" of
// every report.
func subjects(t *testing.T, stdin string, args ...string) []string {
	t.Helper()
	got := runWith(t, fakeEnvironment(), stdin, append([]string{"analyze", "--dns", "off", "--format", "jsonl"}, args...)...)
	if got.code != 0 {
		t.Fatalf("exit %d: %s", got.code, got.errout)
	}
	var list []string
	for line := range strings.Lines(got.out) {
		_, path, _ := strings.Cut(line, `"path":"`)
		path, _, _ = strings.Cut(path, `"`)
		_, index, _ := strings.Cut(line, `"index":`)
		index, _, _ = strings.Cut(index, ",")
		_, subject, _ := strings.Cut(line, `"subject":"`)
		subject, _, _ = strings.Cut(subject, `"`)
		list = append(list, fmt.Sprintf("%s[%s] %s", filepath.ToSlash(path), index, subject))
	}
	return list
}

const twoMessages = "From a@example.com Mon Nov 23 01:38:52 2026\nSubject: one\n\nbody\n\nFrom b@example.com Mon Nov 23 01:38:52 2026\nSubject: two\n\n>From me\n\n"

func TestInputs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, dir, "a.eml", "Subject: a\n\nbody\n")
	write(t, dir, "one.eml", "From a@example.com Mon Nov 23 01:38:52 2026\nSubject: saved\n\nFrom here on\n")
	write(t, dir, "box", twoMessages)
	write(t, dir, "mails/b.eml", "Subject: b\n\n")
	write(t, dir, "mails/sub/c", "Received: from x by y; z\nSubject: c\n\n")
	write(t, dir, "mails/sub/box.mbox", twoMessages)
	write(t, dir, "mails/sub/README.md", "# Not mail: at all\n")
	write(t, dir, "mails/zone.txt", "; zone: x\nexample.com. IN A 192.0.2.1\n")
	write(t, dir, "mails/.hidden.eml", "Subject: hidden\n\n")
	write(t, dir, "mails/.git/x.eml", "Subject: hidden\n\n")
	write(t, dir, "Maildir/cur/1.M1.host:2,S", "X-Any: x\nSubject: cur\n\n")
	write(t, dir, "Maildir/new/2.M2.host", "X-Any: x\nSubject: new\n\n")
	write(t, dir, "Maildir/tmp/3.M3.host", "Subject: half written\n\n")
	write(t, dir, "Maildir/dovecot.index", "\x00\x01")
	write(t, dir, "Maildir/.Sent/cur/4.M4.host:2,S", "X-Any: x\nSubject: sent\n\n")
	write(t, dir, "Maildir/.Sent/new/.keep", "")
	write(t, dir, "MH/10", "X-Any: x\nSubject: ten\n\n")
	write(t, dir, "MH/9", "X-Any: x\nSubject: nine\n\n")
	write(t, dir, "MH/,8", "X-Any: x\nSubject: deleted\n\n")
	write(t, dir, "MH/.mh_sequences", "cur: 9\n")
	write(t, dir, "bird/Inbox", twoMessages)
	write(t, dir, "bird/Inbox.msf", "// <!-- <mdb:mork:z v=\"1.4\"/> -->\n")
	write(t, dir, "bird/Inbox.sbd/Lists", twoMessages)
	write(t, dir, "bird/Trash", "")
	write(t, dir, "Apple/INBOX.mbox/1/Messages/1.emlx", "19\nSubject: x\n\nbody\n\n<?xml version=\"1.0\"?>\n")
	write(t, dir, "Apple/INBOX.mbox/1/Messages/2.partial.emlx", "18\nSubject: y\n\nbody\n<?xml version=\"1.0\"?>\n")
	write(t, dir, "Apple/INBOX.mbox/Info.plist", "<?xml version=\"1.0\"?>\n")
	test := func(stdin string, args []string, want ...string) {
		t.Helper()
		if got := subjects(t, stdin, args...); !slices.Equal(got, want) {
			t.Errorf("%q\n got %q\nwant %q", args, got, want)
		}
	}
	test("", []string{"MH"}, "MH/9[0] nine", "MH/10[1] ten")
	test("", []string{"bird"}, "bird/Inbox[0] one", "bird/Inbox[1] two", "bird/Inbox.sbd/Lists[2] one", "bird/Inbox.sbd/Lists[3] two")
	test("", []string{"Apple"}, "Apple/INBOX.mbox/1/Messages/1.emlx[0] x", "Apple/INBOX.mbox/1/Messages/2.partial.emlx[1] y")
	test("", []string{"a.eml"}, "a.eml[0] a")
	test("Subject: in\n\n", []string{"-"}, "-[0] in")
	test("Subject: in\n\n", nil, "-[0] in")
	test(twoMessages, []string{"-"}, "-[0] one", "-[1] two")
	test("", []string{"one.eml"}, "one.eml[0] saved")
	test("", []string{"box"}, "box[0] one", "box[1] two")
	test("", []string{"mails"}, "mails/b.eml[0] b", "mails/sub/box.mbox[1] one", "mails/sub/box.mbox[2] two", "mails/sub/c[3] c")
	test("", []string{"Maildir"}, "Maildir/.Sent/cur/4.M4.host:2,S[0] sent", "Maildir/cur/1.M1.host:2,S[1] cur", "Maildir/new/2.M2.host[2] new")
	test("", []string{"a.eml", "box", "a.eml"}, "a.eml[0] a", "box[0] one", "box[1] two", "a.eml[0] a")
	if err := os.Symlink("mails", "link"); err == nil {
		test("", []string{"link"}, "link/b.eml[0] b", "link/sub/box.mbox[1] one", "link/sub/box.mbox[2] two", "link/sub/c[3] c")
	}
}

// One message gives text, more give jsonl and a summary.
func TestDefaultFormat(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.eml", "Subject: a\n\n")
	one := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "off", a)
	if !strings.Contains(one.out, "AUTHENTICATED   a\n") || one.errout != "" {
		t.Errorf("%+v", one)
	}
	two := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "off", a, a)
	if strings.Count(two.out, "\n") != 2 || !strings.HasPrefix(two.out, "{") || !strings.HasPrefix(two.errout, "2  messages\n") {
		t.Errorf("%+v", two)
	}
	quiet := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "off", "-q", a, a)
	if want := a + ": authenticated: a (“a”)\n"; quiet.out != want+want || quiet.errout != "" {
		t.Errorf("%+v", quiet)
	}
}

// A stream over the limit goes through a file, which is gone afterwards.
func TestSpool(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	body := strings.Repeat("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n", spoolOver/64)
	one := runWith(t, fakeEnvironment(), "Subject: large\n\n"+body, "analyze", "--dns", "off", "--json")
	if want := fmt.Sprintf(`"bytes": %d`, len(body)+16); one.code != 0 || !strings.Contains(one.out, want) {
		t.Errorf("exit %d, want %s in\n%s%s", one.code, want, one.out, one.errout)
	}
	box := "From a 00:00\nSubject: large\n\n" + body + "\nFrom b 00:00\nSubject: small\n\n"
	two := runWith(t, fakeEnvironment(), box, "analyze", "--dns", "off")
	if two.code != 0 || strings.Count(two.out, "\n") != 2 || !strings.Contains(two.out, "small") {
		t.Errorf("exit %d\n%s%s", two.code, two.out, two.errout)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Many messages come out in the order in which they went in.
func TestOrder(t *testing.T) {
	var box strings.Builder
	const n = 300
	for i := range n {
		fmt.Fprintf(&box, "From a 00:00\nSubject: %d\n\n\n", i)
	}
	for _, jobs := range []string{"1", "2", "9"} {
		got := subjects(t, box.String(), "--jobs", jobs)
		if len(got) != n {
			t.Fatalf("%d reports", len(got))
		}
		for i, s := range got {
			if want := fmt.Sprintf("-[%d] %d", i, i); s != want {
				t.Fatalf("place %d: %s", i, s)
			}
		}
	}
}

func TestOutlook(t *testing.T) {
	dir := t.TempDir()
	file, err := os.ReadFile("../../internal/outlook/testdata/plain.msg")
	if err != nil {
		t.Fatal(err)
	}
	test := func(name, file, want string) {
		t.Helper()
		got := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "off", "--json", write(t, dir, name, file))
		if !strings.Contains(got.out+got.errout, want) {
			t.Errorf("%s: exit %d, want %q in\n%s%s", name, got.code, want, got.out, got.errout)
		}
	}
	test("plain.msg", string(file), `"kind": "headers-only"`)
	test("cut.msg", string(file[:600]), "damaged Outlook message")
}

// packedFile is a file of an archive.
type packedFile struct {
	name, text string
	kind       byte // of tar
}

// zipped packs files into a zip archive, tarred into a tar archive, and gzipped
// a text.
func zipped(t *testing.T, files map[string]string) string {
	t.Helper()
	return zippedFiles(t, inOrder(files)...)
}

func tarred(t *testing.T, files map[string]string) string {
	t.Helper()
	return tarredFiles(t, inOrder(files)...)
}

func inOrder(files map[string]string) []packedFile {
	var out []packedFile
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, packedFile{name, files[name], tar.TypeReg})
	}
	return out
}

func zippedFiles(t *testing.T, files ...packedFile) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, file := range files {
		f, err := w.Create(file.name)
		if err == nil {
			_, err = io.WriteString(f, file.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarredFiles(t *testing.T, files ...packedFile) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, file := range files {
		h := tar.Header{Name: file.name, Typeflag: file.kind, Mode: 0o644, Size: int64(len(file.text)), Format: tar.FormatGNU}
		if file.kind != tar.TypeReg {
			h.Linkname = "/etc/passwd"
		}
		err := w.WriteHeader(&h)
		if err == nil {
			_, err = io.WriteString(w, file.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Archives are opened wherever they stand, and told by what they hold.
func TestArchives(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	takeout := map[string]string{
		"Takeout/archive_browser.html":                        "<html>",
		"Takeout/Mail/All mail Including Spam and Trash.mbox": twoMessages,
	}
	maildir := map[string]string{"M/cur/1:2,S": "X-Any: x\nSubject: cur\n\n", "M/new/2": "X-Any: x\nSubject: new\n\n", "M/dovecot.index": "\x00\x01", "M/.x.eml": "Subject: hidden\n\n"}
	write(t, dir, "takeout.zip", zipped(t, takeout))
	write(t, dir, "takeout.tgz", gzipped(t, tarred(t, takeout)))
	write(t, dir, "nameless", zipped(t, map[string]string{"inner": gzipped(t, tarred(t, maildir))}))
	write(t, dir, "one.eml.gz", gzipped(t, "Subject: packed\n\n"))
	write(t, dir, "in/box.gz", gzipped(t, twoMessages))
	write(t, dir, "in/log.gz", gzipped(t, "a log\n"))
	write(t, dir, "in/doc.docx", zipped(t, map[string]string{"word/document.xml": "<xml>"}))
	test := func(stdin string, args []string, want ...string) {
		t.Helper()
		if got := subjects(t, stdin, args...); !slices.Equal(got, want) {
			t.Errorf("%q\n got %q\nwant %q", args, got, want)
		}
	}
	const all = "!Takeout/Mail/All mail Including Spam and Trash.mbox"
	test("", []string{"takeout.zip"}, "takeout.zip"+all+"[0] one", "takeout.zip"+all+"[1] two")
	test("", []string{"takeout.tgz"}, "takeout.tgz"+all+"[0] one", "takeout.tgz"+all+"[1] two")
	test(zipped(t, takeout), []string{"-"}, "-"+all+"[0] one", "-"+all+"[1] two")
	test(gzipped(t, tarred(t, takeout)), []string{"-"}, "-"+all+"[0] one", "-"+all+"[1] two")
	test(gzipped(t, twoMessages), []string{"-"}, "-[0] one", "-[1] two")
	test("", []string{"nameless"}, "nameless!inner!M/cur/1:2,S[0] cur", "nameless!inner!M/new/2[1] new")
	test("", []string{"one.eml.gz"}, "one.eml.gz[0] packed")
	test("", []string{"in"}, "in/box.gz[0] one", "in/box.gz[1] two")
}

// Damage, foreign archives and bombs are told with their place; the rest is
// analysed.
func TestBadArchives(t *testing.T) {
	dir := t.TempDir()
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, "From a@example.com Mon Nov 23 01:38:52 2026\nSubject: %x\n\n%x\n\n", i*i, i*i*i)
	}
	whole := gzipped(t, many.String())
	cut := write(t, dir, "cut.gz", whole[:len(whole)/2])
	rar := write(t, dir, "a.rar", "Rar!\x1a\x07\x00rest")
	pst := write(t, dir, "store/a.pst", "!BDN rest")
	empty := write(t, dir, "empty.zip", zipped(t, map[string]string{"a.txt": "no mail"}))
	deep := "Subject: x\n\n"
	for range 12 {
		deep = gzipped(t, deep)
	}
	bomb := write(t, dir, "deep.gz", deep)
	test := func(reports int, want string, paths ...string) {
		t.Helper()
		got := runWith(t, fakeEnvironment(), "", append([]string{"analyze", "--dns", "off", "--format", "jsonl"}, paths...)...)
		if n := strings.Count(got.out, "\n"); n < reports || reports == 0 && n > 0 || got.code != exitUsage || !strings.Contains(got.errout, want) {
			t.Errorf("%q: exit %d, %d reports, want %q in\n%.500s", paths, got.code, n, want, got.errout)
		}
	}
	test(500, "cut.gz, behind message", cut)
	test(500, "unexpected EOF", cut)
	test(0, "a.rar: a RAR archive", rar)
	test(0, "a.pst: an Outlook store", pst)
	test(0, "a.pst: an Outlook store", filepath.Dir(pst))
	test(0, "no message in this archive", empty)
	test(0, "more than 8 archives in one another", bomb)
	test(1, "more than 8 archives in one another", bomb, write(t, dir, "ok.eml", "Subject: x\n\n"))
}
