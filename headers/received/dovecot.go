package received

import "strings"

// dovecot: delivery into the store: from MTA by STORE with LMTP id GD2SE5bY0FtqUAAAScxBiw
// (envelope-from <s>) for <rcpt>; D. Before version 2.3: by STORE (Dovecot) with LMTP.
var dovecot = dialect{
	name: "dovecot", product: "Dovecot", rdns: RDNSNone, tlsShown: true,
	claims: signature("Dovecot"),
	read:   func(c *clauses, _ *Received) { c.useIf(kBy, 0) },
}

var dovecotShape = dialect{
	shape: true,
	name:  "dovecot", product: "Dovecot", rdns: RDNSNone, tlsShown: true,
	claims: func(c *clauses) bool {
		return strings.HasPrefix(c.words(kWith), "LMTP") && c.untagged() && all(c.word(kID, 0), 20, 28, isBase64)
	},
}
