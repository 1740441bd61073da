package render_test

import (
	"os"

	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// A saved report is shown again, in any format.
func ExampleText() {
	doc, err := render.ReadDocument([]byte(`{"schema": 1, "message": {"subject": "Thursday", "from": [{"address": "ann@example.com"}]},
		"verdict": {"status": "unauthenticated", "summary": "nothing vouches for the author"}}`))
	if err != nil {
		panic(err)
	}
	if err := render.Text(os.Stdout, doc.(*report.Report), render.Options{}); err != nil {
		panic(err)
	}
	// Output:
	// Thursday   ann@example.com
	//
	// UNAUTHENTICATED   nothing vouches for the author
	//
	// path     no Received field
	//
	// more     -v  all that this rests on
}
