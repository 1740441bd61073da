package authres

import "strings"

// rspamd are the reports of Rspamd's milter_headers module.
var rspamd = []source{
	{"X-Spamd-Result", readSpamdResult},
	{"X-Rspamd-Report", readSpamdResult},
}

// rspamdSymbols are the symbols of its spf, dkim, dmarc and arc modules.
// DMARC_POLICY_ALLOW_WITH_FAILURES stands beside DMARC_POLICY_ALLOW and says
// nothing new.
var rspamdSymbols = map[string]symbol{
	"R_SPF_ALLOW":             {"spf", "pass", ""},
	"R_SPF_FAIL":              {"spf", "fail", ""},
	"R_SPF_SOFTFAIL":          {"spf", "softfail", ""},
	"R_SPF_NEUTRAL":           {"spf", "neutral", ""},
	"R_SPF_NA":                {"spf", "none", ""},
	"R_SPF_DNSFAIL":           {"spf", "temperror", ""},
	"R_SPF_PERMFAIL":          {"spf", "permerror", ""},
	"R_DKIM_ALLOW":            {"dkim", "pass", ""},
	"R_DKIM_REJECT":           {"dkim", "fail", ""},
	"R_DKIM_TEMPFAIL":         {"dkim", "temperror", ""},
	"R_DKIM_PERMFAIL":         {"dkim", "permerror", ""},
	"R_DKIM_NA":               {"dkim", "none", ""},
	"DMARC_POLICY_ALLOW":      {"dmarc", "pass", ""},
	"DMARC_POLICY_REJECT":     {"dmarc", "fail", ""},
	"DMARC_POLICY_QUARANTINE": {"dmarc", "fail", ""},
	"DMARC_POLICY_SOFTFAIL":   {"dmarc", "fail", ""},
	"DMARC_NA":                {"dmarc", "none", ""},
	"DMARC_BAD_POLICY":        {"dmarc", "permerror", ""},
	"DMARC_DNSFAIL":           {"dmarc", "temperror", ""},
	"ARC_ALLOW":               {"arc", "pass", ""},
	"ARC_REJECT":              {"arc", "fail", ""},
	"ARC_INVALID":             {"arc", "fail", ""},
	"ARC_DNSFAIL":             {"arc", "temperror", ""},
	"ARC_NA":                  {"arc", "none", ""},
}

// readSpamdResult reads
//
//	default: False [-1.9 / 15.0]; R_SPF_ALLOW(-0.2)[+ip4:192.0.2.1]; R_DKIM_ALLOW(-0.2)[example.com:s=sel]; …
//	R_DKIM_ALLOW(-0.2) DMARC_POLICY_ALLOW(-0.5) …
//
// A symbol counts only with its score behind it, and not inside the square
// brackets of another, whose text can be the sender's.
func readSpamdResult(in input) []Verdict {
	out := []Verdict{}
	s := in.text
	for i := 0; i < len(s); {
		if s[i] == '[' {
			i = bracketEnd(s, i)
			continue
		}
		if !wordByte(s[i]) {
			i++
			continue
		}
		start := i
		for i < len(s) && wordByte(s[i]) {
			i++
		}
		name := s[start:i]
		if i >= len(s) || s[i] != '(' {
			continue
		}
		points := firstScore(s[i+1:])
		if end := i + 1 + len(points); points == "" || end >= len(s) || s[end] != ')' {
			continue
		}
		i += len(points) + 2
		options := ""
		if i < len(s) && s[i] == '[' {
			end := bracketEnd(s, i)
			options = clean(strings.TrimSuffix(s[i+1:end], "]"))
			i = end
		}
		sym, ok := rspamdSymbols[name]
		if !ok {
			continue
		}
		if len(out) == MaxFieldVerdicts {
			out[len(out)-1].Truncated = true
			return out
		}
		v := sym.verdict(in, "rspamd", start, i)
		v.Score, v.Reason = score(points), name
		v.rspamdOptions(options)
		out = append(out, v)
	}
	return out
}

// bracketEnd is the offset after the bracket that closes the one at i, or the
// end of s.
func bracketEnd(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// rspamdOptions reads what a symbol says in its square brackets.
func (v *Verdict) rspamdOptions(options string) {
	if options == "" {
		return
	}
	v.Comments, v.Comment = []string{options}, options
	first, rest, _ := strings.Cut(options, ",")
	first = strings.TrimSpace(first)
	switch v.Method {
	case "dkim":
		// example.com:s=selector, since 1.9
		domain, selector, ok := strings.Cut(first, ":s=")
		v.Domain = hostName(domain)
		if ok {
			v.Selector = selector
		}
	case "dmarc":
		// example.com : SPF not aligned (relaxed), No valid DKIM,reject
		domain, _, _ := strings.Cut(first, " ")
		v.Domain = hostName(domain)
		for rest != "" {
			var part string
			part, rest, _ = strings.Cut(rest, ",")
			switch part = strings.TrimSpace(part); part {
			case "none", "quarantine", "reject":
				v.Policy = part
			}
		}
	}
}
