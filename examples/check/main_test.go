package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

func TestCheck(t *testing.T) {
	zone, err := zonefile.Parse("zone", []byte(`
good.example. TXT "v=spf1 -all"
_dmarc.good.example. TXT "v=DMARC1; p=reject"
good.example. MX 0 .
open.example. TXT "v=spf1 +all"
; SERVFAIL sick.example.
`))
	if err != nil {
		t.Fatal(err)
	}
	test := func(name string, want bool, says string) {
		t.Helper()
		var out bytes.Buffer
		good, err := check(t.Context(), &out, zone, report.High, []string{name})
		if err != nil || good != want || !strings.Contains(out.String(), says) {
			t.Errorf("%s: %v, %v\n%s", name, good, err, out.String())
		}
	}
	test("good.example", true, "")
	test("open.example", false, "open.example: spf-overbroad-pass: ")
	test("sick.example", false, "not known")
	if _, err := check(t.Context(), &bytes.Buffer{}, zone, report.High, []string{"no name"}); err == nil {
		t.Error("that is no domain")
	}
}
