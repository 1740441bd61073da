package render

import (
	"bytes"
	"errors"
	"io"
	"strings"
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

// What has no end does not stay in memory until its end.
func TestBoundsOfManyReports(t *testing.T) {
	var sarif, table, sorted bytes.Buffer
	w := &sarifWriter{w: &sarif, most: 3}
	lines := &domainTable{w: &table, most: 2}
	in := &domainSorted{w: &domainJSON{w: &sorted, write: func(w io.Writer, d *report.Domain) error { _, err := io.WriteString(w, d.Domain+" "); return err }}, sort: SortDomain, most: 2}
	for _, name := range []string{"b.example", "a.example", "d.example", "c.example", "e.example"} {
		d := &report.Domain{Domain: name, Findings: []report.Finding{{Code: "one", Severity: report.High}}}
		for _, err := range []error{w.domain(d), lines.Domain(d), in.Domain(d)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(w.results) > 3 || len(lines.rows) > 2 || len(in.all) > 2 {
			t.Errorf("kept: %d results, %d rows, %d reports", len(w.results), len(lines.rows), len(in.all))
		}
	}
	for _, err := range []error{w.Close(), lines.Close(), in.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := sarif.String(); strings.Count(got, `"ruleId"`) != 3 || !strings.Contains(got, "more than 3 findings: 2 are left out") || !strings.Contains(got, `"executionSuccessful": false`) {
		t.Error(got)
	}
	if got := sorted.String(); got != "a.example b.example c.example d.example e.example " {
		t.Error(got)
	}
	if got := table.String(); strings.Count(got, "DOMAIN") != 3 || strings.Count(got, ".example") != 5 {
		t.Error(got)
	}
}
