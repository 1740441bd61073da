package received

import "strings"

// mdaemon: from HELO ([IPV6:addr]) by HOST (addr) (MDaemon PRO v26.0.2b) with ESMTPSA
// id md5001005260780.msg; D, old: from HELO [addr] by HOST [addr] with SMTP
// (MDaemon.PRO.v5.0.6.R) for <rcpt>; D
//
// HELO is left out where it is an address.
var mdaemon = dialect{
	name: "mdaemon", product: "MDaemon", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: signature("MDaemon"),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex([]string{"MDaemon"}))
		if i := strings.LastIndexAny(tag, "vV"); i >= 0 {
			r.Version = strings.TrimSuffix(tag[i+1:], ".R")
		}
		if a, port, ok := parseIPPort(r.Helo); ok && !r.IP.IsValid() {
			r.IP, r.Port = a, port
		}
		if r.RDNS == "" {
			r.RDNSKind = RDNSNone
		}
		if !strings.Contains(r.Version, ".") {
			r.Version = ""
		}
	},
}
