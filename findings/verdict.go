package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

func always(*Facts) bool { return true }

// textAppended: a signature of the author passes over a body with text behind
// what it covers, and no list put it there.
func textAppended(f *Facts) bool {
	for i := range f.DKIM {
		d := &f.DKIM[i]
		if aligned(f, i) && d.Result == dkim.Pass && d.UnsignedBytes > blankTail {
			return listHop(f) < 0
		}
	}
	return false
}

// signerSent: nothing authenticates the author, and the host that brought the
// message is not known to be a stranger to the signer.
func signerSent(f *Facts) bool {
	if !notAuthenticated(f) {
		return false
	}
	for i := range f.DKIM {
		d := &f.DKIM[i]
		if aligned(f, i) && d.Result != dkim.Pass && fromSigner(f, d, signerHop(f, d)) {
			return true
		}
	}
	return false
}

// theAuthors: a broken signature of somebody else than the author fails no
// DMARC, and its severity says so.
func theAuthors(x *report.Finding) bool {
	return report.SeverityRank(x.Severity) < report.SeverityRank(report.Low)
}

// surely: it is not a guess. Relays of the sender look like forwarders.
func surely(x *report.Finding) bool { return !weakerThan(x.Confidence, report.Strong) }

// severalFromFields: one of them is shown, another may be checked.
func severalFromFields(f *Facts) bool { return f.FromFields > 1 && len(f.FromOthers) > 1 }

// dmarcFails: DMARC does not pass at the border or at delivery.
func dmarcFails(f *Facts) bool {
	return f.Border.DMARC == "fail" || f.Delivery.DMARC == "fail" || f.Border.DMARC == "permerror"
}

// brokenOnTheWay: DMARC fails, or there is no policy and nothing else vouches
// for the author either.
func brokenOnTheWay(f *Facts) bool {
	return dmarcFails(f) || f.Border.DMARC == "none" && notAuthenticated(f)
}

// notAuthenticated: nothing vouches for the author at the border, or the last
// receiver came to a bad end.
func notAuthenticated(f *Facts) bool {
	switch {
	case f.Border.DMARC == "pass" && f.Delivery.DMARC != "fail":
		return false
	case f.Border.DKIM == "temperror" && f.Border.DMARC != "fail" && f.Delivery.DMARC != "fail":
		// Nobody knows yet whether the author's signature verifies.
		return false
	case f.Border.DMARC == "none":
		// Without a policy a pass for the author's own domain counts.
		return f.Border.DKIM != "pass" && !spfOfAuthor(f)
	case f.Border.DMARC == "":
		// Signatures that could not be checked are not a failure.
		return f.Border.SPF != "pass" && f.Border.DKIM != "pass" && f.Border.DKIM != ""
	case f.Border.DMARC == "temperror" && f.Delivery.DMARC != "fail":
		// The policy could not be had; what passes for the author's domain counts.
		return f.Border.DKIM != "pass" && !spfOfAuthor(f)
	}
	return true
}

// spfMends: nothing vouches for the author, and an SPF result for the author's domain
// would. What another's record says of an envelope sender that is not the
// author's can't fix DMARC (RFC 9989 §4.4.2).
func spfMends(f *Facts) bool {
	if f.FromDomain == "" && f.FromFields > 0 && !f.MaskedFrom {
		return false // there is no author whom it could authenticate
	}
	s, ok := spfAtBorder(f)
	return notAuthenticated(f) && (!ok || s.domain == "" || f.FromDomain == "" || sameOrganisation(f, s.domain))
}

// spfOfAuthor reports whether SPF passes at the border for a domain of the
// author's organisation.
func spfOfAuthor(f *Facts) bool {
	b, ok := spfAtBorder(f)
	return ok && b.result == "pass" && sameOrganisation(f, b.domain)
}

// openToAll: the only thing that vouches for the author is an SPF record that
// passes every client.
func openToAll(f *Facts) bool {
	if f.SPF == nil || f.Border.SPF != "pass" || f.Border.DKIM == "pass" {
		return false
	}
	_, everybody := overbroad(f.SPF)
	return everybody
}

// verdict draws the one answer from facts and findings.
func verdict(f *Facts, found []report.Finding) report.Verdict {
	v := report.Verdict{Border: f.Border, Delivery: f.Delivery, AtFault: "none"}
	for _, c := range causes {
		for i := range found {
			x := &found[i]
			if x.Code != c.rule.Code || c.Of != nil && !c.Of(x) || !c.When(f) {
				continue
			}
			code := x.Code
			v.Status, v.RootCause, v.Hop = c.Status, &code, x.Hop
			v.AtFault = x.AtFault.Role
			v.Summary, v.Parts = x.Message, x.Parts
			return v
		}
	}
	author := report.DomainRef(f.FromDomain)
	say := func(status, fault, format string, args ...any) {
		v.Status, v.AtFault, v.Parts = status, fault, report.Say(format, args...)
	}
	method, domain := vouched(f)
	switch {
	case f.Border.DMARC == "pass":
		say(report.Authenticated, "none", "DMARC of %v passes%s", author, how(f))
	case f.FromDomain == "" && f.FromFields == 0:
		say(report.Undetermined, "unknown", "there is no From field")
	case f.Border.DMARC == "none" && f.Border.SPF == "pass" && f.Border.DKIM != "pass" && !spfOfAuthor(f):
		say(report.Unauthenticated, "none", "SPF passes for another domain only; nothing vouches for %v, which publishes no usable DMARC policy", author)
	case f.Border.DMARC == "none" && (f.Border.SPF == "pass" || f.Border.DKIM == "pass"):
		say(report.Authenticated, "none", "%s; %v publishes no usable DMARC policy", passing(f.Border), author)
	case f.Border.DMARC == "temperror" && method != "":
		say(report.Authenticated, "none", "%s of %v passes; the DMARC policy of %v could not be had: the DNS failed", method, report.DomainRef(domain), author)
	case (f.Border.DMARC == "temperror" || f.Border.DMARC == "" && f.Border.DKIM == "none") && foundNothing(f) != nil:
		say(report.Unauthenticated, "unknown", "%v", foundNothing(f))
	case f.Border.DMARC == "temperror":
		say(report.Undetermined, "unknown", "the DNS failed, DMARC of %v can't be judged", author)
	case f.Border.DMARC == "" && method != "":
		say(report.Authenticated, "none", "%s of %v passes; the DMARC policy of %v was not asked for", method, report.DomainRef(domain), author)
	case f.Border.DMARC == "" || f.Border.SPF == "" && f.Border.DKIM != "pass":
		say(report.Undetermined, "unknown", "too little could be checked")
		if len(f.Hops) > 0 && f.LastRun().Border < 0 {
			v.Parts = report.Say("the message was made inside %v, it crossed no border", report.DomainRef(f.LastRun().Name()))
			if why := f.MissingClient(); why != "" {
				v.Parts = report.Words(why)
			}
		}
	default:
		say(report.Unauthenticated, "unknown", "spf %s, dkim %s, dmarc %s at the border", word(f.Border.SPF), word(f.Border.DKIM), word(f.Border.DMARC))
	}
	v.Summary = v.Parts.String()
	return v
}

// foundNothing says what the border's server wrote where none of it vouches for an
// author: then its word is the answer, whatever it could not ask, and whatever we
// can't ask today. Nil where it wrote nothing of SPF or DMARC, or where something
// passes for the author.
func foundNothing(f *Facts) report.Text {
	byspf, bydmarc := f.BorderClaim("spf"), f.BorderClaim("dmarc")
	if byspf == nil && bydmarc == nil || f.Border.DMARC == "pass" || f.Border.DKIM == "pass" || spfOfAuthor(f) {
		return nil
	}
	if method, _ := vouched(f); method != "" || f.Border.DKIM == "temperror" && bydmarc == nil {
		return nil
	}
	var said []string
	for _, method := range []string{"spf", "dkim", "dmarc"} {
		if c := f.BorderClaim(method); c != nil {
			said = append(said, method+" "+c.Normal)
		}
	}
	whom := report.DomainRef(f.FromDomain)
	if whom.Text == "" {
		whom = report.Part{Kind: report.PartText, Text: "an author"}
	}
	return report.Say("%v wrote %s: nothing vouches for %v", report.HostRef(byName(f, borderHop(f))), list(said), whom)
}

// vouched says which check passed for the author's own organisation, and of which
// domain, where DMARC could not be decided; "" where none did.
func vouched(f *Facts) (method, domain string) {
	if f.FromDomain == "" {
		return "", ""
	}
	if f.Border.DKIM == "pass" {
		return "DKIM", f.FromDomain
	}
	if f.Border.SPF != "pass" {
		return "", ""
	}
	domain, _ = f.BorderSPF()
	if org := mailname.Org(f.FromDomain); org != "" && mailname.Org(domain) == org {
		return "SPF", domain
	}
	return "", ""
}

func word(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func how(f *Facts) string {
	d := f.DMARC
	if d == nil {
		return ""
	}
	switch {
	case d.SPFAligned && d.DKIMAligned:
		return " by SPF and DKIM"
	case d.DKIMAligned:
		return " by DKIM"
	case d.SPFAligned:
		return " by SPF"
	}
	return ""
}

func passing(t report.Triple) string {
	switch {
	case t.SPF == "pass" && t.DKIM == "pass":
		return "SPF and DKIM pass"
	case t.DKIM == "pass":
		return "DKIM passes"
	}
	return "SPF passes"
}

// borderTriple is what holds at the true border.
func borderTriple(f *Facts) report.Triple {
	var t report.Triple
	_, t.SPF = f.BorderSPF()
	t.DKIM = borderDKIM(f)
	wrote := f.BorderClaim("dmarc")
	switch {
	case f.DMARC != nil && f.DMARC.Result != "" && !(f.DMARC.Result == dmarc.TempError && wrote != nil && wrote.Normal == "pass"):
		t.DMARC = string(f.DMARC.Result)
	case f.FromDomain == "" && f.FromFields > 0 && !f.MaskedFrom:
		t.DMARC = "permerror"
	default:
		if wrote != nil {
			t.DMARC = wrote.Normal
		}
	}
	return t
}

// borderDKIM is the best result of an aligned signature at the border: as it
// is now, or as the border wrote it then.
func borderDKIM(f *Facts) string {
	best := ""
	better := func(r string) {
		if rankDKIM(r) < rankDKIM(best) {
			best = r
		}
	}
	for i := range f.DKIM {
		if i < len(f.Aligned) && f.Aligned[i] && f.DKIM[i].Result != "" {
			better(string(f.DKIM[i].Result))
			if f.HeldAtBorder(i) {
				better("pass")
			}
		}
	}
	if b := borderHop(f); b >= 0 {
		for c := range claims(f, "dkim", trusted) {
			if c.Hop != b || c.Domain == "" || !mailname.SameOrg(c.Domain, f.FromDomain) {
				continue
			}
			if c.Normal == "pass" || best == "" || best == string(dkim.TempError) && c.Normal != "" {
				// What the DNS does not answer today, the border could ask.
				best = ""
				better(c.Normal)
			}
		}
	}
	if best == "" && (f.FromDomain != "" || len(f.DKIM) == 0) {
		unknown := false
		for i := range f.DKIM {
			unknown = unknown || f.DKIM[i].Result == ""
		}
		if !unknown {
			best = "none"
		}
	}
	return best
}

func rankDKIM(r string) int {
	switch dkim.Result(r) {
	case dkim.Pass:
		return 0
	case dkim.TempError:
		return 1
	case dkim.Policy:
		return 2
	case dkim.Neutral:
		return 3
	case dkim.Fail:
		return 4
	case dkim.PermError:
		return 5
	case "none":
		return 6
	}
	return 9
}

// deliveryTriple is what the last receiver wrote, or would find.
func deliveryTriple(f *Facts) report.Triple {
	var t report.Triple
	newest := func(method string) string {
		best := ""
		for c := range claims(f, method, trusted) {
			if c.Normal == "" || c.Identity == "pra" || c.Header == "X-Spam-Status" {
				continue
			}
			if method == "spf" && c.Identity == "helo" && f.MailFrom != nil && *f.MailFrom != "" {
				continue
			}
			if method == "dkim" && best == "" || method != "dkim" {
				best = c.Normal
			}
			if method != "dkim" {
				return best
			}
			if c.Normal == "pass" && mailname.SameOrg(c.Domain, f.FromDomain) {
				return "pass"
			}
		}
		return best
	}
	t.SPF, t.DKIM, t.DMARC = newest("spf"), newest("dkim"), newest("dmarc")
	if t.SPF == "" && f.SPF != nil {
		t.SPF = string(f.SPF.Result)
	}
	if t.DKIM == "" {
		t.DKIM = f.Border.DKIM
	}
	if t.DMARC == "" && f.DMARCDelivered != nil {
		t.DMARC = string(f.DMARCDelivered.Result)
	}
	return t
}
