package headers

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// RepairEffort is how far the search for the changes that broke a signature goes.
// The zero value is RepairFull.
type RepairEffort int

const (
	RepairFull  RepairEffort = iota // all that is known: one message
	RepairQuick                     // what is cheap and likely: many messages
	RepairOff                       // no search: signatures are verified as they are
)

// maxRepairs bounds the signatures for which the change that broke them is
// searched.
const maxRepairs = 4

// maxRepairBytes is the size of a message up to which changes of its body are
// searched: the search holds several forms of the body at once, up to about
// eight times its size.
const maxRepairBytes = 3 << 20

// repairSignatures searches for the change that broke a signature: first for
// those of the author's organisation, then for the others, then for the message
// signature of the newest ARC set.
func (f *Facts) repairSignatures(ctx context.Context, v *dkim.Verifier) {
	f.Repairs = make([]*repair.Repaired, len(f.DKIM))
	if f.Options.Repair == RepairOff {
		return
	}
	var todo []int
	for i := range f.DKIM {
		if Changed(&f.DKIM[i]) {
			todo = append(todo, i)
		}
	}
	// RSA before Ed25519: its search is cheaper, and what it proves is tried first
	// on the other.
	slices.SortStableFunc(todo, func(a, b int) int {
		return cmp.Or(cmp.Compare(f.authorRank(a), f.authorRank(b)), cmp.Compare(f.algorithmRank(a), f.algorithmRank(b)))
	})
	if len(todo) > maxRepairs {
		f.ask.addGap(Gap{What: "what changed the message", Why: "more broken signatures than are searched"})
		todo = todo[:maxRepairs]
	}
	search := repair.New(v)
	for _, i := range todo {
		f.Repairs[i] = f.repair(ctx, search, &f.DKIM[i])
	}
	if f.ARC == nil || len(f.ARC.Sets) == 0 || len(todo) == maxRepairs {
		return
	}
	if s := f.ARC.Sets[len(f.ARC.Sets)-1].Message; s != nil && Changed(s) {
		f.SealRepair = f.repair(ctx, search, s)
	}
}

// authorRank orders signatures: 0 for the author's organisation.
func (f *Facts) authorRank(i int) int {
	org := mailname.Org(f.DKIM[i].Domain)
	if org != "" && slices.ContainsFunc(f.FromOthers, func(d string) bool { return mailname.Org(d) == org }) {
		return 0
	}
	return 1
}

func (f *Facts) algorithmRank(i int) int {
	if strings.HasPrefix(strings.ToLower(f.DKIM[i].Algorithm), "rsa") {
		return 0
	}
	return 1
}

func (f *Facts) repair(ctx context.Context, search *repair.Searcher, s *dkim.Signature) *repair.Repaired {
	// A body that is not there, or cut off, can't be repaired; the header may.
	only := s.BodyHash == dkim.Unchecked || f.Body != BodyWhole
	if len(f.Msg.Raw) > maxRepairBytes {
		if s.BodyHash != dkim.Match {
			f.ask.addGap(Gap{"what changed the message signed by " + s.Domain, "the body is larger than is searched (3 MiB)"})
			return nil
		}
		only = true
	}
	if only && s.HeaderSignature != dkim.Mismatch && !s.EncodedWords {
		return nil
	}
	r, err := search.Search(ctx, s, repair.Options{HeaderOnly: only, Effort: f.effort()})
	if err != nil {
		f.ask.gap("what changed the message signed by "+s.Domain, err)
		return nil
	}
	if r != nil && r.Exhausted && !r.Complete() {
		f.ask.addGap(Gap{"what changed the message signed by " + s.Domain, f.endedEarly()})
	}
	return r
}

func (f *Facts) effort() repair.Effort {
	if f.Options.Repair == RepairQuick {
		return repair.Quick
	}
	return repair.Full
}

// endedEarly says why a search found nothing that may be there.
func (f *Facts) endedEarly() string {
	if f.Options.Repair == RepairQuick {
		return "the search ended at its budget for many messages; --repair deep goes on"
	}
	return "the search ended at its budget"
}

// Repair returns what broke signature i, nil where it was not found.
func (f *Facts) Repair(i int) *repair.Repaired {
	if i < 0 || i >= len(f.Repairs) || f.Repairs[i] == nil || len(f.Repairs[i].Changes) == 0 {
		return nil
	}
	return f.Repairs[i]
}

// HeldAtBorder reports whether signature i, broken as it is now, verified where
// the recipient's organisation received the message: the change was found, and
// only servers behind that border can have made it. The client that handed the
// message in can have made it too, unless it is the signer's: who replays a signed
// message with text of its own leaves no line behind.
func (f *Facts) HeldAtBorder(i int) bool {
	r, last, b := f.Repair(i), f.LastRun(), f.Bracket(i)
	return r != nil && r.Complete() && last != nil && last.Border >= 0 && b.After(last.Border) && !b.Stranger
}

// strangerAt reports whether hop k is the recipient's border and nothing shows
// that its client belongs to the signer of a domain: neither SPF, nor its name,
// nor a verdict of the border's server.
func (f *Facts) strangerAt(k int, domain string) bool {
	r := f.LastRun()
	if r == nil || r.Border != k {
		return false
	}
	org := mailname.Org(domain)
	if r.SPF != nil && r.SPF.Result == spf.Pass && mailname.Org(r.SPF.Domain) == org {
		return false
	}
	for _, method := range []string{"spf", "dkim", "dmarc"} {
		for _, c := range f.Trusted(method) {
			if c.Hop == k && c.Normal == "pass" && mailname.Org(c.Domain) == org {
				return false
			}
		}
	}
	if h := &f.Hops[k]; h.RDNSKind == received.RDNSConfirmed && mailname.Org(h.RDNS) == org {
		return false
	}
	if slices.ContainsFunc(f.BorderNames, func(n string) bool { return mailname.Org(n) == org }) {
		return false
	}
	ip := f.ClientIP(r)
	if !Public(ip) {
		return false // not known: what stands in the way is the recipient's
	}
	// A service sends with an envelope sender of its own, and its customer lists it.
	q := spfQuery("postmaster@"+domain, r.Helo)
	q.IP = ip
	e := f.ask.check(q)
	return e == nil || e.Result != spf.Pass
}
