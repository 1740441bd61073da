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
package redact

import (
	"reflect"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// Options are settings of a redaction. The zero value hides people and the
// inner network, and leaves domains and public addresses.
type Options struct {
	// Domains also hides domain names and public addresses: domain-1.example,
	// 198.18.0.1. Subdomains stay below their domain.
	Domains bool
}

// hidden stands where nothing of a text can be shown.
const hidden = "(hidden)"

// Report returns a redacted copy of a report. The report itself stays as it
// is. The same report gives the same copy.
func Report(r *report.Report, o Options) *report.Report {
	t := newTable(o)
	t.collect(r)
	t.number()
	v := reflect.New(reflect.TypeFor[report.Report]()).Elem()
	t.copy(v, reflect.ValueOf(r).Elem(), text)
	return v.Addr().Interface().(*report.Report)
}

// copy writes the redacted src to dst. p is how the strings in it are treated.
func (t *table) copy(dst, src reflect.Value, p policy) {
	switch src.Kind() {
	case reflect.String:
		dst.SetString(t.apply(p, src.String()))
	case reflect.Pointer:
		if !src.IsNil() {
			dst.Set(reflect.New(src.Type().Elem()))
			t.copy(dst.Elem(), src.Elem(), p)
		}
	case reflect.Slice:
		if !src.IsNil() {
			dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
			for i := range src.Len() {
				t.copy(dst.Index(i), src.Index(i), p)
			}
		}
	case reflect.Struct:
		if src.Type().PkgPath() != reportPath {
			dst.Set(src) // a time
			return
		}
		if e, ok := src.Interface().(report.Evidence); ok {
			dst.Set(reflect.ValueOf(t.evidence(e)))
			return
		}
		if h, ok := src.Interface().(report.HeaderField); ok {
			h.Text = t.evidence(report.Evidence{Kind: report.EvidenceHeader, Text: unfolded(h.Text)}).Text
			dst.Set(reflect.ValueOf(h))
			return
		}
		if x, ok := src.Interface().(report.Part); ok {
			dst.Set(reflect.ValueOf(t.part(x)))
			return
		}
		for i := range src.NumField() {
			t.copy(dst.Field(i), src.Field(i), policyOf(src.Type(), i))
		}
		switch x := dst.Addr().Interface().(type) {
		case *report.Finding:
			again(&x.Message, x.Parts)
			again(&x.Advice, x.AdviceParts)
		case *report.Reason:
			again(&x.Text, x.Parts)
		case *report.Verdict:
			again(&x.Summary, x.Parts)
		case *report.Border:
			again(&x.Basis, x.Parts)
		}
	default:
		dst.Set(src)
	}
}

// unfolded is a header field on one line (RFC 5322 §2.2.3).
func unfolded(s string) string {
	return strings.NewReplacer("\r\n", "", "\n", "").Replace(s)
}

// again makes a sentence from its redacted parts.
func again(s *string, parts report.Text) {
	if len(parts) > 0 {
		*s = parts.String()
	}
}

// part shows one part of a sentence.
func (t *table) part(x report.Part) report.Part {
	switch x.Kind {
	case report.PartHost, report.PartDomain:
		x.Text = t.apply(host, x.Text)
	case report.PartMailbox:
		x.Text = t.apply(address, x.Text)
	case report.PartHop, report.PartFinding:
	default:
		x.Text, x.Ref = t.apply(text, x.Text), t.apply(text, x.Ref)
	}
	return x
}

// visit calls f with every string of a report that is not a word of the
// report's own.
func visit(v reflect.Value, p policy, f func(policy, string)) {
	switch v.Kind() {
	case reflect.String:
		if p != keep {
			f(p, v.String())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Elem(), p, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), p, f)
		}
	case reflect.Struct:
		if v.Type().PkgPath() == reportPath {
			for i := range v.NumField() {
				visit(v.Field(i), policyOf(v.Type(), i), f)
			}
		}
	}
}
