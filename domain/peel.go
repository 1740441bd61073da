package domain

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/internal/pattern"
)

// mend is a record as it was meant: the text that was published with only its
// faults taken out.
type mend struct {
	text   string
	faults []string // what was repaired, each a few words with the place in bytes
}

func (m *mend) fault(format string, args ...any) {
	if len(m.faults) < maxFaults {
		m.faults = append(m.faults, fmt.Sprintf(format, args...))
	}
}

func (m *mend) why() string { return strings.Join(m.faults, "; ") }

const (
	// maxFaults bounds the faults that one repair names.
	maxFaults = 12
	// maxMend is the size in bytes above which a text is not repaired.
	maxMend = 8 << 10
)

// quotePairs are signs that word processors and web forms put around a text.
var quotes = strings.NewReplacer(
	"\u201c", `"`, "\u201d", `"`, "\u201e", `"`, "\u201f", `"`, "\u2033", `"`, "\u00ab", `"`, "\u00bb", `"`, "\uff02", `"`,
	"\u2018", `"`, "\u2019", `"`, "\u201a", `"`, "\u201b", `"`, "\u2032", `"`, "\u2039", `"`, "\u203a", `"`, "`", `"`, "\u00b4", `"`, "'", `"`)

// spaces become a blank, unseen ones nothing, long hyphens a hyphen.
var (
	spaces   = strings.NewReplacer("\u00a0", " ", "\u2002", " ", "\u2003", " ", "\u2007", " ", "\u2009", " ", "\u202f", " ", "\u3000", " ", "\u2028", " ", "\u2029", " ")
	unseen   = strings.NewReplacer("\ufeff", "", "\u200b", "", "\u200c", "", "\u200d", "", "\u200e", "", "\u200f", "", "\u2060", "", "\u00ad", "")
	hyphens  = strings.NewReplacer("\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2212", "-", "\u02dc", "~", "\u223c", "~", "\uff5e", "~", "\uff1d", "=", "\uff1a", ":", "\uff1b", ";")
	pasted   = pattern.New(`(?is)^\s*(?:[a-z0-9_*@.-]+\s+)?(?:\d+[smhdw]?\s+)?(?:IN\s+)?(?:\d+\s+)?(?:TXT|SPF)\b\s*[:=(]?\s*(.*)$`)
	label    = pattern.New(`(?is)^\s*(?:value|content|data|text|record|answer|txt-value|points to)\s*[:=]\s*(.*)$`)
	htmlTag  = pattern.New(`(?i)</?(?:p|br|b|i|u|em|strong|span|div|code|pre|font|a|td|tr|li|html|body)\b[^<>]{0,200}>`)
	strings2 = pattern.New(`"\s*"`)
	entities = strings.NewReplacer("&quot;", `"`, "&#34;", `"`, "&nbsp;", " ", "&amp;", "&", "&#39;", "'", "&#59;", ";")
)

// peel takes off what stands around a record or was put into it on its way into
// the DNS: quotes, blanks, a byte order mark, escapes, the words of a zone file.
// What follows is the text itself, which may have faults of its own.
func peel(text string) mend {
	m := mend{text: text}
	if len(text) > maxMend {
		return m
	}
	step := func(after, what string) {
		if after != m.text {
			m.fault("%s", what)
			m.text = after
		}
	}
	if strings.HasPrefix(m.text, "\xef\xbb\xbf") {
		m.text = m.text[3:]
		m.fault("a byte order mark (EF BB BF) at byte 0")
	}
	if i := strings.IndexAny(m.text, "\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\ufeff"); i >= 0 {
		step(unseen.Replace(m.text), fmt.Sprintf("an invisible character at byte %d", i))
	}
	if i := strings.IndexFunc(m.text, func(r rune) bool { return r >= 0x80 && spaces.Replace(string(r)) == " " }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(m.text[i:])
		name := fmt.Sprintf("the blank U+%04X", r)
		if r == 0xa0 {
			name = "a no-break space (U+00A0)"
		}
		step(spaces.Replace(m.text), fmt.Sprintf("%s at byte %d, which is not a blank to receivers", name, i))
	}
	if i := strings.IndexAny(m.text, "\u2010\u2011\u2012\u2013\u2014\u2212\u02dc\u223c\uff5e\uff1d\uff1a\uff1b"); i >= 0 {
		r, _ := utf8.DecodeRuneInString(m.text[i:])
		step(hyphens.Replace(m.text), fmt.Sprintf("%q at byte %d in place of the plain character", r, i))
	}
	step(entities.Replace(m.text), "characters written as HTML entities")
	if i := htmlTag.FindStringIndex(m.text); i != nil {
		step(strings.Trim(htmlTag.ReplaceAllString(m.text, " "), " "), fmt.Sprintf("the HTML tag %s at byte %d", m.text[i[0]:i[1]], i[0]))
	}
	if i := strings.IndexAny(m.text, "\t\r\n"); i >= 0 {
		name := map[byte]string{'\t': "a tab", '\r': "a line end", '\n': "a line end"}[m.text[i]]
		step(strings.NewReplacer("\t", " ", "\r", " ", "\n", " ").Replace(m.text), fmt.Sprintf("%s at byte %d", name, i))
	}
	for _, e := range [...]string{`\010`, `\009`, `\013`, `\n`, `\r`, `\t`} {
		if i := strings.Index(m.text, e); i >= 0 {
			step(strings.ReplaceAll(m.text, e, " "), fmt.Sprintf("%s at byte %d, written out", e, i))
		}
	}
	if i := strings.IndexByte(m.text, '\\'); i >= 0 {
		step(strings.ReplaceAll(m.text, `\`, ""), fmt.Sprintf("a backslash at byte %d: the record was published with its escapes", i))
	}
	if i := strings.IndexAny(m.text, "\"'`\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a\u201b\u2032\u2033\u2039\u203a\u00b4\uff02"); i >= 0 {
		plain := quotes.Replace(m.text)
		kind := "quotation marks"
		if !strings.ContainsAny(m.text, `"'`) {
			kind = "typographic quotation marks"
		}
		step(plain, fmt.Sprintf("%s at byte %d: they are part of the published text", kind, i))
		if m.text == plain && strings.ContainsAny(text, `"`) && len(m.faults) == 0 {
			m.fault("%s at byte %d: they are part of the published text", kind, i)
		}
	}
	if m.text != "" && m.text[0] == ' ' && len(m.faults) == 0 {
		m.fault("a blank at byte 0, before the record")
	}
	m.unwrap()
	return m
}

// unwrap takes off quotes, and the words of a zone file before them.
func (m *mend) unwrap() {
	for range 3 {
		before := m.text
		for _, form := range [...]*pattern.Pattern{pasted, label} {
			if found := form.FindStringSubmatch(m.text); found != nil && looksLikeRecord(found[1]) && !looksLikeRecord(m.text) {
				m.fault("the words of a zone file before the record")
				m.text = strings.TrimRight(found[1], " )")
			}
		}
		m.text = strings.Trim(m.text, " ")
		if strings.Contains(m.text, `"`) {
			if len(m.faults) == 0 {
				m.fault("quotation marks at byte %d: they are part of the published text", strings.IndexByte(m.text, '"'))
			}
			m.text = strings2.ReplaceAllString(strings.Trim(m.text, `" `), "")
			m.text = strings.ReplaceAll(m.text, `"`, "")
		}
		if m.text == before {
			return
		}
	}
}

var recordStart = pattern.New(`(?i)^["(\s]*(v\s*[=:]|spf1|dmarc1|dkim1|tlsrpt|stsv1|bimi1|k\s*=|p\s*=)`)

// looksLikeRecord reports whether a text begins as records do.
func looksLikeRecord(text string) bool { return recordStart.MatchString(text) }

// distance is the edit distance of two short texts, with neighbours swapped as
// one step.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 99
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

// nearest is the word that a misspelt one is meant for; "" where none is near.
func nearest(s string, words ...string) string {
	s = strings.ToLower(s)
	best, word := 99, ""
	for _, w := range words {
		if d := distance(s, w); d < best {
			best, word = d, w
		}
	}
	if best > 3 || best*2 >= len(word)+1 {
		return ""
	}
	return word
}
