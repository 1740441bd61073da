package received

import "strings"

// groupwise: from DOMAIN-MTA by HOST with Novell_GroupWise; D
var groupwise = dialect{
	name: "groupwise", product: "GroupWise", rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return strings.HasPrefix(c.words(kWith), "Novell_GroupWise") || signature("Novell GroupWise", "GroupWise")(c)
	},
	read: versioned("Novell GroupWise", "GroupWise"),
}
