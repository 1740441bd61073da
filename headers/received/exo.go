package received

import "strings"

// exo: Exchange Online writes the lines of Exchange Server.
//
// Only a host below protection.outlook.com faces the Internet ("exo-entry"),
// and its client address is the one that SPF was checked against. All other
// addresses are Microsoft's own: 10.x and 2603:… .
var exo = dialect{
	name: "exo", product: "Exchange Online", rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return isOnline(c.byHost()) && !isSMTPSVC(c) && (isExchange(c) || c.words(kWith) == "" || strings.HasPrefix(c.words(kWith), "HTTP") || isResubmission(c))
	},
	read: func(c *clauses, r *Received) {
		readExchange(c, r)
		r.Release = "" // the service has no releases
		switch {
		case r.With == "mapi":
			r.form("mapi")
		case isResubmission(c): // out of a mailbox again, behind a filter: no SMTP
			r.Local = true
			r.form("resubmission")
		case strings.HasPrefix(r.With, "HTTP"):
			r.form("http")
		case inDomain(r.By, "protection.outlook.com") || inDomain(r.By, "protection.partner.outlook.cn"):
			r.form("entry")
		default:
			r.form("inner")
		}
	},
}

// isResubmission knows "with MailboxResubmission by AntispamTT".
func isResubmission(c *clauses) bool { return strings.HasPrefix(c.words(kWith), "MailboxResubmission") }

// onlineDomains hold the servers of Exchange Online.
var onlineDomains = [...]string{
	"outlook.com", "office365.com", "outlook.de", "partner.outlook.cn", "office365.us", "exchangelabs.com",
}

func isOnline(host string) bool {
	for _, d := range onlineDomains {
		if inDomain(host, d) {
			return true
		}
	}
	return false
}
