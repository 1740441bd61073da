package received

import "strings"

// sendgrid: from ACCOUNT (unknown [addr]) by geopod-ismtpd-9 (SG) with HTTP id X
// Mon, 01 Jun 2026 10:00:00.864 +0000 (UTC), and inside
// by recvd-7b5d7c7745-nftc8 with SMTP id … 2026-06-01 10:00:00.87 +0000 UTC m=+10850580.6
//
// There is no semicolon, and with HTTP the word behind "from" is the account's
// number in Base64, not a host. Without the address stands "(unknown)".
var sendgrid = dialect{
	name: "sendgrid", product: "SendGrid", rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		by := c.byHost()
		return c.byTag() == "SG" || inDomain(by, "sendgrid.net") ||
			by != "" && !c.has(kFrom) && strings.HasPrefix(c.word(kID, 0), by+"-") ||
			strings.HasPrefix(by, "geopod-ismtpd-") || strings.HasPrefix(by, "ismtpd")
	},
	read: func(c *clauses, r *Received) {
		c.useIf(kBy, 0)
		if !c.has(kFrom) {
			r.form("inner")
			return
		}
		if r.With == "HTTP" {
			r.Auth, r.AuthUser = true, r.Helo
			r.Helo = ""
		}
	},
}
