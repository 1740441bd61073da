package received

// kumomta: from HELO (addr) by HOST (KumoMTA 10.97.242.83) with ESMTP id <32 hex> for <rcpt>; D
//
// What looks like a version is the address of the server.
var kumomta = dialect{
	name: "kumomta", product: "KumoMTA", rdns: RDNSNone, tlsShown: true,
	claims: signature("KumoMTA"),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex([]string{"KumoMTA"}))
		if a, ok := parseIP(firstWord(tag[len("KumoMTA"):])); ok {
			r.ByIP = a
		}
	},
}
