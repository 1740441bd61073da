package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

// dkimFinding starts a finding about one signature.
func dkimFinding(f *Facts, s *dkim.Signature) report.Finding {
	x := report.Finding{
		Hop:        index(f, borderHop(f)),
		Confidence: report.Proved,
		AtFault:    report.Party{Role: report.RoleSender, Host: fromHost(f, borderHop(f))},
		Evidence:   []report.Evidence{field(f, s.Field)},
	}
	if s.KeyRecord != "" {
		x.Evidence = append(x.Evidence, record(s.KeyName, "TXT", s.KeyRecord))
	}
	return x
}

// harmless lowers a finding about a signature that nothing depended on.
func harmless(f *Facts, severity string) string {
	if f.DMARC != nil && f.DMARC.Result == "pass" {
		return severity
	}
	return ""
}

// passedThen is a trusted verdict of delivery that this signature verified.
func passedThen(f *Facts, s *dkim.Signature) *headers.Claim {
	for _, c := range f.Trusted("dkim") {
		if c.Normal == "pass" && c.Domain == s.Domain && (c.Selector == "" || c.Selector == s.Selector) {
			return c
		}
	}
	return nil
}

// failedThen is a trusted verdict of delivery that it did not.
func failedThen(f *Facts, s *dkim.Signature) *headers.Claim {
	for _, c := range f.Trusted("dkim") {
		if c.Normal != "pass" && c.Normal != "" && c.Domain == s.Domain && (c.Selector == "" || c.Selector == s.Selector) {
			return c
		}
	}
	return nil
}

// keyFindings makes a finding for every signature with this reason, unless it
// verified at delivery: then the key is gone since, which is
// dkim-key-rotated.
func keyFindings(f *Facts, code dkim.Reason, say func(*dkim.Signature) (message, advice string)) []report.Finding {
	var out []report.Finding
	for i := range f.DKIM {
		s := &f.DKIM[i]
		if s.Code != code || passedThen(f, s) != nil {
			continue
		}
		x := dkimFinding(f, s)
		x.Severity = harmless(f, report.Medium)
		x.Message, x.Advice = say(s)
		x.Evidence = append(x.Evidence, computed("RFC 6376 §6.1.2", "%s", s.Reason))
		if c := failedThen(f, s); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		} else {
			// The key may have been there when the message was delivered.
			x.Confidence = report.Strong
		}
		out = append(out, x)
	}
	return out
}
