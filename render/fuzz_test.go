package render

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"unicode"

	"github.com/mailtrace/mailtrace/report"
)

// A saved report may hold anything. It shows in every format, in one piece and
// without what a terminal would obey.
func FuzzReport(f *testing.F) {
	for _, r := range []*report.Report{rechecked(), bounced(), hostile(), {}} {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, 80)
	}
	f.Add([]byte(`{"spf":{"tree":{"children":[null,{"children":[null]}]}},"dkim":[{"repair":{}}],"arc":{},"dmarc":{},"dsn":{}}`), 0)
	f.Add([]byte(`{"findings":[{"code":"a","because":["b"]},{"code":"b","because":["a"],"severity":"high"}],"hops":[{"from":{"ip":"x"}}]}`), 1)
	f.Fuzz(func(t *testing.T, text []byte, width int) {
		var r report.Report
		if json.Unmarshal(text, &r) != nil {
			return
		}
		for _, detail := range []Detail{Normal, Full} {
			var b bytes.Buffer
			if err := Text(&b, &r, Options{Width: width, Detail: detail}); err != nil {
				t.Fatal(err)
			}
			for _, c := range b.String() {
				if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
					t.Fatalf("%U in\n%s", c, b.String())
				}
			}
		}
		for _, format := range Formats(report.DocMessage) {
			w := format.New(io.Discard, Options{})
			if err := w.Report(&r); err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
			if err := w.Close(); err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
		}
	})
}
