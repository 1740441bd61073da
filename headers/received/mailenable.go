package received

import "strings"

// mailenable: from HELO ([addr]) by HOST with MailEnable ESMTPA; D, and inside
// from ([addr]) for <rcpt> with MailEnable Catch-All Filter; D
var mailenable = dialect{
	name: "mailenable", product: "MailEnable", rdns: RDNSNone,
	claims: func(c *clauses) bool { return strings.HasPrefix(c.words(kWith), "MailEnable ") },
	read: func(_ *clauses, r *Received) {
		if r.RDNS == "" {
			r.RDNSKind = RDNSNone
		}
	},
}
