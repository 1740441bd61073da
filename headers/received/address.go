package received

import (
	"net/netip"
	"strings"
)

// parseIP reads an address in any spelling that servers use: in square
// brackets, with "IPv6:" before it, IPv4-mapped (then unmapped), with a zone
// (then without).
func parseIP(s string) (netip.Addr, bool) {
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	if hasPrefixFold(s, "IPv6:") {
		s = s[len("IPv6:"):]
	}
	if i := strings.IndexByte(s, '%'); i >= 0 {
		s = s[:i]
	}
	if len(s) < 2 || len(s) > 45 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(s); i++ { // most words are names: decide without an error value
		switch ch := s[i]; {
		case isDigit(ch), ch == '.', ch == ':', 'a' <= ch|0x20 && ch|0x20 <= 'f':
		default:
			return netip.Addr{}, false
		}
	}
	if !strings.ContainsAny(s, ".:") {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// parseIPPort reads an address that a port may follow: "[192.0.2.1]:25",
// "192.0.2.1:25", "[192.0.2.1:25]", "[192.0.2.1.25]" (Exim 3).
func parseIPPort(s string) (a netip.Addr, port int, ok bool) {
	if a, ok = parseIP(s); ok {
		return a, 0, true
	}
	host, tail := s, ""
	if s != "" && s[0] == '[' {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return a, 0, false
		}
		host, tail = s[1:end], s[end+1:]
		if tail != "" && tail[0] == ':' {
			if port, ok = portNumber(tail[1:]); !ok {
				return a, 0, false
			}
			a, ok = parseIP(host)
			return a, port, ok
		}
		if tail != "" {
			return a, 0, false
		}
	}
	i := strings.LastIndexAny(host, ".:")
	if i < 0 || strings.Count(host, ".") < 3 {
		return a, 0, false
	}
	if port, ok = portNumber(host[i+1:]); !ok {
		return a, 0, false
	}
	a, ok = parseIP(host[:i])
	return a, port, ok && a.Is4()
}

func portNumber(s string) (int, bool) {
	if s == "" || len(s) > 5 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n <= 65535
}

// peer is what a server wrote about its client in the comments behind "from".
type peer struct {
	name       string // host name
	ip         netip.Addr
	port       int
	helo       string
	ident      string
	account    string
	forged     bool // "may be forged"
	unknown    bool // "unknown", "RDNS failed", "softdnserr"
	verified   bool
	unverified bool
	local      bool // "[local]", "[[UNIX: localhost]]"
	twoIPs     bool // two addresses that differ
	last       bool // the last of two is the server's
}

// add reads one comment. It returns false where the comment held nothing that
// it knows.
func (p *peer) add(s string) bool {
	before := *p
	// "HELO name" ends what the server knows: the rest is the client's word.
	if i := heloIn(s); i >= 0 {
		p.helo = firstWord(s[i+len("HELO "):])
		s = strings.TrimSuffix(s[:i], `"`) // zmailer: "EHLO name" in quotes
	}
	if strings.Contains(s, "may be forged") {
		p.forged = true
	}
	expect, words := "", 0
	for i := 0; i < len(s); {
		switch {
		case s[i] == ' ' || s[i] == ',':
			i++
			continue
		case s[i] == '(': // (may be forged), (AS64496 Example, US): read above or left
			i += commentEnd(s[i:])
			continue
		}
		end := wordEnd(s, i)
		p.word(s[i:end], &expect)
		words++
		i = end
	}
	// Prose is not a name: (Client did not present a certificate).
	if onlyName := before; words > 1 {
		onlyName.name = p.name
		if *p == onlyName {
			*p = before
		}
	}
	return *p != before
}

// heloIn returns the offset of the word HELO, EHLO or LHLO in a comment, -1
// where there is none.
func heloIn(s string) int {
	for i := 0; ; {
		j := strings.Index(s[i:], "LO ")
		if j < 0 {
			return -1
		}
		i += j
		if i >= 2 && (i == 2 || s[i-3] == ' ' || s[i-3] == '"') {
			switch s[i-2 : i] {
			case "HE", "EH", "LH":
				return i - 2
			}
		}
		i += len("LO ")
	}
}

// wordEnd returns the end of the word at s[i]. "unknown[192.0.2.1]" is two
// words, "user@[192.0.2.1]" one.
func wordEnd(s string, i int) int {
	if s[i] == '[' {
		end := strings.IndexByte(s[i:], ']')
		if end < 0 {
			return len(s)
		}
		j := i + end + 1
		for j < len(s) && (s[j] == ':' || isDigit(s[j]) || s[j] == ']') {
			j++
		}
		return j
	}
	j := i
	for j < len(s) && s[j] != ' ' && s[j] != '(' && s[j] != ',' {
		if s[j] == '[' && j > i && s[j-1] != '@' && s[j-1] != '=' {
			break
		}
		j++
	}
	return max(j, i+1)
}

func (p *peer) word(w string, expect *string) {
	if *expect == "account" {
		p.account, *expect = w, ""
		return
	}
	switch {
	case hasPrefixFold(w, "helo="):
		p.helo = w[5:]
	case hasPrefixFold(w, "ident="):
		p.ident = w[6:]
	case hasPrefixFold(w, "port="):
		if n, ok := portNumber(w[5:]); ok {
			p.port = n
		}
	case w == "account":
		*expect = "account"
	case w == "verified":
		p.verified = true
	case w == "unverified":
		p.unverified = true
	case isUnknown(w), w == "RDNS", w == "failed":
		p.unknown = true
	case w == "[local]" || strings.HasPrefix(w, "[[UNIX"):
		p.local = true
	default:
		p.address(w)
	}
}

func (p *peer) address(w string) {
	if hasPrefixFold(w, "IDENT:") {
		w = w[6:]
		if at := strings.LastIndexByte(w, '@'); at >= 0 {
			p.ident, w = w[:at], w[at+1:]
		}
	}
	if a, port, ok := parseIPPort(strings.TrimPrefix(w, "/")); ok {
		if !p.ip.IsValid() {
			p.ip = a
			if port != 0 {
				p.port = port
			}
		} else if a != p.ip {
			p.twoIPs = true
			if p.last {
				p.ip, p.port = a, port
			}
		}
		return
	}
	if at := strings.LastIndexByte(w, '@'); at > 0 && p.ident == "" && w[0] != '[' && w[0] != '<' {
		p.ident = w[:at]
		p.address(w[at+1:])
		return
	}
	if p.name == "" && isHostName(w) {
		p.name = strings.TrimSuffix(w, ".")
	}
}

// isUnknown knows the words that stand for "no name in the DNS".
func isUnknown(w string) bool {
	return strings.EqualFold(w, "unknown") || strings.HasPrefix(w, "softdnserr")
}

// isHostName says whether w may be a host name: letters, digits, hyphens,
// underscores and dots. RFC 1123 §2.1 has no underscores, the DNS does.
func isHostName(w string) bool {
	if w == "" || len(w) > 254 {
		return false
	}
	for i := 0; i < len(w); i++ {
		ch := w[i]
		if !isDigit(ch) && !isAlpha(ch) && ch != '-' && ch != '.' && ch != '_' && ch < 0x80 {
			return false
		}
	}
	return true
}

// host takes the final dot, a comma and angle brackets off a name.
func host(w string) string {
	w = strings.TrimSuffix(w, ",")
	if len(w) > 2 && w[0] == '<' && w[len(w)-1] == '>' {
		w = w[1 : len(w)-1]
	}
	return strings.TrimSuffix(w, ".")
}

// inDomain says whether host is domain or below it, letters of either case.
func inDomain(host, domain string) bool {
	if len(host) == len(domain) {
		return strings.EqualFold(host, domain)
	}
	i := len(host) - len(domain)
	return i > 0 && host[i-1] == '.' && strings.EqualFold(host[i:], domain)
}
