package authres

import "strings"

// spamAssassin are the reports of SpamAssassin and of those that call it.
var spamAssassin = []source{
	{"X-Spam-Status", readSpamStatus},
	{"X-ASF-Spam-Status", readSpamStatus},
	{"X-Spam-Report", readSpamReport},
}

// spamAssassinSymbols are the rules of its SPF, DKIM, DMARC and ARC plugins.
// DKIM_VALID says that one signature at least verifies, not which.
var spamAssassinSymbols = map[string]symbol{
	"SPF_PASS":             {"spf", "pass", "mailfrom"},
	"SPF_FAIL":             {"spf", "fail", "mailfrom"},
	"SPF_SOFTFAIL":         {"spf", "softfail", "mailfrom"},
	"SPF_NEUTRAL":          {"spf", "neutral", "mailfrom"},
	"SPF_NONE":             {"spf", "none", "mailfrom"},
	"SPF_PERMERROR":        {"spf", "permerror", "mailfrom"},
	"SPF_TEMPERROR":        {"spf", "temperror", "mailfrom"},
	"SPF_HELO_PASS":        {"spf", "pass", "helo"},
	"SPF_HELO_FAIL":        {"spf", "fail", "helo"},
	"SPF_HELO_SOFTFAIL":    {"spf", "softfail", "helo"},
	"SPF_HELO_NEUTRAL":     {"spf", "neutral", "helo"},
	"SPF_HELO_NONE":        {"spf", "none", "helo"},
	"SPF_HELO_PERMERROR":   {"spf", "permerror", "helo"},
	"SPF_HELO_TEMPERROR":   {"spf", "temperror", "helo"},
	"DKIM_VALID":           {"dkim", "pass", ""},
	"DKIM_INVALID":         {"dkim", "fail", ""},
	"DKIM_VERIFIED":        {"dkim", "pass", ""}, // before 3.3
	"DKIM_ADSP_ALL":        {"dkim-adsp", "fail", ""},
	"DKIM_ADSP_DISCARD":    {"dkim-adsp", "discard", ""},
	"DKIM_ADSP_NXDOMAIN":   {"dkim-adsp", "nxdomain", ""},
	"DMARC_PASS":           {"dmarc", "pass", ""},
	"DMARC_REJECT":         {"dmarc", "fail", ""},
	"DMARC_QUAR":           {"dmarc", "fail", ""},
	"DMARC_NONE":           {"dmarc", "fail", ""},
	"DMARC_MISSING":        {"dmarc", "none", ""},
	"KAM_DMARC_REJECT":     {"dmarc", "fail", ""},
	"KAM_DMARC_QUARANTINE": {"dmarc", "fail", ""},
	"KAM_DMARC_NONE":       {"dmarc", "fail", ""},
	"ARC_VALID":            {"arc", "pass", ""},
	"ARC_INVALID":          {"arc", "fail", ""},
}

// spamAssassinPolicy is the policy that a DMARC rule implies.
func spamAssassinPolicy(name string) string {
	switch {
	case strings.HasSuffix(name, "_REJECT"):
		return "reject"
	case strings.HasSuffix(name, "_QUAR"), strings.HasSuffix(name, "_QUARANTINE"):
		return "quarantine"
	case strings.HasSuffix(name, "_NONE"):
		return "none"
	}
	return ""
}

// readSpamStatus reads
//
//	No, score=-0.1 required=5.0 tests=DKIM_SIGNED,DKIM_VALID,SPF_PASS autolearn=ham
//	No, score=2.3 required=6.3 tests=[DKIM_VALID=-0.1, SPF_PASS=-0.001]
//
// It names no address: SpamAssassin judges the first relay outside its
// trusted_networks.
func readSpamStatus(in input) []Verdict {
	i := strings.Index(in.text, "tests=")
	if i < 0 {
		return []Verdict{}
	}
	return readSymbols(in, i+len("tests="), false)
}

// readSpamReport reads lines of "*  0.0 SPF_PASS SPF: sender matches SPF
// record". A name counts at its place behind "* score" only: the rest of the
// line can quote the message.
func readSpamReport(in input) []Verdict {
	return readSymbols(in, 0, true)
}

func readSymbols(in input, from int, report bool) []Verdict {
	out := []Verdict{}
	s, first := in.text, from
	for {
		start, end := nextSymbol(s, from)
		if start == len(s) {
			return out
		}
		from = end
		name := strings.TrimPrefix(s[start:end], "T_") // a rule on trial
		var points string
		if report {
			if points = reportScore(s[:start]); points == "" {
				continue
			}
		} else {
			if start > first && s[start-1] == '=' {
				continue // the value of autolearn= and the like
			}
			if end < len(s) && s[end] == '=' {
				points = firstScore(s[end+1:])
			}
		}
		sym, ok := spamAssassinSymbols[name]
		if !ok {
			continue
		}
		if len(out) == MaxFieldVerdicts {
			out[len(out)-1].Truncated = true
			return out
		}
		v := sym.verdict(in, "spamassassin", start, end)
		v.Score = score(points)
		v.Reason = s[start:end]
		if sym.method == "dmarc" && sym.result == "fail" {
			v.Policy = spamAssassinPolicy(name)
		}
		out = append(out, v)
	}
}

// firstScore is the number at the beginning of s.
func firstScore(s string) string {
	n := 0
	for n < len(s) && n < 16 && (s[n] == '-' || s[n] == '+' || s[n] == '.' || '0' <= s[n] && s[n] <= '9') {
		n++
	}
	return s[:n]
}

// reportScore is the number in "* number " at the end of s, "" where s does
// not end so.
func reportScore(s string) string {
	const longest = 40
	if len(s) > longest {
		s = s[len(s)-longest:]
	}
	i := strings.LastIndexByte(s, '*')
	if i < 0 {
		return ""
	}
	points := strings.Trim(s[i+1:], " \t")
	if points == "" || firstScore(points) != points {
		return ""
	}
	return points
}
