package main

import (
	"bytes"
	"io"
)

type closer struct{ io.Writer }

func (closer) Close() error { return nil }

// fakePager remembers its command and what it was shown.
func fakePager(ran *string, shown *bytes.Buffer) func(string, func(string) string, io.Writer, io.Writer) (io.WriteCloser, func() error, error) {
	return func(command string, _ func(string) string, _, _ io.Writer) (io.WriteCloser, func() error, error) {
		*ran = command
		return closer{shown}, func() error { return nil }, nil
	}
}
