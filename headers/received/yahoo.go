package received

import "strings"

// yahoo: in: from ADDR (EHLO HELO) by 10.197.40.7 with SMTPs (version=TLSv1_3
// cipher=C); D. Out: by hermes--… (Yahoo Inc. Hermes SMTP Server) with ESMTPA ID …;
// from sonic.gate.mail.ne1.yahoo.com by sonic315.consmr.mail.bf2.yahoo.com with HTTP;
// old: from [ADDR] by nm2.bullet.mail.ukl.yahoo.com with NNFMP.
var yahoo = dialect{
	name: "yahoo", product: "Yahoo", order: either, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		by := c.byHost()
		return inDomain(by, "yahoo.com") || inDomain(by, "yahoo.net") || c.words(kWith) == "NNFMP" ||
			hasPrefixFold(c.byTag(), "Yahoo Inc.") || isYahooEntry(c)
	},
	read: func(c *clauses, r *Received) {
		if i := c.findComment(kBy, "Yahoo Inc."); i >= 0 {
			c.use(i)
		}
		if strings.Contains(c.lastComment(kFrom), " with ") { // (user@addr with login)
			r.Auth = true
			r.AuthUser, r.Ident = r.Ident, ""
		}
		if _, ok := parseIP(c.word(kFrom, 0)); ok {
			r.RDNSKind = RDNSNone // nothing was looked up
			if r.Helo == c.word(kFrom, 0) {
				r.Helo = ""
			}
		}
		switch {
		case isYahooEntry(c):
			r.TLSShown = true
			r.RDNS, r.RDNSKind = "", RDNSNone
			r.form("in")
		case r.With == "NNFMP":
			r.form("internal")
		case r.Proto == "HTTP" || r.Via == "HTTP":
			r.form("web")
		default:
			r.form("out")
		}
	},
}

// isYahooEntry knows a border line: an address stands first, EHLO in the
// parenthesis, the client's address there or in the next one, and the server goes
// by an address of its own or by its name.
func isYahooEntry(c *clauses) bool {
	if !hasPrefixFold(c.comment(kFrom, 0), "EHLO ") && !hasPrefixFold(c.comment(kFrom, 0), "HELO ") {
		return false
	}
	_, first := parseIP(c.word(kFrom, 0))
	_, by := parseIP(c.word(kBy, 0))
	return first && (by || inDomain(c.byHost(), "yahoo.com"))
}

// useIf marks a comment and says whether it is there.
func (c *clauses) useIf(k key, n int) bool {
	i := c.commentIndex(k, n)
	if i >= 0 {
		c.use(i)
	}
	return i >= 0
}
