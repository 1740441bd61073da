package received

import (
	"net/netip"
	"strings"
)

// gmail: from HELO (rdns. [addr]) by mx.google.com with ESMTPS id
// a28si1868819qtn.74.2026.06.01.03.00.00 for <rcpt> (version=TLS1_3 cipher=C bits=256/256); D
//
// Addresses that begin with 2002: in "by" are codes of machines inside Google:
// no address of anybody.
var gmail = dialect{
	name: "gmail", product: "Gmail", rdns: RDNSConfirmed,
	claims: func(c *clauses) bool {
		by := c.byHost()
		switch {
		case strings.HasPrefix(by, "2002:"):
			return true
		case inDomain(by, "google.com"), inDomain(by, "gmail.com"):
			return true
		}
		return false
	},
	read: readGmail,
}

// gmailShape is the form of the years before 2018: by 10.200.0.81 with SMTP id
// i17mr14323797qtg.308.1509801501660, and by 10.12.155.138 with HTTP.
var gmailShape = dialect{
	shape: true,
	name:  "gmail", product: "Gmail", rdns: RDNSConfirmed,
	claims: func(c *clauses) bool {
		a, ok := parseIP(c.word(kBy, 0))
		if !ok || !a.IsPrivate() || c.has(kFrom) {
			return false
		}
		with := c.words(kWith)
		return with == "HTTP" && !c.has(kID) || with == "SMTP" && gmailIDKind(c.word(kID, 0)) != ""
	},
	read: readGmail,
}

func readGmail(c *clauses, r *Received) {
	r.IDKind = gmailIDKind(r.ID)
	if strings.HasPrefix(r.By, "2002:") {
		r.ByIP = netip.Addr{}
		c.note(NoteInternalCode)
	}
	if r.IP.Is6() && strings.HasPrefix(r.IP.String(), "2002:a") && !c.has(kFrom) {
		r.IP = netip.Addr{}
	}
	if i := c.findComment(kFor, "Google Transport Security"); i >= 0 {
		c.use(i)
		r.TLS = true
	}
	switch {
	case strings.EqualFold(r.By, "gmailapi.google.com"):
		r.Auth, r.AuthUser = true, c.word(kFrom, 0) // number of the API project
		r.Helo, r.RDNS, r.RDNSKind = "", "", RDNSNone
		r.Local = true
		r.form("api")
	case !c.has(kFrom) && r.With == "HTTP":
		r.form("web")
	case !c.has(kFrom):
		r.form("internal")
	case r.Auth || r.IDKind == "sm":
		r.Auth = true
		r.TLSShown = true
		r.form("submission")
	default:
		r.TLSShown = true
		r.form("entry")
	}
}

// gmailIDKind returns the letters between the two numbers of a Gmail id: "si" of
// "a28si1868819qtn.74.2026.06.01.03.00.00".
func gmailIDKind(id string) string {
	s, _, _ := strings.Cut(id, ".")
	end := len(s)
	for end > 0 && isAlpha(s[end-1]) {
		end--
	}
	digits := end
	for digits > 0 && isDigit(s[digits-1]) {
		digits--
	}
	if end == len(s) || digits == end {
		return ""
	}
	for _, kind := range [...]string{"csp", "sor", "si", "sm", "so", "sf", "mr"} {
		if strings.HasSuffix(s[:digits], kind) && digits > len(kind) {
			return kind
		}
	}
	return ""
}
