package authres

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/message"
)

// BenchmarkParse is the cost of a field, by kind.
func BenchmarkParse(b *testing.B) {
	for _, bench := range []struct{ name, field string }{
		{"gmail", "Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@example.com header.s=sel header.b=AIJlaNkX;\r\n       arc=pass (i=1);\r\n       spf=pass (google.com: domain of bounce+1=a@example.com designates 192.0.2.1 as permitted sender) smtp.mailfrom=\"bounce+1=a@example.com\";\r\n       dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=example.com"},
		{"exchange-online", "Authentication-Results: spf=fail (sender IP is 192.0.2.62)\r\n smtp.mailfrom=example.com; dkim=none (message not signed)\r\n header.d=none;dmarc=fail action=oreject\r\n header.from=example.com;compauth=fail reason=000"},
		{"received-spf", "Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1; helo=mail.example.com; envelope-from=a@example.com; receiver=<UNKNOWN>"},
		{"spamassassin", "X-Spam-Status: No, score=-0.1 required=5.0 tests=DKIM_SIGNED,DKIM_VALID,\r\n\tDKIM_VALID_AU,HTML_MESSAGE,SPF_HELO_NONE,SPF_PASS autolearn=ham"},
		{"other-field", "X-Mailer: Example Mailer 1.0"},
	} {
		m := message.Parse([]byte(bench.field + "\r\n\r\n"))
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.field)))
			for b.Loop() {
				Parse(m, 0)
			}
		})
	}
}

// BenchmarkSamples is the cost of all samples, as one header.
func BenchmarkSamples(b *testing.B) {
	m := message.Parse(append(bytes.Join(sampleHeaders(b), nil), '\n'))
	b.ReportAllocs()
	b.SetBytes(int64(len(m.Raw)))
	for b.Loop() {
		All(m)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(m.Fields)), "ns/field")
}

// hostile are texts that cost a careless reader the square of their length.
var hostile = []struct{ name, field, unit string }{
	{"open-comments", "Authentication-Results", "("},
	{"comments", "Authentication-Results", "()"},
	{"escapes", "Authentication-Results", "\\("},
	{"verdicts", "Authentication-Results", "a=b;"},
	{"words", "Authentication-Results", "a "},
	{"dots", "Authentication-Results", ". "},
	{"equals", "Authentication-Results", "= "},
	{"quotes", "Authentication-Results", "\""},
	{"bare", "Authentication-Results", "a;"},
	{"folds", "Authentication-Results", "(\r\n \r\n )"},
	{"properties", "Authentication-Results", "spf=x a.b= "},
	{"continued", "Authentication-Results", "spf=pass;reason=a;"},
	{"received-spf", "Received-SPF", "a=(b) c;"},
	{"phrases", "Received-SPF", "(h: domain of domain of)"},
	{"symbols", "X-Spam-Status", "tests=SPF_PASS="},
	{"report", "X-Spam-Report", "* 0.0 SPF_PASS "},
	{"brackets", "X-Spamd-Result", "A(1)["},
	{"rspamd", "X-Spamd-Result", "R_SPF_FAIL(1)[]"},
	{"pairs", "X-Forefront-Antispam-Report", "a:b;"},
	{"reasons", "X-hMailServer-Reason-1", " - (Score: "},
}

// BenchmarkHostile has sizes of 128 KiB and 1 MiB: the time of one byte must
// not grow.
func BenchmarkHostile(b *testing.B) {
	for _, h := range hostile {
		for _, size := range []int{128 << 10, 1 << 20} {
			m := message.Parse([]byte(h.field + ": " + strings.Repeat(h.unit, size/len(h.unit)) + "\r\n\r\n"))
			b.Run(fmt.Sprintf("%s/%dKiB", h.name, size>>10), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					Parse(m, 0)
				}
			})
		}
	}
}

// TestHostile reads them all once at 1 MiB, alone and behind a good verdict.
func TestHostile(t *testing.T) {
	for _, h := range hostile {
		text := strings.Repeat(h.unit, (1<<20)/len(h.unit))
		for _, before := range []string{"", "mx; spf=pass ", "mx; spf=pass smtp.mailfrom="} {
			m := message.Parse([]byte(h.field + ": " + before + text + "\r\n\r\n"))
			if n := len(All(m)); n > MaxFieldVerdicts {
				t.Errorf("%s: %d verdicts", h.name, n)
			}
		}
	}
}
