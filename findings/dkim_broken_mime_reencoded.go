package findings

import (
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenMIMEReencoded = &Rule{
	Code:     "dkim-broken-mime-reencoded",
	Group:    GroupBroken,
	Title:    "Transfer encoding or charset changed after signing",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 80, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §5.3", "RFC 6152 §3"},
	Doc: `
## What happened
A relay converted the body, mostly from 8bit to quoted-printable or base64 because the next server does not take 8bit. People see no
difference; the signature does.

## How it is proved
Converted back, the body has the hash that was signed. Sendmail also names itself in X-MIME-Autoconverted.

## What looks like it
Lines over 998 octets, which relays have to split.

## What to do
Relay: support 8BITMIME throughout. Sender: encode as quoted-printable or base64 before signing, as the standard advises.
`,
	Find: func(f *Facts) []report.Finding {
		return changeFindings(f, "pass 8bit mail on as it is (8BITMIME on every server behind); sender: encode before signing", repair.MIMEReencoded)
	},
}
