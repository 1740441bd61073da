package repair

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// maxLinks bounds the links of one part that are looked at.
const maxLinks = 2_000

// unwrapping is a choice that the links do not tell: how the gateway wrote what
// it wrapped.
type unwrapping struct {
	amp   bool // "&" of the link stood as "&amp;"
	slash bool // the gateway put "/" behind a bare host
}

var unwrappings = []unwrapping{{}, {slash: true}, {amp: true}, {true, true}}

// unwrapLinks returns text with the links of protection services made what
// they were, and the first pair of links. It returns nil where there is none.
func unwrapLinks(text []byte, how unwrapping) (out []byte, wrapped, link string) {
	lower := mailname.LowerBytes(text)
	if !anyService(lower) {
		return nil, "", ""
	}
	done := 0
	for n, at := 0, 0; n < maxLinks; n++ {
		k := bytes.Index(lower[at:], []byte("http"))
		if k < 0 {
			break
		}
		at += k
		end := linkEnd(text, at)
		raw := string(text[at:end])
		was, used := unwrapOne(raw)
		if was == "" {
			at += 4
			continue
		}
		if how.slash {
			if u, err := url.Parse(was); err == nil && u.Path == "/" && u.RawQuery == "" {
				was = strings.TrimSuffix(was, "/")
			}
		}
		if how.amp {
			was = strings.ReplaceAll(was, "&", "&amp;")
		}
		if out == nil {
			out = make([]byte, 0, len(text))
			wrapped, link = raw[:used], was
		}
		end = at + used
		out = append(out, text[done:at]...)
		out = append(out, was...)
		// Safe Links leaves the link, and a hash of it, beside.
		if rest := text[end:]; bytes.HasPrefix(rest, []byte(`" originalsrc="`)) {
			rest = rest[len(`" originalsrc="`):]
			if q := bytes.IndexByte(rest, '"'); q >= 0 && q < 8<<10 {
				out = append(out[:len(out)-len(was)], rest[:q]...)
				end = len(text) - len(rest) + q
				if rest = text[end:]; bytes.HasPrefix(rest, []byte(`" shash="`)) {
					if q := bytes.IndexByte(rest[9:], '"'); q >= 0 {
						end += 9 + q
					}
				}
			}
		}
		done, at = end, end
	}
	if out == nil {
		return nil, "", ""
	}
	return append(out, text[done:]...), wrapped, link
}

// services are what the hosts of protection services have in their names.
var services = []string{
	"safelinks.protection.outlook.com", "urldefense.", "mimecast", "linkprotect.cudasvc.com", "secure-web.cisco.com",
	"protection.sophos.com", "trendmicro.com", "fireeye.com", "www.google.com/url",
}

func anyService(lower []byte) bool {
	for _, s := range services {
		if bytes.Contains(lower, []byte(s)) {
			return true
		}
	}
	return false
}

// linkEnd returns where a link ends in text.
func linkEnd(text []byte, at int) int {
	end := at
	for end < len(text) && end-at < 8<<10 {
		if c := text[end]; c <= ' ' || c == '"' || c == '<' || c == '>' || c == '\'' && end > at || c == 0x7f {
			break
		}
		end++
	}
	return end
}

// unwrapOne returns what a wrapped link led to, and how much of the text is the
// wrapped link. It returns "" for any other link.
func unwrapOne(raw string) (link string, used int) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return "", 0
	}
	host, path, _ := strings.Cut(rest, "/")
	host = strings.ToLower(host)
	host, _, _ = strings.Cut(host, ":")
	used = len(strings.TrimRight(raw, ".,;:)]"))
	query := func(name string) string {
		_, q, _ := strings.Cut(path, "?")
		for _, pair := range strings.FieldsFunc(strings.ReplaceAll(q, "&amp;", "&"), func(r rune) bool { return r == '&' }) {
			if n, v, ok := strings.Cut(pair, "="); ok && n == name {
				return v
			}
		}
		return ""
	}
	escaped := func(v string) string {
		s, err := url.PathUnescape(v)
		if err != nil {
			return ""
		}
		return s
	}
	switch {
	case strings.HasSuffix(host, ".safelinks.protection.outlook.com"):
		link = escaped(query("url"))
	case host == "urldefense.proofpoint.com" && strings.HasPrefix(path, "v1/"):
		link = escaped(query("u"))
	case host == "urldefense.proofpoint.com" && strings.HasPrefix(path, "v2/"):
		// "-" stands for "%", "_" for "/".
		link = escaped(strings.NewReplacer("-", "%", "_", "/").Replace(query("u")))
	case (host == "urldefense.com" || host == "urldefense.us" || host == "urldefense.proofpoint.com") && strings.HasPrefix(path, "v3/__"):
		return urldefense3(raw)
	case strings.Contains(host, "mimecast"):
		// The path is a code; only the host can be told.
		if d := query("domain"); d != "" {
			link = "https://" + d
		}
	case host == "linkprotect.cudasvc.com":
		link = escaped(query("a"))
	case host == "secure-web.cisco.com":
		if _, v, ok := strings.Cut(path, "/"); ok {
			link = escaped(v)
		}
	case strings.HasSuffix(host, ".protection.sophos.com"):
		if b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(escaped(query("u")), "=")); err == nil {
			link = string(b)
		}
	case strings.HasSuffix(host, ".trendmicro.com"):
		link = escaped(query("url"))
	case strings.HasSuffix(host, ".fireeye.com"):
		link = escaped(query("u"))
	case host == "www.google.com" && strings.HasPrefix(path, "url?"):
		if link = escaped(query("q")); link == "" {
			link = escaped(query("url"))
		}
	}
	if !strings.Contains(link, ":") || strings.ContainsAny(link, " \r\n\"<>") {
		return "", 0
	}
	return link, used
}

// urldefense3 decodes https://urldefense.com/v3/__LINK__;CODES!!…$: a "*" in
// LINK stands for the next of the characters that CODES holds in base64, and
// "**A" to "**_" for a run of 2 and more.
func urldefense3(raw string) (link string, used int) {
	_, rest, _ := strings.Cut(raw, "/v3/__")
	k := strings.LastIndex(rest, "__;")
	if k < 0 {
		return "", 0
	}
	link, rest = rest[:k], rest[k+3:]
	end := strings.IndexByte(rest, '$')
	bang := strings.Index(rest, "!!")
	if bang < 0 {
		return "", 0
	}
	if end < bang {
		end = len(rest) - 1
	}
	used = len(raw) - len(rest) + end + 1
	codes, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(rest[:bang], "="))
	if err != nil {
		return "", 0
	}
	const runs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	chars := []rune(string(codes))
	var b strings.Builder
	for i := 0; i < len(link); i++ {
		if link[i] != '*' {
			b.WriteByte(link[i])
			continue
		}
		n := 1
		if i+2 < len(link) && link[i+1] == '*' {
			if r := strings.IndexByte(runs, link[i+2]); r >= 0 {
				n = r + 2
				i += 2
			}
		}
		n = min(n, len(chars))
		b.WriteString(string(chars[:n]))
		chars = chars[n:]
	}
	link = b.String()
	// The slashes of "https://" may have become one.
	if s, after, ok := strings.Cut(link, ":/"); ok && !strings.HasPrefix(after, "/") {
		link = s + "://" + after
	}
	return link, used
}
