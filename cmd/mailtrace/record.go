package main

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/render"
)

// maxRecorded is how many questions of one run are kept for --record.
const maxRecorded = 1 << 20

// keep records every answer, to be written to the file when the run ends.
func (c *cli) keep(s *source, file string) error {
	// The file is made now, so that a wrong path shows before the work.
	f, err := c.createFile(file, false)
	if err != nil {
		return err
	}
	rec := &dns.Recorder{Resolver: s.Resolver, Max: maxRecorded}
	s.Resolver = rec
	s.finish = func() error {
		b := bufio.NewWriter(f)
		_, err := rec.WriteTo(b)
		if n := rec.Dropped(); n > 0 {
			fmt.Fprintf(c.stderr, "warning: %s: not complete, %d more questions were asked\n", render.Clean(file), n)
		}
		return writeError(file, errors.Join(err, b.Flush(), f.Close()))
	}
	return nil
}

// parseReplay reads a recording.
func parseReplay(name string, text []byte) (dns.Resolver, error) {
	r, err := dns.ParseReplay(name, text)
	if err != nil {
		return nil, badFile(name, err, "a recording is what --record FILE writes")
	}
	return r, nil
}
