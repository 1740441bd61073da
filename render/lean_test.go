package render

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/mailtrace/mailtrace/report"
)

// A lean report says the same of the message, in less, and does not change the
// one that it was made of.
func TestLean(t *testing.T) {
	for _, r := range []*report.Report{rechecked(), bounced(), hostile()} {
		var before, after, lean bytes.Buffer
		if err := JSON(&before, r); err != nil {
			t.Fatal(err)
		}
		l := Lean(r)
		if err := JSONL(&lean, l); err != nil {
			t.Fatal(err)
		}
		if err := JSON(&after, r); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before.Bytes(), after.Bytes()) {
			t.Error("the report was changed")
		}
		if !reflect.DeepEqual(l.Verdict.Status, r.Verdict.Status) || !reflect.DeepEqual(l.Verdict.RootCause, r.Verdict.RootCause) ||
			l.Verdict.Summary != r.Verdict.Summary || l.Verdict.Border != r.Verdict.Border || l.Verdict.Delivery != r.Verdict.Delivery {
			t.Error("the verdict is another")
		}
		if len(l.Findings) != len(r.Findings) || len(l.Embedded) != len(r.Embedded) || !reflect.DeepEqual(l.Gaps, r.Gaps) {
			t.Error("findings, messages inside or gaps are missing")
		}
		for i := range l.Findings {
			x, y := l.Findings[i], r.Findings[i]
			if x.Code != y.Code || x.Severity != y.Severity || x.Confidence != y.Confidence || x.Message != y.Message || x.Advice != y.Advice || x.AtFault != y.AtFault {
				t.Errorf("finding %d is another", i)
			}
		}
		var m map[string]any
		if err := json.Unmarshal(lean.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		if m["lean"] != true {
			t.Error("it does not say that it is lean")
		}
		for _, key := range []string{"hops", "claims", "dns", "machines", "header", "fix"} {
			if list, _ := m[key].([]any); len(list) > 0 {
				t.Errorf("%s is there", key)
			}
		}
		if lean.Len()*2 > before.Len() {
			t.Errorf("%d bytes of %d", lean.Len(), before.Len())
		}
	}
}
