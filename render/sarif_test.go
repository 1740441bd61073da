package render

import (
	"bytes"
	"errors"
	"testing"

	"github.com/mailtrace/mailtrace/report"
)

func TestSARIF(t *testing.T) {
	f, ok := FormatNamed(report.DocMessage, "sarif")
	if !ok {
		t.Fatal("no format sarif")
	}
	var b bytes.Buffer
	w := f.New(&b, Options{Rules: []Rule{
		{Code: "spf-rechecked-behind-border", Title: "SPF evaluated again", Severity: "high", Refs: []string{"RFC 7208 §9.1"}, Doc: "Why it happens."},
		{Code: "not-used", Title: "Not in the log", Severity: "low"},
	}})
	if err := w.Report(rechecked()); err != nil {
		t.Fatal(err)
	}
	if err := w.Report(authenticated()); err != nil {
		t.Fatal(err)
	}
	if b.Len() != 0 {
		t.Error("written before Close")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	golden(t, "rechecked.sarif", b.Bytes())
}

func TestSARIFURI(t *testing.T) {
	test := func(path, want string) {
		t.Helper()
		if got := sarifURI(path); got != want {
			t.Errorf("sarifURI(%q) = %q, want %q", path, got, want)
		}
	}
	test("-", "stdin")
	test("mail/a b.eml", "mail/a%20b.eml")
	test("a:b.eml", "./a:b.eml")
	test("/tmp/a.eml", "file:///tmp/a.eml")
}

func TestFormats(t *testing.T) {
	for _, f := range Formats(report.DocMessage) {
		var b bytes.Buffer
		w := f.New(&b, Options{})
		for i := range 2 {
			if i > 0 && (f.Name == "svg" || f.Name == "dot") {
				if err := w.Report(hostile()); !errors.Is(err, ErrOne) {
					t.Errorf("%s: two pictures: %v", f.Name, err)
				}
				break
			}
			if err := w.Report(hostile()); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if b.Len() == 0 {
			t.Errorf("%s wrote nothing", f.Name)
		}
		if i := bytes.IndexByte(b.Bytes(), 0x1b); i >= 0 {
			t.Errorf("%s: an escape at byte %d", f.Name, i)
		}
	}
	if _, ok := FormatNamed(report.DocMessage, "pdf"); ok {
		t.Error("a format pdf")
	}
}
