package repair

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// sample is a message as parts that edits work on, and it is written with CRLF.
type sample struct {
	name   string
	fields []string // "Name: value", folded with CRLF
	body   string
}

func (m sample) String() string { return strings.Join(m.fields, "\r\n") + "\r\n\r\n" + m.body }

func (m sample) clone() sample {
	m.fields = slices.Clone(m.fields)
	return m
}

// field returns the index of a field, -1 where it is not there.
func (m sample) field(name string) int {
	return slices.IndexFunc(m.fields, func(f string) bool { return strings.HasPrefix(strings.ToLower(f), strings.ToLower(name)+":") })
}

func (m sample) value(name string) string {
	i := m.field(name)
	if i < 0 {
		return ""
	}
	_, v, _ := strings.Cut(m.fields[i], ":")
	return strings.TrimSpace(v)
}

// set replaces a field where it stands, or puts it last.
func (m *sample) set(name, value string) {
	f := name + ": " + value
	if i := m.field(name); i >= 0 {
		m.fields[i] = f
	} else {
		m.fields = append(m.fields, f)
	}
}

func (m *sample) drop(name string) {
	if i := m.field(name); i >= 0 {
		m.fields = slices.Delete(m.fields, i, i+1)
	}
}

const (
	asciiText = "Dear Bob,\r\n\r\nhere are the figures that you asked for. See https://www.example.com/report?a=1&b=2\r\n" +
		"and https://example.com for more.\r\n\r\nFrom what I hear, they are right.\r\n.profile is a file that begins with a dot.\r\n..two dots\r\n" +
		"Indented:\r\n  one  two\r\n\r\nBest wishes\r\n\r\n-- \r\nAnn Example\r\n"
	utf8Text = "Grüße aus München,\r\n\r\ndie Straße ist gesperrt, wir kommen später. Siehe https://www.example.com/straße?a=1&b=2\r\n\r\n" +
		"Eine lange Zeile, die ein Programm für die Übertragung sicher umbrechen muß, weil sie über achtzig Zeichen lang ist: äöüß.\r\n\r\nJörg\r\n"
	asciiHTML = "<html>\r\n<head><title>x</title></head>\r\n<body bgcolor=\"#ffffff\">\r\n<p>Dear Bob,</p>\r\n<p>here are <a href=\"https://www.example.com/report?a=1&amp;b=2\">the figures</a>.</p>\r\n" +
		"<div>Best wishes<br>\r\nAnn</div>\r\n</body>\r\n</html>\r\n"
	utf8HTML = "<html><head><meta charset=\"utf-8\"></head><body>\r\n<p>Grüße aus München, <a href=\"https://www.example.com/stadt?a=1\">hier</a></p>\r\n" +
		"<p>die Straße ist gesperrt, wir kommen später, das ist eine sehr lange Zeile ohne Umbruch für Q.</p>\r\n</body></html>\r\n"
)

func qp(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func unqp(s string) string {
	b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(s)))
	if err != nil {
		panic(err)
	}
	return string(b)
}

func b64(s string, width int) string {
	e := base64.StdEncoding.EncodeToString([]byte(s))
	var b strings.Builder
	for len(e) > width {
		b.WriteString(e[:width] + "\r\n")
		e = e[width:]
	}
	return b.String() + e + "\r\n"
}

func unb64(s string) string {
	b, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(s))
	if err != nil {
		panic(err)
	}
	return string(b)
}

var commonFields = []string{
	"From: Ann Example <ann@example.com>",
	"To: Bob Example <bob@example.org>,carol@example.org,\r\n \"Dave, D.\" <dave@example.org>",
	"Subject: The figures that you asked for",
	"Date: Mon, 23 Nov 2026 04:09:58 +0000",
	"Message-ID: <20261123040958.4F2c1D0k3Pz9sQ@mail.example.com>",
	"MIME-Version: 1.0",
}

// samples are the messages that are signed.
func samples() []sample {
	make1 := func(name, kind, cte, body string) sample {
		m := sample{name: name, fields: slices.Clone(commonFields), body: body}
		m.set("Content-Type", kind)
		if cte != "" {
			m.set("Content-Transfer-Encoding", cte)
		}
		return m
	}
	part := func(boundary, kind, cte, body string) string {
		s := "--" + boundary + "\r\nContent-Type: " + kind + "\r\n"
		if cte != "" {
			s += "Content-Transfer-Encoding: " + cte + "\r\n"
		}
		return s + "\r\n" + body + "\r\n"
	}
	alternative := func(b, cte string, plain, html string) string {
		return part(b, "text/plain; charset=utf-8", cte, plain) + part(b, "text/html; charset=utf-8", cte, html) + "--" + b + "--\r\n"
	}
	pdf := make([]byte, 3000)
	rand.New(rand.NewSource(1)).Read(pdf)
	latin, _ := fromUTF8(utf8Text, "iso-8859-1")
	return []sample{
		make1("plain-latin1", "text/plain; charset=iso-8859-1", "8bit", string(latin)),
		make1("mixed-latin1", "multipart/mixed; boundary=b1", "8bit", part("b1", "text/plain; charset=iso-8859-1", "8bit", string(latin))+"--b1--\r\n"),
		make1("plain", "text/plain; charset=us-ascii", "", asciiText),
		make1("plain-8bit", "text/plain; charset=utf-8", "8bit", utf8Text),
		make1("plain-qp", "text/plain; charset=utf-8", "quoted-printable", qp(utf8Text)),
		make1("plain-base64", "text/plain; charset=\"utf-8\"", "base64", b64(utf8Text, 76)),
		make1("html", "text/html; charset=us-ascii", "7bit", asciiHTML),
		make1("html-qp", "text/html; charset=utf-8", "quoted-printable", qp(utf8HTML)),
		make1("html-base64", "text/html; charset=utf-8", "base64", b64(utf8HTML, 76)),
		make1("alternative", "multipart/alternative; boundary=\"b1_x\"", "", "This is a message in parts.\r\n"+alternative("b1_x", "7bit", asciiText, asciiHTML)),
		make1("alternative-8bit", "multipart/alternative; boundary=b1", "8bit", alternative("b1", "8bit", utf8Text, utf8HTML)),
		make1("alternative-qp", "multipart/alternative; boundary=\"=_b1\"", "", alternative("=_b1", "quoted-printable", qp(utf8Text), qp(utf8HTML))),
		make1("alternative-base64", "multipart/alternative; boundary=b1", "", alternative("b1", "base64", b64(utf8Text, 76), b64(utf8HTML, 76))),
		make1("mixed", "multipart/mixed; boundary=\"m1\"", "", part("m1", "text/plain; charset=us-ascii", "7bit", asciiText)+
			part("m1", "application/pdf; name=\"a.pdf\"", "base64", b64(string(pdf), 76))+"--m1--\r\n"),
	}
}

// A change is something that a relay does. It reports false where it does not
// apply to a message.
type change struct {
	name  string
	kinds string // what Repair may call it, with blanks between
	body  bool
	do    func(r *rand.Rand, m *sample) bool
}

func pick(r *rand.Rand, of ...string) string { return of[r.Intn(len(of))] }

// pieces splits a multipart body at its delimiter lines: preamble, parts (with
// header), epilogue.
func (m *sample) boundary() string {
	_, params := readType(m.value("Content-Type"))
	for _, p := range params {
		if p.name == "boundary" {
			return unquote(p.value)
		}
	}
	return ""
}

// eachPart changes the parts of a multipart, or the body of another message as
// if it were one.
func (m *sample) eachPart(do func(kind, cte, text string) (newCTE, newText string)) bool {
	b := m.boundary()
	if b == "" {
		kind, _ := readType(m.value("Content-Type"))
		cte, text := do(kind, m.value("Content-Transfer-Encoding"), m.body)
		changed := text != m.body
		m.body = text
		if cte != m.value("Content-Transfer-Encoding") {
			m.set("Content-Transfer-Encoding", cte)
		}
		return changed
	}
	pieces := strings.Split(m.body, "--"+b)
	changed := false
	for i := 1; i < len(pieces)-1; i++ {
		header, text, _ := strings.Cut(strings.TrimPrefix(pieces[i], "\r\n"), "\r\n\r\n")
		p := sample{fields: strings.Split(header, "\r\n")}
		kind, _ := readType(p.value("Content-Type"))
		text = strings.TrimSuffix(text, "\r\n")
		cte, now := do(kind, p.value("Content-Transfer-Encoding"), text)
		if now != text {
			changed = true
		}
		if cte != p.value("Content-Transfer-Encoding") {
			p.set("Content-Transfer-Encoding", cte)
		}
		pieces[i] = "\r\n" + strings.Join(p.fields, "\r\n") + "\r\n\r\n" + now + "\r\n"
	}
	m.body = strings.Join(pieces, "--"+b)
	return changed
}

func decode(cte, s string) string {
	switch cte {
	case "base64":
		return unb64(s)
	case "quoted-printable":
		return unqp(s)
	}
	return s
}

func encode(cte, s string, width int) string {
	switch cte {
	case "base64":
		return b64(s, width)
	case "quoted-printable":
		return qp(s)
	}
	return s
}

// decoded changes the decoded text of the parts of some kinds and writes them
// in the encoding that they have.
func (m *sample) decoded(kinds string, do func(kind, text string) string) bool {
	return m.eachPart(func(kind, cte, text string) (string, string) {
		if !strings.Contains(kinds, kind) {
			return cte, text
		}
		was := decode(cte, text)
		now := do(kind, was)
		if now == was {
			return cte, text
		}
		return cte, encode(cte, now, 76)
	})
}

var plainFooter = []string{
	"_______________________________________________\r\nTalk mailing list\r\nTalk@lists.example.net\r\nhttps://lists.example.net/talk\r\n",
	"\r\n--\r\nThis e-mail was scanned by example.net. No viruses found.\r\n",
	"\r\n\r\nCONFIDENTIAL: this message is for the addressee only.\r\nIf you are not, delete it.\r\n",
}

const (
	htmlFooter  = "<br><hr><p style=\"font-size:small\">This e-mail is <b>confidential</b>.</p>\r\n"
	plainBanner = "CAUTION: this message came from outside.\r\nDo not click on links.\r\n\r\n"
	htmlBanner  = "<table border=0><tr><td bgcolor=\"#ffff00\"><b>CAUTION:</b> from outside</td></tr></table><br>\r\n"
)

func beforeBody(html, add string) string {
	return strings.Replace(html, "</body>", add+"</body>", 1)
}

func afterBody(html, add string) string {
	i := strings.Index(html, "<body")
	k := strings.IndexByte(html[i:], '>') + i + 1
	return html[:k] + add + html[k:]
}

func reencode(from, to string, width int) func(*rand.Rand, *sample) bool {
	return func(_ *rand.Rand, m *sample) bool {
		ok := m.eachPart(func(kind, cte, text string) (string, string) {
			if cte != from || !strings.HasPrefix(kind, "text/") {
				return cte, text
			}
			return to, encode(to, decode(cte, text), width)
		})
		if ok && m.boundary() != "" && m.value("Content-Transfer-Encoding") == "8bit" {
			m.set("Content-Transfer-Encoding", "7bit")
		}
		return ok
	}
}

func links(kinds string, wrap func(kind, link string) string) func(*rand.Rand, *sample) bool {
	return func(_ *rand.Rand, m *sample) bool {
		return m.decoded(kinds, func(kind, text string) string {
			var b strings.Builder
			for {
				i := strings.Index(text, "https://")
				if i < 0 {
					return b.String() + text
				}
				end := linkEnd([]byte(text), i)
				b.WriteString(text[:i])
				b.WriteString(wrap(kind, text[i:end]))
				text = text[end:]
			}
		})
	}
}

// percent escapes all that is not a letter or digit, as the services do.
func percent(s string, keep string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < 0x80 && (c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte(keep, c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func htmlAmp(kind, s string) string {
	if kind == "text/html" {
		return strings.ReplaceAll(s, "&", "&amp;")
	}
	return s
}

func bodyLines(do func(string) string) func(*rand.Rand, *sample) bool {
	return func(_ *rand.Rand, m *sample) bool {
		lines := strings.Split(m.body, "\r\n")
		for i := range lines {
			lines[i] = do(lines[i])
		}
		now := strings.Join(lines, "\r\n")
		ok := now != m.body
		m.body = now
		return ok
	}
}

// toUTF8Parts converts what is in ISO-8859-1.
func toUTF8Parts(cte string) func(*rand.Rand, *sample) bool {
	return func(_ *rand.Rand, m *sample) bool {
		ok := m.eachPart(func(kind, was, text string) (string, string) {
			if utf8.ValidString(text) {
				return was, text
			}
			b, _ := toUTF8([]byte(text), "iso-8859-1")
			return cte, encode(cte, string(b), 76)
		})
		if !ok {
			return false
		}
		m.body = strings.Replace(m.body, "iso-8859-1", "utf-8", 1)
		i := m.field("Content-Type")
		m.fields[i] = strings.Replace(m.fields[i], "iso-8859-1", "utf-8", 1)
		return true
	}
}

var bodyChanges = []change{
	{"footer", "footer", true, func(r *rand.Rand, m *sample) bool {
		m.body += plainFooter[r.Intn(len(plainFooter))]
		return true
	}},
	{"footer in the plain part", "footer", true, func(r *rand.Rand, m *sample) bool {
		f := plainFooter[r.Intn(len(plainFooter))]
		return m.decoded("text/plain", func(_, text string) string { return text + f })
	}},
	{"footer in HTML", "footer", true, func(_ *rand.Rand, m *sample) bool {
		return m.decoded("text/html", func(_, text string) string { return beforeBody(text, htmlFooter) })
	}},
	{"footer in both", "footer", true, func(r *rand.Rand, m *sample) bool {
		f := plainFooter[r.Intn(len(plainFooter))]
		return m.boundary() != "" && m.decoded("text/plain text/html", func(kind, text string) string {
			if kind == "text/plain" {
				return text + f
			}
			return beforeBody(text, htmlFooter)
		})
	}},
	{"footer raw in a QP part", "footer", true, func(_ *rand.Rand, m *sample) bool {
		return m.eachPart(func(kind, cte, text string) (string, string) {
			if cte != "quoted-printable" || kind != "text/html" {
				return cte, text
			}
			return cte, beforeBody(text, "<hr>scanned<br>\r\n")
		})
	}},
	{"footer and 8bit to base64", "footer", true, func(_ *rand.Rand, m *sample) bool {
		return m.eachPart(func(kind, cte, text string) (string, string) {
			if cte != "8bit" || kind != "text/plain" {
				return cte, text
			}
			return "base64", b64(text+plainFooter[0], 76)
		})
	}},
	{"footer as a part", "footer", true, func(_ *rand.Rand, m *sample) bool {
		b := m.boundary()
		m.body = strings.Replace(m.body, "--"+b+"--", "--"+b+"\r\nContent-Type: text/plain; charset=us-ascii\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"+plainFooter[0]+"\r\n--"+b+"--", 1)
		return b != ""
	}},
	{"banner", "banner", true, func(_ *rand.Rand, m *sample) bool {
		cte := m.value("Content-Transfer-Encoding")
		if m.boundary() != "" || cte == "base64" {
			return false
		}
		m.body = plainBanner + m.body
		return true
	}},
	{"banner in the plain part", "banner", true, func(_ *rand.Rand, m *sample) bool {
		return m.decoded("text/plain", func(_, text string) string { return plainBanner + text })
	}},
	{"banner in HTML", "banner", true, func(_ *rand.Rand, m *sample) bool {
		return m.decoded("text/html", func(_, text string) string { return afterBody(text, htmlBanner) })
	}},
	{"banner in both", "banner", true, func(_ *rand.Rand, m *sample) bool {
		return m.boundary() != "" && m.decoded("text/plain text/html", func(kind, text string) string {
			if kind == "text/plain" {
				return plainBanner + text
			}
			return afterBody(text, htmlBanner)
		})
	}},
	{"banner as a part", "banner", true, func(_ *rand.Rand, m *sample) bool {
		b := m.boundary()
		m.body = strings.Replace(m.body, "--"+b, "--"+b+"\r\nContent-Type: text/plain\r\n\r\n"+plainBanner+"\r\n--"+b, 1)
		return b != ""
	}},
	{"blank lines in front", "line-endings banner", true, func(r *rand.Rand, m *sample) bool {
		m.body = strings.Repeat("\r\n", 1+r.Intn(3)) + m.body
		return true
	}},
	{"blank lines in parts", "line-endings banner footer", true, func(_ *rand.Rand, m *sample) bool {
		return m.boundary() != "" && m.eachPart(func(_, cte, text string) (string, string) { return cte, text + "\r\n" })
	}},
	{">From", "line-endings", true, bodyLines(func(s string) string {
		if strings.HasPrefix(s, "From ") {
			return ">" + s
		}
		return s
	})},
	{"trailing blanks", "line-endings", true, bodyLines(func(s string) string {
		if len(s) > 20 {
			return s + " "
		}
		return s
	})},
	{"signature mark", "line-endings", true, bodyLines(func(s string) string { return strings.TrimRight(s, " ") })},
	{"dots doubled", "line-endings", true, bodyLines(func(s string) string {
		if strings.HasPrefix(s, ".") {
			return "." + s
		}
		return s
	})},
	{"dots lost", "line-endings", true, bodyLines(func(s string) string {
		if strings.HasPrefix(s, "..") {
			return s[1:]
		}
		return s
	})},
	{"CR CR LF", "line-endings", true, func(_ *rand.Rand, m *sample) bool {
		m.body = strings.ReplaceAll(m.body, "\r\n", "\r\r\n")
		return m.boundary() == ""
	}},
	{"double spacing", "line-endings", true, func(_ *rand.Rand, m *sample) bool {
		m.body = strings.ReplaceAll(m.body, "\r\n", "\r\n\r\n")
		return m.boundary() == ""
	}},
	{"8bit to QP", "mime-reencoded", true, reencode("8bit", "quoted-printable", 0)},
	{"8bit to base64", "mime-reencoded", true, reencode("8bit", "base64", []int{76, 72}[0])},
	{"8bit to base64 at 72", "mime-reencoded", true, reencode("8bit", "base64", 72)},
	{"QP to 8bit", "mime-reencoded", true, reencode("quoted-printable", "8bit", 0)},
	{"QP to base64", "mime-reencoded", true, reencode("quoted-printable", "base64", 76)},
	{"base64 to 8bit", "mime-reencoded", true, reencode("base64", "8bit", 0)},
	{"base64 to QP", "mime-reencoded", true, reencode("base64", "quoted-printable", 0)},
	{"base64 at 64", "mime-reencoded", true, reencode("base64", "base64", 64)},
	{"base64 at 72", "mime-reencoded", true, reencode("base64", "base64", 72)},
	{"attachment at 72", "mime-reencoded", true, func(_ *rand.Rand, m *sample) bool {
		return m.eachPart(func(kind, cte, text string) (string, string) {
			if kind == "application/pdf" {
				return cte, b64(unb64(text), 72)
			}
			return cte, text
		})
	}},
	{"soft line ends", "mime-reencoded", true, func(_ *rand.Rand, m *sample) bool {
		return m.eachPart(func(_, cte, text string) (string, string) {
			if cte != "quoted-printable" {
				return cte, text
			}
			return cte, strings.ReplaceAll(text, "=\r\n", "")
		})
	}},
	{"Safe Links", "link-rewrite", true, links("text/plain text/html", func(kind, s string) string {
		s = strings.ReplaceAll(s, "&amp;", "&")
		if s == "https://example.com" {
			s += "/"
		}
		return htmlAmp(kind, "https://emea01.safelinks.protection.outlook.com/?url="+percent(s, "-._~")+"&data=05%7C01&sdata=abc%3D&reserved=0")
	})},
	{"urldefense v2", "link-rewrite", true, links("text/plain text/html", func(kind, s string) string {
		s = strings.ReplaceAll(s, "&amp;", "&")
		s = strings.NewReplacer("%", "-", "/", "_").Replace(percent(s, "./"))
		return htmlAmp(kind, "https://urldefense.proofpoint.com/v2/url?u="+s+"&d=DwMFaQ&c=x&r=y&m=z&s=w&e=")
	})},
	{"urldefense v3", "link-rewrite", true, links("text/plain text/html", func(kind, s string) string {
		if !utf8.ValidString(s) {
			return s // the service has no form for it
		}
		var link, codes strings.Builder
		for _, r := range strings.ReplaceAll(s, "&amp;", "&") {
			if r >= 0x80 || r == '*' {
				link.WriteByte('*')
				codes.WriteRune(r)
			} else {
				link.WriteRune(r)
			}
		}
		return "https://urldefense.com/v3/__" + htmlAmp(kind, link.String()) + "__;" + base64.URLEncoding.EncodeToString([]byte(codes.String())) + "!!JIY!abc-DEF$"
	})},
	{"Barracuda", "link-rewrite", true, links("text/plain text/html", func(kind, s string) string {
		s = strings.ReplaceAll(s, "&amp;", "&")
		return htmlAmp(kind, "https://linkprotect.cudasvc.com/url?a="+percent(s, ".")+"&c=E,1,abc&typo=1")
	})},
	{"charset to UTF-8", "mime-reencoded", true, toUTF8Parts("8bit")},
	{"charset to UTF-8 and QP", "mime-reencoded", true, toUTF8Parts("quoted-printable")},
	{"wrapped in a multipart", "footer", true, func(_ *rand.Rand, m *sample) bool {
		part := "Content-Type: " + m.value("Content-Type") + "\r\n"
		if cte := m.value("Content-Transfer-Encoding"); cte != "" {
			part += "Content-Transfer-Encoding: " + cte + "\r\n"
			m.drop("Content-Transfer-Encoding")
		}
		m.set("Content-Type", "multipart/mixed; boundary=\"===============8261==\"")
		m.body = "--===============8261==\r\n" + part + "\r\n" + m.body + "\r\n--===============8261==\r\nContent-Type: text/plain; charset=\"us-ascii\"\r\n" +
			"MIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\nContent-Disposition: inline\r\n\r\n" + plainFooter[0] + "\r\n--===============8261==--\r\n"
		return true
	}},
}

var headerChanges = []change{
	{"subject tag", "subject-tag", false, func(r *rand.Rand, m *sample) bool {
		m.set("Subject", pick(r, "[list] ", "[SPAM] ", "EXTERNAL: ", "***SPAM*** ", "[EXTERNAL]", "{Spam?} ", "[Some List] ", "(EXT) ")+m.value("Subject"))
		return true
	}},
	{"subject tag behind Re", "subject-tag", false, func(r *rand.Rand, m *sample) bool {
		s, ok := strings.CutPrefix(m.value("Subject"), "Re: ")
		m.set("Subject", "Re: "+pick(r, "[list] ", "[EXTERNAL] ")+s)
		return ok
	}},
	{"subject tag at the end", "subject-tag", false, func(r *rand.Rand, m *sample) bool {
		m.set("Subject", m.value("Subject")+pick(r, " [SPAM]", " (was: spam)"))
		return true
	}},
	{"subject decoded", "subject-tag", false, func(_ *rand.Rand, m *sample) bool {
		now, _ := decodeWords(m.value("Subject"))
		ok := now != m.value("Subject")
		m.set("Subject", now)
		return ok
	}},
	{"subject encoded again with a tag", "subject-tag", false, func(_ *rand.Rand, m *sample) bool {
		now, _ := decodeWords(m.value("Subject"))
		ok := now != m.value("Subject")
		m.set("Subject", "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte("[list] "+now))+"?=")
		return ok
	}},
	{"From munged", "from-rewritten", false, func(r *rand.Rand, m *sample) bool {
		was := m.value("From")
		name, _, _ := strings.Cut(was, " <")
		m.set("From", pick(r, strings.Trim(name, `"`)+" via Talk", `"`+strings.Trim(name, `"`)+` via Talk"`, `'`+strings.Trim(name, `"`)+`' via Talk`)+" <talk@lists.example.net>")
		m.set("Reply-To", was)
		return true
	}},
	{"From kept in X-Original-From", "from-rewritten", false, func(_ *rand.Rand, m *sample) bool {
		was := m.value("From")
		m.set("From", "ann=example.com@forwarder.example")
		m.set("X-Original-From", was)
		return true
	}},
	{"From, Reply-To without name", "from-rewritten", false, func(_ *rand.Rand, m *sample) bool {
		was := m.value("From")
		name, rest, _ := strings.Cut(was, " <")
		m.set("From", name+" via Talk <talk@lists.example.net>")
		m.set("Reply-To", strings.TrimSuffix(rest, ">"))
		return !strings.HasPrefix(name, `"`)
	}},
	{"From quoted", "header-normalised", false, func(_ *rand.Rand, m *sample) bool {
		name, rest, _ := strings.Cut(m.value("From"), " <")
		ok := !strings.HasPrefix(name, `"`)
		m.set("From", `"`+name+`" <`+rest)
		return ok
	}},
	{"blanks in To", "header-normalised refold", false, func(_ *rand.Rand, m *sample) bool {
		was := m.value("To")
		now := strings.NewReplacer("\r\n", "").Replace(was)
		now = strings.ReplaceAll(strings.ReplaceAll(now, ", ", ","), ",", ", ")
		now = strings.Replace(now, `"Dave, D."`, `"Dave, D."`, 1)
		m.set("To", now)
		return now != was
	}},
	{"To unfolded", "refold", false, func(_ *rand.Rand, m *sample) bool {
		m.set("To", unfold(m.value("To")))
		return true
	}},
	{"Subject folded", "refold", false, func(_ *rand.Rand, m *sample) bool {
		s := m.value("Subject")
		i := strings.LastIndexByte(s, ' ')
		if i < 0 {
			return false
		}
		m.set("Subject", s[:i]+"\r\n"+s[i:])
		return true
	}},
	{"names in another case", "refold", false, func(_ *rand.Rand, m *sample) bool {
		i := m.field("Message-ID")
		m.fields[i] = strings.Replace(m.fields[i], "Message-ID", "Message-Id", 1)
		return true
	}},
	{"blank behind the colon", "refold", false, func(_ *rand.Rand, m *sample) bool {
		i := m.field("Date")
		m.fields[i] = strings.Replace(m.fields[i], ": ", ":", 1)
		return true
	}},
	{"charset quoted", "header-normalised", false, func(_ *rand.Rand, m *sample) bool {
		v := m.value("Content-Type")
		kind, params := readType(v)
		for _, p := range params {
			q := `"` + unquote(p.value) + `"`
			if q == p.value {
				q = unquote(p.value)
			}
			kind += "; " + p.name + "=" + q
		}
		m.set("Content-Type", kind)
		return kind != v
	}},
	{"charset added", "header-normalised", false, func(_ *rand.Rand, m *sample) bool {
		v := m.value("Content-Type")
		m.set("Content-Type", v+"; format=flowed")
		return strings.HasPrefix(v, "text/plain")
	}},
	{"transfer encoding named", "mime-reencoded field-added", false, func(_ *rand.Rand, m *sample) bool {
		if m.value("Content-Transfer-Encoding") != "" {
			return false
		}
		m.set("Content-Transfer-Encoding", "7bit")
		return true
	}},
	{"transfer encoding in capitals", "mime-reencoded", false, func(_ *rand.Rand, m *sample) bool {
		v := m.value("Content-Transfer-Encoding")
		m.set("Content-Transfer-Encoding", strings.ToUpper(v))
		return v != ""
	}},
	{"MIME-Version lost", "field-removed", false, func(_ *rand.Rand, m *sample) bool {
		m.drop("MIME-Version")
		return true
	}},
	{"second Subject", "field-added", false, func(_ *rand.Rand, m *sample) bool {
		m.fields = append([]string{"Subject: another"}, m.fields...)
		return true
	}},
	{"second Subject below", "field-added", false, func(_ *rand.Rand, m *sample) bool {
		m.fields = append(m.fields, "Subject: another")
		return true
	}},
	{"Reply-To added", "field-added", false, func(_ *rand.Rand, m *sample) bool {
		m.set("Reply-To", "talk@lists.example.net")
		return true
	}},
	{"List fields added", "field-added", false, func(_ *rand.Rand, m *sample) bool {
		m.set("List-Id", "<talk.lists.example.net>")
		m.set("List-Unsubscribe", "<mailto:leave@lists.example.net>")
		return true
	}},
	{"Sender added", "field-added", false, func(_ *rand.Rand, m *sample) bool {
		m.set("Sender", "talk-bounces@lists.example.net")
		return true
	}},
}

// signedNamesAll oversigns, also what lists add.
var signedNamesAll = []string{
	"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"From", "Subject", "Reply-To", "Sender", "List-Id", "List-Unsubscribe",
}

// signSample signs a message with the library of somebody else.
func signSample(t testing.TB, m sample, canon string, key crypto.Signer) (sample, texts) {
	t.Helper()
	head, body, _ := strings.Cut(canon, "/")
	var out bytes.Buffer
	err := msgauth.Sign(&out, strings.NewReader(m.String()), &msgauth.SignOptions{
		Domain: "example.com", Selector: "s", Signer: key, HeaderKeys: signedNamesAll,
		HeaderCanonicalization: msgauth.Canonicalization(head), BodyCanonicalization: msgauth.Canonicalization(body),
	})
	if err != nil {
		t.Fatal(err)
	}
	signed := out.String()
	header := strings.TrimSuffix(signed[:len(signed)-len(m.String())], "\r\n")
	m = m.clone()
	m.fields = append([]string{header}, m.fields...)
	return m, zone(record(key))
}

// repairOf verifies and repairs the one signature of a message.
func repairOf(t testing.TB, z texts, m sample) (dkim.Signature, *Repaired) {
	t.Helper()
	v := dkim.NewVerifier(z, message.Parse([]byte(m.String())), dkim.Options{})
	sigs, err := v.Verify(context.Background())
	if err != nil || len(sigs) != 1 {
		t.Fatal(len(sigs), err)
	}
	r, err := New(v).Search(context.Background(), &sigs[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	if (sigs[0].BodyHash == dkim.Match && sigs[0].HeaderSignature == dkim.Match) && r != nil {
		t.Errorf("%s: a signature that verifies was repaired: %+v", m.name, r)
	}
	return sigs[0], r
}

var canons = []string{"relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"}

// subjects are put into the samples in turn.
var subjects = []string{
	"The figures that you asked for", "Re: The figures that you asked for", "=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_M=C3=BCnchen?=", "=?utf-8?B?R3LDvMOfZQ==?=", "Figures",
}

// eachSigned calls do with every sample, signed every way.
func eachSigned(t testing.TB, r *rand.Rand, do func(m sample, canon string, z texts)) {
	k := testKeys()
	for n, m := range samples() {
		for c, canon := range canons {
			m := m.clone()
			m.set("Subject", subjects[(n+c+r.Intn(2))%len(subjects)])
			var key crypto.Signer = k.rsa2048
			if (n+c)%7 == 3 {
				key = k.ed
			}
			signed, z := signSample(t, m, canon, key)
			do(signed, canon, z)
		}
	}
}

func TestRepairSingle(t *testing.T) {
	r := rand.New(rand.NewSource(20261123))
	type count struct{ broken, found, named int }
	counts := make(map[string]*count)
	total, found := 0, 0
	most := 0
	eachSigned(t, r, func(m sample, canon string, z texts) {
		if s, _ := repairOf(t, z, m); s.Result != dkim.Pass {
			t.Fatalf("%s %s: not valid as signed: %s", m.name, canon, s.Reason)
		}
		for _, c := range append(slices.Clone(bodyChanges), headerChanges...) {
			changed := m.clone()
			if !c.do(r, &changed) {
				continue
			}
			s, got := repairOf(t, z, changed)
			if s.Result == dkim.Pass {
				continue // the canonical form did not change
			}
			n := counts[c.name]
			if n == nil {
				n = &count{}
				counts[c.name] = n
			}
			n.broken++
			total++
			if got == nil || !got.Complete() {
				t.Errorf("%s: %s %s: body %s, header %s: not found: %+v", c.name, m.name, canon, s.BodyHash, s.HeaderSignature, got)
				continue
			}
			n.found++
			found++
			most = max(most, got.Hashes)
			named := slices.ContainsFunc(got.Changes, func(x Change) bool {
				return slices.Contains(strings.Fields(c.kinds), string(x.Kind))
			})
			if named {
				n.named++
			} else {
				t.Errorf("%s: %s %s: called %s: %s", c.name, m.name, canon, kinds(got), got.Changes[0].Description)
			}
			for _, x := range got.Changes {
				if x.Description == "" || x.Diff == "" || len(x.Diff) > MaxChangeDiff || len(x.Text) > MaxChangeText {
					t.Errorf("%s: %s: %+v", c.name, m.name, x)
				}
			}
		}
	})
	for _, c := range append(slices.Clone(bodyChanges), headerChanges...) {
		if n := counts[c.name]; n != nil {
			t.Logf("%-34s %3d broken, %3d found, %3d named right", c.name, n.broken, n.found, n.named)
		} else {
			t.Logf("%-34s never broke a signature", c.name)
		}
	}
	t.Logf("single edits: %d of %d found; at most %d hashes", found, total, most)
}
