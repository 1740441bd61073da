package received

import "strings"

// zmailer: from rdns ([addr]:43830 "EHLO name" rhost-flags-OK-OK-OK-OK) by HOST with
// ESMTP id S1727849AbfGKHyn (ORCPT <rfc822;rcpt>); D
var zmailer = dialect{
	name: "zmailer", product: "ZMailer", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		return strings.Contains(c.comment(kFrom, 0), `"EHLO `) || strings.Contains(c.comment(kFrom, 0), `"HELO `)
	},
	read: func(c *clauses, r *Received) {
		r.Helo = strings.TrimSuffix(r.Helo, `"`)
		if i := c.anyComment("ORCPT "); i >= 0 {
			_, rcpt, _ := strings.Cut(c.use(i), ";")
			r.For = strings.TrimSuffix(rcpt, ">")
		}
	},
}
