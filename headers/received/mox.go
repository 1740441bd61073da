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

// moxShape is mox before 2023, without "via".
var moxShape = dialect{
	name: "mox", product: "mox", rdns: RDNSUnconfirmed, tlsShown: true,
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
