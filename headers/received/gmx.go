package received

import "strings"

// gmx: GMX, WEB.DE, 1&1: from HELO ([addr]) by mail.gmx.com (mrgmx104 [addr]) with ESMTPSA
// (Nemesis) id X for <rcpt>; D, and its webmail: from [addr] ([addr]) by HOST (via HTTP); D
var gmx = dialect{
	name: "gmx", product: "Nemesis", rdns: RDNSUnconfirmed,
	claims: signature("Nemesis"),
	read: func(c *clauses, r *Received) {
		c.use(c.signatureIndex([]string{"Nemesis"}))
		r.TLSShown = true
		if i := c.commentIndex(kBy, 0); i >= 0 {
			var p peer
			if p.add(c.use(i)) {
				r.ByIP = p.ip
			}
		}
	},
}

var gmxShape = dialect{
	name: "gmx", product: "Nemesis", rdns: RDNSNone,
	claims: func(c *clauses) bool { return c.byTag() == "via HTTP" && strings.Contains(c.byHost(), "gmx") },
	read: func(c *clauses, r *Received) {
		c.useIf(kBy, 0)
		r.Via, r.Proto, r.Helo = "HTTP", "HTTP", ""
		r.form("web")
	},
}
