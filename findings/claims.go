package findings

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
)

// What servers wrote of the message is asked by one query: claims, with the
// conditions below.

// condition is one thing that is asked of a verdict.
type condition func(*headers.Claim) bool

// claims are the verdicts of a method, "" for any, for which all conditions
// hold: those of the newest hop first, and of one hop as the header has them.
func claims(f *Facts, method string, when ...condition) iter.Seq[*headers.Claim] {
	return func(yield func(*headers.Claim) bool) {
		for _, n := range f.claimOrder() {
			c := &f.Claims[n]
			if (method == "" || c.Method == method) && !slices.ContainsFunc(when, func(holds condition) bool { return !holds(c) }) && !yield(c) {
				return
			}
		}
	}
}

// firstClaim is the first of them, nil where there is none.
func firstClaim(f *Facts, method string, when ...condition) *headers.Claim {
	for c := range claims(f, method, when...) {
		return c
	}
	return nil
}

// claimOrder are the indexes of the claims, those of the newest hop first.
func (f *Facts) claimOrder() []int {
	if f.order == nil {
		f.order = make([]int, len(f.Claims))
		for n := range f.order {
			f.order[n] = n
		}
		slices.SortStableFunc(f.order, func(a, b int) int { return cmp.Compare(f.Claims[b].Hop, f.Claims[a].Hop) })
	}
	return f.order
}

// trusted: the recipient's side wrote it.
func trusted(c *headers.Claim) bool { return c.Trust == headers.Trusted }

// credible: a server wrote it, the recipient's or another on the way.
func credible(c *headers.Claim) bool {
	return c.Trust == headers.Trusted || c.Trust == headers.Testimony
}

// decided: it has a result.
func decided(c *headers.Claim) bool { return c.Normal != "" }

// ofMailFrom: SPF of the envelope sender, not of the HELO name or an author.
func ofMailFrom(c *headers.Claim) bool { return c.Identity != "helo" && c.Identity != "pra" }

// at: hop k's server wrote it.
func at(k int) condition {
	return func(c *headers.Claim) bool { return k >= 0 && c.Hop == k }
}

// result: it says so.
func result(word string) condition {
	return func(c *headers.Claim) bool { return c.Normal == word }
}

// of: it is about a domain of the author's organisation.
func ofAuthor(f *Facts) condition {
	return func(c *headers.Claim) bool { return sameOrganisation(f, c.Domain) }
}

// putIn: it is trusted, or stands above the line of the recipient's border, so
// nobody but the recipient's side can have put it in, in whatever name. What was
// kept of earlier servers does not count.
func putIn(f *Facts) condition {
	b := borderHop(f)
	return func(c *headers.Claim) bool {
		if trusted(c) {
			return true
		}
		if b < 0 || c.Field >= f.Hops[b].Field || c.Instance > 0 || c.Trust == headers.Forged {
			return false
		}
		name := strings.ToLower(c.Header)
		return !strings.Contains(name, "original") && !strings.HasPrefix(name, "arc-")
	}
}
