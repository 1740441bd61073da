package dmarc

import (
	"net/url"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// MaxReportURIs is how many addresses of one rua= or ruf= are read.
const MaxReportURIs = 64

// uris reads a list of reporting URIs (RFC 9989 §4.6, §4.8). What cannot be
// used is left out and noted.
func (p *recordParser) uris(t Tag, at int) []ReportURI {
	var out []ReportURI
	rest := t.Value
	for n := 0; ; n++ {
		if n == MaxReportURIs {
			p.note(at, t.Name, "more than 64 addresses; the rest are not read")
			return out
		}
		item, after, more := strings.Cut(rest, ",")
		u, problem := parseURI(strings.Trim(item, blanks))
		if problem != "" {
			p.note(at+leadingBlanks(item), t.Name, problem)
		}
		if u.URI != "" {
			out = append(out, u)
		}
		if !more {
			return out
		}
		at += len(item) + 1
		rest = after
	}
}

// parseURI reads one URI. A result without URI cannot be used.
func parseURI(s string) (ReportURI, string) {
	if s == "" {
		return ReportURI{}, "an address is empty"
	}
	colon := strings.IndexByte(s, ':')
	if colon <= 0 || !isScheme(s[:colon]) {
		return ReportURI{}, "address without a scheme; write mailto: in front of it"
	}
	scheme, rest := s[:colon], s[colon+1:]
	u, problem := ReportURI{URI: s}, ""
	// RFC 9989 §4.8 obs-dmarc-report-size: a "!" of the URI itself is encoded,
	// so the first one begins the obsolete limit.
	if bang := strings.IndexByte(rest, '!'); bang >= 0 {
		u.URI = scheme + ":" + rest[:bang]
		u.Limit = strings.ToLower(rest[bang+1:])
		rest = rest[:bang]
		if !isLimit(u.Limit) {
			problem, u.Limit = "the size limit after \"!\" is not a number with k, m, g or t", ""
		}
	}
	if rest == "" {
		return ReportURI{}, "address is empty after its scheme"
	}
	for i := 0; i < len(rest); i++ {
		if rest[i] <= ' ' || rest[i] >= 0x7f {
			return ReportURI{}, "address holds a blank or a byte that no URI may hold"
		}
	}
	if !strings.EqualFold(scheme, "mailto") {
		if parsed, err := url.Parse(u.URI); err == nil {
			u.Domain, _ = mailname.Normal(parsed.Hostname())
		}
		return u, problem
	}
	addr, _, _ := strings.Cut(rest, "?")
	addr, err := url.PathUnescape(addr)
	local, domain, _ := mailname.Split(addr)
	if err != nil || local == "" {
		return ReportURI{}, "not an e-mail address after mailto:"
	}
	domain, ok := mailname.Normal(domain)
	if !ok {
		return ReportURI{}, "no usable domain in the address"
	}
	u.Address, u.Domain = addr, domain
	return u, problem
}

// isScheme follows RFC 3986 §3.1.
func isScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if 'a' <= c && c <= 'z' {
			continue
		}
		if i == 0 || !('0' <= s[i] && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.') {
			return false
		}
	}
	return s != ""
}

// isLimit accepts digits and one unit. 18 digits are far beyond any report.
func isLimit(s string) bool {
	digits := strings.TrimRight(s, "kmgt")
	if len(s)-len(digits) > 1 || digits == "" || len(digits) > 18 {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
