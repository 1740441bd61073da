package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

// mbox yields the messages of a mailbox: scan is read to find them, unit by
// unit, read loads one. A file that begins with "From " and has no further
// separator is one message, as some programs save it, and left as it is.
func mbox(path string, index int, scan *io.SectionReader, read func(where string, offset, length int64) ([]byte, error), yield func(input) bool) bool {
	head := make([]byte, min(scan.Size(), bulk.BoxSample))
	n, err := scan.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return yield(input{path: path, index: index, err: wrong(inputHint, "%s: %s", name(path), reason(err))})
	}
	box := bulk.SampleBox(head[:n], int64(n) == scan.Size())
	m := mailbox{path: path, first: index, yield: yield}
	for u, err := range box.Units(path, scan, bulk.UnitSize) {
		if err != nil {
			return m.fail(err)
		}
		for e, err := range u.Messages(scan) {
			if err != nil {
				return m.fail(err)
			}
			if !m.flush() {
				return false
			}
			m.message(e, box, read)
		}
	}
	return m.end(scan.Size(), read)
}

// mailbox yields the messages of one mailbox, in the order in which they are
// found.
type mailbox struct {
	path    string
	first   int // index of its first message
	found   int
	pending input // the message before, held back until it is known not to be alone
	yield   func(input) bool
}

func (m *mailbox) where(number int, at int64) string {
	return fmt.Sprintf("%s, message %d at byte %d", name(m.path), number, at)
}

func (m *mailbox) fail(err error) bool {
	if !m.flush() {
		return false
	}
	where := fmt.Sprintf("%s, behind message %d", name(m.path), m.found)
	return m.yield(input{path: m.path, where: where, index: m.first + m.found, err: wrong(inputHint, "%s: %s", where, reason(err))})
}

func (m *mailbox) message(e bulk.Extent, box bulk.Box, read func(where string, offset, length int64) ([]byte, error)) {
	where := m.where(m.found+1, e.Offset)
	m.put(input{at: e.Offset, size: e.Length, read: e.Length, where: where, load: func() ([]byte, bool, error) {
		raw, err := read(where, e.Offset, e.Length)
		if err != nil {
			return nil, false, err
		}
		return decode(where, box.Unquote(raw, intact))
	}})
}

// flush yields the message that is held back, if there is one.
func (m *mailbox) flush() bool { return m.found == 0 || m.yield(m.pending) }

// put takes the next message.
func (m *mailbox) put(in input) {
	in.path, in.index = m.path, m.first+m.found
	m.pending = in
	m.found++
}

// end yields the last message; where it is the only one, all is taken as it is.
func (m *mailbox) end(size int64, read func(where string, offset, length int64) ([]byte, error)) bool {
	if m.found > 1 {
		return m.yield(m.pending)
	}
	m.pending.path, m.pending.index, m.pending.size, m.pending.read = m.path, m.first, size, size
	m.pending.where = m.where(1, 0)
	where := m.pending.where
	m.pending.load = func() ([]byte, bool, error) {
		raw, err := read(where, 0, size)
		if err != nil {
			return nil, false, err
		}
		return decode(where, raw)
	}
	return m.yield(m.pending)
}

// intact reports whether a body is what one of the message's signatures was
// made over.
func intact(raw []byte) bool {
	m := message.Parse(raw)
	if m.First("DKIM-Signature") < 0 {
		return false
	}
	// Without an answer for the key, the body is hashed all the same.
	signatures, _ := dkim.Verify(context.Background(), dns.Disabled{}, m, dkim.Options{})
	for i := range signatures {
		if signatures[i].BodyHash == dkim.Match {
			return true
		}
	}
	return false
}

// tooLarge is the error of a message that is longer than any is.
func tooLarge(where string, length int64) error {
	return wrong(largeHint, "%s: %d MB, more than a message has", where, max(length, mailtrace.MaxMessage)>>20)
}
