package compare

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"

	gomessage "github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // so that texts in two charsets can be equal

	"github.com/mailtrace/mailtrace/message"
)

// Part is a leaf of the MIME structure: the body of a message without parts, or
// a part that has none of its own. Parts of both sides are the same part where
// they have the same place in the same structure, else where they have the same
// content.
type Part struct {
	A *PartSide `json:"a"` // null where A has no such part
	B *PartSide `json:"b"`
	// Equal says that the decoded contents are the same: text as characters
	// whatever the charset and the line ends, all else byte for byte.
	Equal bool `json:"equal"`
	// EqualWords says that the contents are the same but for white space; text
	// only.
	EqualWords bool `json:"equal_words"`
	// Recoded says that a content that is equal came in another transfer
	// encoding.
	Recoded bool `json:"recoded"`
}

// PartSide is a part on one side.
type PartSide struct {
	Path     string `json:"path"`     // "1.2" is the second part of the first; "" is the whole body
	Type     string `json:"type"`     // media type, lower case
	Charset  string `json:"charset"`  // lower case, "" where none is named
	Encoding string `json:"encoding"` // transfer encoding, lower case, "" where none is named
	Size     int64  `json:"size"`     // decoded, in bytes
	// Problem says why the content could not be decoded to its end; "" where it
	// was. Such a part is equal to none.
	Problem string `json:"problem"`
}

// leaf is a part with what its content is compared by.
type leaf struct {
	PartSide
	text       bool
	sum, words [sha256.Size]byte
}

// compareParts pairs the leaves of both messages.
func (r *Result) compareParts(a, b *message.Message) {
	leavesA, moreA := leaves(a)
	leavesB, moreB := leaves(b)
	if moreA || moreB {
		r.limit("MIME parts beyond " + strconv.Itoa(MaxParts) + ", or nested deeper than " + strconv.Itoa(MaxDepth))
	}
	same := len(leavesA) == len(leavesB)
	for i := 0; same && i < len(leavesA); i++ {
		same = leavesA[i].Path == leavesB[i].Path && leavesA[i].Type == leavesB[i].Type
	}
	r.Body.SameStructure = same
	if same {
		for i := range leavesA {
			r.Body.Parts = append(r.Body.Parts, newPart(&leavesA[i], &leavesB[i]))
		}
		return
	}
	open := make(map[[sha256.Size]byte][]int)
	for j := range leavesB {
		open[leavesB[j].words] = append(open[leavesB[j].words], j)
	}
	used := make([]bool, len(leavesB))
	for i := range leavesA {
		x := &leavesA[i]
		l := open[x.words]
		if len(l) == 0 || x.Problem != "" || leavesB[l[0]].Problem != "" || leavesB[l[0]].text != x.text {
			r.Body.Parts = append(r.Body.Parts, newPart(x, nil))
			continue
		}
		open[x.words] = l[1:]
		used[l[0]] = true
		r.Body.Parts = append(r.Body.Parts, newPart(x, &leavesB[l[0]]))
	}
	for j := range leavesB {
		if !used[j] {
			r.Body.Parts = append(r.Body.Parts, newPart(nil, &leavesB[j]))
		}
	}
}

func newPart(a, b *leaf) Part {
	var p Part
	if a != nil {
		p.A = &a.PartSide
	}
	if b != nil {
		p.B = &b.PartSide
	}
	if a == nil || b == nil || a.Problem != "" || b.Problem != "" {
		return p
	}
	p.Equal = a.text == b.text && a.sum == b.sum
	p.EqualWords = p.Equal || a.text && b.text && a.words == b.words
	p.Recoded = p.Equal && encodingOf(a.Encoding) != encodingOf(b.Encoding)
	return p
}

// encodingOf is an encoding with the default in place (RFC 2045 §6.1).
func encodingOf(s string) string {
	if s == "" {
		return "7bit"
	}
	return s
}

// leaves decodes a message. It reports whether there was more than the bounds
// allow.
func leaves(m *message.Message) (found []leaf, more bool) {
	var h gomessage.Header
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding"} {
		if i := m.First(name); i >= 0 {
			h.Set(name, m.Value(i))
		}
	}
	w := walk{}
	e, err := gomessage.New(h, bytes.NewReader(m.BodyBytes()))
	w.entity(e, err, "", 0)
	return w.leaves, w.more
}

type walk struct {
	leaves []leaf
	more   bool
}

func (w *walk) entity(e *gomessage.Entity, err error, path string, depth int) {
	kind, params, _ := e.Header.ContentType()
	if parts := e.MultipartReader(); parts != nil && params["boundary"] != "" {
		if depth == MaxDepth {
			w.more = true
			return
		}
		for n := 1; ; n++ {
			part, err := parts.NextPart()
			if part == nil {
				if err != nil && err != io.EOF {
					w.leaves = append(w.leaves, leaf{PartSide: PartSide{Path: below(path, n), Problem: excerpt(err.Error(), 0)}})
				}
				return
			}
			if len(w.leaves) >= MaxParts {
				w.more = true
				return
			}
			w.entity(part, err, below(path, n), depth+1)
		}
	}
	l := leaf{PartSide: PartSide{
		Path: path, Type: excerpt(strings.ToLower(kind), 0), Charset: excerpt(strings.ToLower(params["charset"]), 0),
		Encoding: excerpt(strings.ToLower(strings.TrimSpace(e.Header.Get("Content-Transfer-Encoding"))), 0),
	}}
	if l.Type == "" {
		l.Type = "text/plain" // RFC 2045 §5.2
	}
	l.text = strings.HasPrefix(l.Type, "text/")
	// A charset that is not known leaves the bytes as they are, which can be
	// compared all the same.
	if gomessage.IsUnknownEncoding(err) {
		l.Problem = excerpt(err.Error(), 0)
	}
	c := content{sum: sha256.New(), words: sha256.New(), text: l.text}
	n, err := io.Copy(&c, io.LimitReader(e.Body, maxLeaf))
	l.Size = n
	if err != nil && l.Problem == "" {
		l.Problem = excerpt(err.Error(), 0)
	}
	c.sum.Sum(l.sum[:0])
	c.words.Sum(l.words[:0])
	w.leaves = append(w.leaves, l)
}

func below(path string, n int) string {
	if path == "" {
		return strconv.Itoa(n)
	}
	return path + "." + strconv.Itoa(n)
}

// maxLeaf bounds a decoded part in bytes. It is out of reach: a message has
// 256 MB, and no encoding of MIME makes it longer than a charset does, which is
// three times.
const maxLeaf = 1 << 30

// content hashes a decoded part. Of text CRs, and line ends at its end, do not
// count; words leaves out all white space.
type content struct {
	sum, words hash.Hash
	text       bool
	newlines   int // held back until something follows
	buf, solid []byte
}

func (c *content) Write(b []byte) (int, error) {
	if !c.text {
		c.sum.Write(b)
		c.words.Write(b)
		return len(b), nil
	}
	// A reader of bytes hands on all at once.
	const most = 32 << 10
	for piece := range slices.Chunk(b, most) {
		c.write(piece)
	}
	return len(b), nil
}

func (c *content) write(b []byte) {
	c.buf, c.solid = c.buf[:0], c.solid[:0]
	for _, x := range b {
		switch x {
		case '\r':
			continue
		case '\n':
			c.newlines++
			continue
		}
		for ; c.newlines > 0; c.newlines-- {
			c.buf = append(c.buf, '\n')
		}
		c.buf = append(c.buf, x)
		if x != ' ' && x != '\t' {
			c.solid = append(c.solid, x)
		}
	}
	c.sum.Write(c.buf)
	c.words.Write(c.solid)
}
