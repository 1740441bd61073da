package received

import "strings"

// fetchmail and getmail pull messages out of a mailbox: from pop.example.net [addr]
// by localhost with POP3 (fetchmail-6.4.37) for <u@localhost> (single-drop); D
//
// The peer is the server that was asked, not one that sent: no SMTP, and no SPF
// above this line means anything.
var fetchmail = dialect{
	name: "fetchmail", product: "fetchmail", order: heloFirst, rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return c.signatureIndex([]string{"fetchmail-", "getmail"}) >= 0 || protoName(c.words(kWith)) == "POP3" || protoName(c.words(kWith)) == "IMAP"
	},
	read: func(c *clauses, r *Received) {
		r.Fetched = true
		r.Product = ""
		if i := c.signatureIndex([]string{"fetchmail-"}); i >= 0 {
			r.Product = "fetchmail"
			r.Version = c.use(i)[len("fetchmail-"):]
		}
		if i := c.signatureIndex([]string{"getmail"}); i >= 0 {
			r.Product = "getmail"
			r.Version = versionIn(strings.ReplaceAll(c.use(i), "-", " "))
		}
		switch r.Product {
		case "getmail":
			r.form("getmail")
		case "":
			r.form("other")
		}
	},
}
