package main

import (
	"encoding/json"
	"io"

	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// savedDomains shows saved reports on domains. Its writer is made with the
// first, as most runs have none.
type savedDomains struct {
	c      *cli
	o      *output
	format string
	out    io.Writer
	w      render.DomainWriter
	// besides says that reports on messages are shown too.
	besides bool
}

// isDomain tells a report on a domain from one on a message, which has a
// verdict and no domain.
func isDomain(text []byte) bool {
	var keys struct {
		Domain  *string          `json:"domain"`
		MX      *json.RawMessage `json:"mx"`
		Verdict *json.RawMessage `json:"verdict"`
	}
	return json.Unmarshal(text, &keys) == nil && keys.Domain != nil && keys.MX != nil && keys.Verdict == nil
}

func (s *savedDomains) show(text []byte) error {
	var d report.Domain
	if err := json.Unmarshal(text, &d); err != nil {
		return wrong("show takes what mailtrace domain --json wrote", "not a report: %s", err)
	}
	if s.w == nil {
		f, ok := render.DomainFormatNamed(s.format)
		if !ok {
			return wrong("text, json, jsonl, csv, html or sarif", "no format %q for a report on a domain", s.format)
		}
		s.w = f.New(s.out, render.DomainOptions{Options: s.c.options(s.o, s.format), Suggest: true})
	}
	s.c.code = worse(s.c.code, codeOf(&report.Report{Findings: d.Findings, Gaps: d.Gaps}, s.o.failOn))
	return writeFailure(first(s.o.file, "standard output"), s.w.Domain(&d))
}

func (s *savedDomains) close() error {
	if s.w == nil {
		return nil
	}
	return s.w.Close()
}
