package received

// mailcontrol: Forcepoint (Websense) Email Security: from HELO (rdns [addr]) by HOST
// (MailControl) with ESMTP id n2B8O2XW015864; D, and by Forcepoint Email with ESMTP.
//
// A Sendmail at heart.
var mailcontrol = dialect{
	name: "mailcontrol", product: "MailControl", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		return signature("MailControl")(c) || c.word(kBy, 0) == "Forcepoint" && c.word(kBy, 1) == "Email"
	},
	read: func(c *clauses, r *Received) {
		if i := c.signatureIndex([]string{"MailControl"}); i >= 0 {
			c.use(i)
			return
		}
		r.Product = "Forcepoint Email"
		r.By = "" // the product's name stands in the place of a host
	},
}
