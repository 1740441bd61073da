package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var headerFieldDoubled = &Rule{
	Code:      "header-field-doubled",
	Group:     GroupSpoofing,
	Title:     "A field that may stand once stands more often",
	Severity:  report.High,
	Since:     "0.2",
	SymptomOf: []*Rule{dmarcMultipleFrom},
	Refs:      []string{"RFC 5322 §3.6", "RFC 6376 §5.4.2", "RFC 6376 §8.15"},
	Doc: `
## What happened
A field such as Subject, To, Date, Reply-To or From stands twice, with different values. A signature covers as many fields of a name as h= names,
from the bottom up: one that was put on top of a signed message is not covered, the signature still passes, and most mail programs show the upper
one.

## How it is proved
The fields are counted, and the names in h= of the signature that verifies.

## What looks like it
Gateways and old list software write a field again without taking out the first; then no signature covers only one of two that differ, or the
values are the same.

## What to do
Sender: name From, To, Subject, Date, Reply-To and Content-Type once more in h= than they are there, so that none can be added. Receiver: refuse
messages with doubled fields. This report shows the signed field.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for _, name := range standOnce {
			all := f.Msg.All(name)
			if len(all) < 2 || !differ(f, all) {
				continue
			}
			x := report.Finding{
				Hop:         index(f, borderHop(f)),
				Confidence:  report.Proved,
				AtFault:     senderAt(f),
				Severity:    report.Low,
				Parts:       report.Say("%s stands %d times: which of them a reader sees depends on the program; most show the upper one", name, len(all)),
				AdviceParts: report.Say("sender: find the program or gateway that writes %v twice", name),
				Evidence:    []report.Evidence{field(f, all[0]), field(f, all[len(all)-1])},
			}
			s := partlySigned(f, name, all)
			if s == nil && name == "From" {
				continue // dmarc-multiple-from
			}
			if s != nil {
				x.Severity = report.Medium
				if shown[name] {
					x.Severity = report.High
				}
				x.Parts = report.Say("%s stands %d times, and the signature of %v covers %d of them, from the bottom up: most mail programs show the upper one, which nobody signed", name, len(all), report.DomainRef(s.Domain), s.Names(name))
				x.AdviceParts = report.Say("recipient: go by the lower %s; %v: name %s once more in h= than it is there", name, report.DomainRef(s.Domain), name)
				x.Evidence = append(x.Evidence, field(f, s.Field), computed("RFC 6376 §5.4.2", "%s: %d fields, %d in h= of %v", name, len(all), s.Names(name), report.DomainRef(s.Domain)))
			}
			out = append(out, x)
		}
		return out
	},
}

// standOnce are the fields that RFC 5322 §3.6 and RFC 2045 §3 allow once.
var standOnce = []string{"From", "Subject", "To", "Cc", "Date", "Reply-To", "Sender", "Message-ID", "In-Reply-To", "References",
	"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}

// shown are those of them by which a reader is deceived.
var shown = map[string]bool{"From": true, "Subject": true, "To": true, "Date": true, "Reply-To": true, "Content-Type": true, "Content-Transfer-Encoding": true}

// differ reports whether fields have different values. Of very many the first
// ones are looked at.
func differ(f *Facts, all []int) bool {
	first := strings.Join(strings.Fields(f.Msg.Value(all[0])), " ")
	for _, i := range all[1:min(len(all), 100)] {
		if strings.Join(strings.Fields(f.Msg.Value(i)), " ") != first {
			return true
		}
	}
	return false
}

// partlySigned finds a signature that verifies and covers some of the fields,
// but not the upper ones.
func partlySigned(f *Facts, name string, all []int) *dkim.Signature {
	for i := range f.DKIM {
		s := &f.DKIM[i]
		if n := s.Names(name); s.Result == dkim.Pass && n > 0 && n < len(all) && differ(f, []int{all[0], all[len(all)-n]}) {
			return s
		}
	}
	return nil
}
