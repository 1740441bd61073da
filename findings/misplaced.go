package findings

import (
	"slices"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// place is the kind of address on which SPF was checked where it tells nothing.
type place int

const (
	behindBorder place = iota
	internalRelay
	behindNAT
	backupMX
	filterLoopback
	gatewayService
	ownForwarder
)

// misplaced is an SPF verdict on an address that is not the client of its
// organisation's border.
type misplaced struct {
	claim  *headers.Claim
	run    *headers.Run
	place  place
	hop    int             // index of the hop whose client was judged
	before *spf.Evaluation // SPF for border; nil where it is not known
	after  *spf.Evaluation // SPF for the address that was judged
	passed *headers.Claim  // a verdict of the border itself that says pass
	moot   bool            // the sender's client fails at the border too
}

// misplacedChecks finds them all: every SPF verdict that did not pass, bound to
// a hop inside an organisation, on the address of a host of that organisation.
// RFC 7208 §2.5: the check belongs between two organisations.
func misplacedChecks(f *Facts) []misplaced {
	if f.misplaced == nil {
		all := findMisplaced(f)
		f.misplaced = &all
	}
	return *f.misplaced
}

func findMisplaced(f *Facts) []misplaced {
	var out []misplaced
	for c := range claims(f, "") {
		if c.Method != "spf" || c.Hop < 0 || c.Trust == headers.Forged || c.Trust == headers.Untrusted || c.Identity == "pra" || !c.IP.IsValid() {
			continue
		}
		switch c.Normal {
		case "fail", "softfail", "neutral", "permerror":
		default:
			continue // pass, or a result that does no harm
		}
		r := f.RunOf(c.Hop)
		if r == nil || r.Border < 0 {
			continue
		}
		k := c.Hop
		if f.Hops[k].IP != c.IP {
			if k = hopFrom(f, r, c.IP); k < 0 {
				continue
			}
		}
		m := misplaced{claim: c, run: r, hop: k, before: r.SPF, after: f.CheckAt(r, c.IP)}
		if m.before != nil && m.before.Result == spf.TempError {
			m.before = nil // no answer
		}
		switch {
		case k == r.Border && r.NAT:
			m.place = behindNAT
		case k == r.Border:
			continue // the right place
		case c.IP.IsLoopback():
			m.place = filterLoopback
		case headers.Private(c.IP):
			m.place = internalRelay
		case r != f.LastRun():
			m.place = ownForwarder
		default:
			m.place = publicPlace(f, r, k)
		}
		// An error says nothing on the address, unless nobody can authorise it.
		if c.Normal == "permerror" && m.place != internalRelay && m.place != filterLoopback && m.place != behindNAT {
			continue
		}
		m.passed = passedAtBorder(f, r)
		// Where the sender's own client fails too, the place decides nothing here.
		// That a backup or a gateway is judged like a stranger is worth a word all
		// the same: the next honest sender fails by it.
		if m.before != nil && m.before.Result != spf.Pass {
			if m.place != backupMX && m.place != gatewayService || m.before.Result == spf.None {
				continue
			}
			m.moot = true
		}
		if m.place != behindNAT && m.before == nil && m.passed == nil && !headers.Private(c.IP) && !hMailServerFail(c) {
			continue
		}
		out = append(out, m)
	}
	return out
}

// hMailServerFail: hMailServer marks only what SPF failed outright, and writes
// no address; that it judged its own first server shows in its Received field.
func hMailServerFail(c *headers.Claim) bool { return c.Dialect == "hmailserver" }

// publicPlace tells apart a backup MX, a gateway in front and the
// organisation's own relay.
func publicPlace(f *Facts, r *headers.Run, k int) place {
	h := &f.Hops[k]
	client, server := -1, -1
	for i, x := range f.MX {
		if slices.Contains(x.Addrs, h.IP) {
			client = i
		}
		if x.Host == byName(f, k) || slices.Contains(x.Addrs, h.ByIP) {
			server = i
		}
	}
	switch {
	case client >= 0 && server >= 0:
		return backupMX
	case client >= 0:
		if orgOfRecipient(f, r) != mailname.Org(f.MX[client].Host) || server < 0 && foreignHost(f, r, k) {
			return gatewayService
		}
	}
	if foreignHost(f, r, k) {
		return gatewayService
	}
	return behindBorder
}

// foreignHost reports whether the client of hop k, though on the recipient's
// side, belongs to another organisation than the recipient's domain: a service
// that filters for it.
func foreignHost(f *Facts, r *headers.Run, k int) bool {
	own := orgOfRecipient(f, r)
	if own == "" || k == 0 {
		return false
	}
	by := ""
	for i := k - 1; i >= 0 && by == ""; i-- {
		// A line of qmail between names no host.
		by = mailname.Org(f.Hops[i].By)
	}
	return by != "" && by != own
}

func orgOfRecipient(f *Facts, r *headers.Run) string {
	if r.Rcpt != "" {
		return mailname.Org(domainPart(r.Rcpt))
	}
	return r.Name()
}

// passedAtBorder is a verdict of the run's own border that SPF passed there.
func passedAtBorder(f *Facts, r *headers.Run) *headers.Claim {
	want := f.ClientIP(r)
	return firstClaim(f, "spf", credible, at(r.Border), result("pass"), ofMailFrom, func(c *headers.Claim) bool {
		return !c.IP.IsValid() || !want.IsValid() || c.IP == want
	})
}

// find makes the findings for one kind of place.
func find(f *Facts, where place, describe func(misplaced) report.Finding) []report.Finding {
	var out []report.Finding
	seen := map[int]bool{}
	for _, m := range misplacedChecks(f) {
		if m.place != where || seen[m.hop] {
			continue
		}
		seen[m.hop] = true
		x := describe(m)
		x.Hop = index(f, m.hop)
		if x.Confidence == "" {
			x.Confidence = m.confidence()
		}
		if m.moot {
			x.Severity = report.Info
		}
		x.Evidence = append(x.Evidence, m.evidence(f)...)
		x.Reasons = m.reasons(f)
		if guessedReader(f) {
			x.Parts = x.Parts.Add(report.Words(" For whom it was is a guess: if the mailbox is another's, this was a forward (--rcpt ADDRESS says so).")...)
			x.Confidence = atMost(x.Confidence, report.Likely)
			x.Reasons = append(x.Reasons, report.Because("for whom it was is a guess: --rcpt ADDRESS settles it"))
		}
		out = append(out, x)
	}
	return out
}

// guessedReader reports whether nobody on the reader's side says whose mailbox
// it is, and the extent of that side leans on a guess.
func guessedReader(f *Facts) bool {
	last := f.LastRun()
	if last == nil || !last.Weak || f.Options.Rcpt != "" || len(f.Options.Trust) > 0 {
		return false
	}
	return f.Hops[len(f.Hops)-1].For == ""
}

// confidence is proved where our evaluation agrees with both verdicts, strong
// where the header alone shows the contradiction.
func (m misplaced) confidence() string {
	agree := m.before != nil && m.before.Result == spf.Pass
	if headers.Private(m.claim.IP) {
		if agree {
			return report.Proved
		}
		return report.Strong
	}
	switch {
	case agree && m.after != nil && m.after.Result != spf.Pass:
		return report.Proved
	case agree || m.passed != nil:
		return report.Strong
	}
	return report.Likely
}

func (m misplaced) evidence(f *Facts) []report.Evidence {
	ev := []report.Evidence{claim(f, m.claim), hop(f, m.hop)}
	if m.passed != nil {
		ev = append(ev, claim(f, m.passed))
	}
	if m.run.Border != m.hop {
		ev = append(ev, hop(f, m.run.Border))
	}
	if m.before != nil {
		ev = append(ev, computed("RFC 7208 §4.1", "had it been asked at %v: %s", report.HopRef(f.Hops[m.run.Border].Index), evaluated(m.before)))
		ev = append(ev, spfRecord(m.before)...)
	}
	if m.after != nil {
		ev = append(ev, computed("RFC 7208 §4.1", "asked at %v: %s", report.HopRef(f.Hops[m.hop].Index), evaluated(m.after)))
	}
	return ev
}

// reasons are the two places side by side: where the check belongs, and where
// it was made.
func (m misplaced) reasons(f *Facts) []report.Reason {
	var out []report.Reason
	if b := m.run.Border; b >= 0 && m.place != behindNAT {
		here, server := report.HopRef(f.Hops[b].Index), serverRef(f, b)
		switch {
		case m.before != nil && m.before.Result == spf.Pass:
			out = append(out, report.Because("%v: %v saw %v, in the SPF record of %v", here, server, m.before.IP, report.DomainRef(m.before.Domain)))
		case m.before != nil:
			out = append(out, report.Because("%v: %v saw %v: spf %s for %v", here, server, m.before.IP, m.before.Result, report.DomainRef(m.before.Domain)))
		case m.passed != nil:
			out = append(out, report.Because("%v: %v wrote spf=pass", here, server))
		}
	}
	name := report.Words("")
	if n := fromHost(f, m.hop); n != "" && n != m.claim.IP.String() {
		name = report.Say(" %v", report.HostRef(n))
	}
	var what report.Text
	switch m.place {
	case behindBorder:
		what = report.Say("the recipient's own relay%v, which no sender can list", name)
	case internalRelay:
		what = report.Say("the inner address of%v, which no sender can list", orText(name, " a relay"))
	case behindNAT:
		what = report.Say("the inner address of a router or load balancer in place of the sender's")
	case backupMX:
		what = report.Say("the recipient's backup MX%v", name)
	case filterLoopback:
		what = report.Say("its own filter, which handed the message back")
	case gatewayService:
		what = report.Say("the gateway%v in front of it, which no sender can list", name)
	case ownForwarder:
		what = report.Say("the forwarder's own first server%v", name)
	}
	return append(out, report.Because("%v: %v saw %v: spf %s. That is %v", report.HopRef(f.Hops[m.hop].Index), serverRef(f, m.claim.Hop), m.claim.IP, m.claim.Normal, what))
}

func orText(t report.Text, otherwise string) report.Text {
	if len(t) == 0 {
		return report.Words(otherwise)
	}
	return t
}

// serverRef is the server of hop k: a service by its name.
func serverRef(f *Facts, k int) report.Text {
	if k >= 0 && k < len(f.Hops) && slices.Contains(services, f.Hops[k].Product) {
		return report.Words(f.Hops[k].Product)
	}
	return report.Text{report.HostRef(byName(f, k))}
}

// would is the counterfactual in words: what the right place would have said.
func (m misplaced) would(f *Facts) report.Text {
	where := report.Say("where the message entered %v", report.DomainRef(m.run.Name()))
	if m.run.Border >= 0 {
		where = where.Add(report.Say(" (%v)", report.HopRef(f.Hops[m.run.Border].Index))...)
	}
	switch {
	case m.before == nil && m.passed != nil:
		return report.Say(" The border itself wrote spf=pass %v.", where)
	case m.before == nil:
		return nil
	}
	t := report.Say(" Checked %v, SPF is %s", where, m.before.Result)
	if m.run == f.LastRun() && f.DMARC != nil && f.DMARC.Result != "none" {
		t = t.Add(report.Say(" and DMARC %s", f.DMARC.Result)...)
	}
	return t.Add(report.Words(".")...)
}
