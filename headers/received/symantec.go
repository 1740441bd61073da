package received

import "strings"

// symantec: Symantec Messaging Gateway: from HELO (rdns [addr]) (using TLS with cipher C
// (128/128 bits)) (Client did not present a certificate) by HOST (NAME) with SMTP id
// A4.21.25507.A6CB71F5; D
var symantec = dialect{
	name: "symantec", product: "Symantec Messaging Gateway", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		return strings.Count(c.word(kID, 0), ".") == 3 && isBrightmailID(c.word(kID, 0)) && c.byTag() != ""
	},
	read: func(c *clauses, r *Received) {
		if i := c.findComment(kFrom, "Client did not present a certificate"); i >= 0 {
			c.use(i)
		}
		if r.TLS && (r.Proto == "SMTP" || r.Proto == "ESMTP") {
			r.Proto = "ESMTPS"
		}
	},
}

// isBrightmailID knows XX.XX.ddddd.XXXXXXXX.
func isBrightmailID(id string) bool {
	w := strings.Split(id, ".")
	return len(w) == 4 && all(w[0], 2, 2, isUpperHex) && all(w[1], 2, 2, isUpperHex) && all(w[2], 4, 5, isDigit) && all(w[3], 8, 8, isUpperHex)
}
