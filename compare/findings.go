package compare

import (
	"strconv"

	"github.com/mailtrace/mailtrace/report"
)

// Problem is one kind of finding of a comparison.
type Problem struct {
	Code     string
	Title    string
	Severity string // the usual one
	Source   string // standard and section
	Doc      string // the page of explain
}

// Codes of findings.
const (
	copiesDiffer    = "copies-differ"
	signatureBroken = "signature-broken-between-copies"
)

// Problems are the kinds of findings of a comparison.
func Problems() []Problem {
	return []Problem{
		{copiesDiffer, "The two copies are not the same message", report.High, "RFC 6376 §3.4",
			`## What happened

The two copies differ in more than what servers add on the way: somebody between the two changed the message. Where only blanks,
folding or the order of fields differ the finding is low: people see no difference, and signatures in relaxed form hold.

## How it is proved

Both copies are compared as DKIM signs them (RFC 6376 §3.4). The comparison shows each field and each line that differs.

## What looks like it

Two mails that only look alike: their Message-IDs differ. A copy that a mail program saved is not what came over the wire: Outlook and
web mail write messages in their own way.

## What to do

Look at what was added: it mostly names the server, such as a list's footer or a gateway's banner. Save both copies as they came
("show original", "view source"), and compare again where one of them was exported.
`},
		{signatureBroken, "A signature verifies on one copy and not on the other", report.High, "RFC 6376 §3.7",
			`## What happened

A DKIM signature verifies on A and fails on B. So A is the message as it was signed, and B was changed afterwards.

## How it is proved

Both copies are verified with the same key, asked for once. A signature that verifies proves that no signed part of that copy was
changed (RFC 6376 §6.1).

## What looks like it

A key that did not answer is a gap, never a failure. A copy without its body, or one that a mail program saved, fails by itself.

## What to do

The change shown is what broke the signature: its server must not make it, or must sign again or seal with ARC afterwards.
`},
	}
}

// findings are what is worth a person's time, the worst first. That copies
// differ is what was asked: commands fail on it only where they are told to.
func (r *Result) findings() []report.Finding {
	out := []report.Finding{}
	add := func(code, severity, fault, message, advice string, evidence []report.Evidence) {
		title := ""
		for _, p := range Problems() {
			if p.Code == code {
				title = p.Title
				evidence[0].Ref = p.Source
			}
		}
		out = append(out, report.Finding{Code: code, Title: title, Severity: severity, Confidence: report.Proved,
			AtFault: report.Party{Role: fault}, Message: message, Advice: advice, Because: []string{}, Evidence: evidence})
	}
	for i := range r.Signatures {
		s := &r.Signatures[i]
		if !s.A.Verifies() || s.B == nil || s.B.Verifies() || s.B.Open() {
			continue
		}
		add(signatureBroken, report.High, report.RoleIntermediary,
			"the signature of "+s.Domain+" (selector "+s.Selector+") verifies on A and fails on B",
			"find the server between the two copies that made the change, and let it sign again, or make no change",
			[]report.Evidence{{Kind: report.EvidenceComputed, Text: "B, line " + strconv.Itoa(s.B.Line) + ": " + s.B.Reason}})
		if len(out) == maxFindings {
			break
		}
	}
	severity := ""
	switch r.Extent {
	case Content:
		severity = report.High
	case Canonical:
		severity = report.Low
	default:
		return out
	}
	add(copiesDiffer, severity, report.RoleUnknown, r.Summary, "look at what was added or changed: it mostly names the server that did it",
		[]report.Evidence{{Kind: report.EvidenceComputed, Text: r.Summary}})
	return out
}

// maxFindings bounds the findings about signatures.
const maxFindings = 50
