package received

import "strings"

// hmailserver: from HELO (rdns [addr]) by COMPUTER with ESMTPS
// (version=TLSv1.2 cipher=C bits=256) ; D
//
// Nothing is signed: known by the space before the semicolon, a name or
// "Unknown" before the address, and no id. The name is the first PTR.
var hmailserver = dialect{
	shape: true,
	name:  "hmailserver", product: "hMailServer", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		if !c.spaced || !c.untagged() || c.has(kID) || c.has(kFor) || c.has(kVia) || !c.plainPeer() || isKeywordUpper(c) {
			return false
		}
		if !c.has(kWith) { // versions before 5.4 write from HELO ([addr]) by HOST ; D
			return true
		}
		return c.comment(kFrom, 0)[0] != '[' && strings.HasPrefix(c.words(kWith), "ESMTP") && c.smtpWith()
	},
	read: func(c *clauses, r *Received) {
		if !c.has(kWith) {
			r.TLSShown = false
			if r.RDNS == "" {
				r.RDNSKind = RDNSNone
			}
		}
	},
}

// isKeywordUpper says that the field begins with FROM, as simta writes it.
func isKeywordUpper(c *clauses) bool { return strings.HasPrefix(c.text, "FROM") }
