package received

import "strings"

// powermta: by HOST (PowerMTA v5.0r8) id h1… for <rcpt>; D (envelope-from <s>)
//
// The version is often switched off, "from" is left out with hide-message-source.
// The sender stands behind the date.
var powermta = dialect{
	name: "powermta", product: "PowerMTA", rdns: RDNSNone,
	claims: signature("PowerMTA"),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex([]string{"PowerMTA"}))
		r.Version = strings.TrimPrefix(firstWord(strings.TrimPrefix(tag, "PowerMTA")), "v")
	},
}

var powermtaShape = dialect{
	shape: true,
	name:  "powermta", product: "PowerMTA", rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return c.untagged() && !c.has(kWith) && c.has(kID) && c.has(kFor) && strings.HasPrefix(c.word(kID, 0), "h") &&
			all(c.word(kID, 0), 8, 24, isAlnum) && c.findComment(kTail, "envelope-from ") >= 0
	},
}
