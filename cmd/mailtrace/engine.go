package main

import (
	"context"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/findings"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// engine is what the commands call. Tests of the commands put their own in its
// place.
type engine struct {
	analyze func(ctx context.Context, raw []byte, o mailtrace.Options) (*report.Report, error)
	domain  func(ctx context.Context, name string, o mailtrace.DomainOptions) (*report.Domain, error)
	rules   func() []render.Rule
}

func libraryEngine() engine {
	return engine{analyze: mailtrace.AnalyzeBytes, domain: mailtrace.CheckDomain, rules: rules}
}

// rules is the catalogue as the renderer takes it, with what is only found in
// what a domain publishes.
func rules() []render.Rule {
	all := findings.Rules()
	out := make([]render.Rule, len(all))
	for i, r := range all {
		out[i] = render.Rule{Code: r.Code, Title: r.Title, Severity: r.Severity, Refs: r.Refs, Doc: r.Doc}
		for _, c := range r.SymptomOf {
			out[i].Causes = append(out[i].Causes, c.Code)
		}
	}
	return append(out, domainRules(out)...)
}
