package authres

import (
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/message"
)

// names are the fields that the fuzzer writes its text into.
var names = []string{
	"Authentication-Results", "ARC-Authentication-Results", "Received-SPF", "X-Forefront-Antispam-Report",
	"X-MS-Exchange-SkipListedInternetSender", "X-MS-Exchange-Organization-Antispam-Report", "X-hMailServer-Reason-1",
	"X-Spam-Status", "X-Spam-Report", "X-Spamd-Result", "X-Barracuda-Connect", "X-MDHeloLookup-Result", "X-SPF-Result",
	"X-Proofpoint-SPF-Record", "X-SES-Spam-Verdict",
}

func FuzzParse(f *testing.F) {
	f.Add(uint8(0), "mx 1; dkim/1=pass (a (b) \\) c) header.d=\"x\"; spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=<a@b>; none")
	f.Add(uint8(1), "i=1; mx; arc=none; x; x; dmarc=pass(p=REJECT) d=a reason=\"b")
	f.Add(uint8(2), "Pass (H: domain of a@b designates 192.0.2.1 as permitted sender) receiver=H; client-ip=192.0.2.1; helo=h;")
	f.Add(uint8(3), "CIP:192.0.2.1;SFV:SPM;;:;H")
	f.Add(uint8(6), "Blocked by SPF. (x) - (Score: 3)")
	f.Add(uint8(7), "Yes, tests=[SPF_FAIL=0.9, T_DKIM_INVALID] autolearn=NO")
	f.Add(uint8(9), "default: [1 / 2]; R_SPF_FAIL(1.00)[a[b]c]; DMARC_NA(0")
	for _, header := range sampleHeaders(f) {
		m := message.Parse(header)
		for i := range m.Fields {
			for which, name := range names {
				if m.Is(i, name) {
					f.Add(uint8(which), m.Value(i))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		name := names[int(which)%len(names)]
		m := message.Parse([]byte(name + ": " + strings.ReplaceAll(text, "\n", "\n ") + "\n\nbody"))
		all := All(m)
		if len(all) > MaxVerdicts {
			t.Fatal("too many verdicts")
		}
		for _, v := range all {
			f := m.Fields[v.Field]
			if v.Span.Start < f.Value.Start || v.Span.End > f.Value.End || v.Span.Start > v.Span.End {
				t.Fatalf("span %v outside of %v", v.Span, f.Value)
			}
			if len(v.Properties) > MaxProperties || len(v.Comments) > MaxComments {
				t.Fatal("bound exceeded")
			}
			if v.IP.IsValid() != (v.IPBasis != IPNone) {
				t.Fatalf("address %v with basis %q", v.IP, v.IPBasis)
			}
			if v.Header == "" || v.Dialect == "" {
				t.Fatalf("no header or dialect: %+v", v)
			}
			if v.IP.Is4In6() || v.IP.Zone() != "" {
				t.Fatalf("address %v not in its plain form", v.IP)
			}
		}
	})
}

// FuzzComment: whatever text a server puts into a comment with the escapes of
// RFC 5322, nothing of it becomes a verdict or a property, and what follows is
// read.
func FuzzComment(f *testing.F) {
	f.Add("x smtp.mailfrom=victim.example y")
	f.Add(") smtp.mailfrom=victim.example (")
	f.Add("\\")
	escape := strings.NewReplacer("\\", "\\\\", "(", "\\(", ")", "\\)", "\r", " ", "\n", " ")
	f.Fuzz(func(t *testing.T, text string) {
		vs := readAR("mx; spf=fail (" + escape.Replace(text) + ") smtp.mailfrom=real.example; dkim=none")
		if len(vs) != 2 || len(vs[0].Properties) != 1 || vs[0].MailFrom != "real.example" || vs[0].Defect != NoDefect || vs[1].Method != "dkim" {
			t.Fatalf("%q: %+v", text, vs)
		}
	})
}
