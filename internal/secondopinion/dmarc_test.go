package secondopinion

import (
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dmarc"
)

func TestDMARC(t *testing.T) {
	test := func(record string, agrees bool, note string) {
		t.Helper()
		got := DMARC(dmarc.ParseRecord(record))
		if got.Agrees != agrees || !strings.Contains(got.Note, note) || got.Result == "" || !agrees && note == "" {
			t.Errorf("%q: %+v, want %v %q", record, got, agrees, note)
		}
	}
	test("v=DMARC1; p=reject; sp=none; adkim=s; pct=20; rua=mailto:a@example.com!10m", true, "")
	test("v=DMARC1; p=reject; np=none; psd=n; t=y", true, "")
	test("v=DMARC1; p=bad", true, "")
	test("v=dmarc1; p=none", true, "")
	test("p=none; v=DMARC1", false, "anywhere")
	test("v=DMARC1; p=Reject", false, "lower case")
	test("V=DMARC1; p=reject", false, "tag names")
	test("v=DMARC1; rua=mailto:a@example.com", false, "demands p=")
	test("v=DMARC1; p=none; p=reject", false, "last")
	test("v=DMARC1; p=none; junk", false, "one bad tag")
	test("v=DMARC1; p=none; rua=a@example.com", false, "report addresses")
	test("v=DMARC1; p=none; np=bad; rua=mailto:a@example.com", true, "")
	test("v=DMARC1; p=reject; np=bad; rua=mailto:a@example.com", false, "np=")
}
