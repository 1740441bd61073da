package received

import "strings"

// qmail: from rdns (HELO name) (ident@addr) by HOST with SMTP; 1 Jun 2026 10:00:00 -0000
//
// The name is not confirmed (tcpserver without -p), HELO is left out where
// equal. A second kind of line tells of the queue:
// (qmail 19499 invoked by uid 511); D. qmail-ldap and the TLS patch add
// (envelope-sender <s>) and "with (C encrypted) SMTP".
var qmail = dialect{
	name: "qmail", product: "qmail", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		return strings.HasPrefix(c.comment(kLead, 0), "qmail ") || strings.HasPrefix(c.byTag(), "qmail-") ||
			c.findComment(kFrom, "envelope-sender ") >= 0 && c.has(kBy) ||
			c.findComment(kWith, "qmail-scanner") >= 0 || strings.HasPrefix(c.words(kWith), "qmail-scanner") ||
			strings.HasPrefix(c.byTag(), "netqmail")
	},
	read: readQmail,
}

// qmailShape also takes the TLS patch.
var qmailShape = dialect{
	shape: true,
	name:  "qmail", product: "qmail", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool {
		if !dayFirst(c.date) || !c.untagged() || c.has(kID) || !c.has(kFrom) {
			return false
		}
		last := c.lastComment(kFrom)
		if at := strings.LastIndexByte(last, '@'); at >= 0 {
			last = last[at+1:]
		}
		if _, ok := parseIP(last); !ok || last[0] == '[' {
			return false
		}
		with := c.words(kWith)
		return with == "SMTP" || with == "ESMTP" || with == "ESMTPS" || with == "ESMTPA" || with == "ESMTPSA" ||
			with == "QMTP" || with == "QMQP" || strings.HasSuffix(with, " encrypted SMTP")
	},
	read: readQmail,
}

func readQmail(c *clauses, r *Received) {
	if cipher, ok := strings.CutSuffix(r.With, " encrypted SMTP"); ok {
		r.setTLS("", cipher)
	}
	if r.TLS && (r.Proto == "SMTP" || r.Proto == "ESMTP") {
		r.Proto = "ESMTPS" // STARTTLS needs EHLO
	}
	if tag := c.byTag(); strings.HasPrefix(tag, "qmail-") { // qmail-ldap-1.03
		c.useText(tag)
		r.Version = tag[strings.LastIndexByte(tag, '-')+1:]
		r.Distribution, _, _ = strings.Cut(tag[len("qmail-"):], "-")
	}
	if strings.HasPrefix(r.With, "qmail-scanner") { // from SENDER by HOST by uid N with qmail-scanner-1.14
		r.setEnvelopeFrom(c.word(kFrom, 0))
		r.Helo, r.RDNS, r.RDNSKind = "", "", RDNSNone
		r.Local, r.OwnHost = true, true
		if c.word(kBy, 2) == "uid" {
			r.UID = c.word(kBy, 3)
		}
		r.form("scanner")
	}
	lead, ok := strings.CutPrefix(c.comment(kLead, 0), "qmail ")
	if lead = strings.TrimSpace(lead); !ok || lead == "" {
		return
	}
	c.useIf(kLead, 0)
	how := " " + lead // GMX leaves the process id out: (qmail invoked by alias)
	if pid := firstWord(lead); isDigit(pid[0]) {
		r.ID = pid
		how = lead[len(pid):]
	}
	r.Local = true
	switch uid, by := strings.CutPrefix(how, " invoked by uid "); {
	case by:
		r.UID = firstWord(uid)
		r.form("uid")
	case strings.HasSuffix(how, "from network"): // what came by SMTP enters the queue: see FromNetwork
		r.FromNetwork = true
		r.form("network")
	case strings.HasSuffix(how, "by alias"):
		r.form("alias")
	case strings.HasSuffix(how, "for bounce"):
		r.form("bounce")
	default:
		r.form("queue")
	}
}
