package received

import "strings"

// haraka: from HELO (rdns [addr]) by HOST (Haraka/3.0.3) with ESMTPSA id UUID.1
// envelope-from <s> tls TLS_AES_256_GCM_SHA384 (authenticated bits=0); D
//
// Not the grammar of RFC 5321; older versions write (cipher=C) for tls.
var haraka = dialect{
	name: "haraka", product: "Haraka", order: either, rdns: RDNSUnconfirmed, tlsShown: true,
	claims: signature("Haraka"),
	read: func(c *clauses, r *Received) {
		if _, v, ok := strings.Cut(c.use(c.signatureIndex([]string{"Haraka"})), "/"); ok {
			r.Version = v
		}
		if strings.EqualFold(r.RDNS, "NXDOMAIN") || strings.EqualFold(r.RDNS, "DNSERROR") {
			r.RDNS, r.RDNSKind = "", RDNSUnknown
		}
	},
}
