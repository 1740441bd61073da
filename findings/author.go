package findings

import (
	"crypto"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// What connects the client that brought a message with its author. A tie is
// something that the client could not have written by itself: the author's SPF
// record, a name that the DNS confirms, a signature that the author's key made,
// a forwarder with proof. What the client could have written is a hint: it
// raises a question, and makes no outcome milder.

// tied says what connects the border's client with the author's organisation,
// with the evidence; "" where nothing does.
func tied(f *Facts) (string, []report.Evidence) {
	if e := authorSPF(f); e != nil && e.Result == spf.Pass {
		return "SPF of " + e.Domain + " allows it", append([]report.Evidence{computed("RFC 7208 §4.1", "%s", evaluated(e))}, spfRecord(e)...)
	}
	if s, ok := spfAtBorder(f); ok && s.result == "pass" && sameOrganisation(f, s.domain) {
		return "SPF of " + s.domain + " allows it", s.evidence(f)[1:]
	}
	if n := ownSource(f); n != "" {
		return "it is " + n + " by its confirmed name", []report.Evidence{hop(f, borderHop(f))}
	}
	for i := range f.DKIM {
		if sameOrganisation(f, f.DKIM[i].Domain) && authorsOwn(f, i) == yes {
			return "a key of " + f.DKIM[i].Domain + " signed the message", []report.Evidence{field(f, f.DKIM[i].Field)}
		}
	}
	if c := firstClaim(f, "dkim", trusted, at(borderHop(f)), result("pass"), ofAuthor(f)); c != nil {
		return "a signature of " + c.Domain + " verified there", []report.Evidence{claim(f, c)}
	}
	return "", nil
}

// authorSPF is our evaluation of the author's domain for the border's client,
// nil where it was not made.
func authorSPF(f *Facts) *spf.Evaluation {
	if f.AuthorSPF != nil && f.AuthorSPF.Result == spf.Pass {
		return f.AuthorSPF // whatever holds for the subdomain of the envelope sender
	}
	if f.SPF != nil && sameOrganisation(f, f.SPF.Domain) && !(f.MailFrom != nil && *f.MailFrom == "") {
		return f.SPF
	}
	return f.AuthorSPF
}

// answer is yes, no, or not known.
type answer int

const (
	unknown answer = iota
	no
	yes
)

// shortestSignature is the number of octets of an Ed25519 signature, and of one
// by the shortest RSA key that anybody ever published.
const shortestSignature = 64

// authorsOwn reports whether the key of its d= made signature i. One that
// verifies, or verified at the border, was; one that RSA turns back into a
// digest was too, whatever became of the message since. A signature that
// anybody can write down was not: it says nothing about its d=.
func authorsOwn(f *Facts, i int) answer {
	s := &f.DKIM[i]
	if s.Result == dkim.Pass || f.HeldAtBorder(i) || s.HeaderSignature == dkim.Match {
		return yes
	}
	if r := f.Repair(i); r != nil && r.HeaderProved {
		return yes
	}
	if c := passedThen(f, s); c != nil {
		return yes
	}
	if len(s.B) < shortestSignature {
		return no
	}
	if s.Code == dkim.ReasonKeyUnavailable || s.Result == dkim.TempError {
		return unknown
	}
	if s.KeyRecord == "" || s.KeyType != "rsa" {
		// Without the key, or with one that tells nothing, it may be anything: no
		// evidence.
		return no
	}
	return opens(s)
}

// opens reports whether the published RSA key turns a signature back into a
// digest.
func opens(s *dkim.Signature) answer {
	key, _ := dkim.ParseKey(s.KeyRecord)
	if key.Public == nil {
		return no
	}
	h := crypto.SHA256
	if strings.HasSuffix(strings.ToLower(s.Algorithm), "-sha1") {
		h = crypto.SHA1
	}
	if _, ok := dkim.SignedDigest(key, h, s.B); !ok {
		return no
	}
	return yes
}

// forwarded reports whether the path shows a forwarder, with proof, before the
// recipient's border, or the receiver wrote that it knows one: whatever fails
// there may have been whole before.
func forwarded(f *Facts) bool {
	// The receiver itself may go by the chain of who sent it on.
	if forwarderOnPath(f) || overriddenByARC(f) != nil {
		return true
	}
	s, _ := sealingForwarder(f)
	return s != nil && (sealedInOrder(f, s, "dmarc") != nil || sealedInOrder(f, s, "spf") != nil)
}

// forwarderOnPath reports whether a stretch of the path is a forwarder's, with
// proof.
func forwarderOnPath(f *Facts) bool {
	for i := 1; i < len(f.Runs) && f.Runs[i].Contradicted == ""; i++ {
		if r := &f.Runs[i]; r.Role == headers.Intermediary && r.Border >= 0 && !r.Apart {
			return true
		}
	}
	return false
}

// hints are signs of a tie that the client, or whoever wrote the message, may
// have made up.
func hints(f *Facts) []string {
	var out []string
	b := borderHop(f)
	if b < 0 {
		return nil
	}
	h, org := &f.Hops[b], mailname.Org(f.FromDomain)
	switch {
	case org == "":
	case mailname.Org(h.RDNS) == org && h.RDNSKind != received.RDNSConfirmed:
		out = append(out, "its reverse DNS, unconfirmed, names "+org)
	case mailname.Org(h.Helo) == org && h.Helo != org:
		out = append(out, "it calls itself a host of "+org)
	}
	for i := range f.DKIM {
		if sameOrganisation(f, f.DKIM[i].Domain) && authorsOwn(f, i) == unknown {
			out = append(out, "it carries a signature of "+f.DKIM[i].Domain+" that was not checked")
			break
		}
	}
	if f.MailFrom != nil && *f.MailFrom == "" {
		out = append(out, "its envelope sender is empty, as that of a notice")
	}
	if resent(f) {
		out = append(out, "its header speaks of a list or a forwarder")
	} else if len(f.Runs) > 1 && f.Runs[1].Contradicted == "" && f.Runs[1].Border >= 0 {
		out = append(out, "its older lines speak of another server before")
	}
	return out
}

// stranger is a client that nothing connects with the author.
type stranger struct {
	hop     int
	spf     borderSPF
	known   bool // SPF has a result at the border
	aligned bool // the envelope sender is of the author's organisation
	policy  string
	hints   []string
}

// strangerAtBorder reports whether DMARC fails at the border and nothing ties
// the client there to the author. Where a question of the DNS was not answered,
// nobody is a stranger yet.
func strangerAtBorder(f *Facts) (x stranger, ok bool) {
	last := f.LastRun()
	if last == nil || last.Border < 0 || last.NAT || f.FromDomain == "" || f.Border.DMARC != "fail" || f.Border.DKIM == "pass" || f.Border.DKIM == "temperror" {
		return x, false
	}
	x.hop = last.Border
	h := &f.Hops[x.hop]
	if ip := f.ClientIP(last); ip.IsValid() && !headers.Public(ip) || h.Auth || h.Local || h.Fetched || slices.Contains(last.Orgs, mailname.Org(f.FromDomain)) && !f.Offline() && ownSource(f) != "" {
		return x, false
	}
	if e := authorSPF(f); e != nil && (e.Result == spf.TempError || e.Result == spf.PermError) {
		return x, false
	}
	if x.spf, x.known = spfAtBorder(f); x.known && sameOrganisation(f, x.spf.domain) && !x.spf.null && (x.spf.result == "temperror" || x.spf.result == "permerror") {
		return x, false
	}
	if !x.known && trustedAtBorder(f, "dmarc") == nil {
		return x, false
	}
	if x.known && x.spf.null && authorSPF(f) == nil && !sameOrganisation(f, x.spf.domain) {
		// Of a notice SPF speaks for the HELO. Whether the author's record names the
		// client was not asked, by anybody.
		return x, false
	}
	if f.Twin != nil || forwarded(f) {
		return x, false
	}
	if what, _ := tied(f); what != "" {
		return x, false
	}
	x.aligned = x.known && sameOrganisation(f, x.spf.domain)
	x.policy, x.hints = enforced(f), hints(f)
	return x, true
}

// firm reports whether the owner of the author's domain itself says that the
// client is not the domain's: by a policy that asks to refuse what fails, or, where
// nothing hints at a way that breaks SPF, by -all for an envelope sender of that domain.
// Another's envelope sender needs no leave.
func (x stranger) firm() bool {
	return x.policy != "" || len(x.hints) == 0 && x.known && x.spf.result == "fail" && !x.spf.null && x.aligned
}

// operator is the organisation that brought the message and stands by its own
// name: SPF passes for it and a signature of it verifies. It may be a service
// that the author uses. "" where there is none.
func operator(f *Facts) string {
	s, ok := spfAtBorder(f)
	org := mailname.Org(s.domain)
	if !ok || s.result != "pass" || org == "" || sameOrganisation(f, s.domain) {
		return ""
	}
	for _, v := range signers(f) {
		if mailname.Org(v.domain) == org {
			return org
		}
	}
	return ""
}

// found is what the checks found of the author, for a sentence.
func (x stranger) found(f *Facts) report.Text {
	spfSays := report.Words("no SPF result")
	switch e := authorSPF(f); {
	case e != nil:
		spfSays = report.Say("spf of %v %s", report.DomainRef(e.Domain), e.Result)
	case x.known && sameOrganisation(f, x.spf.domain):
		spfSays = report.Words("spf " + x.spf.result)
	case x.known && x.spf.domain != "":
		spfSays = report.Say("spf %s is of %v", x.spf.result, report.DomainRef(x.spf.domain))
	case x.known:
		spfSays = report.Words("spf " + x.spf.result)
	}
	return report.Say("%v, no valid signature of %v, dmarc fail", spfSays, report.DomainRef(mailname.Org(f.FromDomain)))
}
