package received

import "strings"

// intermail: Openwave, Synchronoss: from HELO ([addr]) by HOST
// (InterMail vM.8.01.05.28 201-2260-151-171-20160122) with ESMTP id <…@HELO> for <rcpt>; D
//
// No name from the DNS.
var intermail = dialect{
	name: "intermail", product: "InterMail", rdns: RDNSNone,
	claims: signature("InterMail v"),
	read: func(c *clauses, r *Received) {
		r.Version = firstWord(c.use(c.signatureIndex([]string{"InterMail v"}))[len("InterMail v"):])
		r.Version = strings.TrimPrefix(r.Version, "M.")
	},
}
