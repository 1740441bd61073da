package received

import "strings"

// exim: from rdns ([addr]:port helo=HELO ident=u) by HOST with esmtps (TLS1.3) tls C
// (Exim 4.97 (Debian)) (envelope-from <s>) id 1rXabc-00000001234-1a2b for rcpt; D
//
// The name is verified; without one the address stands alone and HELO moves
// into the parenthesis: from [addr] (helo=HELO).
var exim = dialect{
	name: "exim", product: "Exim", order: nameFirst, rdns: RDNSConfirmed, tlsShown: true,
	claims: signature("Exim ", "connectmail/exim"),
	read:   readExim,
}

// eximShape is Exim with another received_header_text: its id and its protocol
// in small letters.
var eximShape = dialect{
	shape: true,
	name:  "exim", product: "Exim", order: nameFirst, rdns: RDNSConfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		with := c.words(kWith)
		return isEximID(c.word(kID, 0)) && with != "" && with == strings.ToLower(with) && c.has(kBy)
	},
	read: readExim,
}

func readExim(c *clauses, r *Received) {
	if i := c.anyComment("Exim "); i >= 0 {
		text := c.use(i)[len("Exim "):]
		r.Version = firstWord(text)
		if open := strings.IndexByte(text, '('); open >= 0 {
			r.Distribution = strings.TrimSuffix(text[open+1:], ")")
		}
	}
	if c.word(kID, 1) == "by" && c.word(kID, 2) == "authid" { // a rule that many copied
		r.Auth, r.AuthUser = true, strings.Trim(c.word(kID, 3), "<>")
	}
	if r.Local {
		r.UID = c.word(kFrom, 0) // login name of the caller
		r.RDNS, r.RDNSKind = "", RDNSNone
		if r.Helo == r.UID {
			r.Helo = ""
		}
		r.TLSShown = false
		r.form("local")
	}
}

// isEximID knows message ids 1acsAB-0001Qx-7d, and 6-11-4 since Exim 4.97.
func isEximID(id string) bool {
	switch len(id) {
	case 16:
		return id[6] == '-' && id[13] == '-' && all(id[:6], 6, 6, isAlnum) && all(id[7:13], 6, 6, isAlnum) && all(id[14:], 2, 2, isAlnum)
	case 23:
		return id[6] == '-' && id[18] == '-' && all(id[:6], 6, 6, isAlnum) && all(id[7:18], 11, 11, isAlnum) && all(id[19:], 4, 4, isAlnum)
	}
	return false
}
