package received

import "strings"

// domino: from HELO ([addr]) by HOST (Lotus Domino Release 8.5.3FP6) with ESMTP id
// 2026060110000052-2322079 ; D
//
// No name from the DNS. The id begins with the local time.
var domino = dialect{
	name: "domino", product: "Domino", rdns: RDNSNone,
	claims: signature("Lotus Domino ", "IBM Domino ", "HCL Domino ", "Lotus SMTP MTA"),
	read: func(c *clauses, r *Received) {
		if i := c.commentIndex(kBy, 0); i >= 0 {
			if _, v, ok := strings.Cut(c.use(i), "Release "); ok {
				r.Version = v
			}
		}
		r.RDNSKind = RDNSNone
	},
}
