package repair

import (
	"bytes"
	"slices"
)

// respelled undoes what transport and mailbox files do to lines.
func (s *bodySearch) respelled() *Change {
	for _, r := range respellings {
		if !s.afford(0, len(s.raw)/8) {
			return nil
		}
		if !r.may(s.raw) {
			continue
		}
		if !s.afford(0, 2*len(s.raw)) {
			return nil
		}
		for k, b := range r.undo(s.raw) {
			if bytes.Equal(b, s.raw) {
				continue
			}
			c := appendLines(nil, s.p.BodyCanon, b)
			if s.hit(c) {
				x := &Change{Kind: LineEndings, Description: r.what}
				if k < len(r.by) {
					x.Software = r.by[k]
				}
				return x
			}
		}
	}
	// Line ends that were LF when the message was signed.
	if lf := bytes.ReplaceAll(s.c, crlf, crlf[1:]); s.afford(0, len(lf)) {
		lf = append(bytes.TrimRight(lf, "\n"), '\n')
		if s.hitLiteral([][]byte{lf}) {
			return &Change{Kind: LineEndings, Description: "the body was signed with bare LF at the line ends; it has CRLF now"}
		}
	}
	return s.partEnds()
}

// partEnds puts a line end behind the text of parts, or takes one off.
func (s *bodySearch) partEnds() *Change {
	var leaves []*part
	for i := range s.parts {
		if q := &s.parts[i]; !q.multipart && !q.top && q.next > q.bodyAt {
			leaves = append(leaves, q)
		}
	}
	if len(leaves) == 0 {
		return nil
	}
	sets := [][]*part{leaves}
	for _, q := range leaves[:min(len(leaves), maxRespellings)] {
		sets = append(sets, []*part{q})
	}
	for _, set := range sets {
		for _, more := range []int{-1, 1, 2} {
			var patches []patch
			for _, q := range set {
				switch {
				case more > 0:
					patches = append(patches, patch{q.next, q.next, bytes.Repeat(crlf, more)})
				case bytes.HasSuffix(s.raw[q.bodyAt:q.next], []byte("\r\n\r\n")):
					patches = append(patches, patch{q.bodyAt, q.next, s.raw[q.bodyAt : q.next-2]})
				}
			}
			if len(patches) > 0 && s.fits(patches...) {
				return &Change{Kind: LineEndings, Description: "blank lines at the end of MIME parts were changed"}
			}
		}
	}
	return nil
}

// respellings are the changes to lines that are known, undone. Each returns a
// few bodies, or the same one where it has nothing to undo.
var respellings = []struct {
	what string
	may  func([]byte) bool // a quick look
	undo func([]byte) [][]byte
	by   []string // who makes the change, for each of them
}{
	{what: "“>” was put before lines that begin with “From ”", may: holds(">From "), undo: unescapeFrom},
	{what: "a dot was added to lines that begin with one", may: holds(".."), undo: func(b []byte) [][]byte {
		return one(eachLine(b, func(line []byte) []byte {
			if bytes.HasPrefix(line, []byte("..")) {
				return line[1:]
			}
			return line
		}))
	}},
	{what: "a dot was taken off lines that begin with one", may: holds("\n."), undo: redot},
	{what: "blanks were put at line ends", may: holds(" \r\n", "\t\r\n"), undo: func(b []byte) [][]byte {
		mark := []byte("-- ")
		return [][]byte{
			eachLine(b, func(line []byte) []byte { return bytes.TrimRight(line, " \t") }),
			eachLine(b, func(line []byte) []byte {
				if bytes.Equal(line, mark) {
					return line
				}
				return bytes.TrimRight(line, " \t")
			}),
			eachLine(b, func(line []byte) []byte {
				if bytes.Equal(line, mark) {
					return line
				}
				return bytes.TrimSuffix(line, oneSP)
			}),
		}
	}},
	{what: "the blank was taken off the signature mark “-- ”", may: holds("\n--\r\n"), undo: func(b []byte) [][]byte {
		return one(eachLine(b, func(line []byte) []byte {
			if string(line) == "--" {
				return []byte("-- ")
			}
			return line
		}))
	}},
	{what: "the blanks were taken off the line ends of flowed text", may: shortText, undo: func(b []byte) [][]byte {
		return [][]byte{flow(b, 1), flow(b, 60), flow(b, 66)}
	}},
	{what: "lines end in CR CR LF", may: holds("\r\r\n"), undo: func(b []byte) [][]byte {
		return [][]byte{bytes.ReplaceAll(b, []byte("\r\r\n"), crlf)}
	}},
	{what: "CR became the end of a line, or ceased to be one", may: bareCR, undo: func(b []byte) [][]byte {
		x := bytes.ReplaceAll(b, crlf, crlf[1:])
		x = bytes.ReplaceAll(x, crlf[:1], crlf[1:])
		y := bytes.ReplaceAll(b, []byte("\r"), nil)
		return [][]byte{bytes.ReplaceAll(x, crlf[1:], crlf), bytes.ReplaceAll(y, crlf[1:], crlf)}
	}},
	{what: "blank lines were put between the lines", may: holds("\r\n\r\n"), undo: halveBlank},
	{what: "blank lines at the beginning were changed", may: func(b []byte) bool { return bytes.HasPrefix(b, crlf) }, undo: func(b []byte) [][]byte {
		return [][]byte{bytes.TrimLeft(b, "\r\n")}
	}},
	{what: "long lines were broken", may: shortText, undo: joinLong, by: []string{"Postfix", "", "Sendmail"}},
	{what: "tabs were made blanks", may: shortText, undo: func(b []byte) [][]byte {
		return [][]byte{bytes.ReplaceAll(b, []byte("        "), []byte("\t")), bytes.ReplaceAll(b, []byte("    "), []byte("\t"))}
	}},
	{what: "a byte order mark was put in front, or NUL bytes were put in", may: holds("\xef\xbb\xbf", "\x00"), undo: func(b []byte) [][]byte {
		return [][]byte{bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), bytes.ReplaceAll(b, []byte{0}, nil)}
	}},
}

// holds returns a look for any of some strings.
func holds(of ...string) func([]byte) bool {
	return func(b []byte) bool {
		return slices.ContainsFunc(of, func(s string) bool { return bytes.Contains(b, []byte(s)) })
	}
}

// shortText is a look for what is tried in short bodies only: a message with
// attachments has other reasons to be broken.
func shortText(b []byte) bool { return len(b) <= 256<<10 }

func bareCR(b []byte) bool { return bytes.Count(b, crlf[:1]) != bytes.Count(b, crlf) }

func one(b []byte) [][]byte { return [][]byte{b} }

// eachLine applies a change to each line of b, given without its line end.
func eachLine(b []byte, change func([]byte) []byte) []byte {
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		nl := bytes.IndexByte(b, '\n')
		if nl < 0 {
			return append(out, change(b)...)
		}
		line := trimLineEnd(b[:nl+1])
		out = append(append(out, change(slices.Clip(line))...), b[len(line):nl+1]...)
		b = b[nl+1:]
	}
	return out
}

// unescapeFrom takes ">" off all lines that begin with ">From ", then also off
// those with several, then off one line each.
func unescapeFrom(b []byte) [][]byte {
	mark := []byte(">From ")
	var at []int
	lines := -1
	all := eachLine(b, func(line []byte) []byte {
		lines++
		if bytes.HasPrefix(line, mark) {
			at = append(at, lines)
			return line[1:]
		}
		return line
	})
	out := [][]byte{all, eachLine(b, func(line []byte) []byte {
		if bytes.HasPrefix(bytes.TrimLeft(line, ">"), mark[1:]) && line[0] == '>' {
			return line[1:]
		}
		return line
	})}
	if len(at) > 1 && len(at) <= maxRespellings {
		for _, one := range at {
			n := -1
			out = append(out, eachLine(b, func(line []byte) []byte {
				if n++; n == one {
					return line[1:]
				}
				return line
			}))
		}
	}
	return out
}

// redot puts a dot before all lines that begin with one, then before one line
// each.
func redot(b []byte) [][]byte {
	n, lines := 0, 0
	dotted := func(which int) []byte {
		n = 0
		return eachLine(b, func(line []byte) []byte {
			if !bytes.HasPrefix(line, []byte(".")) {
				return line
			}
			if n++; which >= 0 && n-1 != which {
				return line
			}
			return append([]byte("."), line...)
		})
	}
	out := [][]byte{dotted(-1)}
	if lines = n; lines > 1 && lines <= maxRespellings {
		for i := range lines {
			out = append(out, dotted(i))
		}
	}
	return out
}

// flow puts a blank behind each line that has at least so many characters and
// that a line follows which is not blank (RFC 3676).
func flow(b []byte, least int) []byte {
	lines := bytes.Split(b, crlf)
	for i := range lines {
		if i+1 < len(lines) && len(lines[i]) >= least && len(lines[i+1]) > 0 && !bytes.HasPrefix(lines[i+1], []byte("-- ")) && string(lines[i]) != "-- " {
			lines[i] = append(slices.Clip(lines[i]), ' ')
		}
	}
	return bytes.Join(lines, crlf)
}

// halveBlank takes out every second line where it is blank throughout, and
// halves runs of blank lines.
func halveBlank(b []byte) [][]byte {
	lines := bytes.Split(b, crlf)
	var second [][]byte
	for i, line := range lines {
		if i%2 == 1 {
			if len(line) > 0 {
				second = nil
				break
			}
			continue
		}
		second = append(second, line)
	}
	out := [][]byte{b}
	if len(second) > 1 {
		out = append(out, bytes.Join(second, crlf))
	}
	var half, single [][]byte
	for i := 0; i < len(lines); {
		n := 0
		for i+n < len(lines) && len(lines[i+n]) == 0 {
			n++
		}
		for k := range n {
			if k < (n+1)/2 {
				half = append(half, nil)
			}
			if k == 0 {
				single = append(single, nil)
			}
		}
		if i += n; i < len(lines) {
			half, single = append(half, lines[i]), append(single, lines[i])
			i++
		}
	}
	return append(out, bytes.Join(half, crlf), bytes.Join(single, crlf))
}

// joinLong joins lines that a relay broke since they were over the limit of
// RFC 5321 §4.5.3.1.6: Postfix puts CRLF and a blank in, sendmail "!" as well.
func joinLong(b []byte) [][]byte {
	out := [][]byte{nil, nil, nil}
	lines := bytes.Split(b, crlf)
	for k := range out {
		joined := make([]byte, 0, len(b))
		for i, line := range lines {
			switch {
			case i == 0:
			case len(lines[i-1]) >= 960 && len(lines[i-1]) <= 2048 && len(line) > 0:
				if k == 0 {
					line = bytes.TrimPrefix(line, oneSP)
				}
				if k == 2 {
					joined = bytes.TrimSuffix(joined, []byte("!"))
					line = bytes.TrimPrefix(line, oneSP)
				}
			default:
				joined = append(joined, crlf...)
			}
			joined = append(joined, line...)
		}
		out[k] = joined
	}
	return out
}
