package repair

import (
	"bytes"
	"strings"

	"github.com/mailtrace/mailtrace/message"
)

// Bounds of the MIME structure that is looked at.
const (
	maxParts     = 48
	maxPartDepth = 6
)

// part is one MIME part as a range of a body with CRLF line ends. The whole
// body is the part at the top, whose header is that of the message.
type part struct {
	top          bool
	multipart    bool
	header       string // fields, with CRLF
	start        int    // of the delimiter line before it; for the top 0
	headerAt     int    // where the header begins
	bodyAt, end  int    // the content; its last line end belongs to the delimiter
	next         int    // of the delimiter line after it
	close        int    // of a multipart: where its closing delimiter line begins, -1 where there is none
	boundary     string
	depth        int
	kind         string // media type, lower case
	charset, cte string // lower case
	parent       int
}

// get returns a field of the header of the part, as written but for its
// outer blanks.
func (p *part) get(name string) string {
	at, end := p.find(name)
	if at < 0 {
		return ""
	}
	_, v, _ := strings.Cut(p.header[at:end], ":")
	return strings.Trim(v, " \t\r\n")
}

// find returns where a field stands in the header of the part, -1 where it is
// not there.
func (p *part) find(name string) (start, end int) {
	h := p.header
	for at := 0; at < len(h); {
		end := at
		for {
			nl := strings.IndexByte(h[end:], '\n')
			if nl < 0 {
				end = len(h)
				break
			}
			end += nl + 1
			if end >= len(h) || !isWSP(h[end]) {
				break
			}
		}
		if n, _, ok := strings.Cut(h[at:end], ":"); ok && strings.EqualFold(strings.TrimRight(n, " \t"), name) {
			return at, end
		}
		at = end
	}
	return -1, -1
}

// splitParts finds the parts of a message whose body has CRLF line ends. The
// first is the body itself.
func splitParts(m *message.Message) []part { return partsOf(m, toCRLF(m.BodyBytes())) }

// toCRLF returns b with each bare LF made CRLF; b itself where there is none.
func toCRLF(b []byte) []byte {
	if n := bytes.Count(b, crlf[1:]); n == bytes.Count(b, crlf) {
		return b
	}
	return appendCRLF(make([]byte, 0, len(b)+len(b)/32+64), b)
}

func partsOf(m *message.Message, body []byte) []part {
	var header strings.Builder
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding"} {
		if i := m.First(name); i >= 0 {
			header.Write(trimLineEnd(m.Bytes(i)))
			header.WriteString("\r\n")
		}
	}
	top := part{top: true, header: header.String(), end: len(body), next: len(body), parent: -1}
	top.read()
	parts := []part{top}
	for i := 0; i < len(parts) && len(parts) < maxParts; i++ {
		if parts[i].multipart && parts[i].depth < maxPartDepth {
			parts = splitPart(body, parts, i)
		}
	}
	return parts
}

// read takes from the header of the part what is needed of it.
func (p *part) read() {
	p.close = -1
	kind, params := readType(p.get("Content-Type"))
	p.kind = strings.ToLower(kind)
	if p.kind == "" {
		p.kind = "text/plain"
	}
	p.cte = strings.ToLower(p.get("Content-Transfer-Encoding"))
	for _, x := range params {
		switch strings.ToLower(x.name) {
		case "boundary":
			p.boundary = unquote(x.value)
		case "charset":
			p.charset = strings.ToLower(unquote(x.value))
		}
	}
	p.multipart = strings.HasPrefix(p.kind, "multipart/") && p.boundary != "" && len(p.boundary) <= 200
}

// splitPart appends the parts of the multipart at index i.
func splitPart(body []byte, parts []part, i int) []part {
	p := parts[i]
	delimiter := []byte("--" + p.boundary)
	open := -1 // index of the part that has no end yet
	for at := p.bodyAt; at < p.end && len(parts) < maxParts; {
		k := bytes.Index(body[at:p.end], delimiter)
		if k < 0 {
			break
		}
		at += k
		line := at + len(delimiter)
		nl := bytes.IndexByte(body[line:p.end], '\n')
		end := p.end
		if nl >= 0 {
			end = line + nl + 1
		}
		tail := bytes.TrimRight(body[line:end], " \t\r\n")
		closing := bytes.Equal(tail, []byte("--"))
		if at > 0 && body[at-1] != '\n' || len(tail) > 0 && !closing {
			at = line
			continue
		}
		if open >= 0 {
			parts[open].next = at
			parts[open].end = max(parts[open].bodyAt, at-2)
		}
		if closing {
			parts[i].close = at
			return parts
		}
		q := part{start: at, headerAt: end, depth: p.depth + 1, parent: i, end: p.end, next: p.end}
		blank := bytes.Index(body[end:p.end], []byte("\r\n\r\n"))
		switch {
		case bytes.HasPrefix(body[end:p.end], crlf):
			q.bodyAt = end + 2
		case blank >= 0:
			q.header = string(body[end : end+blank+2])
			q.bodyAt = end + blank + 4
		default:
			q.bodyAt = p.end
		}
		if len(q.header) > 8<<10 {
			q.header = ""
		}
		q.read()
		open = len(parts)
		parts = append(parts, q)
		at = end
	}
	return parts
}
