package findings

import (
	"cmp"
	"crypto"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

// change is one edit that broke a signature, with the stretch of the path on
// which it was made.
type change struct {
	i      int // index into Facts.DKIM
	sig    *dkim.Signature
	repair *repair.Repaired
	edit   repair.Change
	where  *headers.Bracket
}

// changes returns the edits of some kinds, at most one of each field and
// signature.
func changes(f *Facts, kinds ...repair.ChangeKind) []change {
	var out []change
	for i := range f.DKIM {
		r := f.Repair(i)
		b := f.Bracket(i)
		if r == nil || b == nil || otherKey(f, i) {
			continue
		}
		for _, e := range r.Changes {
			if slices.Contains(kinds, e.Kind) {
				out = append(out, change{i, &f.DKIM[i], r, e, b})
			}
		}
	}
	return out
}

// changeFindings makes a finding of each edit. advice is what the one who made
// it should do, after the name.
func changeFindings(f *Facts, advice string, kinds ...repair.ChangeKind) []report.Finding {
	var out []report.Finding
	for _, c := range changes(f, kinds...) {
		if x, ok := c.finding(f, advice); ok {
			out = append(out, x)
		}
	}
	return merge(out)
}

// merge makes one finding of those with the same party and hop: several fields
// of one signature, or one edit that broke several signatures.
func merge(all []report.Finding) []report.Finding {
	var out []report.Finding
	for _, x := range all {
		k := slices.IndexFunc(out, func(o report.Finding) bool {
			return o.AtFault == x.AtFault && (o.Hop == nil) == (x.Hop == nil) && (o.Hop == nil || *o.Hop == *x.Hop)
		})
		if k < 0 {
			out = append(out, x)
			continue
		}
		o := &out[k]
		if report.SeverityRank(x.Severity) < report.SeverityRank(o.Severity) {
			o.Severity = x.Severity
		}
		if len(o.Evidence) < 12 {
			for _, e := range x.Evidence {
				if !slices.ContainsFunc(o.Evidence, func(h report.Evidence) bool { return h.Text == e.Text }) {
					o.Evidence = append(o.Evidence, e)
				}
			}
		}
	}
	return out
}

// finding describes the edit, proves it and names who made it. ok is false
// where the signer itself did: that is dkim-broken-at-source.
func (c change) finding(f *Facts, advice string) (x report.Finding, ok bool) {
	if atSource(c.where) {
		if !receiversEdit(c.edit.Kind) || c.where.Broken == nil {
			return x, false
		}
		return c.beforeOwnCheck(f, advice), true
	}
	x = locate(f, c.where)
	x.Confidence = report.Proved
	if !c.where.Single() && c.where.Hop >= 0 || c.where.AfterSeal || c.where.Broken == nil && c.where.Intact == nil && c.where.IntactSet == 0 && c.where.BrokenSet == 0 {
		// What was done is proved; who did it follows from the path.
		x.Confidence = report.Strong
	}
	x.Severity = brokenSeverity(f, c.i)
	x.Parts = c.message(report.Say("%v changed the message", who(f, c.where)))
	x.AdviceParts = report.Say("%s: %s", report.HostRef(cmp.Or(x.AtFault.Host, "whoever made the change")), advice)
	x.Evidence = append([]report.Evidence{field(f, c.sig.Field)}, x.Evidence...)
	if c.edit.Field != "" {
		if i := f.Msg.First(c.edit.Field); i >= 0 {
			x.Evidence = append(x.Evidence, field(f, i))
		}
	}
	ref := "RFC 6376 §3.7"
	x.Evidence = append(x.Evidence, computed(ref, "undone: %s; then body hash %s, header signature %s", c.edit.Description, matches(c.repair.BodyProved), matches(c.repair.HeaderProved)))
	return x, true
}

// message says what was changed, and what undoing it proves.
func (c change) message(doer report.Text) report.Text {
	t := report.Say("%v after %v had signed it: %s", doer, report.DomainRef(c.sig.Domain), c.edit.Description)
	switch {
	case c.repair.Complete() && len(c.repair.Changes) == 1:
		return t.Add(report.Words("; with that undone the signature verifies")...)
	case c.repair.Complete():
		return t.Add(report.Say("; with that and %s undone the signature verifies", otherEdits(len(c.repair.Changes)-1))...)
	case c.repair.BodyProved:
		return t.Add(report.Words("; with that undone the body is the one that was signed, the header still differs")...)
	}
	return t.Add(report.Words("; with that undone the header is the one that was signed, the body still differs")...)
}

// receiversEdit reports whether an edit is of a kind that receivers make and
// senders do not.
func receiversEdit(k repair.ChangeKind) bool {
	return k == repair.SubjectTag || k == repair.Banner || k == repair.LinkRewrite
}

// beforeOwnCheck describes a receiver's edit that the first receiver already
// found made: it checks behind its own filter, or the sender's side did it.
func (c change) beforeOwnCheck(f *Facts, advice string) report.Finding {
	k := c.where.Broken.Hop
	x := locate(f, c.where)
	x.Hop = index(f, k)
	x.AtFault = report.Party{Role: role(f.RunOf(k)), Host: byName(f, k)}
	x.Confidence = report.Likely
	x.Severity = brokenSeverity(f, c.i)
	x.Parts = report.Say("%v (%v) found the signature of %s broken by what receivers do: %s; it seems to check behind its own filter", report.HostRef(byName(f, k)), report.HopRef(f.Hops[k].Index), report.DomainRef(c.sig.Domain), c.edit.Description)
	x.AdviceParts = report.Say("%s: %s", report.HostRef(x.AtFault.Host), advice)
	x.Evidence = append([]report.Evidence{field(f, c.sig.Field), hop(f, k)}, x.Evidence...)
	x.Evidence = append(x.Evidence, computed("RFC 6376 §3.7", "undone: %s; then body hash %s, header signature %s", c.edit.Description, matches(c.repair.BodyProved), matches(c.repair.HeaderProved)))
	return x
}

func otherEdits(n int) string {
	if n == 1 {
		return "one more change"
	}
	return itoa(n) + " more changes"
}

func matches(ok bool) string {
	if ok {
		return "matches"
	}
	return "differs"
}

// atSource reports whether nobody but the signer's own side can have changed
// the message: the first server that received it found it broken.
func atSource(b *headers.Bracket) bool { return b.Last < b.First }

// locate starts a finding with hop, party and evidence of a stretch.
func locate(f *Facts, b *headers.Bracket) report.Finding {
	x := report.Finding{AtFault: report.Party{Role: report.RoleUnknown}}
	if b.Hop >= 0 {
		x.Hop = index(f, b.Hop)
		x.AtFault = report.Party{Role: role(f.RunOf(b.Hop)), Host: byName(f, b.Hop)}
		if b.Vague() {
			x.AtFault.Host = f.RunOf(b.Hop).Name()
		}
		x.Evidence = append(x.Evidence, hop(f, b.Hop))
	} else if b.First >= 0 && b.First < len(f.Hops) {
		x.Hop = index(f, b.First)
	}
	if b.Intact != nil {
		x.Evidence = append(x.Evidence, claim(f, b.Intact))
	}
	if b.Broken != nil {
		x.Evidence = append(x.Evidence, claim(f, b.Broken))
	}
	if b.Field >= 0 {
		x.Evidence = append(x.Evidence, field(f, b.Field))
	}
	if b.BrokenSet > 0 {
		x.Evidence = append(x.Evidence, computed("RFC 8617 §5.2", "the ARC message signature of set %d still verifies: what it covers was not changed since", b.BrokenSet))
	}
	return x
}

// who names the one who made a change, as far as it shows.
func who(f *Facts, b *headers.Bracket) report.Text {
	if b.Hop >= 0 && !b.Vague() {
		return serverAt(f, b.Hop)
	}
	if b.First < 0 || b.First >= len(f.Hops) || b.Last >= len(f.Hops) || atSource(b) {
		return report.Words("a server on the way")
	}
	var names []string
	for k := b.First; k <= b.Last; k++ {
		if n := byName(f, k); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if b.Stranger {
		return report.Say("the client %s, which handed the message in and is not known as the signer's, or %v,", report.IPRef(f.ClientIP(f.LastRun())), report.HostRef(names[0]))
	}
	if len(names) > 3 {
		return report.Say("one of the servers between %v and %v", report.HopRef(f.Hops[b.First].Index), report.HopRef(f.Hops[b.Last].Index))
	}
	t := report.Words("one of ")
	for i, n := range names {
		if i > 0 {
			t = t.Add(report.Words(", ")...)
		}
		t = t.Add(report.HostRef(n))
	}
	return t
}

// serverAt is the server of a hop, with the hop.
func serverAt(f *Facts, k int) report.Text {
	return report.Say("%v (%v)", report.HostRef(byName(f, k)), report.HopRef(f.Hops[k].Index))
}

// brokenSeverity is the severity of a change that broke signature i: "", the
// rule's own, where DMARC fell with it; info where a mailing list made it or it
// was made behind the border, and DMARC passes; low where the signature never
// counted for the author; medium otherwise.
func brokenSeverity(f *Facts, i int) string {
	fell := f.Border.DMARC == "fail" || f.Delivery.DMARC == "fail"
	switch {
	case fell && aligned(f, i):
		return ""
	case !fell && (listHop(f) >= 0 || heldAtBorder(f, i)):
		return report.Info
	case !aligned(f, i), otherSignature(f, i):
		return report.Low
	}
	return report.Medium
}

// heldAtBorder reports whether signature i, broken since, verified at the
// recipient's border: by the proof of what was changed behind it, or by a
// trusted verdict there.
func heldAtBorder(f *Facts, i int) bool {
	c := passedThen(f, &f.DKIM[i])
	return f.HeldAtBorder(i) || c != nil && c.Hop == borderHop(f)
}

// otherKey reports whether signature i was made with another private key than
// the one whose public half the DNS holds. RSA shows it: what such a signature
// turns back into is not a hash at all, and no change of the message does that.
func otherKey(f *Facts, i int) bool {
	if f.otherKeys[i] == nil {
		other := madeWithOtherKey(&f.DKIM[i])
		f.otherKeys[i] = &other
	}
	return *f.otherKeys[i]
}

func madeWithOtherKey(s *dkim.Signature) bool {
	if s.KeyType != "rsa" || s.HeaderSignature != dkim.Mismatch || s.KeyRecords > 1 || s.KeyRecord == "" {
		return false
	}
	h := crypto.SHA256
	if strings.HasSuffix(strings.ToLower(s.Algorithm), "-sha1") {
		h = crypto.SHA1
	}
	key, _ := dkim.ParseKey(s.KeyRecord)
	if key.Public == nil {
		return false
	}
	_, ok := dkim.SignedDigest(key, h, s.B)
	return !ok
}

// bodyExplained reports whether the body is as it was signed, or what changed it
// is known.
func bodyExplained(f *Facts, i int) bool {
	r := f.Repair(i)
	return f.DKIM[i].BodyHash != dkim.Mismatch || r != nil && r.BodyProved
}
