package received

import "strings"

// gmx: GMX, WEB.DE, 1&1: from HELO ([addr]) by mail.gmx.com (mrgmx104 [addr]) with ESMTPSA
// (Nemesis) id X for <rcpt>; D, older: from [addr] (helo=HELO) by HOST with ESMTP (Nemesis), id X
//
// Nothing is looked up: the name beside the address is the client's word.
var gmx = dialect{
	name: "gmx", product: "Nemesis", order: either, rdns: RDNSNone,
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

// gmxShape is the webmail, and a server before 2013: from rdns (EHLO name) [addr] by
// mail.gmx.net (mp058) with SMTP; D
var gmxShape = dialect{
	shape: true,
	name:  "gmx", product: "Nemesis", rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return c.byTag() == "via HTTP" && strings.Contains(c.byHost(), "gmx") || inDomain(c.byHost(), "gmx.net") && strings.HasPrefix(c.byTag(), "mp")
	},
	order: either,
	read: func(c *clauses, r *Received) {
		c.useIf(kBy, 0)
		if c.byTag() != "via HTTP" {
			return
		}
		r.Via, r.Proto, r.Helo = "HTTP", "HTTP", ""
		r.form("web")
	},
}
