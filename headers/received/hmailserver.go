package received

import "strings"

// hmailserver: from HELO (rdns [addr]) by COMPUTER with ESMTPS
// (version=TLSv1.2 cipher=C bits=256) ; D
//
// Nothing is signed: known by the space before the semicolon, a name or
// "Unknown" before the address, and no id. The name is the first PTR.
var hmailserver = dialect{
	name: "hmailserver", product: "hMailServer", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		peer := c.comment(kFrom, 0)
		return c.spaced && c.untagged() && !c.has(kID) && !c.has(kFor) && c.plainPeer() && peer[0] != '[' &&
			strings.HasPrefix(c.words(kWith), "ESMTP") && c.smtpWith()
	},
}
