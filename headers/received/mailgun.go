package received

import "strings"

// mailgun: from HELO (rdns [addr]) by smtp-out-n01.prod.eu-central-1.postgun.com with SMTP id
// 5f86ca43c20cc98d9eabfed2 (version=TLS1.3, cipher=C); D
// mailgun by its API: from <unknown> (<unknown> []) by 47a34c698db9 with HTTP id
// 64c287db8eae254b7ee92baf; D
var mailgunShape = dialect{
	shape: true,
	name:  "mailgun", product: "Mailgun", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		return c.untagged() && all(c.word(kID, 0), 24, 24, isLowerHex) && (strings.HasPrefix(c.words(kWith), "SMTP") || c.words(kWith) == "HTTP") ||
			inDomain(c.byHost(), "postgun.com") || inDomain(c.byHost(), "mailgun.org")
	},
	read: func(_ *clauses, r *Received) {
		if r.With == "HTTP" && r.Helo == "<unknown>" {
			r.Helo, r.RDNS, r.RDNSKind, r.Local, r.TLSShown = "", "", RDNSNone, true, false
		}
		if r.TLS && r.Proto == "SMTP" {
			r.Proto = "ESMTPS"
		}
	},
}
