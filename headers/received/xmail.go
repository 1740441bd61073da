package received

import "strings"

// xmail: from HELO (addr:port) by HOST (addr:port) with [XMail 1.20 ESMTP Server]
// id <S72E> for <rcpt> from <s>; D
var xmail = dialect{
	name: "xmail", product: "XMail", rdns: RDNSNone,
	claims: func(c *clauses) bool { return strings.HasPrefix(c.words(kWith), "[XMail ") },
	read: func(_ *clauses, r *Received) {
		r.Version = firstWord(strings.TrimPrefix(r.With, "[XMail "))
		r.Proto = protoName(strings.Trim(r.With, "[]"))
	},
}
