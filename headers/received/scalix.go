package received

// scalix: Scalix and HP OpenMail: from HELO by HOST via Scalix SMTP Relay (…); D
var scalix = dialect{
	name: "scalix", product: "Scalix", rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return hasPrefixFold(c.words(kVia), "Scalix") || signature("Scalix")(c) || hasPrefixFold(c.words(kWith), "Scalix")
	},
	read: versioned("Scalix"),
}
