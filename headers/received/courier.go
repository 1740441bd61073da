package received

import "strings"

// courier: from HELO (rdns [::ffff:192.0.2.1]) (AUTH: LOGIN u, TLS: TLSv1.2,256bits,C)
// by HOST with ESMTPSA; D id 00000000000A8B5F.0000000045C4BFDC.00001F9A
//
// Addresses are IPv4-mapped; "softdnserr" stands for a failed lookup.
var courier = dialect{
	name: "courier", product: "Courier", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		if !c.untagged() || c.has(kVia) {
			return false
		}
		return strings.Contains(c.comment(kFrom, 0), "[::ffff:") || c.findComment(kFrom, "AUTH: ") >= 0 ||
			c.findComment(kFrom, "TLS: ") >= 0 || c.findComment(kFrom, "SSL: ") >= 0 || c.findComment(kFrom, "uid ") >= 0 || isCourierID(c.word(kID, 0))
	},
	read: func(c *clauses, r *Received) {
		if i := c.findComment(kFrom, "IDENT: "); i >= 0 {
			r.Ident = c.use(i)[len("IDENT: "):]
		}
		if i := c.findComment(kFrom, "uid "); i >= 0 {
			r.Local, r.UID = true, c.use(i)[len("uid "):]
			r.RDNS, r.RDNSKind, r.TLSShown = "", RDNSNone, false
			r.form("local")
		}
	},
}

func isCourierID(id string) bool {
	a, rest, _ := strings.Cut(id, ".")
	b, d, ok := strings.Cut(rest, ".")
	return ok && len(a) == len(b) && (len(a) == 8 || len(a) == 16) &&
		all(a, 8, 16, isUpperHex) && all(b, 8, 16, isUpperHex) && all(d, 8, 8, isUpperHex)
}
