package render

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/mailtrace/mailtrace/report"
)

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, rechecked()); err != nil {
		t.Fatal(err)
	}
	golden(t, "rechecked.json", b.Bytes())
}

// What a report says survives the way through JSON, whatever is in it.
func TestJSONRoundTrip(t *testing.T) {
	test := func(name string, r *report.Report) {
		t.Helper()
		for _, write := range []func(*bytes.Buffer) error{
			func(b *bytes.Buffer) error { return JSON(b, r) },
			func(b *bytes.Buffer) error { return JSONL(b, r) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			for i, c := range b.String() {
				if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
					t.Fatalf("%s: %U at byte %d", name, c, i)
				}
			}
			var again report.Report
			if err := json.Unmarshal(b.Bytes(), &again); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var plain bytes.Buffer
			if err := encode(&plain, filled(r), ""); err != nil {
				t.Fatal(err)
			}
			var want report.Report
			if err := json.Unmarshal(plain.Bytes(), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(again, want) {
				t.Errorf("%s: the escaped JSON holds another value", name)
			}
		}
	}
	test("rechecked", rechecked())
	test("bounced", bounced())
	test("hostile", hostile())
	test("astral", &report.Report{Verdict: report.Verdict{Summary: "\U000e0041 \U0001f600 \u2028 \u009b"}})
}

func TestJSONLists(t *testing.T) {
	r := &report.Report{
		Zones: make([]report.Zone, 1), Findings: make([]report.Finding, 1), DNS: make([]report.DNSAnswer, 1),
		DKIM: []report.DKIM{{Repair: &report.Repair{}}}, ARC: &report.ARC{}, DSN: &report.DSN{},
		Embedded: make([]report.Report, 1),
	}
	var b bytes.Buffer
	if err := JSONL(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"hops", "zones", "borders", "claims", "spf_matrix", "dkim", "cross_checks", "findings", "gaps", "dns",
		"from", "rcpt_to", "because", "evidence", "values", "changes", "sets", "recipients"} {
		if strings.Contains(b.String(), `"`+key+`":null`) {
			t.Errorf("%s is null", key)
		}
	}
	if r.Hops != nil || r.Zones[0].Hops != nil || r.DKIM[0].Repair.Changes != nil || r.ARC.Sets != nil || r.DSN.Recipients != nil {
		t.Error("the report was changed")
	}
	if got := strings.Count(b.String(), "\n"); got != 1 {
		t.Errorf("%d line ends", got)
	}
}
