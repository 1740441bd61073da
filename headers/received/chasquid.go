package received

import "strings"

// chasquid: from HELO ([addr]) by HOST (chasquid) with ESMTPS tls C
// (over SMTP, TLS-1.3, envelope from "a@example.com") ; D
//
// No name from the DNS. A client that logged in keeps its address hidden.
var chasquid = dialect{
	name: "chasquid", product: "chasquid", rdns: RDNSNone, tlsShown: true,
	claims: signature("chasquid"),
	read: func(c *clauses, r *Received) {
		c.useIf(kBy, 0)
		i := c.anyComment("over ")
		if i < 0 {
			return
		}
		over := c.use(i)
		if _, sender, ok := strings.Cut(over, `envelope from "`); ok {
			r.setEnvelopeFrom(strings.TrimSuffix(sender, `"`))
		}
		if _, v, ok := strings.Cut(over, ", TLS-"); ok {
			version, _, _ := strings.Cut(v, ",")
			r.setTLS("TLS-"+version, "")
		}
	},
}
