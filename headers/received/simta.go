package received

import "strings"

// simta: FROM HELO (rdns [addr]) BY HOST ID 434B508E.174A6.13932 ; 1 Jun 2026 06:00:00 -0400
//
// The keywords are in capitals.
var simta = dialect{
	name: "simta", product: "simta", rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		return strings.HasPrefix(c.text, "FROM ") && strings.Count(c.word(kID, 0), ".") == 2 &&
			all(strings.ReplaceAll(c.word(kID, 0), ".", ""), 8, 32, isUpperHex)
	},
}
