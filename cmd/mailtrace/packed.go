package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/bulk/archive"
)

// maxHeld is how much of what was read and is not yet analysed may be in
// memory, in bytes, beside one message that is larger.
const maxHeld = 64 << 20

// hold waits until there is room for a message in memory, and reports whether
// there is: the run may have been interrupted.
func (c *cli) hold(in *input, n int) bool {
	if c.memory == nil {
		return true
	}
	in.held = min(int64(max(n, 1)), maxHeld)
	return c.memory.Acquire(c.context(), in.held) == nil
}

// packed yields the messages in an archive, whose indexes begin with index.
// named says that it was given by name: it is meant to hold messages.
func (c *cli) packed(file string, named bool, index int, r *io.SectionReader, yield func(input) bool) bool {
	counted := &progressing{r: r}
	return c.unpack(file, named, index, counted, &counted.n, r.Size(), yield)
}

// progressing counts what is read of the outermost file.
type progressing struct {
	r *io.SectionReader
	n int64
}

// Read implements io.Reader.
func (p *progressing) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.n += int64(n)
	return n, err
}

// ReadAt implements io.ReaderAt.
func (p *progressing) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.r.ReadAt(b, off)
	p.n += int64(n)
	return n, err
}

// unpacking yields the messages of one archive.
type unpacking struct {
	c     *cli
	file  string
	named bool
	index int
	found int
	done  *int64 // bytes of the archive that were read
	told  int64  // of them, those that an input has
	yield func(input) bool
}

func (c *cli) unpack(file string, named bool, index int, r io.Reader, done *int64, size int64, yield func(input) bool) bool {
	u := &unpacking{c: c, file: file, named: named, index: index, done: done, yield: yield}
	o := archive.Opener{Spool: func() (archive.Spooled, func(), error) {
		return c.scratch()
	}}
	if err := o.Walk(file, r, size, u.entry); err != nil {
		return false
	}
	if u.found == 0 && named {
		return yield(input{path: file, index: index, err: wrong(inputHint, "%s: no message in this archive", name(file))})
	}
	return true
}

// send yields an input; an error ends the walk.
func (u *unpacking) send(in input) error {
	in.index = u.index + u.found
	u.found++
	in.read, u.told = *u.done-u.told, *u.done
	if !u.yield(in) {
		return errEnded
	}
	return nil
}

var errEnded = errors.New("the run ended")

const archiveHint = "what was read before it stands; unpack the archive and give the folder"

func (u *unpacking) fail(name string, err error) error {
	return u.send(input{path: name, err: wrong(archiveHint, "%s: %s", name, reason(err))})
}

// entry takes one file of the archive.
func (u *unpacking) entry(e archive.Entry) error {
	if e.Err != nil {
		return u.fail(e.Name, e.Err)
	}
	head, err := e.R.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return u.fail(e.Name, err)
	}
	if len(head) == 0 {
		return nil
	}
	// A file that was only packed is meant, whatever it holds.
	inside := e.Name != u.file || !u.named
	if what, hint, store := archive.Foreign(head); what != "" && (store || !inside) {
		return u.send(input{path: e.Name, err: wrong(hint, "%s: %s", e.Name, what)})
	}
	if bulk.IsMbox(head) {
		return u.mailbox(e)
	}
	if inside && !isMailNamed(path.Base(path.Dir(strings.ReplaceAll(e.Name, "!", "/"))), path.Base(e.Name), head) {
		return nil
	}
	raw, err := read(e.R, mailtrace.MaxMessage)
	switch {
	case errors.As(err, new(tooLong)):
		return u.send(input{path: e.Name, err: tooLarge(name(e.Name), 0)})
	case err != nil:
		return u.fail(e.Name, err)
	}
	in := input{path: e.Name, size: int64(len(raw)), load: func() ([]byte, bool, error) { return decode(e.Name, raw) }}
	if !u.c.hold(&in, len(raw)) {
		return errEnded
	}
	return u.send(in)
}

// read reads all, up to max bytes.
func read(r io.Reader, max int64) ([]byte, error) {
	var b bytes.Buffer
	_, err := b.ReadFrom(bound(r, max))
	return b.Bytes(), err
}

// mailbox takes a mailbox that is read once.
func (u *unpacking) mailbox(e archive.Entry) error {
	var err error
	u.c.pieces(e.Name, e.R, func(in input) bool {
		err = u.send(in)
		return err == nil
	})
	return err
}

// pieces yields the messages of a mailbox that can be read once, with indexes
// from 0.
func (c *cli) pieces(path string, r io.Reader, yield func(input) bool) bool {
	br := bufio.NewReaderSize(r, bulk.BoxSample)
	head, err := br.Peek(bulk.BoxSample)
	box := bulk.SampleBox(head, err != nil)
	m := mailbox{path: path, yield: yield}
	var lone bulk.Piece
	for p, err := range box.Pieces(br, mailtrace.MaxMessage) {
		if err != nil {
			return m.fail(err)
		}
		if !m.flush() {
			return false
		}
		where := m.where(m.found+1, p.Offset)
		lone = p
		in := input{at: p.Offset, size: p.Length, read: p.Length, where: where, load: func() ([]byte, bool, error) {
			if p.Raw == nil {
				return nil, false, tooLarge(where, p.Length)
			}
			return decode(where, box.Unquote(p.Raw, intact))
		}}
		if !c.hold(&in, len(p.Raw)) {
			return false
		}
		m.put(in)
	}
	if m.found == 1 && lone.Raw != nil {
		// Left as it is, as in a file.
		m.pending.load = func() ([]byte, bool, error) { return decode(m.pending.where, lone.Raw) }
	}
	return m.flush()
}

// stream yields the messages of a stream that can be read once.
func (c *cli) stream(path string, r io.Reader, yield func(input) bool) bool {
	fail := func(err error) bool { return yield(input{path: path, err: err}) }
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil {
				return c.kept(path, io.NewSectionReader(f, at, info.Size()-at), yield)
			}
		}
	}
	br := bufio.NewReaderSize(r, sniffed)
	head, err := br.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return fail(wrong(inputHint, "%s: %s", name(path), reason(err)))
	}
	if archive.Sniff(head) != archive.None {
		n := &counting{r: bound(br, maxStream)}
		return c.unpack(path, true, 0, n, &n.n, -1, yield)
	}
	if what, hint, _ := archive.Foreign(head); what != "" {
		return fail(wrong(hint, "%s: %s", name(path), what))
	}
	if bulk.IsMbox(head) {
		return c.pieces(path, bound(br, maxStream), yield)
	}
	return c.spooled(path, br, yield)
}

// counting counts what is read.
type counting struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// spooled yields the one message of a stream.
func (c *cli) spooled(path string, r io.Reader, yield func(input) bool) bool {
	fail := func(err error) bool { return yield(input{path: path, err: err}) }
	head, err := io.ReadAll(io.LimitReader(r, spoolOver+1))
	if err != nil {
		return fail(wrong(inputHint, "%s: %s", name(path), reason(err)))
	}
	if len(head) <= spoolOver {
		return yield(input{path: path, size: int64(len(head)), load: func() ([]byte, bool, error) { return decode(path, head) }})
	}
	// The message is loaded from it until the run ends.
	spool, _, err := c.scratch()
	if err != nil {
		return fail(wrong("set TMPDIR to a folder with room", "%s: %s", name(path), reason(err)))
	}
	n, err := spool.Write(head)
	size := int64(n)
	head = nil
	if err == nil {
		var more int64
		more, err = io.Copy(spool, bound(r, mailtrace.MaxMessage-size))
		size += more
	}
	switch {
	case errors.As(err, new(tooLong)):
		return fail(wrong(largeHint, "%s: %s", name(path), tooLong{mailtrace.MaxMessage}))
	case errors.Is(err, errInterrupted):
		return fail(err)
	case err != nil:
		return fail(wrong("set TMPDIR to a folder with room", "%s: %s", name(path), reason(err)))
	}
	return c.kept(path, io.NewSectionReader(spool, 0, size), yield)
}

// kept yields the messages of a file that stays open until the run ends.
func (c *cli) kept(path string, r *io.SectionReader, yield func(input) bool) bool {
	return c.section(path, true, 0, r, func(where string, offset, length int64) ([]byte, error) { return readAt(where, r, offset, length) }, yield)
}
