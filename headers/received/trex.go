package received

import "strings"

// trex: the proxy of DreamHost: from HELO (rdns [addr]) (using TLSv1.2 with cipher C)
// by 0.0.0.0:2500 (trex/5.16.2); D. "by" is where it listens. [UNAVAILABLE] stands for a name that was not found.
var trex = dialect{
	name: "trex", product: "trex", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool { return strings.HasPrefix(c.byTag(), "trex/") },
	read: func(c *clauses, r *Received) {
		tag := c.byTag()
		c.useText(tag)
		r.Version = strings.TrimPrefix(tag, "trex/")
		if strings.Contains(c.comment(kFrom, 0), "[UNAVAILABLE]") {
			r.RDNS, r.RDNSKind = "", RDNSUnknown
		}
	},
}
