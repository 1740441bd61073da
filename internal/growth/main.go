// Command growth does the work of mailtrace on inputs of n, 2n and 4n of what a
// sender can make long, and writes how often each block of the code was entered.
// TestGrowth of the module's root builds it with counters, runs it, and looks for
// blocks whose count grows faster than the input:
//
//	go build -cover -covermode=atomic -coverpkg=./... -o growth ./internal/growth
//	./growth -dir COUNTERS [-scale K] [-run PATTERN]
//
// It prints a line of JSON for each series where one does, with the folders of
// its counters. What the standard library does in assembly, a search for a byte
// above all, is counted once a call.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/coverage"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/fix"
	"github.com/mailtrace/mailtrace/internal/memo"
	mail "github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

func main() {
	dir := flag.String("dir", "", "folder for the counters; must exist")
	scale := flag.Int("scale", 1, "multiplies every size")
	pattern := flag.String("run", "", "regular expression for the names of series")
	flag.Parse()
	if err := run(*dir, *scale, *pattern); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// found is a series where something grows faster than the input.
type found struct {
	Series string
	N      int
	Dirs   [3]string // the counters of n, 2n and 4n
	Memory [3]uint64 // bytes that were allocated, all in all
	Blocks int       // how many blocks of the code grow too fast
}

// The least growth that counts: less is nobody's trouble, and small numbers grow
// by steps.
const (
	leastCount  = 50_000
	leastMemory = 32 << 20
)

func run(dir string, scale int, pattern string) error {
	only, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	if dir == "" {
		return errors.New("no folder: give -dir")
	}
	memo.Disable() // what an input of n left behind is not read again for one of 2n
	out := json.NewEncoder(os.Stdout)
	for i, s := range series {
		if !only.MatchString(s.name) || pattern == "" && s.name == "pairs" {
			continue
		}
		// Once before it counts: what is built once a process is not the input's.
		if err := s.work(s.make(1)); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		x := found{Series: s.name, N: s.n * scale}
		var files [3][]byte
		var counts [3]counters
		for j := range files {
			text := s.make(x.N << j)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := coverage.ClearCounters(); err != nil {
				return fmt.Errorf("%w: build with -cover -covermode=atomic", err)
			}
			if err := s.work(text); err != nil {
				return fmt.Errorf("%s, %d: %w", s.name, x.N<<j, err)
			}
			var b bytes.Buffer
			if err := coverage.WriteCounters(&b); err != nil {
				return err
			}
			runtime.ReadMemStats(&after)
			x.Memory[j] = after.TotalAlloc - before.TotalAlloc
			files[j] = b.Bytes()
			if counts[j], err = parseCounters(files[j]); err != nil {
				return err
			}
		}
		for k, most := range counts[2] {
			if tooFast(counts[0][k], counts[1][k], most, leastCount) {
				x.Blocks++
			}
		}
		if x.Blocks == 0 && !tooFast(x.Memory[0], x.Memory[1], x.Memory[2], leastMemory) {
			continue
		}
		for j, f := range files {
			x.Dirs[j] = filepath.Join(dir, fmt.Sprintf("%d-%d", i, j))
			name := filepath.Join(x.Dirs[j], fmt.Sprintf("covcounters.%x.1.1", f[8:24]))
			if err := errors.Join(os.Mkdir(x.Dirs[j], 0o700), os.WriteFile(name, f, 0o600), coverage.WriteMetaDir(x.Dirs[j])); err != nil {
				return err
			}
		}
		if err := out.Encode(x); err != nil {
			return err
		}
	}
	return nil
}

// tooFast reports growth that is more than linear: from n to 2n comes what n
// adds, and from 2n to 4n twice that. Sorting adds a tenth; a square makes it
// four times.
func tooFast(n, n2, n4, least uint64) bool {
	return n4 > n2 && n2 >= n && n4-n > least && float64(n4-n2) > 2.6*float64(n2-n)
}

// counters are the counts of the blocks: package, function, block.
type counters map[[3]uint64]uint64

// parseCounters reads a file of counters as package runtime/coverage writes
// them: a header, a segment of strings and functions, a footer
// (internal/coverage/defs.go).
func parseCounters(b []byte) (counters, error) {
	const header, segment, leb = 32, 16, 2
	bad := errors.New("the counters of this version of Go have another form")
	if len(b) < header+segment || string(b[:4]) != "\x00cwm" || binary.LittleEndian.Uint32(b[4:]) != 1 || b[24] != leb && b[24] != 1 {
		return nil, bad
	}
	flavour := b[24]
	functions := binary.LittleEndian.Uint64(b[header:])
	skip := uint64(binary.LittleEndian.Uint32(b[header+8:])) + uint64(binary.LittleEndian.Uint32(b[header+12:]))
	if skip > uint64(len(b)-header-segment) {
		return nil, bad
	}
	at := header + segment + int(skip)
	at += -at & 3
	next := func() uint64 {
		if flavour == leb {
			v, n := binary.Uvarint(b[min(at, len(b)):])
			at += max(n, 1)
			return v
		}
		if at+4 > len(b) {
			at = len(b) + 1
			return 0
		}
		at += 4
		return uint64(binary.LittleEndian.Uint32(b[at-4:]))
	}
	out := counters{}
	for range functions {
		blocks, pkg, fn := next(), next(), next()
		if at > len(b) || blocks > uint64(len(b)) {
			return nil, bad
		}
		for i := range blocks {
			out[[3]uint64{pkg, fn, i}] = next()
		}
	}
	if at > len(b) {
		return nil, bad
	}
	return out, nil
}

// analyze is all that can be done with a message: the report, every format, the
// redacted one, what to change, a comparison with itself.
func analyze(zone string) func(string) error {
	return func(text string) error {
		z, err := zonefile.Parse("growth.zone", []byte(zone))
		if err != nil {
			return err
		}
		return analyzed([]byte(text), z)
	}
}

func analyzed(raw []byte, res dns.Resolver) error {
	ctx := context.Background()
	r, err := mailtrace.AnalyzeBytes(ctx, raw, mailtrace.Options{Resolver: res, TimeLimit: -1, CrossCheck: true, Profile: mailtrace.ProfileBulkSender})
	if err != nil {
		return err
	}
	if _, err := mailtrace.Authenticate(ctx, mailtrace.Session{Resolver: res}, bytes.NewReader(raw)); err != nil && !errors.Is(err, mailtrace.ErrNotMessage) {
		return err
	}
	fix.Report(r)
	m := mail.Parse(raw)
	if _, err := compare.Compare(ctx, res, m, m, compare.Options{}); err != nil {
		return err
	}
	return errors.Join(shown(r), shown(redact.Report(r, redact.Options{Domains: true})))
}

func shown(r *report.Report) error {
	for _, format := range render.Formats(report.DocMessage) {
		w := format.New(io.Discard, render.Options{Detail: render.Full})
		if err := errors.Join(w.Report(r), w.Close()); err != nil {
			return fmt.Errorf("%s: %w", format.Name, err)
		}
	}
	return nil
}

// withZone is one small message whose sender's zone is the input.
func withZone(zone string) error {
	z, err := zonefile.Parse("growth.zone", []byte(zone))
	if err != nil {
		return err
	}
	return analyzed([]byte(small), z)
}

// domain checks what kelp.example publishes.
func domain(zone string) error {
	z, err := zonefile.Parse("growth.zone", []byte(zone))
	if err != nil {
		return err
	}
	r, err := mailtrace.CheckDomain(context.Background(), "kelp.example", mailtrace.DomainOptions{Resolver: z, Selectors: []string{"s"}})
	if err != nil {
		return err
	}
	fix.Domain(r)
	for _, format := range render.Formats(report.DocDomain) {
		w := format.Domains(io.Discard, render.DomainOptions{Suggest: true, Bulk: true})
		if err := errors.Join(w.Domain(r), w.Close()); err != nil {
			return fmt.Errorf("%s: %w", format.Name, err)
		}
	}
	return nil
}

// replay reads a recording.
func replay(text string) error {
	_, err := dns.ParseReplay("growth.jsonl", []byte(text))
	return err
}

// pairs looks at every byte for every byte.
func pairs(text string) error {
	same := 0
	for i := range len(text) {
		for j := range len(text) {
			if text[i] == text[j] {
				same++
			}
		}
	}
	if same == 0 {
		return errors.New("no byte is itself")
	}
	return nil
}

// mbox takes a mailbox apart.
func mbox(text string) error {
	raw := []byte(text)
	for m, err := range bulk.Mbox(bytes.NewReader(raw)) {
		if err != nil {
			return err
		}
		bulk.Unquote(raw[m.Offset : m.Offset+m.Length])
	}
	return nil
}
