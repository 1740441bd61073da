package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

// precedence decides which finding is the root cause: the first of this table
// that was found, unless the condition in its row does not hold. A finding that
// is not in the table explains no outcome. status is what a message with this
// root cause is.
var precedence = []struct {
	code   string
	status string
	when   func(*state) bool
}{
	// Deception by the message itself.
	{"dmarc-multiple-from", report.SpoofSuspected, severalFromFields},
	{"ar-forged-own-id", report.SpoofSuspected, notAuthenticated},
	{"received-forged", report.SpoofSuspected, notAuthenticated},

	// The check was made in the wrong place: what it found is void.
	{"spf-checked-behind-nat", report.CheckedInWrongPlace, always},
	{"spf-rechecked-behind-border", report.CheckedInWrongPlace, always},
	{"spf-checked-behind-gateway-service", report.CheckedInWrongPlace, always},
	{"spf-checked-behind-backup-mx", report.CheckedInWrongPlace, always},
	{"spf-checked-on-filter-loopback", report.CheckedInWrongPlace, always},
	{"spf-rechecked-on-internal-relay", report.CheckedInWrongPlace, always},
	{"spf-wrong-ip-from-header-parse", report.CheckedInWrongPlace, notAuthenticated},
	{"spf-checked-on-fetched-mail", report.CheckedInWrongPlace, always},
	{"auth-submission-checked", report.CheckedInWrongPlace, notAuthenticated},
	{"spf-checked-behind-own-forwarder", report.CheckedInWrongPlace, notAuthenticated},

	// The author's domain is misused.
	{"dkim-body-length-limited", report.SpoofSuspected, textAppended},
	{"dkim-replay-suspected", report.SpoofSuspected, always},
	{"self-spoof-filter", report.BrokenInTransit, notAuthenticated},
	// A pass that a relay lent says nothing of the author.
	{"spf-pass-for-own-relay", report.Unauthenticated, func(s *state) bool { return s.border.DKIM != "pass" }},

	// The message was changed or re-sent on the way.
	{"dmarc-both-paths-broken", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-from-rewritten", report.BrokenInTransit, func(s *state) bool { return dmarcFails(s) && len(listFromMunged.Find(s.f)) == 0 }},
	{"dkim-broken-tnef-conversion", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-subject-tag", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-footer", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-banner", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-link-rewrite", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-mime-reencoded", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-header-normalised", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-refold", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-line-endings", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-oversigned-header-added", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-signed-header-removed", report.BrokenInTransit, dmarcFails},
	{"dkim-broken-attachment-removed", report.BrokenInTransit, dmarcFails},
	{"dkim-signature-removed", report.BrokenInTransit, signatureTaken},
	{"forward-without-srs", report.BrokenInTransit, notAuthenticated},
	{"forward-srs-defective", report.BrokenInTransit, notAuthenticated},

	// What the sender publishes or does is wrong.
	{"spf-permerror-syntax", report.SenderMisconfigured, notAuthenticated},
	{"spf-permerror-lookup-limit", report.SenderMisconfigured, notAuthenticated},
	{"spf-void-lookups", report.SenderMisconfigured, notAuthenticated},
	{"spf-temperror", report.Undetermined, notAuthenticated},
	{"spf-ipv6-uncovered", report.SenderMisconfigured, notAuthenticated},
	{"dmarc-record-invalid", report.SenderMisconfigured, notAuthenticated},
	{"forgotten-sender", report.SenderMisconfigured, notAuthenticated},
	{"direct-spoof-own-domain", report.SpoofSuspected, notAuthenticated},
	{"direct-spoof", report.SpoofSuspected, notAuthenticated},
	{"helo-spf-unaligned", report.SenderMisconfigured, func(s *state) bool { return dmarcFails(s) && heloOfAuthor(s.f) }},
	{"helo-spf-unaligned", report.Unauthenticated, dmarcFails},
	{"dmarc-strict-alignment", report.SenderMisconfigured, dmarcFails},
	{"dkim-broken-at-source", report.SenderMisconfigured, signerSent},
	{"dkim-key-missing", report.SenderMisconfigured, signerSent},
	{"dkim-key-revoked", report.SenderMisconfigured, signerSent},
	{"dkim-key-malformed", report.SenderMisconfigured, signerSent},
	{"dkim-broken-at-source", report.Unauthenticated, notAuthenticated},
	{"dkim-key-missing", report.Unauthenticated, notAuthenticated},
	{"dkim-key-revoked", report.Unauthenticated, notAuthenticated},
	{"dkim-key-malformed", report.Unauthenticated, notAuthenticated},
	{"dkim-signature-expired", report.SenderMisconfigured, dmarcFails},
	{"dkim-identity-mismatch", report.SenderMisconfigured, dmarcFails},
	{"dkim-algorithm-obsolete", report.SenderMisconfigured, dmarcFails},
	// A receiver that fails what passes at the border has another cause.
	{"dmarc-spf-only-sender", report.SenderMisconfigured, func(s *state) bool { return s.border.DMARC == "fail" }},
	{"third-party-sender-unaligned", report.SenderMisconfigured, dmarcFails},
	{"dmarc-dkim-unaligned", report.SenderMisconfigured, dmarcFails},
	{"dmarc-spf-unaligned", report.Unauthenticated, dmarcFails},
	{"dmarc-orgdomain-method-differs", report.SenderMisconfigured, dmarcFails},
	{"spf-unauthorised-sender", report.Unauthenticated, notAuthenticated},
	{"dkim-broken-unlocated", report.BrokenInTransit, dmarcFails},
	{"spf-overbroad-pass", report.SenderMisconfigured, func(s *state) bool { return openToAll(s) || notAuthenticated(s) }},
	{"spf-softfail-or-neutral", report.Unauthenticated, notAuthenticated},
	{"spf-none", report.Unauthenticated, notAuthenticated},
	// A bounce of a host without an SPF record is how most bounces come: nothing
	// of it broke.
	{"spf-null-sender-helo", report.Unauthenticated, func(s *state) bool {
		return s.border.SPF != "pass" && notAuthenticated(s) && !(s.border.SPF == "none" && s.f.IsReport())
	}},
	// A pass for who sent it on says nothing of the author, and nothing else does.
	{"forward-srs-applied", report.Unauthenticated, dmarcFails},
	{"list-relay-detected", report.Unauthenticated, dmarcFails},
	// Authors of several domains in one field are odd, but deceive nobody.
	{"dmarc-multiple-from", report.Undetermined, always},
}

// state is what the conditions of the table look at.
type state struct {
	f        *headers.Facts
	border   report.Triple
	delivery report.Triple
}

func always(*state) bool { return true }

// textAppended: a signature of the author passes over a body with text behind
// what it covers, and no list put it there.
func textAppended(s *state) bool {
	for i := range s.f.DKIM {
		d := &s.f.DKIM[i]
		if aligned(s.f, i) && d.Result == dkim.Pass && d.UnsignedBytes > blankTail {
			return listHop(s.f) < 0
		}
	}
	return false
}

// signatureTaken: DMARC fails, and a server that is trusted, or sealed what it
// says, verified a signature that is gone. An unsealed word from the path could
// be a forger's.
func signatureTaken(s *state) bool {
	return dmarcFails(s) && slices.ContainsFunc(dkimSignatureRemoved.Find(s.f), func(x report.Finding) bool {
		return x.Confidence == report.Strong && x.Severity == ""
	})
}

// signerSent: nothing authenticates the author, and the host that brought the
// message is not known to be a stranger to the signer.
func signerSent(s *state) bool {
	if !notAuthenticated(s) {
		return false
	}
	for i := range s.f.DKIM {
		d := &s.f.DKIM[i]
		if aligned(s.f, i) && d.Result != dkim.Pass && fromSigner(s.f, d, signerHop(s.f, d)) {
			return true
		}
	}
	return false
}

// severalFromFields: one of them is shown, another may be checked.
func severalFromFields(s *state) bool { return s.f.FromFields > 1 && len(s.f.FromOthers) > 1 }

// dmarcFails: DMARC does not pass at the border or at delivery.
func dmarcFails(s *state) bool {
	return s.border.DMARC == "fail" || s.delivery.DMARC == "fail" || s.border.DMARC == "permerror"
}

// notAuthenticated: nothing vouches for the author at the border, or the last
// receiver came to a bad end.
func notAuthenticated(s *state) bool {
	switch {
	case s.border.DMARC == "pass" && s.delivery.DMARC != "fail":
		return false
	case s.border.DMARC == "none":
		// Without a policy a pass for the author's own domain counts.
		return s.border.DKIM != "pass" && !spfOfAuthor(s)
	case s.border.DMARC == "":
		// Signatures that could not be checked are no failure.
		return s.border.SPF != "pass" && s.border.DKIM != "pass" && s.border.DKIM != ""
	case s.border.DMARC == "temperror" && s.delivery.DMARC != "fail":
		// The policy could not be had; what passes for the author's domain counts.
		return s.border.DKIM != "pass" && !spfOfAuthor(s)
	}
	return true
}

// spfOfAuthor reports whether SPF passes at the border for a domain of the
// author's organisation.
func spfOfAuthor(s *state) bool {
	b, ok := spfAtBorder(s.f)
	return ok && b.result == "pass" && sameOrganisation(s.f, b.domain)
}

// openToAll: the only thing that vouches for the author is an SPF record that
// passes every client.
func openToAll(s *state) bool {
	if s.f.SPF == nil || s.border.SPF != "pass" || s.border.DKIM == "pass" {
		return false
	}
	_, everybody := overbroad(s.f.SPF)
	return everybody
}

// verdict draws the one answer from facts and findings.
func verdict(f *headers.Facts, found []report.Finding) report.Verdict {
	s := &state{f: f, border: borderTriple(f), delivery: deliveryTriple(f)}
	v := report.Verdict{Border: s.border, Delivery: s.delivery, AtFault: "none"}
	first := map[string]*report.Finding{}
	for i := range found {
		if first[found[i].Code] == nil {
			first[found[i].Code] = &found[i]
		}
	}
	for _, row := range precedence {
		x := first[row.code]
		if x == nil || !row.when(s) {
			continue
		}
		// A broken signature of somebody else than the author fails no DMARC.
		if strings.HasPrefix(row.code, "dkim-broken-") && x.Severity == report.Low {
			continue
		}
		code := x.Code
		v.Status, v.RootCause, v.Hop = row.status, &code, x.Hop
		v.AtFault = x.AtFault.Role
		v.Summary, v.Parts = x.Message, x.Parts
		return v
	}
	switch {
	case s.border.DMARC == "pass":
		v.Status = report.Authenticated
		v.Summary = "DMARC of " + f.FromDomain + " passes" + how(f)
	case f.FromDomain == "" && f.FromFields == 0:
		v.Status, v.AtFault = report.Undetermined, "unknown"
		v.Summary = "there is no From field"
	case s.border.DMARC == "none" && s.border.SPF == "pass" && s.border.DKIM != "pass" && !spfOfAuthor(s):
		v.Status = report.Unauthenticated
		v.Summary = "SPF passes for another domain only; nothing vouches for " + f.FromDomain + ", which publishes no usable DMARC policy"
	case s.border.DMARC == "none" && (s.border.SPF == "pass" || s.border.DKIM == "pass"):
		v.Status = report.Authenticated
		v.Summary = "" + passing(s.border) + "; " + f.FromDomain + " publishes no usable DMARC policy"
	case s.border.DMARC == "temperror" && vouched(f, s) != "":
		v.Status = report.Authenticated
		v.Summary = vouched(f, s) + "; the DMARC policy of " + f.FromDomain + " could not be had: the DNS failed"
	case s.border.DMARC == "temperror":
		v.Status, v.AtFault = report.Undetermined, "unknown"
		v.Summary = "the DNS failed, DMARC of " + f.FromDomain + " can't be judged"
	case s.border.DMARC == "" && vouched(f, s) != "":
		v.Status = report.Authenticated
		v.Summary = vouched(f, s) + "; the DMARC policy of " + f.FromDomain + " was not asked for"
	case s.border.DMARC == "" || s.border.SPF == "" && s.border.DKIM != "pass":
		v.Status, v.AtFault = report.Undetermined, "unknown"
		v.Summary = "too little could be checked"
		if len(f.Hops) > 0 && f.LastRun().Border < 0 {
			v.Summary = "the message was made inside " + f.LastRun().Name() + ", it crossed no border"
		}
	default:
		v.Status, v.AtFault = report.Unauthenticated, "unknown"
		v.Summary = fmt.Sprintf("spf %s, dkim %s, dmarc %s at the border", word(s.border.SPF), word(s.border.DKIM), word(s.border.DMARC))
	}
	return v
}

// vouched says which check passed for the author's own organisation where DMARC
// could not be decided; "" where none did.
func vouched(f *headers.Facts, s *state) string {
	if f.FromDomain == "" {
		return ""
	}
	if s.border.DKIM == "pass" {
		return "DKIM of " + f.FromDomain + " passes"
	}
	if s.border.SPF != "pass" {
		return ""
	}
	domain := ""
	if f.SPF != nil {
		domain = f.SPF.Domain
	} else if c := claimAtBorder(f, "spf"); c != nil {
		domain = c.Domain
	}
	if org := headers.Org(f.FromDomain); org != "" && headers.Org(domain) == org {
		return "SPF of " + domain + " passes"
	}
	return ""
}

func word(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func how(f *headers.Facts) string {
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
func borderTriple(f *headers.Facts) report.Triple {
	var t report.Triple
	if f.SPF != nil {
		t.SPF = string(f.SPF.Result)
	} else if c := claimAtBorder(f, "spf"); c != nil {
		t.SPF = c.Normal
	}
	t.DKIM = borderDKIM(f)
	switch {
	case f.DMARC != nil:
		t.DMARC = string(f.DMARC.Result)
	case f.FromDomain == "" && f.FromFields > 0:
		t.DMARC = "permerror"
	default:
		if c := claimAtBorder(f, "dmarc"); c != nil {
			t.DMARC = c.Normal
		}
	}
	return t
}

// claimAtBorder is the trusted verdict that the border itself wrote.
func claimAtBorder(f *headers.Facts, method string) *headers.Claim {
	b := borderHop(f)
	if b < 0 {
		return nil
	}
	border := f.ClientIP(f.LastRun())
	for _, c := range f.Trusted(method) {
		if c.Hop != b || c.Normal == "" || c.Identity == "pra" || method == "spf" && c.Identity == "helo" && c.MailFrom != "" {
			continue
		}
		if c.IP.IsValid() && border.IsValid() && c.IP != border {
			continue
		}
		return c
	}
	return nil
}

// borderDKIM is the best result of an aligned signature at the border: as it
// is now, or as the border wrote it then.
func borderDKIM(f *headers.Facts) string {
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
		for _, c := range f.Trusted("dkim") {
			if c.Hop != b || c.Domain == "" || headers.Org(c.Domain) != headers.Org(f.FromDomain) {
				continue
			}
			if c.Normal == "pass" || best == "" {
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
func deliveryTriple(f *headers.Facts) report.Triple {
	var t report.Triple
	newest := func(method string) string {
		best := ""
		for _, c := range f.Trusted(method) {
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
			if c.Normal == "pass" && headers.Org(c.Domain) == headers.Org(f.FromDomain) {
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
		t.DKIM = borderDKIM(f)
	}
	if t.DMARC == "" && f.DMARCDelivered != nil {
		t.DMARC = string(f.DMARCDelivered.Result)
	}
	return t
}
