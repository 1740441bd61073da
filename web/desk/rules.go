package desk

import (
	"strings"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/findings"
	"github.com/mailtrace/mailtrace/render"
)

// Rules is the catalogue as package render takes it, with what is only found
// in what a domain publishes.
func Rules() []render.Rule {
	all := findings.Rules()
	out := make([]render.Rule, len(all))
	for i, r := range all {
		out[i] = render.Rule{Code: r.Code, Title: r.Title, Severity: r.Severity, Refs: r.Refs, Doc: r.Doc}
		for _, c := range r.SymptomOf {
			out[i].Causes = append(out[i].Causes, c.Code)
		}
	}
	for _, p := range domain.Problems() {
		if findings.Lookup(p.Code) != nil {
			continue
		}
		doc := domainDoc(p)
		out = append(out, render.Rule{Code: p.Code, Title: p.Title, Severity: p.Severity, Refs: []string{p.Source}, Doc: doc})
	}
	for _, p := range compare.Problems() {
		out = append(out, render.Rule{Code: p.Code, Title: p.Title, Severity: p.Severity, Refs: []string{p.Source}, Doc: p.Doc})
	}
	return out
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
