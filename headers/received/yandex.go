package received

import "strings"

// yandex: from HELO (rdns [addr]) by forward502a.mail.yandex.net (Yandex) with ESMTPS id X; D
// and by HOST (smtp/Yandex) with ESMTPSA id X; D: submissions, with the client hidden.
var yandex = dialect{
	name: "yandex", product: "Yandex", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		tag := c.byTag()
		return tag == "Yandex" || strings.HasSuffix(tag, "/Yandex")
	},
	read: func(c *clauses, r *Received) {
		if c.byTag() == "Yandex" {
			c.useIf(kBy, 0)
		}
		if i := c.anyComment("Client certificate not present"); i >= 0 {
			c.use(i)
		}
	},
}
