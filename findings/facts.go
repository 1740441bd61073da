package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

// Facts is what rules look at: the facts of the message, and what follows from
// them for every rule alike, computed once.
type Facts struct {
	*headers.Facts
	// Border is what holds at the border, Delivery what the last receiver wrote
	// or would find.
	Border, Delivery report.Triple

	misplaced *[]misplaced
	order     []int // of the claims
	otherKeys []*bool
}

// judged prepares the facts of a message for the rules.
func judged(h *headers.Facts) *Facts {
	f := &Facts{Facts: h, otherKeys: make([]*bool, len(h.DKIM))}
	f.Border, f.Delivery = borderTriple(f), deliveryTriple(f)
	return f
}
