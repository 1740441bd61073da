package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// Facts is what rules look at: the facts of the message, and what follows from
// them for every rule alike, computed once.
type Facts struct {
	*headers.Facts
	// Border is what holds at the border, Delivery what the last receiver wrote
	// or would find.
	Border, Delivery report.Triple

	has       need
	misplaced *[]misplaced
	order     []int // of the claims
	quotes    map[int]report.Evidence
	border    *borderSPF
	authorOrg string
	otherKeys []*bool
	notice    *string
}

// judged prepares the facts of a message for the rules.
func judged(h *headers.Facts) *Facts {
	f := &Facts{Facts: h, otherKeys: make([]*bool, len(h.DKIM)), quotes: map[int]report.Evidence{}, authorOrg: mailname.Org(h.FromDomain)}
	f.Border = borderTriple(f)
	f.Delivery = deliveryTriple(f)
	f.has = gifts(f)
	return f
}

// need is what a message must have for a rule to find anything: most have
// little, and run few rules.
type need uint

const (
	// aSignature: a DKIM-Signature field.
	aSignature need = 1 << iota
	// aBrokenSignature: one that does not verify as the message is.
	aBrokenSignature
	// anARCSet: a field of an ARC set.
	anARCSet
	// aFailure: DMARC does not pass at the border or at delivery, or is not known.
	aFailure
	// anEarlierRun: another organisation had the message before the recipient's.
	anEarlierRun
	// aVerdict: a verdict that some server wrote.
	aVerdict
)

// gifts are the needs that a message meets.
func gifts(f *Facts) need {
	var n need
	add := func(ok bool, x need) {
		if ok {
			n |= x
		}
	}
	add(len(f.DKIM) > 0, aSignature)
	for i := range f.DKIM {
		add(f.DKIM[i].Result != dkim.Pass, aBrokenSignature)
	}
	add(f.ARC != nil, anARCSet)
	add(f.Border.DMARC != "pass" || f.Delivery.DMARC != "pass", aFailure)
	add(len(f.Runs) > 1, anEarlierRun)
	add(len(f.Claims) > 0, aVerdict)
	return n
}
