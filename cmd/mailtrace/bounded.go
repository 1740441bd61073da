package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/bulk/archive"
	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/dnssec"
	"github.com/mailtrace/mailtrace/dns/doh"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/web/desk"
)

// The most that is read of one input, in bytes. A message has
// mailtrace.MaxMessage; a mailbox in a file is read in pieces, however long it
// is. SECURITY.md gives the numbers.
const (
	maxZoneFile   = 64 << 20
	maxReplayFile = 256 << 20
	maxListFile   = 256 << 20
	maxReportFile = 256 << 20 // one saved report
	// maxStream is what a mailbox or an archive that comes as a stream may hold.
	maxStream = 1 << 40
)

// pipeWait is how long a named pipe that nobody writes to is waited for.
const pipeWait = 3 * time.Second

var (
	errNoWriter    = errors.New("nobody writes to this pipe")
	errInterrupted = errors.New("interrupted")
)

// tooLong is the error of an input that goes on behind its bound.
type tooLong struct{ max int64 }

func (e tooLong) Error() string { return fmt.Sprintf("more than %d MB", e.max>>20) }

// bounded gives an error behind max bytes, in place of an end that may never
// come.
type bounded struct {
	r         io.Reader
	left, max int64
}

func bound(r io.Reader, max int64) *bounded { return &bounded{r, max, max} }

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		// At the bound, an end is an end.
		var one [1]byte
		for {
			n, err := b.r.Read(one[:])
			if n > 0 {
				return 0, tooLong{b.max}
			}
			if err != nil {
				return 0, err
			}
		}
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// openFile opens a file. One that can be read only once, such as a pipe, ends
// with an error where nobody writes to it and where the run is interrupted.
func (c *cli) openFile(path string) (io.ReadCloser, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	mode := os.O_RDONLY
	if info.Mode()&fs.ModeNamedPipe != 0 {
		// Without it, opening a pipe waits for a writer.
		mode |= syscall.O_NONBLOCK
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case info.Mode().IsRegular() || info.IsDir():
		return f, info, nil
	case mode == os.O_RDONLY:
		return &stopping{r: f, c: c}, info, nil
	}
	return &stopping{r: &pipe{f: f, c: c}, c: c}, info, nil
}

// readFile reads a file whole, up to max bytes.
func (c *cli) readFile(path string, max int64) ([]byte, error) {
	f, info, err := c.openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Mode().IsRegular() && info.Size() > max {
		return nil, tooLong{max}
	}
	var b bytes.Buffer
	if info.Mode().IsRegular() {
		b.Grow(int(info.Size()) + bytes.MinRead)
	}
	_, err = b.ReadFrom(bound(f, max))
	return b.Bytes(), err
}

// pipe reads a named pipe that was opened without waiting: an end before the
// first byte is a writer that has not come yet.
type pipe struct {
	f    *os.File
	c    *cli
	some bool
}

// Read implements io.Reader.
func (p *pipe) Read(b []byte) (int, error) {
	const step = 20 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		n, err := p.f.Read(b)
		p.some = p.some || n > 0
		if n > 0 || p.some || !errors.Is(err, io.EOF) {
			return n, err
		}
		if waited >= pipeWait {
			return 0, errNoWriter
		}
		select {
		case <-p.c.context().Done():
			return 0, errInterrupted
		case <-time.After(step):
		}
	}
}

// Close implements io.Closer.
func (p *pipe) Close() error { return p.f.Close() }

// stopping is a reader whose waiting ends when the run is interrupted.
type stopping struct {
	r    io.Reader
	c    *cli
	buf  []byte
	rest []byte // of buf, read and not yet given out
	err  error  // behind rest
	done chan readDone
}

type readDone struct {
	n   int
	err error
}

// Read implements io.Reader.
func (s *stopping) Read(p []byte) (int, error) {
	if len(s.rest) == 0 && s.err == nil {
		if s.done == nil {
			if s.buf == nil {
				s.buf = make([]byte, 64<<10)
			}
			done := make(chan readDone, 1)
			s.done = done
			go func() {
				var d readDone
				if err := guard.Run(func() { d.n, d.err = s.r.Read(s.buf) }); err != nil {
					d = readDone{0, err}
				}
				done <- d
			}()
		}
		select {
		case d := <-s.done:
			s.done, s.rest, s.err = nil, s.buf[:d.n], d.err
		case <-s.c.context().Done():
			return 0, errInterrupted
		}
	}
	if len(s.rest) == 0 {
		return 0, s.err
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Close implements io.Closer.
func (s *stopping) Close() error {
	if f, ok := s.r.(io.Closer); ok {
		return f.Close()
	}
	return nil
}

// input is standard input, as it is read.
func (c *cli) input() io.Reader {
	if f, ok := c.stdin.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return f
		}
	}
	return &stopping{r: c.stdin, c: c}
}

func (c *cli) context() context.Context {
	if c.ctx == nil {
		return context.Background()
	}
	return c.ctx
}

// inputLimits are the bounds on what the program reads, in the form of
// [mailtrace.Limits].
func inputLimits() []mailtrace.Limit {
	packed := archive.DefaultLimits
	return []mailtrace.Limit{
		{What: "a zone file", Most: maxZoneFile, Unit: "bytes", Where: "--dns zone: an error"},
		{What: "a recording", Most: maxReplayFile, Unit: "bytes", Where: "--dns replay: an error"},
		{What: "a list of domains", Most: maxListFile, Unit: "bytes", Where: "domain: an error"},
		{What: "a line of a list", Most: maxListLine, Unit: "bytes", Where: "domain: an error"},
		{What: "a saved report", Most: maxReportFile, Unit: "bytes", Where: "show: an error"},
		{What: "a mailbox or archive from a stream", Most: maxStream, Unit: "bytes", Where: "analyze: an error"},
		{What: "messages of streams and archives in memory", Most: maxHeld, Unit: "bytes", Where: "the next is read when there is room"},
		{What: "archives in one another", Most: int64(packed.Depth), Unit: "levels", Where: "archive.Limits: an error"},
		{What: "what comes out of an archive for each of its bytes, beyond 256 MB", Most: packed.Ratio, Unit: "bytes", Where: "archive.Limits: an error"},
		{What: "what comes out of an archive", Most: packed.Total, Unit: "bytes", Where: "archive.Limits: an error"},
		{What: "files in an archive", Most: int64(packed.Entries), Where: "archive.Limits: an error"},
		{What: "the table of contents of a zip archive", Most: packed.Directory, Unit: "bytes", Where: "archive.Limits: an error"},
		{What: "memory of one decompressor", Most: packed.Window, Unit: "bytes", Where: "archive.Limits: an error"},
		{What: "groups of a summary", Most: bulk.MaxGroups, Where: "bulk.MaxGroups: the rest is one group"},
		{What: "differences of two copies that are listed", Most: compare.MaxDifferences, Where: "compare.MaxDifferences: the rest is counted"},
		{What: "a text quoted of one", Most: compare.MaxText, Unit: "bytes", Where: "compare.MaxText: cut"},
		{What: "lines of two bodies that are compared", Most: compare.MaxLines, Where: "compare.MaxLines: told"},
		{What: "places of a body where they differ", Most: compare.MaxHunks, Where: "compare.MaxHunks: told"},
		{What: "lines quoted of one", Most: compare.MaxHunkLines, Where: "compare.MaxHunkLines"},
		{What: "MIME parts that are compared", Most: compare.MaxParts, Where: "compare.MaxParts: told"},
		{What: "parts in one another there", Most: compare.MaxDepth, Unit: "levels", Where: "compare.MaxDepth: told"},
		{What: "a message in the web page", Most: desk.MaxInput, Unit: "bytes", Where: "desk.MaxInput: an error"},
		{What: "DNS questions of one DNSSEC validation", Most: dnssec.DefaultMaxQuestions, Where: "dnssec.DefaultMaxQuestions: indeterminate"},
		{What: "delegations that a validator remembers", Most: dnssec.DefaultMaxZones, Where: "dnssec.DefaultMaxZones"},
		{What: "questions that a recording remembers", Most: dns.DefaultMaxRecorded, Where: "dns.DefaultMaxRecorded"},
		{What: "a DNS message over HTTPS", Most: doh.MaxMessage, Unit: "bytes", Where: "doh.MaxMessage: an error"},
		{What: "folders in one another", Most: maxFolders, Unit: "levels", Where: "an error"},
		{What: "waiting for a writer of a named pipe", Most: int64(pipeWait.Seconds()), Unit: "seconds", Where: "an error"},
	}
}
