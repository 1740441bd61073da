package findings

import (
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// spfPermerror makes the finding for an evaluation at the border that ended in
// permerror for one of these reasons.
func spfPermerror(f *Facts, say func(*spf.Evaluation) (message, advice string), codes ...spf.Reason) []report.Finding {
	e := f.SPF
	if e == nil || e.Result != spf.PermError {
		return nil
	}
	for _, c := range codes {
		if e.Code != c {
			continue
		}
		message, advice := say(e)
		x := report.Finding{
			Hop:        index(f, borderHop(f)),
			Confidence: report.Proved,
			AtFault:    report.Party{Role: report.RoleSender, Host: fromHost(f, borderHop(f))},
			Message:    message,
			Advice:     advice,
			Evidence:   []report.Evidence{computed("RFC 7208 §4.6", "%s: %s", evaluated(e), e.Reason)},
		}
		if f.DMARC != nil && f.DMARC.Result == "pass" {
			x.Severity = report.Medium
		}
		if len(e.Records) > 1 {
			for _, r := range e.Records {
				x.Evidence = append(x.Evidence, record(e.Domain, "TXT", r))
			}
		} else {
			x.Evidence = append(x.Evidence, spfRecord(e)...)
		}
		if c := claimAt(f, borderHop(f), "spf"); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		}
		return []report.Finding{x}
	}
	return nil
}

// problemDomain is the domain whose record is at fault.
func problemDomain(e *spf.Evaluation) string {
	if e.Problem != "" {
		return e.Problem
	}
	return e.Domain
}
