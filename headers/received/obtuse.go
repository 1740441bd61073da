package received

import "strings"

// obtuse: smtpd of Obtuse Systems and Juniper, a proxy in front of a queue:
// from rdns(addr), claiming to be "HELO" via SMTP by HOST, id smtpdBBBxyz; D
//
// The HELO is left out where it equals the name; UNKNOWN stands for none.
var obtuse = dialect{
	name: "obtuse", product: "Obtuse smtpd", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		return strings.HasPrefix(c.word(kID, 0), "smtpd") && strings.HasSuffix(c.word(kBy, 0), ",") && strings.HasSuffix(c.words(kVia), "SMTP")
	},
	read: func(c *clauses, r *Received) {
		part := c.parts[kFrom]
		if part.lo+1 >= part.hi || !c.tok[part.lo+1].comment {
			return
		}
		// The first parenthesis is the server's; all behind "claiming to be" is the
		// client's, whatever it looks like.
		if a, port, ok := parseIPPort(c.at(part.lo + 1)); ok {
			r.IP, r.Port = a, port
		}
		if _, said, ok := strings.Cut(c.text[c.tok[part.lo+1].hi:c.tok[part.hi-1].hi], `claiming to be "`); ok {
			said, _, _ = strings.Cut(said, `" via `)
			r.Helo = strings.TrimSuffix(said, `"`)
		}
		r.RDNS, r.RDNSKind = "", RDNSUnknown
		if name := c.at(part.lo); !isUnknown(name) {
			r.RDNS, r.RDNSKind = host(name), RDNSUnconfirmed
		}
	},
}
