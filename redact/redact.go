// Package redact takes out of a report what only those inside may know: who
// wrote to whom, and what the inner network looks like. The verdict, the
// findings and the structure stay as they are, so a redacted report can be
// handed to a stranger who is to help.
//
// Every secret gets a pseudonym, the same wherever it stands in the report:
// ann@example.com is user-1@example.com in the path, in a quoted field and in
// the name that a macro made. docs/redaction.md lists what is hidden and what
// stays.
//
// It works on the finished [report.Report] and reads nothing else, so a saved
// report can be redacted too, and every format is a view of the redacted one.
//
// Stable: Report and Options stay from 1.0 on; what is hidden only grows.
package redact

import (
	"reflect"

	"github.com/mailtrace/mailtrace/report"
)

// Options are settings of a redaction. The zero value hides people and the
// inner network, and leaves domains and public addresses.
type Options struct {
	// Domains also hides domain names and public addresses: domain-1.example,
	// 198.18.0.1. Subdomains stay below their domain.
	Domains bool
}

// Report returns a redacted copy of a report. The report itself stays as it
// is. The same report gives the same copy.
func Report(r *report.Report, o Options) *report.Report {
	r, _ = redacted(r, o)
	return r
}

func redacted(r *report.Report, o Options) (*report.Report, *table) {
	r = clone(reflect.ValueOf(r)).Interface().(*report.Report)
	t := newTable(o)
	t.collect(r)
	t.number()
	walk(reflect.ValueOf(r).Elem(), text, t.apply)
	return r, t
}

// inReport reports whether a struct is one of a report; a time is not.
func inReport(v reflect.Value) bool {
	return v.Type().PkgPath() == reflect.TypeFor[report.Report]().PkgPath()
}

// clone copies a value with all that it points at.
func clone(v reflect.Value) reflect.Value {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(clone(v.Elem()))
		return p
	case v.Kind() == reflect.Slice && !v.IsNil():
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(clone(v.Index(i)))
		}
		return s
	case v.Kind() == reflect.Struct && inReport(v):
		s := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			s.Field(i).Set(clone(v.Field(i)))
		}
		return s
	}
	return v
}

// walk puts f of every text of a report into its place, and makes sentences
// again from their parts. p is how the texts of v are treated.
func walk(v reflect.Value, p policy, f func(policy, string) string) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != "" && p != keep {
			v.SetString(f(p, s))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), p, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), p, f)
		}
	case reflect.Struct:
		if !inReport(v) {
			return
		}
		of := policiesOf(v.Type())
		for i := range v.NumField() {
			p := of[i]
			if p == byKind {
				p = kindPolicy(v.Addr().Interface())
			}
			walk(v.Field(i), p, f)
		}
		again := func(s *string, parts report.Text) {
			if len(parts) > 0 {
				*s = parts.String()
			}
		}
		switch x := v.Addr().Interface().(type) {
		case *report.Finding:
			again(&x.Message, x.Parts)
			again(&x.Advice, x.AdviceParts)
		case *report.Reason:
			again(&x.Text, x.Parts)
		case *report.Verdict:
			again(&x.Summary, x.Parts)
		case *report.Border:
			again(&x.Basis, x.Parts)
		case *report.Evidence:
			if x.Kind == report.EvidenceHeader {
				x.Parts = nil // the text is the field as it may be shown
			}
			again(&x.Text, x.Parts)
		}
	}
}
