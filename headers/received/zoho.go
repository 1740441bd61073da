package received

// zoho: from HELO (rdns [addr]) by mx.zohomail.com with SMTPS id 1765880268530968.3828365537603; D
//
// Submissions have no "from".
var zoho = dialect{
	name: "zoho", product: "Zoho Mail", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		by := c.byHost()
		return inDomain(by, "zoho.com") || inDomain(by, "zohomail.com") || inDomain(by, "zoho.eu") || inDomain(by, "zoho.in")
	},
}
