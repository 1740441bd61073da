package received

import "strings"

// exchange: Exchange Server of all ages. Since 2007:
// from HELO (addr) by HOST (addr) with Microsoft SMTP Server (TLS) id 14.3.439.0
// [via Frontend Transport]; D
//
// The name is the client's word: Exchange looks nothing up. The id is the build
// of HOST. Bottom-up a message passes "mapi" (the author's mailbox), no "via"
// (hub), Frontend Transport (entry), Mailbox Transport (delivery).
var exchange = dialect{
	name: "exchange", product: "Exchange Server", rdns: RDNSNone,
	claims: func(c *clauses) bool {
		return !isOnline(c.byHost()) && isExchange(c) || isSMTPSVC(c) || c.anyComment(internetMailService) >= 0
	},
	read: func(c *clauses, r *Received) {
		switch {
		case isSMTPSVC(c):
			readSMTPSVC(c, r)
		case c.anyComment(internetMailService) >= 0:
			readInternetMailService(c, r)
		default:
			readExchange(c, r)
			r.exchangeForm()
		}
	},
}

func isExchange(c *clauses) bool {
	with := c.words(kWith)
	switch with {
	case "mapi", "ShadowRedundancy", "HTTP", "HTTPS":
		_, ok := parseBuild(c.word(kID, 0))
		return ok
	}
	if _, ok := parseBuild(c.word(kID, 0)); ok && with == "" && strings.HasSuffix(c.words(kVia), " Transport") {
		return true
	}
	return strings.HasPrefix(with, "Microsoft SMTP Server") || strings.HasPrefix(with, "Microsoft Exchange Server")
}

// readExchange reads a field of Exchange 2007 and later, or of Exchange Online.
func readExchange(c *clauses, r *Received) {
	r.RDNS, r.RDNSKind = "", RDNSNone
	r.Version, r.ID = r.ID, "" // "id" is the build, there is no queue id
	r.TLSShown = strings.HasPrefix(r.With, "Microsoft SMTP Server")
	switch {
	case r.With == "mapi":
		r.Local = true
	case r.TLSShown && r.TLS:
		r.Proto = "ESMTPS" // STARTTLS needs EHLO
	case r.TLSShown:
		r.Proto = "SMTP"
	}
	if r.Version != "" {
		r.Release = exchangeName(r.Version, r.By)
		if r.With == "mapi" { // the store's build lags behind the transport's: only the branch is sure
			r.Release = strings.TrimSuffix(r.Release, unlisted)
		}
	}
}

// exchangeName says product and update in one: "Exchange Server 2016 CU23 Aug25SU".
func exchangeName(version, host string) string {
	product, release, _ := ExchangeRelease(version, host)
	switch first := firstWord(release); first {
	case "":
		return product
	case "between", "before", "after":
		return product + ", " + release
	}
	return product + " " + release
}

func (r *Received) exchangeForm() {
	b, ok := parseBuild(r.Version)
	switch {
	case r.With == "mapi":
		r.form("mapi")
	case strings.HasPrefix(r.Via, "Frontend"):
		r.form("frontend")
	case strings.HasPrefix(r.Via, "Mailbox"):
		r.form("delivery")
	case ok && b[0] == 8:
		r.form("2007")
	case ok && b[0] == 14, !ok:
		r.form("2010")
	default:
		r.form("hub")
	}
}

const internetMailService = "Microsoft Exchange Internet Mail Service Version "

// readInternetMailService reads Exchange 4.0 to 5.5: from HELO (rdns [addr]) by
// HOST with SMTP (Microsoft Exchange Internet Mail Service Version 5.5.2653.19)
// id QUEUE.
func readInternetMailService(c *clauses, r *Received) {
	r.Version = firstWord(c.use(c.anyComment(internetMailService))[len(internetMailService):])
	r.Release = exchangeName(r.Version, r.By)
	r.form("55")
}
