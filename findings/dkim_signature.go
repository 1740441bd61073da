package findings

import (
	"slices"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// dkimFinding starts a finding about one signature that its signer has to
// fix.
func dkimFinding(f *Facts, s *dkim.Signature) report.Finding {
	k := signerHop(f, s)
	x := report.Finding{
		Hop:        index(f, k),
		Confidence: report.Proved,
		AtFault:    report.Party{Role: report.RoleSender, Host: fromHost(f, k)},
		Evidence:   []report.Evidence{field(f, s.Field)},
	}
	if !fromSigner(f, s, k) {
		// Whoever brought it may have made the signature up.
		x.AtFault.Role = report.RoleUnknown
	}
	if s.KeyRecord != "" {
		x.Evidence = append(x.Evidence, record(s.KeyName, "TXT", s.KeyRecord))
	}
	return x
}

// signerHop is the hop at which the message left the organisation that signed
// it: the border above its part of the path, or where that does not show, the
// first border that the message crossed. -1 where no border is known.
func signerHop(f *Facts, s *dkim.Signature) int {
	org := mailname.Org(s.Domain)
	first := -1
	for i := len(f.Runs) - 1; i >= 0; i-- {
		r := &f.Runs[i]
		if r.Border < 0 || r.Contradicted != "" {
			continue
		}
		if i+1 < len(f.Runs) && org != "" {
			for _, o := range f.Runs[i+1].Orgs {
				if o == org {
					return r.Border
				}
			}
		}
		if first < 0 && (r.Role == headers.Recipient || r.Role == headers.Intermediary) {
			first = r.Border
		}
	}
	if first < 0 {
		return borderHop(f)
	}
	return first
}

// fromSigner reports whether something shows that the signer sent the message
// itself: a key of it made the signature, or the client of hop k is its own, by
// its SPF record or by a confirmed name. Where the path or its checks are not
// known, nothing can show it, and it is taken at its word.
func fromSigner(f *Facts, s *dkim.Signature, k int) bool {
	r, org := f.RunOf(k), mailname.Org(s.Domain)
	if r == nil || org == "" {
		return true
	}
	for i := range f.DKIM {
		if &f.DKIM[i] == s && authorsOwn(f, i) == yes {
			return true
		}
	}
	wrote := claimAt(f, k, "spf")
	if wrote != nil && wrote.Normal == "pass" && mailname.Org(wrote.Domain) == org {
		return true
	}
	switch {
	case r.SPF == nil:
		if wrote == nil {
			return true
		}
	case (r.SPF.Result == spf.TempError || r.SPF.Result == spf.Pass) && mailname.Org(r.SPF.Domain) == org:
		return true
	}
	if sameOrganisation(f, s.Domain) {
		if e := authorSPF(f); e != nil && e.Result == spf.Pass {
			return true
		}
	}
	h := &f.Hops[k]
	if h.RDNSKind == received.RDNSConfirmed && mailname.Org(h.RDNS) == org {
		return true
	}
	return k == borderHop(f) && slices.ContainsFunc(f.BorderNames, func(n string) bool { return mailname.Org(n) == org })
}

// disown takes back what a finding says to the signer where nothing shows that
// the signature is its own: anybody can write one down.
func disown(s *dkim.Signature, x *report.Finding) {
	if s.Result == dkim.Pass || x.AtFault.Role != report.RoleUnknown {
		return
	}
	x.Severity = report.Low
	x.Parts = x.Parts.Add(report.Say("; nothing shows that %v made it", report.DomainRef(s.Domain))...)
	x.AdviceParts = report.Say("recipient: judge the message without it; a signature that does not verify says nothing of %v", report.DomainRef(s.Domain))
}

// aligned reports whether signature i is the author's.
func aligned(f *Facts, i int) bool { return i < len(f.Aligned) && f.Aligned[i] }

// weight is the severity of a defect in signature i: "", the rule's own, where
// DMARC needed the signature; medium where DMARC passes without it and the
// author's next forwarded mail will need it; low where the signature never
// counted for the author.
func weight(f *Facts, i int) string {
	switch {
	case !dmarcPasses(f):
		return ""
	case aligned(f, i) && !otherSignature(f, i):
		return report.Medium
	}
	return report.Low
}

// otherSignature reports whether an aligned signature besides i passes.
func otherSignature(f *Facts, i int) bool {
	for k := range f.DKIM {
		if k != i && aligned(f, k) && f.DKIM[k].Result == dkim.Pass {
			return true
		}
	}
	return false
}

// passedThen is a trusted verdict of delivery that this signature verified.
func passedThen(f *Facts, s *dkim.Signature) *headers.Claim {
	return firstClaim(f, "dkim", trusted, result("pass"), aboutSignature(s))
}

// failedThen is a trusted verdict of delivery that it did not.
func failedThen(f *Facts, s *dkim.Signature) *headers.Claim {
	return firstClaim(f, "dkim", trusted, decided, aboutSignature(s), func(c *headers.Claim) bool { return c.Normal != "pass" })
}

// aboutSignature: the verdict may be on this signature.
func aboutSignature(s *dkim.Signature) condition {
	return func(c *headers.Claim) bool {
		return c.Domain != "" && c.Domain == s.Domain && (c.Selector == "" || c.Selector == s.Selector)
	}
}

// keyFindings makes a finding for every signature with this reason, unless it
// verified at delivery: then the key is gone since, which is
// dkim-key-rotated.
func keyFindings(f *Facts, code dkim.Reason, say func(*dkim.Signature) (message, advice report.Text)) []report.Finding {
	var out []report.Finding
	for i := range f.DKIM {
		s := &f.DKIM[i]
		if s.Code != code || passedThen(f, s) != nil {
			continue
		}
		x := dkimFinding(f, s)
		x.Severity = weight(f, i)
		x.Parts, x.AdviceParts = say(s)
		x.Evidence = append(x.Evidence, computed("RFC 6376 §6.1.2", "%s", s.Reason))
		if c := failedThen(f, s); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		} else {
			// The key may have been there when the message was delivered.
			x.Confidence = report.Strong
		}
		disown(s, &x)
		out = append(out, x)
	}
	return out
}
