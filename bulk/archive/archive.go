// Package archive opens packed files: tar and zip, and what gzip, bzip2, xz or
// Zstandard made, in one another to any depth that the bounds allow. The form
// is told by the first bytes, never by the name.
//
// What is packed is written by strangers. A file of kilobytes can unpack to
// petabytes, hold itself, or list a million names; every such amount has a
// bound, and a bound that is met is an error that says so.
//
// Not stable yet.
package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/mailtrace/mailtrace/internal/guard"
)

// Limits are the bounds on what is unpacked. Zero values are those of
// [DefaultLimits].
type Limits struct {
	Depth     int   // archives in one another; a .tar.gz is two
	Ratio     int64 // bytes that come out for each byte of the file, beyond Slack
	Slack     int64 // bytes that may come out whatever the ratio
	Total     int64 // bytes that come out in all
	Entries   int   // files in all archives together
	Directory int64 // bytes of the table of contents of one zip file
	Window    int64 // memory of one decompressor, as the packed data ask for
	Spool     int64 // bytes of a zip archive that has to be copied to a file before it can be read
}

// DefaultLimits are generous to mail: text packs to a tenth, and an archive of
// one newsletter that was sent a thousand times to less.
var DefaultLimits = Limits{
	Depth: 8, Ratio: 500, Slack: 256 << 20, Total: 4 << 40, Entries: 10_000_000, Directory: 64 << 20, Window: 128 << 20, Spool: 8 << 30,
}

func (l Limits) filled() Limits {
	d := DefaultLimits
	return Limits{
		Depth: cmp.Or(l.Depth, d.Depth), Ratio: cmp.Or(l.Ratio, d.Ratio), Slack: cmp.Or(l.Slack, d.Slack), Total: cmp.Or(l.Total, d.Total),
		Entries: cmp.Or(l.Entries, d.Entries), Directory: cmp.Or(l.Directory, d.Directory), Window: cmp.Or(l.Window, d.Window), Spool: cmp.Or(l.Spool, d.Spool),
	}
}

// Bound is the error of a bound that was met.
type Bound struct {
	What string // "archives in one another"
	Most int64
}

func (b *Bound) Error() string { return fmt.Sprintf("more than %d %s", b.Most, b.What) }

// ErrEncrypted is the error of a member that needs a password.
var ErrEncrypted = errors.New("it is encrypted")

// ErrStop ends a walk without an error.
var ErrStop = errors.New("stop")

// Entry is one file of an archive, or the reason why no more can be read.
type Entry struct {
	// Name is the path from the outermost archive on, "!" between an archive
	// and what lies in it: "takeout.zip!Takeout/Mail/All mail.mbox".
	Name string
	// R is what the file holds; it is to be read before the visit returns.
	R *bufio.Reader
	// Err says why this member, or all behind it, cannot be read; R is nil.
	Err error
}

// Opener opens archives.
type Opener struct {
	Limits
	// Spool makes a file for a zip archive inside another: a zip file is read
	// from its end. remove is called when it is done. nil: such archives are
	// errors.
	Spool func() (f Spooled, remove func(), err error)
}

// Spooled is a temporary file.
type Spooled interface {
	io.Writer
	io.ReaderAt
}

// Sniffed is how many bytes [Sniff] looks at.
const Sniffed = 512

// peek is the read buffer of a member: so much of its beginning can be looked at.
const peek = 64 << 10

// Format is a way to pack files.
type Format string

const (
	None  Format = ""
	Gzip  Format = "gzip"
	Bzip2 Format = "bzip2"
	Xz    Format = "xz"
	Zstd  Format = "zstd"
	Tar   Format = "tar"
	Zip   Format = "zip"
)

// Sniff tells what the first bytes of a file begin.
func Sniff(head []byte) Format {
	has := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case has("\x1f\x8b\x08"):
		return Gzip
	case has("BZh") && len(head) >= 10 && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90"):
		return Bzip2
	case has("\xfd7zXZ\x00"):
		return Xz
	case has("\x28\xb5\x2f\xfd"):
		return Zstd
	case has("PK\x03\x04"), has("PK\x05\x06"):
		return Zip
	case isTar(head):
		return Tar
	}
	return None
}

// Foreign names a form of archive that is not read here, with what to do about
// it; what is "" for others. store says that it is made for mail.
func Foreign(head []byte) (what, hint string, store bool) {
	has := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case has("7z\xbc\xaf\x27\x1c"):
		return "a 7z archive", "unpack it and give the folder, or pack it as zip or tar.xz", false
	case has("Rar!\x1a\x07"):
		return "a RAR archive", "unpack it and give the folder", false
	case has("\x04\x22\x4d\x18"):
		return "packed by lz4", "unpack it first: lz4 -dc FILE | mailtrace analyze -", false
	case has("\x1f\x9d"):
		return "packed by compress", "unpack it first: gzip -dc FILE | mailtrace analyze -", false
	case has("!BDN"):
		return "an Outlook store (.pst, .ost)", "readpst -e -o FOLDER FILE writes its messages; give that folder", true
	}
	return "", "", false
}

// isTar reports whether a block is the header of a tar member: its checksum is
// right (POSIX.1-1988), whatever variant of the format it is.
func isTar(head []byte) bool {
	const size, at, end = 512, 148, 156
	if len(head) < size || head[0] == 0 {
		return false
	}
	sum := int64(0)
	for i, c := range head[:size] {
		if i >= at && i < end {
			c = ' '
		}
		sum += int64(c)
	}
	want, digits := int64(0), 0
	for _, c := range head[at:end] {
		switch {
		case '0' <= c && c <= '7':
			want = want*8 + int64(c-'0')
			digits++
		case digits > 0 && c != ' ' && c != 0:
			return false
		}
	}
	return digits > 0 && want == sum
}

// Walk calls visit for every file in an archive that is none itself, in the
// order in which they lie in it. r is the archive; where it is also an
// io.ReaderAt and size is known (not negative), a zip archive is read in place.
//
// A member that cannot be read is visited with its error. Walk returns the
// first error of visit, nil for [ErrStop]; a bound that is met ends the walk by a
// visit with a *[Bound].
func (o *Opener) Walk(name string, r io.Reader, size int64, visit func(Entry) error) error {
	w := &walker{lim: o.Limits.filled(), spool: o.Spool, visit: visit}
	w.in.r, w.in.size = r, size
	var f failure
	if err := w.open(name, &w.in, 0); errors.As(err, &f) && !errors.Is(f.err, ErrStop) {
		return f.err
	}
	return nil
}

// walker is one walk.
type walker struct {
	lim     Limits
	spool   func() (Spooled, func(), error)
	visit   func(Entry) error
	in      source
	out     [2]int64 // bytes that decompressors and members gave so far
	entries int
	bound   *Bound // that was met; nothing is read behind it
}

// source is the outermost file.
type source struct {
	r    io.Reader
	size int64 // -1 where it is not known
	n    int64 // read so far
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	return n, err
}

// counted counts what comes out, and ends where a bound is met.
type counted struct {
	w    *walker
	kind int // index into walker.out
	r    io.Reader
}

const (
	unpacked = 0
	member   = 1
)

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	if b := c.w.bound; b != nil {
		return 0, b
	}
	n, err := c.r.Read(p)
	w := c.w
	w.out[c.kind] += int64(n)
	out := w.out[c.kind]
	in := max(w.in.size, w.in.n)
	switch {
	case out > w.lim.Total:
		w.bound = &Bound{"bytes come out of this archive", w.lim.Total}
	case out > w.lim.Slack && (out-w.lim.Slack)/w.lim.Ratio > in:
		w.bound = &Bound{"bytes come out for each byte of this archive", w.lim.Ratio}
	}
	if w.bound != nil {
		return n, w.bound
	}
	return n, err
}

// failure is an error that visit returned; it ends the walk.
type failure struct{ err error }

func (f failure) Error() string { return f.err.Error() }

func (w *walker) see(e Entry) error {
	if err := w.visit(e); err != nil {
		return failure{err}
	}
	return nil
}

// tell visits the error of an archive or member and goes on, unless that was
// the visitor's will or a bound.
func (w *walker) tell(name string, err error) error {
	var f failure
	if errors.As(err, &f) {
		return err
	}
	if w.bound != nil {
		err = w.bound // it shows in whatever read last: name it alone
	}
	if err := w.see(Entry{Name: name, Err: err}); err != nil {
		return err
	}
	if w.bound != nil {
		return failure{ErrStop}
	}
	return nil
}

// open looks into one file.
func (w *walker) open(name string, r io.Reader, depth int) error {
	if err := w.into(name, r, depth); err != nil {
		return w.tell(name, err)
	}
	return nil
}

func (w *walker) into(name string, r io.Reader, depth int) error {
	br := bufio.NewReaderSize(r, peek)
	head, err := br.Peek(Sniffed)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return err
	}
	format := Sniff(head)
	if format == None {
		return w.see(Entry{Name: name, R: br})
	}
	if depth >= w.lim.Depth {
		w.bound = &Bound{"archives in one another", int64(w.lim.Depth)}
		return w.bound
	}
	switch format {
	case Tar:
		return w.tar(name, br, depth)
	case Zip:
		return w.zip(name, br, depth)
	}
	// A decompressor is other people's code on strangers' bytes.
	var out io.Reader
	var done func()
	if fault := guard.Run(func() { out, done, err = w.decompressor(format, br) }); fault != nil {
		return fault
	}
	if err != nil {
		return err
	}
	defer done()
	return w.open(name, &guarded{&counted{w, unpacked, out}}, depth+1)
}

// guarded turns a panic of a decompressor into an error of the read.
type guarded struct{ r io.Reader }

// Read implements io.Reader.
func (g *guarded) Read(p []byte) (n int, err error) {
	if fault := guard.Run(func() { n, err = g.r.Read(p) }); fault != nil {
		return 0, fault
	}
	return n, err
}

func nothing() {}

func (w *walker) decompressor(format Format, r *bufio.Reader) (io.Reader, func(), error) {
	switch format {
	case Gzip:
		z, err := gzip.NewReader(r)
		return z, nothing, err
	case Bzip2:
		return bzip2.NewReader(r), nothing, nil
	case Xz:
		z, err := xz.NewReader(&dictionaries{r: r, most: w.lim.Window})
		return z, nothing, err
	default:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(w.lim.Window)))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
}

// entry counts a member, and says whether it may be looked at.
func (w *walker) entry() error {
	w.entries++
	if w.entries > w.lim.Entries {
		w.bound = &Bound{"files in archives", int64(w.lim.Entries)}
		return w.bound
	}
	return nil
}

// within is the name of a member, which may be anything: no path leads out.
func within(archive, name string) string {
	name = strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, "\\", "/")), "/")
	return archive + "!" + name
}

func (w *walker) tar(name string, r io.Reader, depth int) error {
	t := tar.NewReader(r)
	for {
		var h *tar.Header
		var err error
		if fault := guard.Run(func() { h, err = t.Next() }); fault != nil {
			return fault
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return err
		}
		if err := w.entry(); err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
			continue
		}
		if err := w.open(within(name, h.Name), &guarded{&counted{w, member, t}}, depth+1); err != nil {
			return err
		}
	}
}

// limitedAt ends with an error after so many bytes.
type limitedAt struct {
	r    io.ReaderAt
	left int64
	over bool
}

// ReadAt implements io.ReaderAt.
func (l *limitedAt) ReadAt(p []byte, off int64) (int, error) {
	if l.left < int64(len(p)) {
		l.over = true
		return 0, errors.New("a long table of contents")
	}
	l.left -= int64(len(p))
	return l.r.ReadAt(p, off)
}

func (w *walker) zip(name string, br *bufio.Reader, depth int) error {
	var file io.ReaderAt
	size := w.in.size
	if at, ok := w.in.r.(io.ReaderAt); ok && depth == 0 && size >= 0 {
		file = at
	} else {
		if w.spool == nil {
			return errors.New("a zip archive that cannot be read from its end")
		}
		f, remove, err := w.spool()
		if err != nil {
			return err
		}
		defer remove()
		if size, err = io.Copy(f, io.LimitReader(br, w.lim.Spool+1)); err != nil {
			return err
		}
		if size > w.lim.Spool {
			w.bound = &Bound{"bytes of a zip archive that is not a file of its own", w.lim.Spool}
			return w.bound
		}
		file = f
	}
	// archive/zip reads the whole table before it gives a name.
	table := &limitedAt{r: file, left: w.lim.Directory}
	var z *zip.Reader
	var err error
	if fault := guard.Run(func() { z, err = zip.NewReader(table, size) }); fault != nil {
		return fault
	}
	if table.over {
		w.bound = &Bound{"bytes in the table of contents of a zip archive", w.lim.Directory}
		return w.bound
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return err
	}
	table.left = 1<<63 - 1
	for _, f := range z.File {
		if err := w.entry(); err != nil {
			return err
		}
		if !f.Mode().IsRegular() {
			continue
		}
		if err := w.zipped(within(name, f.Name), f, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) zipped(name string, f *zip.File, depth int) error {
	const encrypted = 1
	if f.Flags&encrypted != 0 {
		return w.tell(name, ErrEncrypted)
	}
	var r io.ReadCloser
	var err error
	if fault := guard.Run(func() { r, err = f.Open() }); fault != nil {
		err = fault
	}
	if err != nil {
		return w.tell(name, err)
	}
	defer r.Close()
	return w.open(name, &guarded{&counted{w, member, r}}, depth+1)
}
