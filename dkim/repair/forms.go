package repair

import (
	"bytes"
	"crypto"

	"github.com/mailtrace/mailtrace/dkim"
)

// signature is a signature as a search needs it: the tags as they were read, and
// what a= stands for.
type signature struct {
	*dkim.Signature
	hash crypto.Hash
	key  string // k= of the key that fits
}

// read reads a signature field again: what a caller changed in its Signature does
// not count.
func read(kind dkim.Kind, field int, raw []byte, value string) *signature {
	s := dkim.ReadSignature(kind, field, raw, value)
	key, hash := s.Uses()
	return &signature{s, hash, key}
}

// canHash reports whether the body can be hashed as the signature says.
func (s *signature) canHash() bool {
	return s.hash != 0 && s.BodyCanon != "" && s.BodyHashSigned != nil
}

// canVerify reports whether the header can be hashed as the signature says and
// there is something to compare with.
func (s *signature) canVerify() bool {
	b := 0
	for i := range s.Tags {
		if s.Tags[i].Name == "b" {
			b++
		}
	}
	return s.hash != 0 && s.HeaderCanon != "" && len(s.B) > 0 && s.KeyName != "" && b == 1
}

// limit is l=, -1 where there is none.
func (s *signature) limit() int64 {
	if s.BodyLength == nil {
		return -1
	}
	return *s.BodyLength
}

var (
	oneSP = []byte{' '}
	crlf  = []byte{'\r', '\n'}
)

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

func isFWS(c byte) bool { return isWSP(c) || c == '\r' || c == '\n' }

// trimLineEnd cuts one line end, CRLF or LF, off b.
func trimLineEnd(b []byte) []byte {
	if b, ok := bytes.CutSuffix(b, crlf); ok {
		return b
	}
	return bytes.TrimSuffix(b, crlf[1:])
}

// trimBlankLines cuts the line end of the last line and all empty lines after
// it; with wsp the blanks at the line ends and the lines of blanks as well.
func trimBlankLines(b []byte, wsp bool) []byte {
	for len(b) > 0 {
		switch c := b[len(b)-1]; {
		case c == '\n':
			b = trimLineEnd(b)
		case wsp && isWSP(c):
			b = b[:len(b)-1]
		default:
			return b
		}
	}
	return nil
}

// appendCRLF appends b with each bare LF made CRLF.
func appendCRLF(dst, b []byte) []byte {
	for {
		nl := bytes.IndexByte(b, '\n')
		if nl < 0 {
			return append(dst, b...)
		}
		dst = append(append(dst, trimLineEnd(b[:nl+1])...), crlf...)
		b = b[nl+1:]
	}
}
