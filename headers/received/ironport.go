package received

import "strings"

// ironport: Cisco ESA: from rdns (HELO name) ([addr]) by HOST with
// ESMTP/TLS/ECDHE-RSA-AES256-GCM-SHA384; 01 Jun 2026 10:00:00 +0000
//
// Neither id nor recipient; HELO is left out where it equals the name; no
// weekday in the date.
var ironport = dialect{
	name: "ironport", product: "Cisco ESA", order: nameFirst, rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		with := c.words(kWith)
		return strings.HasPrefix(with, "ESMTP/TLS") || strings.HasPrefix(with, "SMTP/TLS") ||
			inDomain(c.byHost(), "iphmx.com")
	},
	read: readIronPort,
}

var ironportShape = dialect{
	shape: true,
	name:  "ironport", product: "Cisco ESA", order: nameFirst, rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		last := c.lastComment(kFrom)
		return len(last) > 2 && last[0] == '[' && last[len(last)-1] == ']' && c.bareSMTP() && dayFirst(c.date)
	},
	read: readIronPort,
}

func readIronPort(_ *clauses, r *Received) {
	if _, tls, ok := strings.Cut(r.With, "/TLS"); ok {
		r.setTLS("", strings.TrimPrefix(tls, "/"))
	}
}

// bareSMTP says that "by" is a host alone, "with" is SMTP in one of its forms,
// and neither id nor recipient follow.
func (c *clauses) bareSMTP() bool {
	return c.untagged() && c.smtpWith() && !c.has(kID) && !c.has(kFor)
}

// dayFirst says that the date has no weekday.
func dayFirst(date string) bool { return date != "" && isDigit(date[0]) }

func (c *clauses) lastComment(k key) string {
	p := c.parts[k]
	for i := p.hi - 1; i >= p.lo; i-- {
		if c.tok[i].comment {
			return c.at(i)
		}
	}
	return ""
}
