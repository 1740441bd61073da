package findings

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenAttachmentRemoved = &Rule{
	Code:     "dkim-broken-attachment-removed",
	Group:    GroupBroken,
	Title:    "Attachment taken out or replaced after signing",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 140, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.7", "RFC 7960 §3.2.5"},
	Doc: `
## What happened
A virus scanner or a policy took a part out of the message, or put a harmless one in its place. The body is not the one that was signed.

## How it is proved
It can't be: without the part the signature can't be brought to verify. The notice that such systems leave in place of the part stands in the
body, and the body hash differs.

## What looks like it
The author may have sent such a notice too, or quoted one.

## What to do
Gateway: verify first and change afterwards, and seal by ARC what is passed on. Systems behind it: believe its verdict.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s, b := &f.DKIM[i], f.Bracket(i)
			if b == nil || atSource(b) || bodyExplained(f, i) {
				continue
			}
			mark := removed(f)
			if mark == "" {
				continue
			}
			x := locate(f, b)
			x.Severity = brokenSeverity(f, i)
			x.Confidence = report.Likely
			x.Parts = report.Say("an attachment was taken out after %v had signed the message (%v stands in its place), by %s", report.DomainRef(s.Domain), report.QuoteRef(mark), who(f, b))
			x.AdviceParts = report.Say("%s: verify signatures before parts are taken out; systems behind must believe that verdict", report.HostRef(cmp.Or(x.AtFault.Host, "the gateway that did it")))
			x.Evidence = append([]report.Evidence{
				field(f, s.Field), computed("RFC 6376 §6.1.3", "%s", s.Reason), computed("RFC 6376 §3.7", "in the body: %s", mark),
			}, x.Evidence...)
			out = append(out, x)
		}
		return merge(out)
	},
}

// maxNoticeScan is how much of a body is looked through for a notice.
const maxNoticeScan = 1 << 20

// removalNotices are file names and sentences that gateways leave in place of
// what they took out, lower case.
var removalNotices = []string{
	"malware alert text.txt", "deletedattachment", "removedattachment", "attachment-removed", "attachment removed", "attachment was removed",
	"attachment has been removed", "attachments were removed", "attachments have been removed", "attachment has been blocked", "attachment was blocked",
	"attachment has been stripped", "replaced attachment", "viruswarning.txt", "virus-warnung", "warning: this message has had one or more attachments removed",
	"unsafe attachments", "anhang wurde entfernt", "pièce jointe supprimée",
}

// noticeStems are in all of them: one is in each.
var noticeStems = []string{"attachment", "virus", "malware alert", "anhang wurde", "jointe supprim"}

// removed is the notice in the body, "" where there is none; looked for once.
func removed(f *Facts) string {
	if f.notice == nil {
		n := removalNotice(f.Msg.BodyBytes())
		f.notice = &n
	}
	return *f.notice
}

// removalNotice finds such a notice, "" where there is none.
func removalNotice(body []byte) string {
	if len(body) > maxNoticeScan {
		body = body[:maxNoticeScan]
	}
	low := bytes.ToLower(body)
	if !slices.ContainsFunc(noticeStems, func(s string) bool { return bytes.Contains(low, []byte(s)) }) {
		return ""
	}
	for _, n := range removalNotices {
		if i := bytes.Index(low, []byte(n)); i >= 0 {
			return strings.ToValidUTF8(n, "?")
		}
	}
	return ""
}
