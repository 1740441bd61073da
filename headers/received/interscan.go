package received

import "strings"

// interscan: gateways that say no more than the address, which stands alone or as a
// literal: from addr by HOST (InterScan E-Mail VirusWall NT); D, with ESMTP (Tumbleweed
// MMS SMTP Relay (MMS v5.0)), (MailGate 3.5.172), (ArGoSoft Mail Server Freeware, …),
// (Post.Office MTA v3.5.3 …), (F-Secure Anti-Virus …)
var interscan = dialect{
	name: "interscan", order: either, rdns: RDNSNone,
	claims: signature(gateways...),
	read: func(c *clauses, r *Received) {
		i := c.signatureIndex(gateways)
		tag := c.use(i)
		for _, name := range gateways {
			if hasPrefixFold(tag, name) {
				r.Product = strings.TrimSpace(name)
			}
		}
		r.Version = versionIn(tag)
	},
}

var gateways = []string{"InterScan E-Mail VirusWall", "Tumbleweed MMS", "MailGate ", "ArGoSoft Mail Server", "Post.Office MTA", "F-Secure Anti-Virus for Internet Mail"}
