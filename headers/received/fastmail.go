package received

// fastmail: Fastmail's own stages: from mx3 ([addr]) by compute5.internal (LMTPProxy); D,
// by compute.internal (MEProxy), by mx3.messagingengine.com (Authentication Milter) with
// ESMTP id X. Its border is a Postfix.
var fastmail = dialect{
	name: "fastmail", product: "Fastmail", rdns: RDNSNone,
	claims: signature("MEProxy", "LMTPProxy", "Authentication Milter"),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex([]string{"MEProxy", "LMTPProxy", "Authentication Milter"}))
		if r.With == "" && tag == "LMTPProxy" {
			r.Proto = "LMTP"
		}
		if r.IP.IsLoopback() {
			r.OwnHost = true
		}
	},
}
