package received

import "strings"

// mimecast: from HELO (rdns [addr]) by relay.mimecast.com with ESMTP with STARTTLS
// (version=TLSv1.3, cipher=C) id us-mta-114-XXX-1; D
//
// "with" stands twice. The id begins with the region.
var mimecast = dialect{
	name: "mimecast", product: "Mimecast", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		by := c.byHost()
		return inDomain(by, "mimecast.com") || inDomain(by, "mimecast.co.za") ||
			strings.Contains(c.word(kID, 0), "-mta-") && c.again[kWith].ok
	},
	read: func(c *clauses, r *Received) {
		if r.TLS && r.Proto == "ESMTP" {
			r.Proto = "ESMTPS"
		}
	},
}
