package headers

import (
	"bytes"
	"io"
	"net/netip"
	"slices"
	"strings"

	gomessage "github.com/emersion/go-message"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/spf"
)

// Bounds on what is read of a bounce.
const (
	maxNotice      = 64 << 10 // octets of its text for people
	maxReplies     = 16
	maxReplyLength = 600
	maxBouncedHops = 8 // client addresses of the returned message that are asked for
)

// Reply is an SMTP reply that a bounce quotes.
type Reply struct {
	Code   string // "550"
	Status string // enhanced code, "5.7.26"; "" where there is none
	Text   string
	Host   string // that gave it, as far as the bounce says
	HostIP netip.Addr
	// Rcpt is the recipient that it is about, MailFrom the envelope sender that
	// the bounce says was given, Command what the server replied to: "MAIL FROM",
	// "RCPT TO". "" where the bounce does not say.
	Rcpt, MailFrom, Command string
	// FromText says that it stands only in the text for people.
	FromText bool

	// What the reply says was judged: the client's address, and the identity with
	// its kind, "mailfrom" or "helo". Invalid and "" where it does not say.
	ClientIP     netip.Addr
	Identity     string
	IdentityKind string
	// SPF is what the record of that identity says today of that address; nil where
	// the reply names no check of SPF, no address, or the DNS was not asked.
	SPF *spf.Evaluation
}

// spfWords are those by which a reply says that it is about SPF.
var spfWords = pattern.New(`(?i)\bSPF\b|sender policy framework|open-?spf`)

// Bounced is what tells whose the message is that a bounce is about.
type Bounced struct {
	Domain    string // of the address to which the bounce was sent
	From      string // author's domain of the returned message
	MessageID string
	// Own says why the returned message is the addressee's own, "" where
	// nothing shows it.
	Own string
	// Foreign are SPF evaluations of Domain for the clients that the returned
	// message came from, none of which passes.
	Foreign []*spf.Evaluation
}

// IsBounce reports whether the message tells of a failed delivery: a delivery
// report, or a notice from a server without envelope sender.
func (f *Facts) IsBounce() bool {
	if ct := strings.ToLower(f.Msg.Get("Content-Type")); strings.HasPrefix(ct, "multipart/report") {
		return strings.Contains(ct, "delivery-status")
	}
	if len(f.From) != 1 || f.MailFrom == nil || *f.MailFrom != "" {
		return false
	}
	local, _, _ := strings.Cut(strings.ToLower(f.From[0].Address), "@")
	return local == "mailer-daemon" || strings.HasPrefix(local, "microsoftexchange") || local == "postmaster" || f.Msg.First("X-Failed-Recipients") >= 0
}

// readBounce reads the replies that a bounce quotes, and whether the message
// that it returns was the addressee's own.
func (f *Facts) readBounce() {
	if f.Body == BodyMissing || !f.IsBounce() {
		return
	}
	if f.DSN != nil {
		for _, r := range f.DSN.Recipients {
			if x, ok := r.reply(); ok {
				f.addReply(x)
			} else if s := firstWord(r.Status); s != "" && r.Diagnostic != "" && (s[0] == '4' || s[0] == '5') {
				f.addReply(Reply{Status: s, Text: oneLine(r.Diagnostic), Host: r.RemoteMTA})
			}
		}
	}
	if len(f.Replies) == 0 {
		f.readNotice()
	}
	f.judgeReplies()
	f.readBounced()
}

// reply reads the diagnostic of a recipient as the reply that it quotes.
func (r *DSNRecipient) reply() (Reply, bool) {
	x, ok := parseReply(r.Diagnostic)
	if !ok {
		return x, false
	}
	x.Host, x.HostIP, x.Rcpt, x.MailFrom, x.Command = r.RemoteMTA, r.RemoteIP, r.Final, r.MailFrom, r.Command
	if x.Status == "" {
		x.Status = firstWord(r.Status)
	}
	return x, true
}

// judgeReplies asks what SPF says today of the address and the identity that a
// reply about SPF names. Where it names no identity, it is the one to which the
// bounce was sent: the envelope sender of the refused message (RFC 5321 §6.1).
func (f *Facts) judgeReplies() {
	for i := range f.Replies {
		r := &f.Replies[i]
		r.readFacts()
		if !Public(r.ClientIP) || !spfWords.MatchString(r.Text) {
			continue
		}
		domain := r.judgedDomain()
		if domain == "" && len(f.Recipients) > 0 {
			domain = mailname.DomainOf(f.Recipients[0])
		}
		if domain == "" {
			continue
		}
		q := spf.Query{IP: r.ClientIP, MailFrom: "postmaster@" + domain}
		switch {
		case r.IdentityKind == "helo":
			q = spf.Query{IP: r.ClientIP, Helo: domain}
		case strings.IndexByte(r.Identity, '@') > 0:
			q.MailFrom = r.Identity
		}
		r.SPF = f.ask.check(q)
	}
}

func firstWord(s string) string {
	if w := strings.Fields(s); len(w) > 0 {
		return w[0]
	}
	return ""
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxReplyLength {
		s = s[:maxReplyLength]
	}
	return s
}

func (f *Facts) addReply(r Reply) {
	if len(f.Replies) < maxReplies && !slices.Contains(f.Replies, r) {
		f.Replies = append(f.Replies, r)
	}
}

// replyPattern finds "550 5.7.1 text", "550-5.7.26 text", "421 4.7.0 text" and
// "550 text".
var replyPattern = pattern.New(`(?:^|[\s:;"'>(])([45][0-5][0-9])(?:[ -]#?([245]\.[0-9]{1,3}\.[0-9]{1,3}))?[ -]+[^\s]`)

func parseReply(s string) (Reply, bool) {
	m := replyPattern.FindStringSubmatchIndex(s)
	if m == nil {
		return Reply{}, false
	}
	r := Reply{Code: s[m[2]:m[3]], Text: oneLine(s[m[2]:])}
	if m[4] >= 0 {
		r.Status = s[m[4]:m[5]]
	}
	return r, true
}

// readNotice reads the text for people: the first text part. Where the message
// has no delivery report, the text stands for it.
func (f *Facts) readNotice() {
	text := f.firstText()
	if len(text) == 0 {
		return
	}
	d, server, returned := parseNotice(text)
	for i := range d.Recipients {
		if x, ok := d.Recipients[i].reply(); ok {
			x.FromText = true
			f.addReply(x)
		}
	}
	if f.DSN != nil || server == "" && len(f.Replies) == 0 {
		return
	}
	d.Server = server
	if d.ReportingMTA == "" && len(f.From) == 1 {
		d.ReportingMTA = mailname.DomainOf(f.From[0].Address)
	}
	f.DSN = d
	if len(returned) > 0 && len(f.Embedded) == 0 {
		f.Embedded = append(f.Embedded, returnedPart(returned))
	}
}

// returnedPart is the message that a notice holds as text. Some servers cut it
// off: it counts as a header unless its body is there.
func returnedPart(raw []byte) Part {
	p := Part{Number: "1", Type: "text/rfc822-headers", Raw: raw}
	if m := message.Parse(raw); m.Body.End-m.Body.Start > 0 {
		p.Type, p.Cut = "message/rfc822", true
	}
	return p
}

func (f *Facts) firstText() []byte {
	var h gomessage.Header
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding"} {
		if v := f.Msg.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	e, err := gomessage.New(h, bytes.NewReader(f.Msg.BodyBytes()))
	if e == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
		return nil
	}
	return textOf(e, 0)
}

func textOf(e *gomessage.Entity, depth int) []byte {
	mr := e.MultipartReader()
	if mr == nil {
		kind, _, _ := e.Header.ContentType()
		if kind = strings.ToLower(kind); kind != "" && kind != "text/plain" {
			return nil
		}
		text, _ := io.ReadAll(io.LimitReader(e.Body, maxNotice))
		return text
	}
	defer mr.Close()
	if depth == maxMIMEDepth {
		return nil
	}
	for range maxMIMEParts {
		part, err := mr.NextPart()
		if part == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
			return nil
		}
		if text := textOf(part, depth+1); len(text) > 0 {
			return text
		}
	}
	return nil
}

// readBounced looks whether the returned message came from the addressee of
// the bounce: a host of its organisation on the path, a signature of it, or a
// client that its SPF record allows.
func (f *Facts) readBounced() {
	if len(f.Embedded) == 0 || len(f.Recipients) == 0 {
		return
	}
	rcpt := f.Recipients[0]
	if _, srs := ParseSRS(rcpt); srs || strings.HasPrefix(strings.ToLower(rcpt), "prvs=") || strings.HasPrefix(strings.ToLower(rcpt), "btv1=") {
		return // the address shows that we sent, or forwarded, the message
	}
	domain := mailname.DomainOf(rcpt)
	own := mailname.Org(domain)
	if own == "" || serviceOf(domain) != nil {
		return
	}
	p := f.Embedded[0]
	m := message.Parse(p.Raw)
	b := &Bounced{Domain: domain, From: p.FromDomain(), MessageID: m.Get("Message-ID")}
	for _, i := range m.All("DKIM-Signature") {
		if v := m.Value(i); b.Own == "" && signatureOf(v, own) {
			b.Own = "it carries a signature of " + own
		}
	}
	fields := m.All("Received")
	asked := 0
	for n, i := range fields {
		if n == MaxHops || b.Own != "" {
			break
		}
		h := received.Parse(m.Value(i))
		switch {
		case mailname.Org(h.By) == own:
			b.Own = "it passed " + mailname.Host(h.By)
		case mailname.Org(h.RDNS) == own && h.RDNSKind == received.RDNSConfirmed:
			b.Own = "it came from " + mailname.Host(h.RDNS)
		case h.Auth && mailname.Org(mailname.DomainOf(h.AuthUser)) == own:
			b.Own = h.AuthUser + " had logged in at " + mailname.Host(h.By)
		case Public(h.IP) && asked < maxBouncedHops:
			asked++
			e := f.ask.check(spf.Query{IP: h.IP, MailFrom: "postmaster@" + domain})
			switch {
			case f.isExchangerAddr(h.IP), e != nil && e.Result == spf.Pass:
				b.Own = h.IP.String() + " sends for " + domain
			case e == nil:
				return // not known
			case e.Result == spf.Fail || e.Result == spf.SoftFail:
				b.Foreign = append(b.Foreign, e)
			default:
				return // the record does not say
			}
		}
	}
	f.Bounced = b
}

func (f *Facts) isExchangerAddr(ip netip.Addr) bool {
	return slices.ContainsFunc(f.MX, func(x Exchanger) bool { return slices.Contains(x.Addrs, ip) })
}

// signatureOf reports whether the d= of a signature is in an organisation.
func signatureOf(sig, org string) bool {
	for _, tag := range strings.Split(sig, ";") {
		if name, v, ok := strings.Cut(tag, "="); ok && strings.TrimSpace(name) == "d" {
			return mailname.Org(v) == org
		}
	}
	return false
}
