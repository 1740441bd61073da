package received

// mox: from HELO (rdns [addr]) by HOST ([addr]) via tcp with ESMTPS id X
// (TLS1.3 C) for <rcpt>; D
//
// The name is printed only where it differs from HELO, so its absence says
// nothing.
var mox = dialect{
	name: "mox", product: "mox", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool { return c.words(kVia) == "tcp" && c.byAddress() },
	read:   readMox,
}

// moxWebmail is a message that was written in mox's web interface:
// from HOST by HOST id X (TLS1.3 C) for <rcpt>; 1 Jun 2026 10:00:00 +0000
var moxWebmail = dialect{
	shape: true,
	name:  "mox", product: "mox", rdns: RDNSNone, tlsShown: true,
	claims: func(c *clauses) bool {
		return c.has(kFrom) && c.commentIndex(kFrom, 0) < 0 && c.word(kFrom, 0) == c.word(kBy, 0) && c.untagged() &&
			!c.has(kWith) && !c.has(kVia) && c.has(kFor) && all(c.word(kID, 0), 16, 32, isBase64) && dayFirst(c.date)
	},
	read: func(_ *clauses, r *Received) {
		r.Local, r.Helo = true, ""
		r.form("webmail")
	},
}

func isBase64(b byte) bool { return isAlnum(b) || b == '-' || b == '_' || b == '+' || b == '/' }

// moxShape is mox before 2023, without "via".
var moxShape = dialect{
	shape: true,
	name:  "mox", product: "mox", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool { return !c.has(kVia) && c.byAddress() && c.byTag() == "" && c.smtpWith() },
	read:   readMox,
}

func readMox(_ *clauses, r *Received) {
	if r.RDNS == "" {
		r.RDNSKind = RDNSNone
	}
}

// byAddress says that the server's own address stands in brackets behind its
// name.
func (c *clauses) byAddress() bool {
	s := c.comment(kBy, 0)
	if s == "" || s[0] != '[' {
		return false
	}
	_, ok := parseIP(s)
	return ok
}
