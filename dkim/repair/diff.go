package repair

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDiffLines bounds the lines of one side of a diff, maxQuote the text that
// a description quotes.
const (
	maxDiffLines = 12
	maxQuote     = 120
	maxDiffLine  = 300
)

// boundText cuts text to a length, at the end of a character.
func boundText(b []byte, most int) string {
	if len(b) > most {
		b = b[:most-len("…")]
		for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) {
			b = b[:len(b)-1]
		}
		if len(b) > 0 && b[len(b)-1] >= utf8.RuneSelf {
			b = b[:len(b)-1]
		}
		return string(b) + "…"
	}
	return string(b)
}

// quoteText puts text on one line between quotation marks.
func quoteText(b []byte) string {
	if len(b) > 4*maxQuote {
		b = b[:4*maxQuote]
	}
	return "“" + boundText(bytes.Join(bytes.Fields(b), oneSP), maxQuote) + "”"
}

// diffText compares two canonical forms line by line. What both have at the
// beginning and at the end is left out, and where the rest has as many lines on
// both sides, the lines that are equal.
func diffText(signed, received []byte) string {
	start, endS, endR := commonLines(signed, received)
	a, b := diffLines(signed[start:endS]), diffLines(received[start:endR])
	if len(a) == len(b) && len(a) > 1 {
		var pa, pb [][]byte
		for i := range a {
			if !bytes.Equal(a[i], b[i]) {
				pa, pb = append(pa, a[i]), append(pb, b[i])
			}
		}
		a, b = pa, pb
	}
	var out strings.Builder
	if start > 0 || endS < len(signed) {
		fmt.Fprintf(&out, "@@ line %d @@\n", 1+bytes.Count(signed[:start], crlf[1:]))
	}
	side := func(sign string, lines [][]byte) {
		for i, line := range lines {
			if i == maxDiffLines {
				fmt.Fprintf(&out, "%s … %d more lines\n", sign, len(lines)-i)
				break
			}
			out.WriteString(sign + boundText(line, maxDiffLine) + "\n")
		}
	}
	side("-", a)
	side("+", b)
	return boundText([]byte(out.String()), MaxChangeDiff)
}

// commonLines returns where the lines that differ begin, and where they end in
// each.
func commonLines(a, b []byte) (start, endA, endB int) {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if n == len(a) && n == len(b) {
		return n, n, n
	}
	start = bytes.LastIndexByte(a[:n], '\n') + 1
	endA, endB = len(a), len(b)
	for endA > start && endB > start && a[endA-1] == b[endB-1] {
		endA--
		endB--
	}
	// Back to the end of a line.
	for endA < len(a) && (endA == start || a[endA-1] != '\n' || endB == start || b[endB-1] != '\n') {
		if endA == start && endB == start || (endA == start || a[endA-1] == '\n') && (endB == start || b[endB-1] == '\n') {
			break
		}
		endA++
		endB++
	}
	return start, endA, endB
}

func diffLines(b []byte) [][]byte {
	if len(b) == 0 {
		return nil
	}
	lines := bytes.Split(bytes.TrimSuffix(b, crlf), []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimSuffix(lines[i], []byte("\r"))
	}
	return lines
}

// inserted returns what stands in long between the beginning and the end that
// it shares with short; nil where short is not what is left.
func inserted(long, short []byte) []byte {
	if len(long) < len(short) {
		return nil
	}
	n := 0
	for n < len(short) && long[n] == short[n] {
		n++
	}
	end := len(long) - (len(short) - n)
	if !bytes.Equal(long[end:], short[n:]) {
		return nil
	}
	return long[n:end]
}
