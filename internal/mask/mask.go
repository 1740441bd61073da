// Package mask tells what people have taken out of a header before they showed
// it: names and addresses that were blackened, replaced or removed. What is
// masked is not known; it proves nothing, neither what it was nor that it was
// not there.
package mask

import (
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/internal/pattern"
)

// words are what is written in the place of a name.
var words = pattern.New(`(?i)^(?:redacted|removed|hidden|masked|anonymi[sz]ed|obfuscated|deleted|censored|snip(?:ped)?|cut|omitted|private|blanked|withheld|confidential|` +
	`my-?_?(?:domain|host|server|name|ip|email|company)|your-?_?(?:domain|host|server|name|ip|email|company)|(?:some|the)?-?_?(?:sender|recipient|user|client|internal|external|source|dest(?:ination)?)?[-_ ]?(?:domain|host(?:name)?|server|email|mailbox|ip|ip[-_ ]?addr(?:ess)?|address|user(?:name)?|recipient|sender|name|company|tenant))$`)

// tldOf is the last label of names such as mydomain.com.
var placeholders = pattern.New(`(?i)^(?:[a-z0-9-]+\.)*(?:my|your)-?(?:domain|company|host)\.(?:com|org|net|tld|invalid)$`)

// Name reports whether a name, an address or a part of one stands for another
// that was taken out: "[redacted]", "XXX", "***@***", "<mydomain>", "███", "(".
// The empty text is none.
func Name(s string) bool {
	if s == "" {
		return false
	}
	bare := strings.Trim(s, "<>[](){}%'\"` ;,.:")
	if bare == "" {
		return true
	}
	if local, domain, ok := strings.Cut(bare, "@"); ok {
		return Name(domain) || domain == "" && Name(local)
	}
	bracketed := bare != s && strings.IndexByte("<[{(%", s[0]) >= 0
	if bracketed && words.MatchString(bare) {
		return true
	}
	if placeholders.MatchString(bare) {
		return true
	}
	low := strings.ToLower(bare)
	switch low {
	case "redacted", "removed", "masked", "anonymized", "anonymised", "obfuscated", "mydomain", "censored", "snip", "hidden":
		return true
	}
	if strings.HasPrefix(low, "redacted") && !strings.Contains(low, ".") {
		return true
	}
	return blotted(bare)
}

// blotted reports whether a text is nothing but signs that cover others, dots
// and dashes between them, and digits that were left.
func blotted(s string) bool {
	cover, other := 0, 0
	for _, r := range s {
		switch {
		case r == 'x' || r == 'X' || strings.ContainsRune("*#█▇▆■▓▒░•…?_~", r):
			cover++
		case r == '.' || r == '-' || r == ':' || r >= '0' && r <= '9':
		default:
			other++
		}
	}
	return other == 0 && (cover >= 3 || cover > 0 && strings.ContainsAny(s, "*#█▇▆■▓▒░•…~"))
}

// address finds an IPv4 address of which parts were taken out.
var address = pattern.New(`(?i)(?:^|[^a-z0-9.])((?:[0-9]{1,3}|[x*#_?█▇■▓]{1,3}|n{1,3}|y{1,3}|[a-d])(?:\.(?:[0-9]{1,3}|[x*#_?█▇■▓]{1,3}|n{1,3}|y{1,3}|[a-d])){3})(?:$|[^a-z0-9.])`)

// Address finds the first masked IPv4 address in a text. What is left of it may
// show that it is private (RFC 1918).
func Address(s string) (text string, private, ok bool) {
	if !mayHoldAddress(s) {
		return "", false, false
	}
	for _, m := range address.FindAllStringSubmatch(s, 16) {
		if digits(m[1]) {
			continue
		}
		p := strings.SplitN(m[1], ".", 3)
		private = p[0] == "10" || p[0] == "127" || p[0] == "192" && p[1] == "168" || p[0] == "172" && len(p[1]) == 2 && p[1] >= "16" && p[1] <= "31"
		return m[1], private, true
	}
	return "", false, false
}

// StandIns puts an address in the place of each masked one, with a 0 for each
// part that was taken out, so that the line around it can be read. It returns
// them: none of them is an address that anybody had.
func StandIns(s string) (string, []netip.Addr) {
	if !mayHoldAddress(s) {
		return s, nil
	}
	var out strings.Builder
	var all []netip.Addr
	last := 0
	for range 16 {
		m := address.FindStringSubmatchIndex(s[last:])
		if m == nil {
			break
		}
		at, end := last+m[2], last+m[3]
		out.WriteString(s[last:at])
		text := s[at:end]
		if !digits(text) {
			parts := strings.Split(text, ".")
			for i, p := range parts {
				if !digits(p) {
					parts[i] = "0"
				}
			}
			text = strings.Join(parts, ".")
			if ip, err := netip.ParseAddr(text); err == nil {
				all = append(all, ip)
			} else {
				text = s[at:end]
			}
		}
		out.WriteString(text)
		last = end
	}
	out.WriteString(s[last:])
	return out.String(), all
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789.") == ""
}

// token finds what could have been put in the place of something.
var token = pattern.New(`(?i)\[(?:redacted|removed|hidden|masked|anonymi[sz]ed|snip|cut|[a-z ]{0,20}(?:redacted|removed)[a-z ]{0,20})\]|<(?:my|your)?-?(?:domain|host(?:name)?|server|redacted|removed|email|ip|user|address)>|\bx{4,}\b|\*{3,}|[█▇■▓]{2,}|\(\s*\)|\[\s*\]|\(\s+by\s+\(|(?:from|by)\s+\(\s+(?:by|with)\b|client-ip=\s*;|sender IP is\s*[;)]`)

// Count returns how many values of a field were taken out, and the first of them.
func Count(value string) (n int, first string) {
	words, addresses := mayHoldToken(value), mayHoldAddress(value)
	if !words && !addresses {
		return 0, ""
	}
	take := func(s string) {
		if n++; first == "" {
			first = strings.TrimSpace(s)
		}
	}
	if words {
		// QUIRK: Mailgun's API has no client: "from <unknown> (<unknown> [])".
		for _, m := range token.FindAllString(strings.ReplaceAll(value, "<unknown> []", ""), 64) {
			take(m)
		}
	}
	if addresses {
		for _, m := range address.FindAllStringSubmatch(value, 64) {
			if !digits(m[1]) {
				take(m[1])
			}
		}
	}
	return n, first
}
