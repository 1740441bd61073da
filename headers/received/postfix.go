package received

import "strings"

// postfix: from HELO (rdns [addr]) (using TLSv1.3 with cipher C (256/256 bits) …)
// (Authenticated sender: u) by HOST (Postfix) with ESMTPSA id QUEUE for <rcpt>; D
//
// The name is forward-confirmed, else "unknown". A field without "from" is of a
// message that was made or sent on here.
var postfix = dialect{
	name: "postfix", product: "Postfix", rdns: RDNSConfirmed, tlsShown: true,
	claims: func(c *clauses) bool { return hasPrefixFold(c.byTag(), "Postfix") || c.byTagWord() == "Postfix" },
	read:   readPostfix,
}

// postfixShape is Postfix with another mail_name: (ASF Mail Server at mx1). Since
// others write the same shape, its name counts as a bare PTR.
var postfixShape = dialect{
	shape: true,
	name:  "postfix", product: "Postfix", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		tag := c.byTag()
		if tag == "" || strings.HasPrefix(tag, "=") || !isPostfixID(c.word(kID, 0)) {
			return false
		}
		if strings.Contains(tag, ", from userid ") {
			return true
		}
		if !c.has(kFrom) {
			return false
		}
		return c.plainPeer() && c.smtpWith() && c.comment(kFrom, 0)[0] != '['
	},
	read: readPostfix,
}

func readPostfix(c *clauses, r *Received) {
	if i := c.commentIndex(kBy, 0); i >= 0 {
		tag := c.use(i)
		if name, uid, ok := strings.Cut(tag, ", from userid "); ok {
			r.UID = uid
			tag = name
		}
		if tag != "Postfix" {
			r.Comments = append(r.Comments, tag)
		}
	}
	for _, said := range [...]string{"No client certificate requested", "Client did not present a certificate"} {
		if i := c.findComment(kFrom, said); i >= 0 {
			c.use(i)
		}
	}
	if i := c.findComment(kFrom, "using TLS"); i >= 0 && strings.Contains(c.at(i), " key-exchange ") {
		r.Release = "3.4 or later" // the first that writes it
	}
	if !c.has(kFrom) {
		r.Local = true
		r.TLSShown = false
		r.form("local")
	}
}

// isPostfixID knows queue ids: 5 to 14 hexadecimal digits in capitals, or with
// enable_long_queue_ids 11 and more of digits and consonants.
func isPostfixID(id string) bool {
	return all(id, 5, 14, isUpperHex) ||
		all(id, 11, 20, func(b byte) bool { return isAlnum(b) && !strings.ContainsRune("aeiouAEIOU", rune(b)) }) &&
			strings.ContainsRune(id, 'z')
}

// byTagWord returns the second word of "by": some write the name without the
// parentheses.
func (c *clauses) byTagWord() string { return c.word(kBy, 1) }
