package received

import "strings"

// zimbra: the hop into the store: from MTA (LHLO MTA) (addr) by STORE with LMTP; D
//
// All other hops of a Zimbra are written by its Postfix and amavis.
var zimbra = dialect{
	name: "zimbra", product: "Zimbra", rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return strings.HasPrefix(c.comment(kFrom, 0), "LHLO ") && c.words(kWith) == "LMTP"
	},
	read: func(_ *clauses, r *Received) {
		r.form("lmtp")
		r.RDNS, r.RDNSKind = "", RDNSNone
	},
}
