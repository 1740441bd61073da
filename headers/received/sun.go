package received

import "strings"

// sun: iPlanet, Sun Java System, Oracle Communications Messaging Server: from HELO
// (rdns [addr]) by HOST (Sun Java System Messaging Server 6.2-3.04 (built Jul 15 2005))
// with ESMTP id <0KXX00E00XXX@HOST>; D
var sun = dialect{
	name: "sun", product: "Sun Messaging Server", rdns: RDNSNone,
	claims: signature(sunNames...),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex(sunNames))
		for _, name := range sunNames {
			if rest, ok := strings.CutPrefix(tag, name); ok {
				r.Product = strings.TrimSpace(name)
				r.Version = firstWord(rest)
			}
		}
	},
}

var sunNames = []string{
	"Sun Java System Messaging Server ", "Sun Java(tm) System Messaging Server ", "Sun ONE Messaging Server ",
	"iPlanet Messaging Server ", "Oracle Communications Messaging Server ", "Oracle Communications Messaging Exchange Server ",
}
