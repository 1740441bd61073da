package received

// maddy: from HELO (rdns [addr]) by HOST (envelope-sender <s>) with ESMTPS id 95b49b87; D
//
// "from" is left out for submissions. Nothing about TLS but the protocol.
var maddy = dialect{
	name: "maddy", product: "maddy", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		return hasPrefixFold(c.comment(kBy, 0), "envelope-sender <") && all(c.word(kID, 0), 8, 8, isLowerHex)
	},
}
