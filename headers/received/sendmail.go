package received

import "strings"

// sendmail: from HELO (IDENT:u@rdns [addr] (may be forged)) (authenticated bits=0)
// by HOST (8.17.1/8.17.1/Debian-2) with ESMTPS id QUEUE
// (version=TLSv1.3 cipher=C bits=256 verify=NO) for <rcpt>; D
//
// The name is forward-confirmed unless "may be forged". A message from this
// host begins with (from user@localhost).
var sendmail = dialect{
	name: "sendmail", product: "Sendmail", rdns: RDNSConfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		return isSendmailVersion(c.byTag()) && !isProofpoint(c)
	},
	read: func(c *clauses, r *Received) {
		tag := c.byTag()
		c.useText(tag)
		r.Version, r.Distribution = sendmailVersion(tag)
		if strings.HasPrefix(tag, "Sentrion") {
			r.Product = "Sendmail Sentrion"
		}
		if strings.HasPrefix(tag, "Switch-") {
			r.Product = "Sendmail Switch"
		}
		lead := c.comment(kLead, 0)
		if user, ok := strings.CutPrefix(lead, "from "); ok {
			c.useText(lead)
			r.UID, _, _ = strings.Cut(user, "@")
		}
		if r.UID != "" || r.Local || strings.HasSuffix(tag, "/Submit") && r.IP.IsLoopback() {
			r.Local = true
			r.TLSShown = false
			r.form("submit")
		}
	},
}

// isSendmailVersion knows BINARY/CONFIG[/PATCH] of the default
// "received from" macro.
func isSendmailVersion(tag string) bool {
	if strings.HasPrefix(tag, "Sentrion-MTA-") {
		return true
	}
	binary, config, ok := strings.Cut(tag, "/")
	return ok && !strings.Contains(binary, " ") &&
		(strings.HasPrefix(binary, "8.") || strings.HasPrefix(binary, "Switch-") && strings.HasPrefix(config, "Switch-") || strings.HasPrefix(binary, "SMI-8.") ||
			strings.HasPrefix(config, "8.") && isHostName(binary))
}

// sendmailVersion takes "8.17.1/8.17.1/Debian-2" apart; AIX and others put
// their own name first.
func sendmailVersion(tag string) (version, dist string) {
	first, rest, _ := strings.Cut(tag, "/")
	_, patch, _ := strings.Cut(rest, "/")
	for _, brand := range [...]string{"Sentrion-MTA-", "Switch-"} {
		if v, ok := strings.CutPrefix(first, brand); ok {
			return v, ""
		}
	}
	if !isDigit(first[0]) && !strings.HasPrefix(first, "SMI-") {
		second, _, _ := strings.Cut(rest, "/")
		return second, first
	}
	return first, patch
}

// useText marks the comment whose text is s as read.
func (c *clauses) useText(s string) {
	for i := range c.tok {
		if c.tok[i].comment && c.at(int32(i)) == s {
			c.tok[i].used = true
		}
	}
}
