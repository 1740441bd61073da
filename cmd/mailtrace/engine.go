package main

import (
	"context"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/web/desk"
)

// engine is what the commands call. Tests of the commands put their own in its
// place.
type engine struct {
	analyze func(ctx context.Context, raw []byte, o mailtrace.Options) (*report.Report, error)
	domain  func(ctx context.Context, name string, o mailtrace.DomainOptions) (*report.Domain, error)
	rules   func() []render.Rule
}

func libraryEngine() engine {
	return engine{analyze: mailtrace.AnalyzeBytes, domain: mailtrace.CheckDomain, rules: desk.Rules}
}
