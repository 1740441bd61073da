package received

import "strings"

// lsoft: LISTSERV and its mailers: by HOST (LISTSERV-TCP/IP release 16.5) with spool id
// 12345678 for LIST@HOST; D, from HELO (addr) by HOST (SMTPL release 1.0) with TCP; D,
// from HELO (addr) by HOST (LSMTP for Windows NT v1.1b) with SMTP id <0.E000@HOST>; D
//
// No name from the DNS. "spool" is the list server's own queue.
var lsoft = dialect{
	name: "lsoft", product: "LISTSERV", rdns: RDNSNone,
	claims: signature("LISTSERV-TCP/IP ", "LISTSERV(TM)", "SMTPL ", "LSMTP "),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex([]string{"LISTSERV", "SMTPL ", "LSMTP "}))
		r.Version = versionIn(tag)
		if !strings.HasPrefix(tag, "LISTSERV") {
			r.Product = firstWord(tag)
		}
		switch r.With {
		case "spool":
			r.Local = true
			r.form("spool")
		case "TCP":
			r.Proto = "SMTP"
		}
	},
}
