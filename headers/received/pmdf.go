package received

import "strings"

// pmdf: from HOST by HOST (PMDF V4.3-10 #8779) id <01KTSSR50NSW001MXN@HOST>; D
var pmdf = dialect{
	name: "pmdf", product: "PMDF", rdns: RDNSUnconfirmed,
	claims: signature("PMDF "),
	read: func(c *clauses, r *Received) {
		v := firstWord(c.use(c.signatureIndex([]string{"PMDF "}))[len("PMDF "):])
		r.Version = strings.TrimPrefix(v, "V")
	},
}
