package headers

import (
	"strconv"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// MissingClient says why the client that handed the message over from outside is
// not known although nothing was made on the recipient's side: its line is not in
// the header. "" where the border shows its client, or the message was made there.
func (f *Facts) MissingClient() string {
	r := f.LastRun()
	if r == nil || r.First >= len(f.Hops) {
		return "" // no line of the recipient's side: it has not written any, or none is there
	}
	h := &f.Hops[r.First]
	if r.Border < 0 {
		if h.FromNetwork {
			return "the line of the mail queue (hop " + strconv.Itoa(h.Index) + ") shows that the message came by SMTP, not from whom"
		}
		return ""
	}
	h = &f.Hops[r.Border]
	c := h.Client()
	if r.Border == 0 || c.Class != received.ClassConfirmed || mailname.Host(c.Name) == mailname.Host(h.By) {
		return ""
	}
	org, below := mailname.Org(mailname.Host(h.By)), mailname.Org(mailname.Host(f.Hops[r.Border-1].By))
	if org != "" && mailname.Org(c.Name) == org && serviceNamed(org) == nil && below != "" && below != org {
		return "the client of hop " + strconv.Itoa(h.Index) + " is " + c.Name + ", a host of " + org + " itself, and its own Received field is not in the header: who handed the message to it is not known"
	}
	return ""
}
