package received

import (
	"net/netip"
	"strings"
)

// alibaba: from HELO(mailfrom:s@d fp:SMTPD_---X cluster:ay36) by smtp.aliyun-inc.com(addr); D
//
// Gives the envelope sender. The first word is the client's own: private addresses
// stand there, which a server on the Internet cannot have seen.
var alibaba = dialect{
	name: "alibaba", product: "Alibaba Mail", rdns: RDNSNone,
	claims: func(c *clauses) bool { return c.findComment(kFrom, "mailfrom:") >= 0 },
	read: func(c *clauses, r *Received) {
		r.Ident, r.RDNS, r.RDNSKind = "", "", RDNSNone
		r.setEnvelopeFrom(strings.TrimPrefix(firstWord(c.use(c.findComment(kFrom, "mailfrom:"))), "mailfrom:"))
		r.Helo, r.IP = c.word(kFrom, 0), netip.Addr{}
	},
}
