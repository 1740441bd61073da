package received

import "strings"

// cyrus: delivery into the store: from MTA (rdns [addr]) by STORE (Cyrus 3.9.0) with LMTPA; D
var cyrus = dialect{
	name: "cyrus", product: "Cyrus", rdns: RDNSNone,
	claims: signature("Cyrus "),
	read: func(c *clauses, r *Received) {
		r.Version = strings.TrimPrefix(firstWord(c.use(c.signatureIndex([]string{"Cyrus "}))[len("Cyrus "):]), "v")
	},
}
