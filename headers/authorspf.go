package headers

import (
	"strings"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// StrayRecord is a DMARC record where no receiver looks for it.
type StrayRecord struct {
	Domain string // the name at which it stands
	Text   string
}

// lookAtAuthor asks what the author's domain itself says of the border's
// client, where DMARC did not settle it.
func (f *Facts) lookAtAuthor() {
	if f.DMARC == nil || f.FromDomain == "" {
		return
	}
	switch f.DMARC.Result {
	case dmarc.Fail:
		f.checkAuthorSPF()
	case dmarc.None:
		f.findStrayRecord()
	}
}

// checkAuthorSPF evaluates SPF of the author's domain for the border's client,
// where the envelope sender is of another organisation or another subdomain, or
// the null one, so that another name was asked for. The result does not count for DMARC; it shows
// whether the owner of the domain means this client to send.
func (f *Facts) checkAuthorSPF() {
	ip := f.ClientIP(f.LastRun())
	if f.SPF == nil || !Public(ip) || f.SPF.Domain == f.FromDomain {
		return
	}
	null := f.MailFrom != nil && *f.MailFrom == ""
	if !null && f.SPF.Result == spf.Pass && mailname.SameOrg(f.SPF.Domain, f.FromDomain) {
		return // the owner means it already
	}
	f.AuthorSPF = f.ask.check(spf.Query{IP: ip, MailFrom: "postmaster@" + f.FromDomain})
}

// findStrayRecord looks for a DMARC record at the author's domain itself. It
// belongs at _dmarc below it (RFC 9989 §4.7).
func (f *Facts) findStrayRecord() {
	ans, ok := f.ask.lookup("DMARC record in the wrong place", f.FromDomain, dns.TypeTXT)
	if !ok {
		return
	}
	for _, t := range ans.Texts() {
		if len(t) >= len("v=DMARC1") && strings.EqualFold(t[:len("v=DMARC1")], "v=DMARC1") {
			f.StrayDMARC = &StrayRecord{Domain: f.FromDomain, Text: t}
			return
		}
	}
}
