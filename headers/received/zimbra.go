package received

import "strings"

// zimbra: the hop into the store: from rdns (LHLO name) (addr) by STORE with LMTP; D
//
// The name in front is what the store looked up, and equal to LHLO on most.
//
// All other hops of a Zimbra are written by its Postfix and amavis.
var zimbra = dialect{
	name: "zimbra", product: "Zimbra", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		return c.findComment(kFrom, "LHLO ") >= 0 && strings.HasPrefix(c.words(kWith), "LMTP")
	},
	read: func(_ *clauses, r *Received) { r.form("lmtp") },
}
