package received

import "strings"

// barracuda: from HELO (rdns [addr]) by HOST (Spam Firewall) with ESMTP id 13D76D6F9
// for <rcpt>; D. Newer: by HOST with ESMTP id <16 letters and digits> (version=… ) for <rcpt>; D
var barracuda = dialect{
	name: "barracuda", product: "Barracuda", rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		by := c.byHost()
		return strings.HasPrefix(c.byTag(), "Spam Firewall") || strings.HasPrefix(c.byTag(), "Spam & Virus Firewall") ||
			inDomain(by, "ess.barracuda.com") || inDomain(by, "barracudanetworks.com")
	},
	read: func(c *clauses, _ *Received) { c.useIf(kBy, 0) },
}

var barracudaShape = dialect{
	shape: true,
	name:  "barracuda", product: "Barracuda", rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		id := c.word(kID, 0)
		return c.untagged() && c.has(kFor) && c.plainPeer() && c.smtpWith() && all(id, 16, 16, isAlnum) &&
			strings.ContainsAny(id, "0123456789") && strings.ToLower(id) != id && strings.ToUpper(id) != id
	},
}
