package received

import "strings"

// smartermail: from HELO (rdns [addr]) by HOST with SMTP (SmarterMail); D; older versions
// name their product behind "with": with SmarterMail SMTP Server.
var smartermail = dialect{
	name: "smartermail", product: "SmarterMail", rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return signature("SmarterMail")(c) || strings.Contains(c.words(kWith), "SmarterMail")
	},
	read: versioned("SmarterMail"),
}
