package received

import "strings"

// opensmtpd: from HELO (rdns [addr]) by HOST (OpenSMTPD) with ESMTPSA id 5db34e0d
// (TLSv1.3:C:256:NO) auth=yes user=u for <rcpt>; D
//
// "from" is left out with mask-src; [local] is a message of this host.
var opensmtpd = dialect{
	name: "opensmtpd", product: "OpenSMTPD", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: signature("OpenSMTPD"),
	read:   readOpenSMTPD,
}

// opensmtpdShape has another name in the parenthesis.
var opensmtpdShape = dialect{
	shape: true,
	name:  "opensmtpd", product: "OpenSMTPD", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		id := c.word(kID, 0)
		return all(id, 8, 8, isLowerHex) && c.byTag() != "" && c.smtpWith() &&
			(strings.HasSuffix(c.comment(kID, 0), ":NO") || strings.HasSuffix(c.comment(kID, 0), ":YES"))
	},
	read: readOpenSMTPD,
}

func readOpenSMTPD(c *clauses, r *Received) {
	c.useIf(kBy, 0)
	for n := 1; n <= 2; n++ {
		switch w := c.word(kID, n); {
		case w == "auth=yes":
			r.Auth = true
		case strings.HasPrefix(w, "user="):
			r.AuthUser = w[len("user="):]
		}
	}
	if r.Local {
		r.RDNS, r.RDNSKind = "", RDNSNone
		r.form("local")
	}
}
