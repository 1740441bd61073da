package received

import "strings"

// webmail: what a program behind a web server writes about its user:
// from addr (proxying for addr) (SquirrelMail authenticated user u) by HOST with HTTP; D
// from addr ([addr]) by HOST (Horde Framework) with HTTPS; D
// from host [addr] by HOST with HTTP (HTTP/1.1 POST); D (Roundcube)
//
// The address is the one that the web server saw. "proxying for" is that client's
// word (X-Forwarded-For), and no name.
var webmail = dialect{
	name: "webmail", order: either, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool { return webmailProduct(c) != "" },
	read: func(c *clauses, r *Received) {
		r.Product = webmailProduct(c)
		r.Ident = ""
		first := c.word(kFrom, 0)
		if a, port, ok := parseIPPort(first); ok && (!r.IP.IsValid() || r.Product == "SquirrelMail") {
			r.IP, r.Port = a, port
		}
		// No SMTP client said the name in front: the web server looked it up.
		r.Helo = ""
		if _, ok := parseIP(first); ok {
			r.RDNS, r.RDNSKind = "", RDNSNone
		} else if first != "" {
			r.RDNS, r.RDNSKind = host(first), RDNSUnconfirmed
		}
		if i := c.findComment(kFrom, squirrelUser); i >= 0 {
			r.Auth, r.AuthUser = true, firstWord(c.use(i)[len(squirrelUser):])
			if r.RDNS == "SquirrelMail" {
				r.RDNS, r.RDNSKind = "", RDNSNone
			}
		}
		if c.word(kFrom, 1) == "as" && c.word(kFrom, 2) == "user" {
			r.Auth, r.AuthUser = true, c.word(kFrom, 3)
		}
		for _, k := range [...]key{kBy, kWith} {
			if i := c.commentIndex(k, 0); i >= 0 && webmailTag(c.at(i)) != "" {
				c.use(i)
			}
		}
	},
}

const squirrelUser = "SquirrelMail authenticated user "

// webmailProduct names the program, "" where the field is of none.
func webmailProduct(c *clauses) string {
	p := protoName(c.words(kWith))
	if p != "HTTP" && p != "HTTPS" {
		return ""
	}
	switch {
	case c.findComment(kFrom, squirrelUser) >= 0:
		return "SquirrelMail"
	case c.word(kFrom, 1) == "as" && c.word(kFrom, 2) == "user":
		return "webmail"
	}
	if name := webmailTag(c.byTag()); name != "" {
		return name
	}
	return webmailTag(c.comment(kWith, 0))
}

func webmailTag(s string) string {
	switch {
	case hasPrefixFold(s, "Horde "), s == "IMP", strings.HasPrefix(s, "IMP "):
		return "Horde"
	case strings.HasPrefix(s, "HTTP/1.") || strings.HasPrefix(s, "HTTP/2"):
		return "Roundcube"
	}
	return ""
}
