package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
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

const inputHint = "give a message (.eml), an mbox, a Maildir, a folder of messages, or - for standard input"

// input is one message to analyse, or the reason why it cannot be.
type input struct {
	path  string
	where string // path, and for a message of an mbox its number and offset
	index int    // place in an mbox or folder
	err   error
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
		return folder(path, yield)
	case !info.Mode().IsRegular():
		// A pipe: read once, from start to end.
		f, _, err := c.openFile(path)
		if err != nil {
			return fail(wrong(inputHint, "%s: %s", path, reason(err)))
		}
		defer f.Close()
		return c.stream(path, f, yield)
	}
	return file(path, 0, yield)
}

// file yields the messages of a file: those of an mbox, or the file itself
// with the given index.
func file(path string, index int, yield func(input) bool) bool {
	fail := func(err error) bool { return yield(input{path: path, index: index, err: err}) }
	f, err := os.Open(path)
	if err != nil {
		return fail(wrong(inputHint, "%s: %s", path, reason(err)))
	}
	head := make([]byte, sniffed)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		f.Close()
		return fail(wrong(inputHint, "%s: %s", path, reason(err)))
	}
	if bulk.IsMbox(head[:n]) {
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return fail(wrong(inputHint, "%s: %s", path, reason(err)))
		}
		// The file is opened anew for each message: it is scanned to its end
		// before the last message is loaded.
		return mbox(path, index, io.NewSectionReader(f, 0, info.Size()), func(where string, offset, length int64) ([]byte, error) {
			return readFile(path, where, offset, length)
		}, yield)
	}
	f.Close()
	return yield(input{path: path, index: index, load: func() ([]byte, bool, error) {
		raw, err := readFile(path, path, 0, -1)
		if err != nil {
			return nil, false, err
		}
		return decode(path, raw)
	}})
}

// readFile reads a part of a file into a buffer of its size; a length of -1
// is all from offset on. where names the part in an error.
func readFile(path, where string, offset, length int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, wrong(inputHint, "%s: %s", path, reason(err))
	}
	defer f.Close()
	if length < 0 {
		info, err := f.Stat()
		if err != nil {
			return nil, wrong(inputHint, "%s: %s", path, reason(err))
		}
		length = info.Size() - offset
	}
	return readAt(where, f, offset, length)
}

func readAt(where string, r io.ReaderAt, offset, length int64) ([]byte, error) {
	if length > mailtrace.MaxMessage {
		return nil, wrong("no mail server carries such a message; is it another kind of file?", "%s: %d MB, more than a message has", where, length>>20)
	}
	raw := make([]byte, length)
	n, err := r.ReadAt(raw, offset)
	if err != nil && (!errors.Is(err, io.EOF) || n == 0 && length > 0) {
		return nil, wrong(inputHint, "%s: %s", where, reason(err))
	}
	return raw[:n], nil
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

// stream yields the messages of a stream that can be read once.
func (c *cli) stream(path string, r io.Reader, yield func(input) bool) bool {
	fail := func(err error) bool { return yield(input{path: path, err: err}) }
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil {
				return section(path, io.NewSectionReader(f, at, info.Size()-at), yield)
			}
		}
	}
	head, err := io.ReadAll(io.LimitReader(r, spoolOver+1))
	if err != nil {
		return fail(wrong(inputHint, "%s: %s", name(path), reason(err)))
	}
	if len(head) <= spoolOver {
		if !bulk.IsMbox(head) {
			return yield(input{path: path, load: func() ([]byte, bool, error) { return decode(path, head) }})
		}
		return section(path, io.NewSectionReader(bytes.NewReader(head), 0, int64(len(head))), yield)
	}
	if len(bytes.Trim(head, "\x00")) == 0 {
		return fail(wrong(inputHint, "%s: not a message: %d MB of zero bytes, and more", name(path), spoolOver>>20))
	}
	spool, err := os.CreateTemp("", "mailtrace-*")
	if err != nil {
		return fail(wrong("set TMPDIR to a folder with room", "%s: %s", name(path), reason(err)))
	}
	// Messages are loaded from it until the run ends.
	c.atEnd = append(c.atEnd, func() {
		spool.Close()
		os.Remove(spool.Name())
	})
	// One message ends where a message does; a mailbox may be longer.
	most := int64(mailtrace.MaxMessage)
	if bulk.IsMbox(head) {
		most = maxStream
	}
	n, err := spool.Write(head)
	size := int64(n)
	head = nil
	if err == nil {
		var more int64
		more, err = io.Copy(spool, bound(r, most-size))
		size += more
	}
	switch {
	case errors.As(err, new(tooLong)):
		return fail(wrong("no mail server carries such a message; is it another kind of file?", "%s: %s", name(path), tooLong{most}))
	case errors.Is(err, errInterrupted):
		return fail(err)
	case err != nil:
		return fail(wrong("set TMPDIR to a folder with room", "%s: %s", name(path), reason(err)))
	}
	return section(path, io.NewSectionReader(spool, 0, size), yield)
}

// section yields the messages of bytes that can be read at any place.
func section(path string, r *io.SectionReader, yield func(input) bool) bool {
	var head [5]byte
	n, _ := r.ReadAt(head[:], 0)
	read := func(where string, offset, length int64) ([]byte, error) { return readAt(where, r, offset, length) }
	if bulk.IsMbox(head[:n]) {
		return mbox(path, 0, r, read, yield)
	}
	return yield(input{path: path, load: func() ([]byte, bool, error) {
		raw, err := read(name(path), 0, r.Size())
		if err != nil {
			return nil, false, err
		}
		return decode(path, raw)
	}})
}

// mbox yields the messages of a mailbox: scan is read once to find them, read
// loads one. A file that begins with "From " and has no further separator is
// one message, as some programs save it, and left as it is.
func mbox(path string, index int, scan *io.SectionReader, read func(where string, offset, length int64) ([]byte, error), yield func(input) bool) bool {
	first := index
	emit := func(e bulk.Extent, quoted bool) bool {
		at := index
		index++
		where := fmt.Sprintf("%s, message %d at byte %d", name(path), at-first+1, e.Offset)
		return yield(input{path: path, where: where, index: at, load: func() ([]byte, bool, error) {
			raw, err := read(where, e.Offset, e.Length)
			if err != nil {
				return nil, false, err
			}
			if quoted {
				raw = bulk.Unquote(raw)
			}
			return decode(where, raw)
		}})
	}
	var pending bulk.Extent // the message before, held back until it is known not to be alone
	found := 0
	for e, err := range bulk.Mbox(scan) {
		if err != nil {
			where := fmt.Sprintf("%s, behind message %d", name(path), found)
			return yield(input{path: path, where: where, index: index, err: wrong(inputHint, "%s: %s", where, reason(err))})
		}
		if found > 0 && !emit(pending, true) {
			return false
		}
		pending = e
		found++
	}
	if found < 2 {
		return emit(bulk.Extent{Offset: 0, Length: scan.Size()}, false)
	}
	return emit(pending, true)
}

// folder yields the messages of a Maildir or of a folder and those below it,
// in the order of their names. Other files in it are passed over.
func folder(root string, yield func(input) bool) bool {
	index, going := 0, true
	next := func(in input) bool {
		index++
		going = yield(in)
		return going
	}
	top := root + string(filepath.Separator) // also where root is a symbolic link
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			next(input{path: path, index: index, err: wrong(inputHint, "%s: %s", path, reason(err))})
		case d.IsDir():
			// Maildir keeps half-written messages in tmp, and folders in .Name.
			half := d.Name() == "tmp" && isMaildir(filepath.Dir(path))
			hidden := strings.HasPrefix(d.Name(), ".") && !isMaildir(path)
			if path != top && (half || hidden) {
				return fs.SkipDir
			}
		case regular(path, d) && isMail(path):
			file(path, index, next)
		}
		if !going {
			return fs.SkipAll
		}
		return nil
	})
	if going && err != nil {
		return yield(input{path: root, err: wrong(inputHint, "%s: %s", root, reason(err))})
	}
	if going && index == 0 {
		return yield(input{path: root, err: wrong(inputHint, "%s: no message in this folder", root)})
	}
	return going
}

// isMaildir reports whether a folder has the two that make a Maildir.
func isMaildir(dir string) bool {
	for _, sub := range []string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// regular reports whether a folder's entry is a file, or leads to one.
func regular(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		return err == nil && info.Mode().IsRegular()
	}
	return d.Type().IsRegular()
}

// isMail reports whether a file in a folder is mail: by its name, by standing
// in a Maildir, or by the first header field.
func isMail(path string) bool {
	base := filepath.Base(path)
	if dir := filepath.Base(filepath.Dir(path)); (dir == "cur" || dir == "new") && isMaildir(filepath.Dir(filepath.Dir(path))) {
		return !strings.HasPrefix(base, ".")
	}
	if strings.HasPrefix(base, ".") {
		return false
	}
	switch strings.ToLower(filepath.Ext(base)) {
	case ".eml", ".msg", ".mbox", ".mbx", ".mime", ".rfc822":
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, sniffed)
	n, _ := io.ReadFull(f, head)
	return sniff(head[:n])
}

// sniff reports whether text begins as a message does: with a field that mail
// servers and mail programs put first.
func sniff(head []byte) bool {
	m := message.Parse(head)
	if len(m.Fields) == 0 || m.Note(message.NotAMessage) != nil {
		return false
	}
	switch n := strings.ToLower(m.Name(0)); n {
	case "received", "return-path", "delivered-to", "envelope-to", "from", "to", "cc", "subject", "date", "message-id", "reply-to", "sender",
		"mime-version", "content-type", "authentication-results", "received-spf", "dkim-signature",
		"arc-seal", "arc-message-signature", "arc-authentication-results":
		return true
	default:
		return strings.HasPrefix(n, "x-") && m.First("From") >= 0
	}
}
