package received

import "strings"

// messagelabs: Symantec.cloud: from unknown (HELO name) (addr) by
// server-8.tower-406.messagelabs.com with C encrypted SMTP; 1 Jun 2026 10:00:00 -0000
//
// A qmail at heart.
var messagelabs = dialect{
	name: "messagelabs", product: "Symantec Email Security.cloud", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		return inDomain(c.byHost(), "messagelabs.com") && !strings.HasPrefix(c.comment(kLead, 0), "qmail ")
	},
	read: readQmail,
}
