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

// wholeFile is a kind of file that is read whole. Each has a bound, and a row in
// SECURITY.md.
type wholeFile struct {
	what  string
	most  int64  // in bytes
	where string // what takes it
}

var (
	zoneInput       = wholeFile{"a zone file", 64 << 20, "--dns zone"}
	replayInput     = wholeFile{"a recording", 256 << 20, "--dns replay"}
	listInput       = wholeFile{"a list of domains", 256 << 20, "domain, watch, --from-file"}
	orgInput        = wholeFile{"what learn wrote", 16 << 20, "--org"}
	policyInput     = wholeFile{"an MTA-STS policy in a file", 1 << 20, "--policy"}
	checkpointInput = wholeFile{"a checkpoint", 256 << 20, "--checkpoint"}
	stateInput      = wholeFile{"the state of watch", 512 << 20, "--state"} // some 10 KB a domain
	analyzerInput   = wholeFile{"the analyzer of the page, and its script", 256 << 20, "--wasm, --wasm-exec"}

	wholeFiles = []*wholeFile{&zoneInput, &replayInput, &listInput, &orgInput, &policyInput, &checkpointInput, &stateInput, &analyzerInput}
)

// What is read in pieces, in bytes. A message has mailtrace.MaxMessage; a mailbox
// in a file has none, however long it is.
const (
	maxReportFile = 256 << 20 // one saved report
	// maxStream is what a mailbox or an archive that comes as a stream may hold.
	maxStream = 1 << 40
)

// pipeWait is how long a named pipe is waited for that nobody writes to, or
// nobody reads from.
const pipeWait = 3 * time.Second

var (
	errNoWriter    = errors.New("nobody writes to this pipe")
	errNoReader    = errors.New("nobody reads from this pipe")
	errZeros       = fmt.Errorf("%d KB of zero bytes at the beginning: no text, and no archive", zeros>>10)
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

// openPath opens a file or folder to read it. All that the program reads by name is
// opened here, and nothing that stands under the name holds it up.
func (c *cli) openPath(path string) (*os.File, fs.FileInfo, error) {
	// Without O_NONBLOCK, opening a pipe waits for a writer; files do not know it.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	// Of what is open, not of the name: another file may stand there by now.
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// openFile opens a file. One that can be read only once, such as a pipe, ends
// with an error where nobody writes to it and where the run is interrupted.
func (c *cli) openFile(path string) (io.ReadCloser, fs.FileInfo, error) {
	f, info, err := c.openPath(path)
	switch {
	case err != nil:
		return nil, nil, err
	case info.Mode().IsRegular() || info.IsDir():
		return f, info, nil
	case info.Mode()&fs.ModeNamedPipe == 0:
		return &stopping{r: f, c: c}, info, nil
	}
	return &stopping{r: &pipe{f: f, c: c}, c: c}, info, nil
}

// openRegular opens a file that is read at any place.
func (c *cli) openRegular(path string) (*os.File, fs.FileInfo, error) {
	f, info, err := c.openPath(path)
	if err == nil && !info.Mode().IsRegular() {
		f.Close()
		return nil, nil, errors.New("not a file any more")
	}
	return f, info, err
}

// readFile reads a file whole, up to the bound of its kind.
func (c *cli) readFile(path string, kind wholeFile) ([]byte, error) {
	f, info, err := c.openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int64(-1)
	if info.Mode().IsRegular() {
		if size = info.Size(); size > kind.most {
			return nil, tooLong{kind.most}
		}
	}
	return readWhole(bound(f, kind.most), size)
}

// readWhole reads to the end, in pieces: a buffer that grows is there several
// times at once. size is what is expected, negative where nothing is known.
func readWhole(r io.Reader, size int64) ([]byte, error) {
	const piece = 1 << 20
	var full [][]byte
	part := make([]byte, 0, max(min(size+1, piece), bytes.MinRead))
	if size > piece {
		part = make([]byte, 0, size+1)
	}
	total := 0
	for {
		if len(part) == cap(part) {
			full = append(full, part)
			part = make([]byte, 0, min(2*cap(part), piece))
		}
		n, err := r.Read(part[len(part):cap(part)])
		part, total = part[:len(part)+n], total+n
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return nil, err
		case len(full) == 0:
			return part, nil
		default:
			all := make([]byte, 0, total)
			for i := range full {
				all = append(all, full[i]...)
				full[i] = nil
			}
			return append(all, part...), nil
		}
	}
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
		if waited >= p.c.pipeWait {
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

// zeros is how many zero bytes at the beginning of a stream are taken for one of
// nothing else, as of /dev/zero.
const zeros = 64 << 10

// stopping is a reader whose waiting ends when the run is interrupted.
type stopping struct {
	r    io.Reader
	c    *cli
	buf  []byte
	rest []byte // of buf, read and not yet given out
	err  error  // behind rest
	done chan readDone
	zero int // bytes at the beginning that are zero; negative behind another one
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
			if s.zero >= 0 {
				s.nothing()
			}
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

// nothing ends a stream that begins with zero bytes and nothing else.
func (s *stopping) nothing() {
	if len(bytes.Trim(s.rest, "\x00")) > 0 {
		s.zero = -1
	} else if s.zero += len(s.rest); s.zero >= zeros {
		s.rest, s.err = nil, errZeros
	}
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
	var whole []mailtrace.Limit
	for _, k := range wholeFiles {
		whole = append(whole, mailtrace.Limit{What: k.what, Most: k.most, Unit: "bytes", Where: k.where + ": an error"})
	}
	return append(whole, []mailtrace.Limit{
		{What: "a line of a list", Most: maxListLine, Unit: "bytes", Where: "domain: an error"},
		{What: "a saved report", Most: maxReportFile, Unit: "bytes", Where: "show: an error"},
		{What: "a mailbox or archive from a stream", Most: maxStream, Unit: "bytes", Where: "analyze: an error"},
		{What: "messages of streams and archives in memory", Most: maxHeld, Unit: "bytes", Where: "the next is read when there is room"},
		{What: "archives in one another", Most: int64(packed.Depth), Unit: "levels", Where: "archive.Limits: an error"},
		{What: "what comes out of an archive for each of its bytes, beyond 256 MB", Most: packed.Ratio, Unit: "bytes", Where: "archive.Limits: an error"},
		{What: "what comes out of an archive", Most: packed.Total, Unit: "bytes", Where: "archive.Limits: an error"},
		{What: "a zip archive from a stream, or in another archive", Most: packed.Spool, Unit: "bytes", Where: "archive.Limits: an error"},
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
		{What: "waiting for a reader of a named pipe", Most: int64(pipeWait.Seconds()), Unit: "seconds", Where: "an error"},
		{What: "what an interrupted run may still take to end", Most: int64(stopWait.Seconds()), Unit: "seconds", Where: "ended all the same"},
	}...)
}
