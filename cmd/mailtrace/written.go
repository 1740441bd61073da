package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What the program writes by name is opened here, but for the folders of page
// and man.

const writeHint = "give a file in a folder that can be written to"

// createFile opens a file to write it. What stood in it is gone, unless keep says
// otherwise. A file that the run reads is not written, nor a pipe that nobody
// reads from.
func (c *cli) createFile(path string, keep bool) (*os.File, error) {
	f, err := c.openOutput(path)
	if err != nil {
		hint := writeHint
		if errors.Is(err, errNoReader) {
			hint = "start what reads it first"
		}
		return nil, wrong(hint, "%s: %s", path, reason(err))
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.Mode().IsRegular():
		if c.reads(info) {
			f.Close()
			return nil, wrong("write to another file", "%s: it is to be read, and would be overwritten", path)
		}
		if !keep {
			err = f.Truncate(0)
		}
	}
	if err != nil {
		f.Close()
		return nil, wrong(writeHint, "%s: %s", path, reason(err))
	}
	return f, nil
}

// openOutput opens a file, or waits for a reader of a named pipe.
func (c *cli) openOutput(path string) (*os.File, error) {
	const step = 20 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		// Without O_NONBLOCK, opening a pipe waits for a reader.
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|syscall.O_NONBLOCK, 0o666)
		if !errors.Is(err, noReader) {
			return f, err
		}
		if info, e := os.Stat(path); e != nil || info.Mode()&fs.ModeNamedPipe == 0 {
			return nil, err
		}
		if waited >= c.pipeWait {
			return nil, errNoReader
		}
		select {
		case <-c.context().Done():
			return nil, errInterrupted
		case <-time.After(step):
		}
	}
}

// noReader is what opening a named pipe gives that nobody reads from.
const noReader = syscall.ENXIO

// reads reports whether a file is one that the command line names to be read.
func (c *cli) reads(info fs.FileInfo) bool {
	return slices.ContainsFunc(c.given, func(path string) bool {
		other, err := os.Stat(path)
		return err == nil && os.SameFile(info, other)
	})
}

// A flag that names a file is read or written. --checkpoint and --state are
// both, by themselves.
var (
	readFlags    = []string{"dns", "org", "from-file", "selectors-from", "policy", "wasm", "wasm-exec"}
	writtenFlags = []string{"output", "record", "metrics", "checkpoint", "state"}
)

// filesGiven are the files that a command line names to be read.
func filesGiven(cmd *cobra.Command, args []string) []string {
	var given []string
	for _, arg := range args {
		given = append(given, strings.TrimPrefix(arg, "@"))
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(readFlags, f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if many, ok := f.Value.(pflag.SliceValue); ok {
			values = many.GetSlice()
		}
		for _, v := range values {
			given = append(given, strings.TrimPrefix(strings.TrimPrefix(v, "zone:"), "replay:"))
		}
	})
	return given
}

// replaceFile writes a file whole or not at all: into a new one beside it, which
// then takes its name. A pipe or a terminal takes its text as it is, and stays
// what it is.
func (c *cli) replaceFile(path string, text []byte, mode fs.FileMode) error {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to // and not the link
	} else if to, err := os.Readlink(path); err == nil {
		// It leads to what is not there yet.
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := c.openOutput(path)
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		return errors.Join(err, f.Close())
	} else if err == nil && c.reads(info) {
		return errors.New("it is to be read, and would be overwritten")
	}
	f, forget, err := c.files.make(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer forget()
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// scratchFiles are the temporary files of a run. They are taken away when it ends,
// also where what it was at is given up.
type scratchFiles struct {
	mu    sync.Mutex
	names map[string]func()
	over  bool
}

var errOver = errors.New("the run is over")

// make makes a file. remove closes it and takes it away, where it still is.
func (s *scratchFiles) make(dir, pattern string) (f *os.File, remove func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, nil, errOver
	}
	if f, err = os.CreateTemp(dir, pattern); err != nil {
		return nil, nil, err
	}
	name := f.Name()
	return f, s.add(name, func() {
		f.Close()
		os.Remove(name)
	}), nil
}

// makeDir makes a folder, likewise.
func (s *scratchFiles) makeDir(pattern string) (dir string, remove func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return "", nil, errOver
	}
	if dir, err = os.MkdirTemp("", pattern); err != nil {
		return "", nil, err
	}
	return dir, s.add(dir, func() { os.RemoveAll(dir) }), nil
}

func (s *scratchFiles) add(name string, remove func()) func() {
	if s.names == nil {
		s.names = map[string]func(){}
	}
	s.names[name] = remove
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r := s.names[name]; r != nil {
			r()
			delete(s.names, name)
		}
	}
}

// scratch makes a temporary file in TMPDIR.
func (c *cli) scratch() (f *os.File, remove func(), err error) {
	if f, remove, err = c.files.make("", "mailtrace-*"); err == nil {
		// Where the system allows it the name goes at once: nothing is left even of
		// a run that is killed.
		_ = os.Remove(f.Name())
	}
	return f, remove, err
}

// tidy takes away what is left of them; no more are made.
func (c *cli) tidy() {
	c.files.mu.Lock()
	defer c.files.mu.Unlock()
	c.files.over = true
	for name, remove := range c.files.names {
		remove()
		delete(c.files.names, name)
	}
}
