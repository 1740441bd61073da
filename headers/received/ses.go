package received

import "strings"

// ses: Amazon SES, receiving: from HELO (rdns [addr]) by
// inbound-smtp.eu-west-1.amazonaws.com with SMTP id <40 characters> for rcpt; D (UTC)
//
// It says SMTP whether there was TLS or not.
var ses = dialect{
	name: "ses", product: "Amazon SES", rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		by := c.byHost()
		return hasPrefixFold(by, "inbound-smtp.") && inDomain(by, "amazonaws.com")
	},
	read: func(c *clauses, r *Received) {
		if strings.EqualFold(r.RDNS, "unknown") {
			r.RDNS, r.RDNSKind = "", RDNSUnknown
		}
		r.form("in")
	},
}
