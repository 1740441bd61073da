package mailtrace

import (
	"cmp"
	"context"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/findings"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// CheckSPF evaluates SPF once and gives the evaluation as it stands in a
// report. An error means that the DNS could not be asked; a DNS that fails is
// the result temperror.
func CheckSPF(ctx context.Context, res dns.Resolver, q spf.Query, o spf.Options) (*report.SPF, error) {
	e, err := spf.Check(ctx, res, q, o)
	if err != nil {
		return nil, err
	}
	return spfOf(e, true), nil
}

// SPFDocument makes a document of an evaluation: with it a finding for any
// result but pass, and a gap where the DNS did not answer.
func SPFDocument(s *report.SPF) *report.SPFDocument {
	d := &report.SPFDocument{SPF: *s, Document: report.Document{
		Kind: report.DocSPF, Schema: report.Schema, Tool: report.Tool{Name: "mailtrace", Version: Version},
		Findings: []report.Finding{}, Gaps: []report.Gap{},
	}}
	code, severity, advice := "", "", ""
	name := cmp.Or(s.Domain, "the domain")
	switch spf.Result(s.Result) {
	case spf.Fail:
		code, severity, advice = "spf-unauthorised-sender", report.High, "if "+s.ClientIP+" sends for "+name+", add it to the record; if not, nothing is to be done"
	case spf.SoftFail:
		code, severity, advice = "spf-softfail-or-neutral", report.Medium, "if "+s.ClientIP+" sends for "+name+", add it to the record; else end the record with -all"
	case spf.Neutral:
		code, severity, advice = "spf-softfail-or-neutral", report.Low, "end the record with -all once all senders are in it"
	case spf.None:
		code, severity, advice = "spf-none", report.Low, "publish an SPF record at "+name
	case spf.PermError:
		code, severity, advice = "spf-permerror-syntax", report.High, "mailtrace domain "+name+" --suggest shows the record without the error"
		switch {
		case s.Lookups > spf.DefaultMaxLookups:
			code = "spf-permerror-lookup-limit"
		case s.VoidLookups > spf.DefaultMaxVoids:
			code = "spf-void-lookups"
		}
	case spf.TempError:
		code, severity, advice = "spf-temperror", report.Low, "ask again later, or another server with --dns"
		d.Gaps = append(d.Gaps, report.Gap{What: "SPF of " + name, Why: cmp.Or(s.Reason, "the DNS did not answer")})
	default:
		return d
	}
	f := report.Finding{Code: code, Severity: severity, Confidence: report.Proved, AtFault: report.Party{Role: report.RoleUnknown},
		Message: "SPF of " + name + " for " + s.ClientIP + ": " + strings.TrimSuffix(strings.Join([]string{s.Result, cmp.Or(s.Reason, s.Matched)}, ", "), ", "),
		Advice:  advice, Because: []string{}, Evidence: []report.Evidence{}}
	if r := findings.Lookup(code); r != nil {
		f.Title = r.Title
	}
	if s.Record != "" {
		f.Evidence = append(f.Evidence, report.Evidence{Kind: report.EvidenceDNS, Text: s.Record, DNS: s.Domain + " TXT", Ref: "RFC 7208 §4.6"})
	} else {
		f.Evidence = append(f.Evidence, report.Evidence{Kind: report.EvidenceComputed, Text: f.Message, Ref: "RFC 7208 §2.6"})
	}
	d.Findings = append(d.Findings, f)
	return d
}
