package authres

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// readReceivedSPF reads Received-SPF (RFC 7208 §9.1):
//
//	result [comment] key=value; key=value …
//
// QUIRK: writers leave out the ";" between two keys, put one before the first
// or write no keys at all. A blank ends a value that is not quoted.
func readReceivedSPF(in input) []Verdict {
	l := lexer{s: in.text}
	v := in.verdict()
	v.Dialect, v.Method = "received-spf", "spf"
	name, spelled, comments := "", "", 0
	for {
		t := l.next()
		if t.kind == end {
			break
		}
		switch t.kind {
		case word:
			if v.Result == "" && name == "" && len(v.Properties) == 0 && t.start == firstWord(in.text) {
				spelled = t.text
				v.Result = mailname.Lower(t.text)
				break
			}
			name = mailname.Lower(t.text)
		case quoted, semicolon:
			name = ""
		case comment:
			if comments++; comments > MaxComments {
				v.Truncated = true
			} else if n := len(v.Properties); n > 0 {
				v.Properties[n-1].Comments = append(v.Properties[n-1].Comments, t.text)
			} else {
				v.Comments = append(v.Comments, t.text)
			}
		case equals:
			var before []string
			value := l.value(func(c string) {
				if comments++; comments <= MaxComments {
					before = append(before, c)
				}
			})
			if name == "" {
				break
			}
			v.keyValue(name, value, before)
			name = ""
		}
		if l.defect != NoDefect {
			v.note(l.defect)
			l.defect = NoDefect
		}
	}
	if v.Result == "" && len(v.Properties) == 0 && len(v.Comments) == 0 {
		return []Verdict{}
	}
	v.deriveReceivedSPF(spelled)
	return []Verdict{v}
}

func firstWord(s string) int {
	i := 0
	for i < len(s) && blank(s[i]) {
		i++
	}
	return i
}

// keyValue adds a property without a type.
func (v *Verdict) keyValue(name, value string, comments []string) {
	if len(v.Properties) >= MaxProperties {
		v.Truncated = true
		return
	}
	for i := range v.Properties {
		if v.Properties[i].Name == name && v.Properties[i].Value != value {
			v.note(RepeatedProperty)
		}
	}
	v.addProperty(Property{Name: name, Value: value, Comments: comments}, 6)
}

func (v *Verdict) deriveReceivedSPF(spelled string) {
	v.Comment = strings.Join(v.Comments, "; ")
	v.Normal = normal("spf", v.Result)
	v.address("client-ip", "client_ip", "ip")
	if s, ok := v.prop("receiver"); ok {
		v.Receiver = unwrap(s)
	}
	from, hasFrom := v.prop("envelope-from", "envelope_from")
	helo, _ := v.prop("helo")
	v.MailFrom, v.Helo = unwrap(from), unwrap(helo)
	identity, _ := v.prop("identity")
	switch mailname.Lower(identity) {
	case "mailfrom", "mfrom":
		v.Identity = "mailfrom"
	case "helo":
		v.Identity = "helo"
	case "pra": // IronPort in its SIDF modes
		v.Identity = "pra"
	default:
		switch {
		case v.MailFrom != "":
			v.Identity = "mailfrom"
		case hasFrom: // an empty reverse-path: RFC 7208 §2.4
			v.Identity = "helo"
		}
	}
	v.Record, _ = v.prop("x-record-text")
	stated := v.Identity
	noSender := stated == "" || stated == "mailfrom" && v.MailFrom == ""
	if noSender {
		v.Identity = "" // for the comment to say
	}
	v.eachComment(v.readPhrase)
	if stated != "" {
		v.Identity = stated
	}
	sender, _ := v.prop("x-sender")
	switch {
	case v.Identity == "pra" && sender != "":
		v.Domain = domainOf(sender)
	case v.Identity == "helo" && v.Helo == "" && sender != "":
		v.Helo = domainOf(sender) // IronPort: x-sender="postmaster@h"
		v.Domain = v.Helo
	case stated == "" && noSender && v.Identity == "mailfrom" && equalHost(v.MailFrom, v.Helo):
		// Exchange names the HELO name as the domain where MAIL FROM is
		// empty. That it equals the HELO name does not tell which it was.
		v.Identity, v.Domain = "", hostName(v.MailFrom)
		v.MailFrom = ""
	default:
		v.deriveDomain()
	}
	if v.senderIDAgent(spelled) {
		v.Dialect, v.Identity, v.MailFrom = "exchange-sender-id", "pra", ""
	}
}

func equalHost(a, b string) bool { return a != "" && hostName(a) == hostName(b) }

// senderIDAgent reports whether the form of the field is that of the Sender ID
// agent of Exchange Server, which judges the purported responsible address of
// the header (RFC 4407), not MAIL FROM:
//
//	Pass (HOST: domain of S designates I as permitted sender) receiver=HOST; client-ip=I; helo=H;
//	SoftFail (HOST: domain of transitioning S discourages use of I as permitted sender)
//
// S is an address. Exchange Online has the same code, but writes its service
// name as the host and a domain as S, and judges MAIL FROM.
func (v *Verdict) senderIDAgent(spelled string) bool {
	if len(v.Comments) != 1 {
		return false
	}
	host, _, ok := strings.Cut(v.Comments[0], ":")
	if !ok || isExchangeOnline(hostName(host)) {
		return false
	}
	if len(v.Properties) == 0 {
		switch spelled {
		case "Neutral", "SoftFail", "None":
			return strings.IndexByte(v.MailFrom, '@') >= 0
		}
		return false
	}
	if len(v.Properties) != 3 {
		return false
	}
	for i, name := range [...]string{"receiver", "client-ip", "helo"} {
		if v.Properties[i].Name != name {
			return false
		}
	}
	return equalHost(host, v.Receiver)
}

func isExchangeOnline(host string) bool {
	return host == "protection.outlook.com" || strings.HasSuffix(host, ".protection.outlook.com") ||
		strings.HasSuffix(host, ".protection.partner.outlook.cn") || host == "protection.partner.outlook.cn"
}
