package received

import "strings"

// SMTPSVC is the SMTP service of Windows, alone or under Exchange 2000 and 2003:
// from HELO ([addr] RDNS failed) by HOST with Microsoft SMTPSVC(6.0.3790.4675); D
// from mail pickup service by HOST with Microsoft SMTPSVC; D
//
// The number is that of Windows, not of Exchange.
func isSMTPSVC(c *clauses) bool { return strings.HasPrefix(c.words(kWith), "Microsoft SMTPSVC") }

func readSMTPSVC(c *clauses, r *Received) {
	r.Product = "IIS SMTP"
	r.Proto = "SMTP"
	if i := c.commentIndex(kWith, 0); i >= 0 {
		if _, ok := parseBuild(c.at(i)); ok {
			r.Version = c.use(i)
			r.Release = windowsOf(r.Version)
		}
	}
	if c.word(kFrom, 0) == "mail" && c.word(kFrom, 1) == "pickup" {
		r.Local = true
		r.Helo, r.RDNS, r.RDNSKind = "", "", RDNSNone
		r.form("pickup")
		return
	}
	r.form("2003")
}

// windowsBuilds names the Windows that an SMTPSVC version belongs to. The SMTP
// service kept its 6.0 numbering in no later Windows than Server 2003.
var windowsBuilds = [...]struct{ prefix, name string }{
	{"5.0.2172.", "Windows 2000"},
	{"5.0.2195.", "Windows 2000"},
	{"5.5.1877.", "Windows NT 4.0 Option Pack"},
	{"6.0.2600.", "Windows XP"},
	{"6.0.3790.", "Windows Server 2003"},
	{"7.0.6000.", "Windows Vista"},
	{"7.0.6001.", "Windows Server 2008"},
	{"7.0.6002.", "Windows Server 2008 SP2"},
	{"7.5.7600.", "Windows Server 2008 R2"},
	{"7.5.7601.", "Windows Server 2008 R2 SP1"},
	{"8.0.9200.", "Windows Server 2012"},
	{"8.5.9600.", "Windows Server 2012 R2"},
	{"10.0.14393.", "Windows Server 2016"},
	{"10.0.17763.", "Windows Server 2019"},
	{"10.0.20348.", "Windows Server 2022"},
}

func windowsOf(build string) string {
	for _, w := range windowsBuilds {
		if strings.HasPrefix(build, w.prefix) {
			return w.name
		}
	}
	return ""
}
