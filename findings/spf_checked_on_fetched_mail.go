package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var spfCheckedOnFetchedMail = &Rule{
	Code:     "spf-checked-on-fetched-mail",
	Group:    GroupWrongPlace,
	Title:    "SPF run on mail pulled by POP or IMAP",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aVerdict,
	Causes:   []Cause{{Rank: wrongPlace + 80, Status: report.CheckedInWrongPlace, When: always}},
	Refs:     []string{"RFC 7208 §2.5"},
	Doc: `
## What happened
A fetcher pulled the message out of a mailbox and handed it to the local server as if it came by SMTP. SPF was evaluated on the fetcher's
own address or on the POP server's.

## How it is proved
A Received field of the fetcher (with POP3, with IMAP) stands directly below the hop at which the verdict was made.

## What looks like it
A forged fetcher's line below the border.

## What to do
Local administrator: exempt fetched mail from SPF, or look past the fetcher's line to the provider's border.
`,
	Find: func(f *Facts) []report.Finding {
		for c := range claims(f, "") {
			if x := fetchedByHMailServer(f, c); x != nil {
				return []report.Finding{*x}
			}
			if c.Method != "spf" || c.Hop < 0 || c.Trust != headers.Trusted || c.Normal == "pass" || c.Normal == "" {
				continue
			}
			// The verdict's own hop, or the one below it, is the fetcher's.
			k := c.Hop
			if !f.Hops[k].Fetched && k > 0 && f.Hops[k-1].Fetched {
				k--
			}
			if !f.Hops[k].Fetched || !f.Observed(k) {
				continue
			}
			login := f.Custody.Login && c.IP == f.Custody.Client
			if c.IP.IsValid() && !headers.Private(c.IP) && c.IP != f.Hops[k].IP && !login {
				continue // it looked past the fetcher
			}
			on := c.IP.String()
			if login {
				on += ", where the author logged in at " + byName(f, borderHop(f))
			}
			return []report.Finding{{
				Hop:         index(f, c.Hop),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: report.RoleRecipient, Host: byName(f, c.Hop)},
				Parts:       report.Say("SPF was checked on mail that was fetched from a mailbox (%v), on %s: the result %s says nothing", report.HopRef(f.Hops[k].Index), on, c.Normal),
				AdviceParts: report.Say("exempt fetched mail from the SPF check on %v", report.HostRef(byName(f, c.Hop))),
				Evidence:    []report.Evidence{claim(f, c), hop(f, k)},
			}}
		}
		return nil
	},
}

// fetchedByHMailServer: an external account is fetched by POP and written down
// without a Received field of the fetcher; the mark of SPF is put on it all the
// same.
func fetchedByHMailServer(f *Facts, c *headers.Claim) *report.Finding {
	account := f.Msg.First("X-hMailServer-ExternalAccount")
	if c.Method != "spf" || c.Dialect != "hmailserver" || c.Normal != "fail" || account < 0 || len(f.Hops) > 0 && account > f.Hops[len(f.Hops)-1].Field {
		return nil
	}
	return &report.Finding{
		Hop:         index(f, len(f.Hops)-1),
		Confidence:  report.Strong,
		AtFault:     report.Party{Role: report.RoleRecipient},
		Parts:       report.Words("hMailServer checked SPF on mail that it fetched from a mailbox: there was no SMTP client, and the result says nothing"),
		AdviceParts: report.Words("exempt external accounts from the SPF check of hMailServer, or trust what the old mailbox's server wrote"),
		Evidence:    []report.Evidence{claim(f, c), field(f, account)},
	}
}
