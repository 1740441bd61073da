package received

// strato: STRATO, RZmta: from HELO by smtp.strato.de (RZmta 51.2.16 DYNA|AUTH) with ESMTPSA id X
// (using TLSv1.3 with cipher C (256 bits)) (Client did not present a certificate); D
//
// Clients that logged in keep their address hidden.
var strato = dialect{
	name: "strato", product: "RZmta", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: signature("RZmta "),
	read: func(c *clauses, r *Received) {
		r.Version = firstWord(c.use(c.signatureIndex([]string{"RZmta "}))[len("RZmta "):])
		if i := c.anyComment("Client did not present a certificate"); i >= 0 {
			c.use(i)
		}
	},
}
