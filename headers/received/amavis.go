package received

import "strings"

// amavis: from MTA ([addr]) by localhost (HOST [127.0.0.1]) (amavisd-new, port 10024)
// with ESMTP id X for <rcpt>; D
//
// The peer is the server that feeds the filter, never a client.
var amavis = dialect{
	name: "amavis", product: "amavisd-new", rdns: RDNSUnconfirmed,
	claims: signature("amavisd-new", "amavisd", "amavis,", "amavis"),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex([]string{"amavis"}))
		r.Product, _, _ = strings.Cut(tag, ",")
		r.Product = firstWord(r.Product)
		r.OwnHost = true
		r.RDNSKind = RDNSNone
		if i := c.commentIndex(kBy, 0); i >= 0 {
			var p peer
			if p.add(c.at(i)) && p.ip.IsValid() {
				c.use(i)
				r.ByIP, r.ByName = p.ip, p.name
			}
		}
	},
}
