package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/bulk/archive"
	"github.com/mailtrace/mailtrace/internal/outlook"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/paste"
)

const (
	// spoolOver is how much of a stream is kept in memory; more goes to a
	// temporary file, so that a message of any size is read once, into a
	// buffer of its size.
	spoolOver = 2 << 20
	// sniffed is how much of a file is read to tell what it is.
	sniffed = 4 << 10
)

const (
	inputHint   = "give a message (.eml), an mbox, a Maildir, a folder of messages, an archive of these, or - for standard input"
	changedHint = "something writes to it; give a copy, or try again when it is done"
	largeHint   = "no mail server carries such a message; is it another kind of file?"
)

// input is one message to analyse, or the reason why it cannot be.
type input struct {
	path  string
	where string // path, and for a message of an mbox its number and offset
	index int    // place in an mbox or folder
	err   error
	at    int64 // offset in the mailbox
	size  int64 // bytes of the message, -1 where it is not known before it is read
	read  int64 // bytes of the outermost file that were read for it
	held  int64 // of cli.memory, given back when it is done
	// number and chain are the place among all inputs, for a checkpoint.
	number int
	chain  chain
	// load reads the message. headersOnly says that there is no body.
	load func() (raw []byte, headersOnly bool, err error)
}

// place names the input in an error.
func (in *input) place() string {
	if in.where != "" {
		return in.where
	}
	return name(in.path)
}

// inputs yields the messages of all paths in order. Nothing of a message is in
// memory before its load.
func (c *cli) inputs(paths []string) iter.Seq[input] {
	return func(yield func(input) bool) {
		for _, p := range paths {
			if !c.path(p, yield) {
				return
			}
		}
	}
}

// path yields the messages of one path; false ends the run.
func (c *cli) path(path string, yield func(input) bool) bool {
	fail := func(err error) bool { return yield(input{path: path, err: err}) }
	if path == "-" {
		if c.terminal(c.stdin) > 0 {
			fmt.Fprintln(c.stderr, "reading a message, or a header, from the terminal: paste it, then end it with Ctrl-D on a line of its own")
		}
		return c.stream(path, c.input(), yield)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fail(wrong(inputHint, "%s: %s", path, reason(err)))
	case info.IsDir():
		return c.folder(path, yield)
	case !info.Mode().IsRegular():
		// A pipe: read once, from start to end.
		f, _, err := c.openFile(path)
		if err != nil {
			return fail(wrong(inputHint, "%s: %s", path, reason(err)))
		}
		defer f.Close()
		return c.stream(path, f, yield)
	}
	return c.file(path, true, 0, yield)
}

// file yields the messages of a file: those of an mbox, or the file itself
// with the given index. named says that it was given by name.
func (c *cli) file(path string, named bool, index int, yield func(input) bool) bool {
	fail := func(err error) bool { return yield(input{path: path, index: index, err: err}) }
	f, info, err := c.openRegular(path)
	if err != nil {
		return fail(wrong(inputHint, "%s: %s", path, reason(err)))
	}
	defer f.Close()
	// The file is opened again for each message: by then it is closed here. Where
	// it is there no more, one error says so of all messages that are left.
	var lost atomic.Bool
	going, cut, found := true, false, index
	c.section(path, named, index, io.NewSectionReader(f, 0, info.Size()), func(where string, offset, length int64) ([]byte, error) {
		raw, err := c.readPart(path, where, info, offset, length)
		if errors.As(err, new(*lostFile)) {
			lost.Store(true)
		}
		return raw, err
	}, func(in input) bool {
		if cut = lost.Load(); cut {
			return false
		}
		found = in.index + 1
		going = yield(in)
		return going
	})
	if going && cut {
		return yield(input{path: path, index: found, err: wrong(changedHint, "%s: nothing behind message %d was read", path, found-index)})
	}
	return going
}

// section yields the messages of bytes that can be read at any place, whose
// indexes begin with index: those of an archive or a mailbox, or the one message
// that they are. read reads a part of them, when a message is loaded.
func (c *cli) section(path string, named bool, index int, r *io.SectionReader, read func(where string, offset, length int64) ([]byte, error), yield func(input) bool) bool {
	fail := func(err error) bool { return yield(input{path: path, index: index, err: err}) }
	head := make([]byte, sniffed)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fail(wrong(inputHint, "%s: %s", name(path), reason(err)))
	}
	head = head[:n]
	if archive.Sniff(head) != archive.None {
		return c.packed(path, named, index, r, yield)
	}
	if what, hint, _ := archive.Foreign(head); what != "" {
		return fail(wrong(hint, "%s: %s", name(path), what))
	}
	if bulk.IsMbox(head) {
		return mbox(path, index, r, read, yield)
	}
	return yield(input{path: path, index: index, size: r.Size(), read: r.Size(), load: func() ([]byte, bool, error) {
		raw, err := read(name(path), 0, r.Size())
		if err != nil {
			return nil, false, err
		}
		return decode(path, raw)
	}})
}

// lostFile is the error of a file that is not there any more.
type lostFile struct{ problem *problem }

func (l *lostFile) Error() string { return l.problem.Error() }
func (l *lostFile) Unwrap() error { return l.problem }

// readPart reads a part of a file, which was looked through before, into a buffer
// of its size. where names the part in an error. Of another file that took its
// name since, the places of the messages say nothing.
func (c *cli) readPart(path, where string, before fs.FileInfo, offset, length int64) ([]byte, error) {
	f, info, err := c.openRegular(path)
	if err != nil {
		return nil, &lostFile{wrong(inputHint, "%s: %s", where, reason(err))}
	}
	defer f.Close()
	if !os.SameFile(info, before) {
		return nil, &lostFile{wrong(changedHint, "%s: another file stands there since it was first read", where)}
	}
	return readAt(where, f, offset, length)
}

func readAt(where string, r io.ReaderAt, offset, length int64) ([]byte, error) {
	if length > mailtrace.MaxMessage {
		return nil, wrong(largeHint, "%s: %d MB, more than a message has", where, length>>20)
	}
	raw := make([]byte, length)
	n, err := r.ReadAt(raw, offset)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, wrong(inputHint, "%s: %s", where, reason(err))
	case int64(n) < length:
		// What is left is another message, with another body.
		return nil, wrong(changedHint, "%s: it became shorter while it was read: %d of %d bytes", where, n, length)
	}
	return raw, nil
}

// decode finds out whether the bytes are a message at all.
func decode(path string, raw []byte) ([]byte, bool, error) {
	if len(raw) == 0 {
		return nil, false, wrong(inputHint, "%s: the file is empty", name(path))
	}
	if outlook.Is(raw) {
		m, err := outlook.Read(raw)
		if err == nil && len(m.Headers) == 0 && len(m.Inside) == 0 {
			err = outlook.ErrNoHeaders
		}
		if err != nil {
			return nil, false, wrong("save it as .eml, or paste its Internet headers into a file", "%s: %s", name(path), err)
		}
		return raw, true, nil
	}
	if m, whole, ok := bulk.Emlx(raw); ok {
		return m, !whole || strings.HasSuffix(strings.ToLower(path), ".partial.emlx"), nil
	}
	if !isMessage(raw) && len(paste.Mend(raw).Repairs) == 0 {
		return nil, false, wrong(inputHint, "%s: not a message: no header fields were found in it", name(path))
	}
	return raw, false, nil
}

func name(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// isMessage reports whether bytes can be taken for a message: header fields
// were found, and where NUL bytes among them make it look like another kind of
// file, one that every message has.
func isMessage(raw []byte) bool {
	head := raw[:min(len(raw), 64<<10)]
	m := message.Parse(head)
	if len(m.Fields) == 0 {
		return false
	}
	if bytes.IndexByte(head[m.Header.Start:m.Header.End], 0) < 0 {
		return true
	}
	return slices.ContainsFunc([]string{"From", "Date", "Received", "Return-Path", "Message-ID"}, func(n string) bool { return m.First(n) >= 0 })
}
