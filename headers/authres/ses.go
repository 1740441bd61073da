package authres

import "github.com/mailtrace/mailtrace/internal/mailname"

// ses are the verdicts that Amazon SES adds to mail that it receives, and
// those that its Lambda examples copy out of the notification.
var ses = []source{
	{"X-SES-Spam-Verdict", wordReader("ses", "antispam", setSES)},
	{"X-SES-Virus-Verdict", wordReader("ses", "antivirus", setSES)},
	{"X-SES-SPF-Verdict", wordReader("ses", "spf", setSES)},
	{"X-SES-DKIM-Verdict", wordReader("ses", "dkim", setSES)},
	{"X-SES-DMARC-Verdict", wordReader("ses", "dmarc", setSES)},
}

// setSES: PASS, FAIL, GRAY (neither), PROCESSING_FAILED (no answer).
func setSES(v *Verdict, word string) { v.Result = mailname.Lower(word) }
