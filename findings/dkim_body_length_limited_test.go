package findings

import (
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// A blank line behind what l= covers is no text that somebody put there; one
// octet more is.
func TestBlankTail(t *testing.T) {
	length := int64(1)
	test := func(unsigned int64, appended bool) {
		t.Helper()
		h := &headers.Facts{Msg: message.Parse([]byte("DKIM-Signature: v=1; d=example.com; l=1\r\nFrom: a@example.com\r\n\r\nx\r\n\r\n"))}
		h.FromDomain, h.Aligned = "example.com", []bool{true}
		h.DKIM = []dkim.Signature{{Result: dkim.Pass, HeaderSignature: dkim.Match, Domain: "example.com", BodyLength: &length, UnsignedBytes: unsigned}}
		found := dkimBodyLengthLimited.Find(judged(h))
		if len(found) != 1 {
			t.Fatalf("%d unsigned octets: %d findings", unsigned, len(found))
		}
		said := found[0].Parts.String()
		if got := !strings.Contains(said, "can put text behind"); got != appended || !appended && found[0].Severity != report.Medium {
			t.Errorf("%d unsigned octets: %s, %s", unsigned, found[0].Severity, said)
		}
	}
	test(0, false)
	test(2, false)
	test(3, true)
}
