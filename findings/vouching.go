package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	known "github.com/mailtrace/mailtrace/headers/services"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// sameOrganisation reports whether a domain belongs to the author's
// organisation, by name.
func sameOrganisation(f *Facts, domain string) bool {
	domain = domainPart(domain)
	if f.FromDomain == "" || domain == "" {
		return false
	}
	if domain == f.FromDomain {
		return true
	}
	return f.authorOrg != "" && mailname.Org(domain) == f.authorOrg
}

// voucher is a domain that authenticated the message at the border.
type voucher struct {
	domain  string
	aligned bool
	field   int // where it is written: the signature, or the verdict on it
}

// maxSigners bounds the domains that are looked at.
const maxSigners = 32

// signers are the signatures that verify, or that a verdict of the border says
// verified there.
func signers(f *Facts) []voucher {
	var out []voucher
	add := func(v voucher) {
		if v.domain != "" && len(out) < maxSigners && !slices.ContainsFunc(out, func(o voucher) bool { return o.domain == v.domain }) {
			out = append(out, v)
		}
	}
	for i := range f.DKIM {
		if s := &f.DKIM[i]; s.Result == dkim.Pass {
			add(voucher{s.Domain, i < len(f.Aligned) && f.Aligned[i], s.Field})
		}
	}
	for c := range claims(f, "dkim", trusted, at(borderHop(f)), result("pass")) {
		add(voucher{c.Domain, sameOrganisation(f, c.Domain), c.Field})
	}
	return out
}

// signedByAuthor reports whether the message carries a signature of the
// author's organisation in any state, or a server wrote that it did: one that
// was taken out on the way still was there.
func signedByAuthor(f *Facts) bool {
	for i := range f.DKIM {
		if sameOrganisation(f, f.DKIM[i].Domain) {
			return true
		}
	}
	return firstClaim(f, "dkim", credible, ofAuthor(f), func(c *headers.Claim) bool { return c.Normal != "none" }) != nil
}

// borderSPF is what SPF gives at the border: our evaluation, and what a trusted
// server wrote about the same client.
type borderSPF struct {
	hop    int
	result string // ours, or the verdict's where we have none
	domain string
	eval   *spf.Evaluation // nil where the DNS was not asked
	claim  *headers.Claim  // nil where nothing is written
	null   bool            // the envelope sender is the null one: the HELO name was checked
}

// spfAtBorder returns it; ok is false where the border is not known or nothing
// tells the result there.
func spfAtBorder(f *Facts) (s borderSPF, ok bool) {
	if f.border == nil {
		s := findBorderSPF(f)
		f.border = &s
	}
	return *f.border, f.border.result != ""
}

func findBorderSPF(f *Facts) (s borderSPF) {
	s.hop = borderHop(f)
	if s.hop < 0 || f.LastRun().NAT {
		return s
	}
	s.null = f.MailFrom != nil && *f.MailFrom == ""
	client := f.ClientIP(f.LastRun())
	s.claim = firstClaim(f, "spf", trusted, at(s.hop), decided, func(c *headers.Claim) bool {
		return (ofMailFrom(c) || s.null && c.Identity == "helo") && !(c.IP.IsValid() && client.IsValid() && c.IP != client)
	})
	written := s.claim != nil && !bestGuess(s.claim)
	switch {
	case f.SPF != nil && f.SPF.Result != "" && !(written && f.SPF.Result == spf.TempError && s.claim.Normal != "temperror"):
		s.eval, s.result, s.domain = f.SPF, string(f.SPF.Result), f.SPF.Domain
	case written: // the DNS was not asked, or does not answer now
		s.result, s.domain = s.claim.Normal, s.claim.Domain
		if s.domain == "" && f.MailFrom != nil {
			s.domain = domainPart(*f.MailFrom)
		}
	}
	return s
}

// confidence is proved where the record today and the verdict of that day say
// the same, strong where only one of them is there.
func (s borderSPF) confidence() string {
	switch {
	case s.eval == nil || s.claim == nil:
		return report.Strong
	case s.claim.Normal == s.result:
		return report.Proved
	}
	return report.Likely
}

// evidence quotes the border, the evaluation with its record, and the verdict.
func (s borderSPF) evidence(f *Facts) []report.Evidence {
	ev := []report.Evidence{hop(f, s.hop)}
	if s.eval != nil {
		ev = append(ev, computed("RFC 7208 §4.1", "%s", evaluated(s.eval)))
		ev = append(ev, spfRecord(s.eval)...)
	}
	if s.claim != nil {
		ev = append(ev, claim(f, s.claim))
	}
	return ev
}

// borderDMARC is the result at the border with the verdict that a trusted
// server there wrote; "" where neither is known.
func borderDMARC(f *Facts) (string, *headers.Claim) {
	return f.Border.DMARC, trustedAtBorder(f, "dmarc")
}

// trustedAtBorder is the trusted verdict of a method that the border wrote.
func trustedAtBorder(f *Facts, method string) *headers.Claim {
	return firstClaim(f, method, trusted, at(borderHop(f)), func(c *headers.Claim) bool { return c.Result != "" })
}

// dmarcPasses reports whether DMARC passes at the border: then nothing hung on
// what else is wrong.
func dmarcPasses(f *Facts) bool { return f.Border.DMARC == "pass" }

// resent reports whether an intermediary passed the message on: a forwarder or
// a list. Its envelope sender and its signature are then its own, and say
// nothing about how the author's mail is set up.
func resent(f *Facts) bool {
	for i := 1; i < len(f.Runs); i++ {
		if f.Runs[i].Role == headers.Intermediary && f.Runs[i].Border >= 0 {
			return true
		}
	}
	if f.MailFrom != nil {
		if _, srs := headers.ParseSRS(*f.MailFrom); srs {
			return true
		}
	}
	for _, name := range []string{"Resent-From", "X-Forwarded-To", "X-Forwarded-For", "X-BeenThere"} {
		// X-Forwarded-For of web forms holds an address of a network.
		if strings.Contains(f.Msg.Get(name), "@") {
			return true
		}
	}
	return toList(f)
}

// handedOver reports whether an earlier part of the path received the message
// from outside, not as a submission.
func handedOver(f *Facts) bool {
	for i := 1; i < len(f.Runs); i++ {
		k := f.Runs[i].Border
		if k >= 0 && !f.Hops[k].Auth && !f.Hops[k].Local && headers.Public(f.Hops[k].IP) {
			return true
		}
	}
	return false
}

// toList reports whether the message was written to a mailing list: the list's
// posting address (RFC 2369 §3.4) is one of its recipients. Newsletters have
// none.
func toList(f *Facts) bool {
	post := strings.ToLower(f.Msg.Get("List-Post"))
	i := strings.Index(post, "mailto:")
	if i < 0 {
		return false
	}
	post = post[i+len("mailto:"):]
	if end := strings.IndexAny(post, ">?, \t"); end >= 0 {
		post = post[:end]
	}
	if !strings.Contains(post, "@") {
		return false
	}
	for _, name := range []string{"To", "Cc"} {
		for _, i := range f.Msg.All(name) {
			if strings.Contains(strings.ToLower(f.Msg.Value(i)), post) {
				return true
			}
		}
	}
	return false
}

// bestGuess reports whether a verdict is one that the receiver made up for a
// domain without record.
func bestGuess(c *headers.Claim) bool {
	return strings.HasPrefix(c.Result, "bestguess") || strings.Contains(strings.ToLower(c.Comment), "best guess record") ||
		strings.Contains(strings.ToLower(c.Comment), "best-guess")
}

// dmarcRecord quotes the record that applies, nothing where there is none.
func dmarcRecord(f *Facts) []report.Evidence {
	if f.DMARC == nil || f.DMARC.Discovered.Record == nil {
		return nil
	}
	return []report.Evidence{record("_dmarc."+f.DMARC.Discovered.Domain, "TXT", f.DMARC.Discovered.Record.Raw)}
}

// sentOn says that the service which brought the message forwards mail by
// trade, or wrote the envelope sender that it gives to what a mailbox forwards;
// "" where neither shows. SPF passes for that envelope sender.
func sentOn(f *Facts, s borderSPF) string {
	if s.result != "pass" || f.MailFrom == nil {
		return ""
	}
	if local, _, ok := strings.Cut(*f.MailFrom, "@"); ok && strings.Contains(local, "+caf_=") && !known.ByAddr(f.ClientIP(f.LastRun())).And(known.InZone("google.com")).Empty() {
		return "Gmail forwarded it for a mailbox there, as the envelope sender " + *f.MailFrom + " says"
	}
	for _, n := range f.BorderNames {
		if x := known.Find(n, known.Outbound).Of(known.Forwarder).First(); x != nil {
			return x.Org() + ", which forwards mail, brought it with an envelope sender of " + s.domain
		}
	}
	return ""
}

// senderAt is the party at fault where the author's side has to change
// something: the client of the border.
func senderAt(f *Facts) report.Party {
	return report.Party{Role: report.RoleSender, Host: fromHost(f, borderHop(f))}
}

// sentByService is the mail service whose machines brought the message to the
// border, "" where they are of none that is known. It has many customers: that
// the author is one of them is a question.
func sentByService(f *Facts) string {
	b := borderHop(f)
	if b < 0 {
		return ""
	}
	names := slices.Clone(f.BorderNames)
	if h := &f.Hops[b]; h.RDNSKind == received.RDNSConfirmed {
		names = append(names, h.RDNS)
	}
	if f.HeloState == headers.HeloConfirmed || f.HeloState == headers.HeloUnknown && f.BorderPTR == headers.PTRUnknown && !f.Offline() {
		// No answer on the name is not one against it.
		names = append(names, mailname.Host(f.Helo))
	}
	for _, n := range names {
		if n != "" && (headers.Service(n) || !known.Senders(n, known.Any).Empty() || !known.Find(n, known.Outbound).Of(known.Forwarder).Empty()) {
			return mailname.Org(n)
		}
	}
	if s := known.ByAddr(f.ClientIP(f.LastRun())).Of(known.Mailbox, known.ESP, known.Gateway, known.Forwarder).First(); s != nil {
		return s.Name
	}
	if s, ok := spfAtBorder(f); ok && s.result == "pass" && (headers.Service(s.domain) || !known.Senders(s.domain, known.Any).Empty() || !known.InZone(s.domain).Of(known.ESP).Empty()) {
		return mailname.Org(s.domain)
	}
	return ""
}
