package headers

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

// The words are found wherever they stand, in any case, also across the end of a
// piece, and nothing else is.
func TestMayCarry(t *testing.T) {
	test := func(body string, want bool) {
		t.Helper()
		if got := mayCarry([]byte(body)); got != want {
			t.Errorf("%.80q: got %v", body, got)
		}
	}
	for _, w := range []string{
		"message/rfc822", "Message/RFC822", "MESSAGE/GLOBAL-headers", "text/rfc822-headers", "message/delivery-status", "text/calendar", "a.EML", "x.msg", "application/vnd.ms-outlook",
		"application/tlsrpt+gzip", "report-type=\"tlsrpt\"", "report-type=tlsrpt", "Received: from", "application/x-tlsrpt", "a!b!1!2.xml", "a!b!1!2.XML.gz", "a!b.zip",
	} {
		test(w, true)
		test("\r\n"+w+"\r\n", true)
		for at := carryPiece - len(w) - 1; at <= carryPiece+1; at++ {
			if body := strings.Repeat("x", at-2) + ": " + w; !mayCarry([]byte(body)) {
				t.Fatalf("%s at %d is not found", w, at)
			}
		}
		test(w[:len(w)-len(w)/2-1], false)
	}
	// In a field that is folded over more than a piece, too, and behind base64.
	long := strings.Repeat(" xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", 2*carryPiece/50)
	test("Content-Type:\r\n"+long+" message/rfc822\r\n", true)
	data := strings.Repeat("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo/QUJDREVGR0g/\r\n", 2*carryPiece/50)
	test("Content-Type: a/b\r\n\r\n"+data+"Content-Type: message/rfc822\r\n", true)
	test("Content-Type: a/b\r\n\r\n"+data+"\r\nname=a.eml", false)
	for _, w := range []string{"", "message", "a/b", "a.xml", "a.gz", "received", "rfc822", "text/plain", "a-b:c=d!", "http://example.com/a.html"} {
		test(w, false)
	}
}

// BenchmarkMayCarry looks through a body of base64, and SHA-256 beside it.
func BenchmarkMayCarry(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	raw := make([]byte, 6<<20)
	for i := range raw {
		raw[i] = byte(rng.UintN(256))
	}
	var lines bytes.Buffer
	text := base64.StdEncoding.EncodeToString(raw)
	for ; len(text) > 76; text = text[76:] {
		lines.WriteString(text[:76] + "\r\n")
	}
	b.Run("words", func(b *testing.B) {
		b.SetBytes(int64(lines.Len()))
		for b.Loop() {
			if mayCarry(lines.Bytes()) {
				b.Fatal("found")
			}
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(int64(lines.Len()))
		for b.Loop() {
			sha256.Sum256(lines.Bytes())
		}
	})
}
