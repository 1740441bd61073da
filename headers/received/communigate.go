package received

import "strings"

// communigate: from [addr] (account u@d HELO name) by DOMAIN (CommuniGate Pro SMTP
// 6.2.14) with ESMTPSA id 55606295; D, and from HELO ([addr] verified)
//
// "verified" means that the HELO name resolves to the address. "by" is the mail
// domain, not a host. HTTP and XIMSS are its webmail.
var communigate = dialect{
	name: "communigate", product: "CommuniGate", rdns: RDNSNone, tlsShown: true,
	claims: signature("CommuniGate Pro"),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex([]string{"CommuniGate Pro"}))
		r.Version = versionIn(tag)
		r.RDNS, r.RDNSKind = "", RDNSNone
		first := c.word(kFrom, 0)
		if a, port, ok := parseIPPort(first); ok {
			if !r.IP.IsValid() {
				r.IP, r.Port = a, port
			}
			if r.Helo == first {
				r.Helo = ""
			}
		}
		switch {
		case strings.HasPrefix(r.With, "HTTP"), strings.HasPrefix(r.With, "XIMSS"):
			r.form("web")
		case strings.HasPrefix(r.With, "PIPE"), strings.HasPrefix(r.With, "RULE"), strings.HasPrefix(r.With, "GROUP"), strings.HasPrefix(r.With, "LIST"):
			r.Local = true
			r.form("local")
		}
	},
}
