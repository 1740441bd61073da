package dns

import (
	"strconv"
	"strings"
)

// maxLineErrors is how many bad lines a [SyntaxError] lists; it counts the rest.
const maxLineErrors = 50

// SyntaxError lists the lines of a zone or replay file that cannot be read.
type SyntaxError struct {
	Source string // name of the file
	Lines  []LineError
	More   int // bad lines that are not listed
}

// LineError is one line that cannot be read.
type LineError struct {
	Line int // from 1
	Text string
	Hint string // what to write instead, "" if unknown
}

func (e *SyntaxError) Error() string {
	var b strings.Builder
	for i, l := range e.Lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(at(e.Source, l.Line) + l.Text)
		if l.Hint != "" {
			b.WriteString("\n  hint: " + l.Hint)
		}
	}
	if e.More > 0 {
		b.WriteString("\n" + e.Source + ": and " + strconv.Itoa(e.More) + " more")
	}
	return b.String()
}

func at(source string, line int) string { return source + ":" + strconv.Itoa(line) + ": " }

// Add notes a line that cannot be read; what comes after the first 50 is counted.
func (e *SyntaxError) Add(line int, text, hint string) {
	if len(e.Lines) == maxLineErrors {
		e.More++
		return
	}
	e.Lines = append(e.Lines, LineError{line, text, hint})
}

// ErrorOrNil is e, or nil if every line could be read.
func (e *SyntaxError) ErrorOrNil() error {
	if len(e.Lines) == 0 {
		return nil
	}
	return e
}
