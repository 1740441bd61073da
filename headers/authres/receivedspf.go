package authres

import "strings"

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
	name, comments := "", 0
	for {
		t := l.next()
		if t.kind == end {
			break
		}
		switch t.kind {
		case word:
			if v.Result == "" && name == "" && len(v.Properties) == 0 && t.start == firstWord(in.text) {
				v.Result = lower(t.text)
				break
			}
			name = lower(t.text)
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
	v.deriveReceivedSPF()
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
	v.Properties = append(v.Properties, Property{Name: name, Value: value, Comments: comments})
}

func (v *Verdict) deriveReceivedSPF() {
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
	switch lower(identity) {
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
	noSender := v.Identity == "" || v.Identity == "mailfrom" && v.MailFrom == ""
	if noSender {
		v.Identity = ""
	}
	v.eachComment(v.readPhrase)
	sender, _ := v.prop("x-sender")
	switch {
	case v.Identity == "pra" && sender != "":
		v.Domain = domainOf(sender)
	case noSender && v.Identity == "mailfrom" && equalHost(v.MailFrom, v.Helo):
		// Exchange names the HELO name as the domain where MAIL FROM is
		// empty. That it equals the HELO name does not tell which it was.
		v.Identity, v.Domain = "", hostName(v.MailFrom)
		v.MailFrom = ""
	default:
		v.deriveDomain()
	}
	if v.senderIDAgent() {
		v.Dialect, v.Identity = "exchange-sender-id", "pra"
	}
}

func equalHost(a, b string) bool { return a != "" && hostName(a) == hostName(b) }

// senderIDAgent reports whether the Sender ID agent of an Exchange server
// wrote the field: "Pass (HOST: domain of S …) receiver=HOST; client-ip=I;
// helo=H;" and nothing else. It judges the purported responsible address (RFC
// 4407) of the header, not MAIL FROM. Exchange Online writes the same keys
// with its service name as the host, and judges MAIL FROM.
func (v *Verdict) senderIDAgent() bool {
	if len(v.Properties) != 3 || len(v.Comments) != 1 {
		return false
	}
	for i, name := range [...]string{"receiver", "client-ip", "helo"} {
		if v.Properties[i].Name != name {
			return false
		}
	}
	host, _, ok := strings.Cut(v.Comments[0], ":")
	return ok && equalHost(host, v.Receiver) && !isExchangeOnline(hostName(v.Receiver))
}

func isExchangeOnline(host string) bool {
	return host == "protection.outlook.com" || strings.HasSuffix(host, ".protection.outlook.com") ||
		strings.HasSuffix(host, ".protection.partner.outlook.cn") || host == "protection.partner.outlook.cn"
}
