package authres

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// hMailServer writes one Reason field for each spam test that failed, and
// none for those that passed.
var hMailServer = []source{
	{"X-hMailServer-Reason-*", readHMailReason},
	{"X-hMailServer-Reason-Score", wordReader("hmailserver", "score", func(v *Verdict, word string) { v.Result, v.Score = word, score(word) })},
	{"X-hMailServer-Spam", wordReader("hmailserver", "antispam", func(v *Verdict, word string) {
		v.Result = mailname.Lower(word)
		if v.Result == "yes" {
			v.Result = "spam"
		}
	})},
}

// hMailTests are the sentences of its tests.
var hMailTests = [...]struct{ prefix, method string }{
	{"Blocked by SPF", "spf"},
	{"Rejected by DKIM", "dkim"},
	{"Rejected by DMARC", "dmarc"},
	{"The host name specified in HELO", "helo"},
	{"No valid rDNS/PTR record", "iprev"},
	{"Sender domain does not have any MX records", "mx"},
	{"Tagged as Spam by SpamAssassin", "spamassassin"},
}

// readHMailReason reads
//
//	Blocked by SPF. (explanation) - (Score: 3)
//	Rejected by DMARC. (example.com) - (Score: 5)
//
// The explanation is the text of the domain's exp=, in brackets that hold
// nothing where there is none.
func readHMailReason(in input) []Verdict {
	text := clean(in.text)
	if text == "" {
		return []Verdict{}
	}
	v := in.verdict()
	v.Dialect, v.Method = "hmailserver", "antispam"
	// The explanation is the sender's text: the score is the last one.
	const mark = " - (Score: "
	if i := strings.LastIndex(text, mark); i >= 0 && strings.HasSuffix(text, ")") {
		v.Score = score(strings.TrimSpace(text[i+len(mark) : len(text)-1]))
		text = text[:i]
	}
	v.Result, v.Normal, v.Reason = "fail", "fail", text
	for _, t := range hMailTests {
		if strings.HasPrefix(text, t.prefix) {
			v.Method = t.method
			break
		}
	}
	if v.Method == "antispam" {
		v.Normal = "" // black lists: "fail" is not a result of theirs in RFC 8601
	}
	if open := strings.IndexByte(text, '('); open >= 0 && strings.HasSuffix(text, ")") {
		v.Comment = strings.TrimSpace(text[open+1 : len(text)-1])
		if v.Comment != "" {
			v.Comments = []string{v.Comment}
		}
		v.Reason = strings.TrimSpace(text[:open])
		if v.Method == "dmarc" {
			v.Domain = domainOf(v.Comment)
		}
	}
	return []Verdict{v}
}
