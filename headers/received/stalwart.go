package received

import "strings"

// stalwart: from HELO (rdns [addr] (AS64496 Example, US)) (using TLSv1.3 with cipher C)
// by HOST (Stalwart SMTP) with ESMTPS id 49A5F2B839DB1C2; D
//
// The comment in the comment is network and country, since 2025.
var stalwart = dialect{
	name: "stalwart", product: "Stalwart", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: signature("Stalwart "),
	read: func(c *clauses, r *Received) {
		c.use(c.signatureIndex([]string{"Stalwart "}))
		peer := c.comment(kFrom, 0)
		if i := strings.Index(peer, "(AS"); i >= 0 {
			r.Comments = append(r.Comments, peer[i+1:i+commentEnd(peer[i:])-1])
		}
	},
}
