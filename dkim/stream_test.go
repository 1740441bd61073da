package dkim

import (
	"bytes"
	"crypto/sha256"
	"io"
	"testing"
	"testing/iotest"

	"github.com/mailtrace/mailtrace/message"
)

// A body that comes in pieces has the canonical form of the whole.
func FuzzBodyStream(f *testing.F) {
	for _, s := range []string{"", "\r\n", "a", "a \r\n\r\n", "a  b\t\r\n \r\n", "\r", "a\r", "\r\r\n", " \r \n", "a\n\n b \r\r\n\t", " ", "x \ry", "a \r\n b"} {
		f.Add([]byte(s), 1)
		f.Add([]byte(s+s), 3)
	}
	f.Fuzz(func(t *testing.T, body []byte, piece int) {
		piece = max(piece, 1)
		for _, canon := range []string{Simple, Relaxed} {
			var got bytes.Buffer
			s := newBodyStream(&sink{w: &got, limit: -1}, canon)
			for rest := body; len(rest) > 0; {
				n := min(piece, len(rest))
				s.Write(rest[:n])
				rest = rest[n:]
			}
			s.close()
			if want := AppendBody(nil, canon, body); !bytes.Equal(got.Bytes(), want) {
				t.Fatalf("%s of %q in pieces of %d: %q, want %q", canon, body, piece, got.Bytes(), want)
			}
		}
	})
}

// Signatures verify whether the body is in memory or goes by.
func TestReadBody(t *testing.T) {
	k := testKeys()
	for _, tags := range []string{"c=relaxed/relaxed", "c=simple/simple", "c=simple/relaxed; l=12", "c=relaxed; l=100000"} {
		raw := signed(t, k.rsa2048, tags)
		whole := message.Parse([]byte(raw))
		want := verify(t, zone(record(k.rsa2048)), whole, Options{})[0]
		header := message.Parse([]byte(raw[:whole.Body.Start]))
		v := NewVerifier(zone(record(k.rsa2048)), header, Options{})
		n, err := v.ReadBody(iotest.OneByteReader(bytes.NewReader(whole.BodyBytes())))
		if err != nil || n != int64(whole.Body.Len()) {
			t.Fatal(n, err)
		}
		got, err := v.Verify(t.Context())
		if err != nil || got[0].Result != want.Result || got[0].UnsignedBytes != want.UnsignedBytes || !bytes.Equal(got[0].BodyHashComputed, want.BodyHashComputed) {
			t.Errorf("%s: %+v, want %+v, %v", tags, got[0], want, err)
		}
	}
	v := NewVerifier(nil, message.Parse([]byte("From: a@example.com\r\n\r\n")), Options{})
	if _, err := v.ReadBody(iotest.ErrReader(io.ErrUnexpectedEOF)); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}

func BenchmarkBodyStream(b *testing.B) {
	body := bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog, and so on and on.\r\n"), 1<<14)
	for _, canon := range []string{Simple, Relaxed} {
		b.Run(canon, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				h := sha256.New()
				s := newBodyStream(&sink{w: h}, canon)
				for rest := body; len(rest) > 0; {
					n := min(32<<10, len(rest))
					s.Write(rest[:n])
					rest = rest[n:]
				}
				s.close()
			}
		})
	}
}
