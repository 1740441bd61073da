package findings

// The first writes the list of rules, the others what is made from them.
//
//go:generate go test . -run ^TestOneFile$ -update
//go:generate go test . -run ^(TestDocs|TestCauses)$ -update

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// Rule is one entry of the catalogue: all that the program knows of a finding
// stands in it. The command explain, the documentation page, the SARIF rule,
// the web help and the order of causes are made from it. Each is one value in
// a file of its own name; catalogue.go lists them and is written by a test.
type Rule struct {
	// Code is the stable name, "spf-rechecked-behind-border".
	Code string
	// Group is the chapter of the catalogue that it stands in.
	Group Group
	// Title is one line, without full stop.
	Title string
	// Severity is the usual one; a finding may carry another where the
	// catalogue says so.
	Severity string
	// Since is the version that found it first, "0.1".
	Since string
	// Quiet says that it is on a large part of all mail, and that nobody needs to
	// act on it for one message unless it is graver than usual: a page says no
	// more than that it was seen.
	Quiet bool
	// AtBorder says that the finding rests on where the recipient's border is:
	// it is never surer than that.
	AtBorder bool
	// RestsOn is what a copy of a header must have kept for the finding to be
	// made of it.
	RestsOn rests
	// Causes say when it is the root cause of what became of the message. A
	// finding without any explains no outcome.
	Causes []Cause
	// SymptomOf lists the findings that explain this one where they are found
	// too: it is then shown as their consequence.
	SymptomOf []*Rule
	// Refs are standards with sections: "RFC 7208 §2.5".
	Refs []string
	// Doc is the page for people: what happened, how it is proved, what looks
	// alike, who has to change what.
	Doc string
	// DomainOnly says that the finding is about what a domain publishes: the
	// check of a domain makes it, and no message does.
	DomainOnly bool
	// Needs is what a message must have for Find to find anything; the rule is not
	// run without.
	Needs need
	// Find returns the findings of this code; nil where there is none. It must
	// not change the facts.
	Find func(*Facts) []report.Finding
}

// rests are conclusions that a copy of a header, cut or blackened, cannot bear.
type rests uint8

const (
	// wholeHeader: it concludes from what is not in a header, or from its form,
	// that somebody did wrong. Where a part is missing or blackened it is no
	// wonder that something is not there.
	wholeHeader rests = 1 << iota
	// newestFields: it needs to know who received the message last.
	newestFields
	// deliveryTime: it needs the time of delivery.
	deliveryTime
	// noSignature: it accuses where no signature vouches for the author.
	noSignature
	// noForwarder: it is of a forgery, which a chain of ARC would explain.
	noForwarder
)

// Cause is one way in which a finding explains the outcome. The root cause of a
// message is the cause of the lowest rank whose finding was made and whose
// condition holds.
type Cause struct {
	Rank   Rank
	Status string // what a message with this root cause is
	When   func(*Facts) bool
	// Of says which findings of the code count; nil for all.
	Of func(*report.Finding) bool
}

// Rank is a place in the order of causes: a tier, plus a place in it. Between
// two places there is room for more.
type Rank int

const (
	// The message itself deceives.
	deception Rank = 1000 * (iota + 1)
	// The check was made in the wrong place: what it found is void.
	wrongPlace
	// The author's domain is misused.
	misuse
	// The message was changed or sent on.
	onTheWay
	// What the sender publishes or does is wrong.
	bySender
	// What is left where nothing else explains the outcome.
	residual
)

// Group is a chapter of the catalogue.
type Group int

const (
	GroupWrongPlace Group = iota
	GroupForwarding
	GroupBroken
	GroupKeys
	GroupDMARC
	GroupSPF
	GroupARC
	GroupTrust
	GroupSpoofing
	GroupPath
)

// Groups are the chapters in their order.
var Groups = [...]struct{ Title, About string }{
	GroupWrongPlace: {"SPF checked in the wrong place", "The sender's record is right, and the server that failed it was not the one to ask."},
	GroupForwarding: {"Forwarding and lists", "Somebody sent the message on, under the same envelope sender or another."},
	GroupBroken:     {"DKIM broken in transit", "The message was changed after it was signed."},
	GroupKeys:       {"DKIM keys and signatures", "The signature or its key would not hold anywhere."},
	GroupDMARC:      {"DMARC", "Alignment, policy and record of the author's domain."},
	GroupSPF:        {"SPF records and results", "What the sender's record says, and what follows from it."},
	GroupARC:        {"ARC", "What the seals of servers on the way are worth."},
	GroupTrust:      {"Trust in verdicts", "Which of the results in the header can be believed."},
	GroupSpoofing:   {"Spoofing", "The message is not from whom it seems to be."},
	GroupPath:       {"Path and infrastructure", "What else the header tells of the way and of the servers."},
}

// catalogue is the list of rules by groups, and by codes within a group.
var catalogue = slices.SortedFunc(slices.Values(declared[:]), func(a, b *Rule) int {
	if a.Group != b.Group {
		return int(a.Group - b.Group)
	}
	return strings.Compare(a.Code, b.Code)
})

// causes is the order of causes.
var causes = rankCauses(catalogue)

type rankedCause struct {
	Cause
	rule *Rule
}

func rankCauses(rules []*Rule) []rankedCause {
	var all []rankedCause
	for _, r := range rules {
		for _, c := range r.Causes {
			all = append(all, rankedCause{c, r})
		}
	}
	slices.SortStableFunc(all, func(a, b rankedCause) int { return int(a.Rank - b.Rank) })
	return all
}

// Rules returns the catalogue by groups, and by codes within a group.
func Rules() []*Rule { return catalogue }

// Lookup returns the rule with a code, nil where there is none.
func Lookup(code string) *Rule {
	for _, r := range catalogue {
		if r.Code == code {
			return r
		}
	}
	return nil
}
