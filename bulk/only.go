package bulk

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// Only says which reports are wanted. Of the values of one kind any may hold,
// of different kinds one each must. The zero value wants all.
type Only struct {
	Codes    []string     // findings: one of these is among them
	Severity string       // and one of at least this severity
	Names    []string     // the author's domain, or below it; a host of the border, or at fault
	Addrs    []netip.Addr // of the client at the border
}

// Wants reports whether a report is wanted. It goes by the message that is
// meant, and by the findings of all that it holds.
func (o *Only) Wants(r *report.Report) bool {
	m := r.Subject()
	if len(o.Codes) > 0 && !findings(r, func(f *report.Finding) bool { return slices.Contains(o.Codes, f.Code) }) {
		return false
	}
	if o.Severity != "" && !findings(r, func(f *report.Finding) bool {
		return report.SeverityRank(f.Severity) >= 0 && report.SeverityRank(f.Severity) <= report.SeverityRank(o.Severity)
	}) {
		return false
	}
	if len(o.Names)+len(o.Addrs) == 0 {
		return true
	}
	named := func(host string) bool {
		host = strings.ToLower(strings.TrimSuffix(host, "."))
		return host != "" && slices.ContainsFunc(o.Names, func(n string) bool { return mailname.Within(host, n) })
	}
	for i := range m.Message.From {
		if named(m.Message.From[i].Domain) {
			return true
		}
	}
	if m.Border != nil {
		if named(BorderHost(m)) || named(m.Border.Helo) {
			return true
		}
		if ip, err := netip.ParseAddr(m.Border.ClientIP); err == nil && slices.Contains(o.Addrs, ip) {
			return true
		}
	}
	return findings(r, func(f *report.Finding) bool {
		return m.Verdict.RootCause != nil && f.Code == *m.Verdict.RootCause && (named(f.AtFault.Host) || named(f.AtFault.Organisation))
	})
}

func findings(r *report.Report, is func(*report.Finding) bool) bool {
	found := false
	Each(r, func(r *report.Report) {
		for i := range r.Findings {
			found = found || is(&r.Findings[i])
		}
	})
	return found
}
