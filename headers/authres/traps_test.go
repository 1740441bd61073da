package authres

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/message"
)

// one reads an Authentication-Results value that must hold one verdict.
func one(t *testing.T, value string) Verdict {
	t.Helper()
	vs := readAR(value)
	if len(vs) != 1 {
		t.Fatalf("%s: %d verdicts: %+v", value, len(vs), vs)
	}
	return vs[0]
}

// TestNothingOutOfComments: what stands in a comment is never a property, a
// method or a result, however it is quoted, escaped or left open.
func TestNothingOutOfComments(t *testing.T) {
	test := func(value, from, defect string) {
		t.Helper()
		v := one(t, value)
		if v.MailFrom != from || string(v.Defect) != defect || len(v.Properties) > 1 {
			t.Errorf("%s: mailfrom %q, defect %q, %+v", value, v.MailFrom, v.Defect, v.Properties)
		}
	}
	test("mx; spf=fail smtp.mailfrom=real.example (x smtp.mailfrom=victim.example y)", "real.example", "")
	test("mx; spf=fail (x smtp.mailfrom=victim.example y) smtp.mailfrom=real.example", "real.example", "")
	test("mx; spf=fail (a (b smtp.mailfrom=victim.example) c) smtp.mailfrom=real.example", "real.example", "")
	test(`mx; spf=fail (a \) smtp.mailfrom=victim.example \( b) smtp.mailfrom=real.example`, "real.example", "")
	test(`mx; spf=fail (a ") smtp.mailfrom=real.example`, "real.example", "")
	test("mx; spf=fail (a ; dkim=pass header.d=victim.example) smtp.mailfrom=real.example", "real.example", "")
	test("mx; spf=fail smtp.mailfrom (x) = (smtp.mailfrom=victim.example) real.example", "real.example", "")
	test("mx; spf=fail (open smtp.mailfrom=victim.example; dkim=pass", "", "unclosed-comment")
	test(`mx; spf=fail (open \) smtp.mailfrom=victim.example`, "", "unclosed-comment")
	test(`mx; spf=fail (open \`, "", "unclosed-comment")
	test("mx; spf=fail (a)) smtp.mailfrom=real.example", "real.example", "stray-parenthesis")
	test(`mx; spf=fail (domain of "a) smtp.mailfrom=victim.example (b"@evil.example denied) smtp.mailfrom=real.example`, "real.example", "")
	test(`mx; spf=fail (domain of "a\") smtp.mailfrom=victim.example (b"@evil.example denied) smtp.mailfrom=real.example`, "real.example", "")
	test(`mx; spf=fail (domain of ""@evil.example denied) smtp.mailfrom=real.example`, "real.example", "")
	test(`mx; spf=fail (domain of x" denied) smtp.mailfrom="real"@real.example`, "\"real\"@real.example", "")
	test("mx; spf=fail (a \"b\n \"@c) smtp.mailfrom=real.example", "real.example", "")
	test(`mx; spf=fail reason="; dkim=pass smtp.mailfrom=victim.example" smtp.mailfrom=real.example`, "real.example", "")
	test(`mx; spf=fail reason="open; dkim=pass smtp.mailfrom=victim.example`, "", "unclosed-quote")
	test(`mx; spf=fail "smtp.mailfrom"=victim.example smtp.mailfrom=real.example`, "real.example", "")
	test("mx; spf=fail\r\n (folded\r\n\tsmtp.mailfrom=victim.example)\r\n smtp.mailfrom=real.example", "real.example", "")
}

// TestTwoResults: a field that says two things of one method can't be taken at
// its word, in whatever order they stand. Several identities and signatures are
// as they should be (RFC 8601 §2.2).
func TestTwoResults(t *testing.T) {
	test := func(value string, doubtful ...string) {
		t.Helper()
		var got []string
		for _, v := range readAR(value) {
			if v.Doubt() != "" {
				got = append(got, v.Method+"="+v.Result)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(doubtful) {
			t.Errorf("%s: in doubt %q, want %q", value, got, doubtful)
		}
	}
	test("mx; spf=pass smtp.mailfrom=a;dmarc=pass;@kelp.example; dmarc=fail header.from=bank.example", "dmarc=pass", "dmarc=fail")
	test("mx; dmarc=fail header.from=bank.example; spf=pass smtp.mailfrom=a;dmarc=pass;@kelp.example", "dmarc=fail", "dmarc=pass")
	test("mx; dmarc=pass header.from=kelp.example; dmarc=pass header.from=bank.example", "dmarc=pass", "dmarc=pass")
	test("mx; dmarc=pass header.from=bank.example; dmarc=pass (Used From Domain Record) header.from=bank.example")
	test("mx; spf=pass smtp.mailfrom=a;spf=pass;@kelp.example; dkim=none")
	test("mx; spf=fail smtp.mailfrom=kelp.example; spf=pass smtp.mailfrom=bank.example", "spf=fail", "spf=pass")
	test("mx; spf=pass smtp.mailfrom=a@kelp.example; spf=none smtp.helo=mail.kelp.example")
	test("mx; dkim=pass header.d=a.example header.b=AAAA; dkim=fail header.d=a.example header.b=BBBB")
	test("mx; dkim=pass header.d=a.example header.s=s header.b=AAAA; dkim=fail header.d=a.example header.s=s header.b=AAAA", "dkim=pass", "dkim=fail")
	test("mx; dkim=pass header.d=a.example; dkim=fail header.d=a.example")
	test("mx; arc=pass; arc=fail", "arc=pass", "arc=fail")
	test("mx; iprev=fail policy.iprev=192.0.2.1; iprev=pass policy.iprev=192.0.2.9", "iprev=fail", "iprev=pass")
	test("mx; dkim=pass header.d=bank.example(.kelp.example; spf=pass; dmarc=fail", "dkim=pass")
	test(`mx; dkim=pass header.d="bank.example; dmarc=fail`, "dkim=pass")
	test("mx; dkim=pass header.d=bank.example header.d=kelp.example", "dkim=pass")
}

// TestPhrasesAreAnchored: the sender chooses the local part, which can be
// quoted and hold the wording of a filter. The address is the filter's.
func TestPhrasesAreAnchored(t *testing.T) {
	test := func(comment, ip, sender string) {
		t.Helper()
		ph := readPhrase(comment)
		got := ""
		if ph.ip.IsValid() {
			got = ph.ip.String()
		}
		if got != ip || ph.sender != sender {
			t.Errorf("%s: ip %q sender %q", comment, got, ph.sender)
		}
	}
	test(`g: domain of "x designates 6.6.6.6 as permitted sender"@evil.example designates 192.0.2.1 as permitted sender`,
		"192.0.2.1", `"x designates 6.6.6.6 as permitted sender"@evil.example`)
	test(`g: 192.0.2.1 is neither permitted nor denied by domain of "x designates 6.6.6.6 as permitted sender"@evil.example`,
		"192.0.2.1", `"x designates 6.6.6.6 as permitted sender"@evil.example`)
	test(`g: domain of "6.6.6.6 is neither permitted"@evil.example does not designate 192.0.2.1 as permitted sender`,
		"192.0.2.1", `"6.6.6.6 is neither permitted"@evil.example`)
	test(`g: domain of sender IP is 6.6.6.6 designates 192.0.2.1 as permitted sender`, "192.0.2.1", "sender IP is 6.6.6.6")
	test(`h: error in processing during lookup of domain of example.com: bad`, "", "example.com")
	test(`h: error in processing during lookup of a@example.com: DNS error`, "", "a@example.com")
	test(`h: encountered temporary error during SPF processing of domain of example.com`, "", "example.com")
	test(`h: domain of example.com does not provide an SPF record`, "", "example.com")
	test(`h: SPF record at _spf.example.com designates 192.0.2.1 as permitted sender`, "192.0.2.1", "")
	test(`h: transitioning domain of example.com does not designate 192.0.2.1 as permitted sender`, "192.0.2.1", "example.com")
	test(`h: a@example.com does not designate permitted sender hosts`, "", "a@example.com")
	test(`designates 192.0.2.1 as permitted sender`, "", "")
	test(`as permitted sender`, "", "")
	test(`see why: sender IP is 6.6.6.6`, "", "")
	test(`domain owner text, designates 6.6.6.6 as permitted sender, or so`, "", "")
	test(`client-ip=192.0.2.1; helo=client-ip=6.6.6.6; envelope-from="client-ip=6.6.6.6;"@evil.example`, "192.0.2.1", "")
	test(`helo=x; client-ip=6.6.6.6`, "", "")
	test(`sender IP is `, "", "")
	test(`sender IP is 192.0.2.256`, "", "")
	test(``, "", "")
	test(`:`, "", "")
	test(strings.Repeat("x ", maxPhrase)+"designates 6.6.6.6 as permitted sender", "", "")
}

// TestPolicyComments: a comment is read for a policy only where all of it has
// the known form.
func TestPolicyComments(t *testing.T) {
	test := func(comment, policy, action string) {
		t.Helper()
		if p, a := readPolicy(comment); p != policy || a != action {
			t.Errorf("%s: policy %q action %q", comment, p, a)
		}
	}
	test("p=REJECT sp=NONE dis=NONE", "REJECT", "NONE")
	test("p=REJECT,sp=NONE", "REJECT", "")
	test("p=none; dis=none", "none", "none")
	test("p=reject,d=none,d.eval=none", "reject", "none")
	test("policy=reject", "reject", "")
	test("p=none sp=none pct=100", "none", "")
	test("Used From Domain Record", "", "")
	test("no p=none here", "", "")
	test("p=none x=y", "", "")
}

// TestGoMsgauthTraps are inputs that this widely used parser gets wrong.
func TestGoMsgauthTraps(t *testing.T) {
	if v := one(t, `mx; dkim=fail reason="bad signature; key" header.d=example.com`); v.Reason != "bad signature; key" || v.Domain != "example.com" {
		t.Errorf("%+v", v)
	}
	if v := one(t, "(hello) mx (there) ; (and) dkim (here) = (too) pass header.d=example.com"); v.AuthservID != "mx" || v.Method != "dkim" || v.Result != "pass" {
		t.Errorf("%+v", v)
	}
	if v := one(t, "mx; dkim/1=pass header.d=example.com"); v.Method != "dkim" || v.MethodVersion != "1" {
		t.Errorf("%+v", v)
	}
	if v := one(t, "mx; dmarc=pass(p=REJECT) header.from=example.com"); v.Result != "pass" || v.Policy != "reject" {
		t.Errorf("%+v", v)
	}
	if v := one(t, "mx; arc=pass (i=1 spf=pass spfdomain=example.com)"); v.Comment != "i=1 spf=pass spfdomain=example.com" {
		t.Errorf("%+v", v)
	}
	v := one(t, "mx; dkim=pass header.s=sel header.a=rsa-sha256 header.b=AbC policy.x=1 smtp.remote-ip=192.0.2.1 header.d=example.com")
	if len(v.Properties) != 6 || v.Selector != "sel" || v.Signer != "AbC" || v.IP.String() != "192.0.2.1" {
		t.Errorf("%+v", v)
	}
	if v := one(t, "mx; spf=pass smtp.mailfrom=first.example smtp.mailfrom=second.example"); v.Domain != "first.example" || v.Defect != RepeatedProperty || len(v.Properties) != 2 {
		t.Errorf("%+v", v)
	}
}

func TestGrammar(t *testing.T) {
	test := func(value, want string) {
		t.Helper()
		var got []string
		for _, v := range readAR(value) {
			s := v.AuthservID + "|" + v.Method + "=" + v.Result
			for _, p := range v.Properties {
				s += fmt.Sprintf(" %s.%s=%s", p.Type, p.Name, p.Value)
			}
			if v.Defect != NoDefect {
				s += " " + string(v.Defect)
			}
			got = append(got, s)
		}
		if g := strings.Join(got, "; "); g != want {
			t.Errorf("%s\ngot  %s\nwant %s", value, g, want)
		}
	}
	test("", "")
	test("   ", "")
	test(";;;", "")
	test("=", "")
	test("mx;", "mx|=")
	test("mx; none", "mx|=none")
	test("mx; NONE;", "mx|=none")
	test("mx 1; none", "mx|=none")
	test(`"mx example"; none`, "mx example|=none")
	test("mx; dkim=", "mx|dkim=")
	test("mx; dkim=;", "mx|dkim=")
	test("mx; =pass", "mx|=")
	test("mx; DKIM=PASS Header.D=Example.COM", "mx|dkim=pass header.d=Example.COM")
	test(`mx; spf=pass smtp.mailfrom="a b"@example.com`, `mx|spf=pass smtp.mailfrom="a b"@example.com`)
	test(`mx; spf=pass smtp.mailfrom="a@example.com"`, `mx|spf=pass smtp.mailfrom=a@example.com`)
	test(`mx; spf=pass smtp.mailfrom="a\"b;c"@example.com; dkim=none`, `mx|spf=pass smtp.mailfrom="a\"b;c"@example.com; mx|dkim=none`)
	test("mx; spf=pass smtp.mailfrom=SRS0=ab=cd=example.com=a@example.net", "mx|spf=pass smtp.mailfrom=SRS0=ab=cd=example.com=a@example.net")
	test("mx; spf=pass smtp.mailfrom= smtp.helo=h", "mx|spf=pass smtp.mailfrom= smtp.helo=h")
	test("mx; x-me=pass policy.xms= abc=", "mx|x-me=pass policy.xms=abc=")
	test("mx; spf=pass smtp.mailfrom=; dkim=pass", "mx|spf=pass smtp.mailfrom=; mx|dkim=pass")
	test("mx; spf=pass smtp.mailfrom=<>; dkim=pass", "mx|spf=pass smtp.mailfrom=<>; mx|dkim=pass")
	test("mx; spf=pass smtp.mailfrom=a dkim=fail header.d=b", "mx|spf=pass smtp.mailfrom=a; mx|dkim=fail header.d=b missing-semicolon")
	test("mx; spf=pass; smtp.mailfrom=a; dkim=fail", "mx|spf=pass smtp.mailfrom=a; mx|dkim=fail")
	test("mx dkim=pass header.d=b", "mx|dkim=pass header.d=b")
	test("mx; dkim=pass junk header.d=b more", "mx|dkim=pass header.d=b")
	test("mx; a; b; dkim=pass", "mx|dkim=pass")
	test("mx; dkim=pass; example.org; dmarc=fail", "mx|dkim=pass; mx|dmarc=fail")
	test("dkim=pass; spf=fail", "|dkim=pass; |spf=fail")
	test("mx; dmarc=none action=none header.from=b;compauth=fail reason=001", "mx|dmarc=none .action=none header.from=b; mx|compauth=fail")
	test("i=1; mx; dkim=pass", "mx|dkim=pass")
	test("mx; policy (a) . (b) x = 1; dkim=pass policy (a) . (b) x (c) = (d) 1", "mx|dkim=pass policy.x=1")
	test("mx; spf=pass smtp.mailfrom=\xff\xfe@example.com", "mx|spf=pass smtp.mailfrom=\xff\xfe@example.com")
	test("mx; spf=pass smtp.mailfrom=a\x00b@example.com", "mx|spf=pass smtp.mailfrom=a\x00b@example.com")
}

// TestOldExchangeForm: the recipient's domain between the verdicts is no
// authserv-id, also where it comes first. Two different words are none of it.
func TestOldExchangeForm(t *testing.T) {
	vs := readAR("spf=fail smtp.mailfrom=a.example; b.example; dkim=none header.d=none;b.example; dmarc=fail action=oreject header.from=a.example;")
	if len(vs) != 3 || vs[2].AuthservID != "" || vs[2].RecipientDomain != "b.example" || vs[2].Action != "oreject" {
		t.Errorf("%+v", vs)
	}
	vs = readAR("b.example; dkim=none header.d=none;b.example; dmarc=none action=none header.from=a.example;")
	if len(vs) != 2 || vs[0].AuthservID != "" || vs[0].RecipientDomain != "b.example" {
		t.Errorf("%+v", vs)
	}
	vs = readAR("b.example; dkim=none header.d=none;c.example; dmarc=none action=none header.from=a.example;")
	if len(vs) != 2 || vs[0].AuthservID != "b.example" || vs[0].RecipientDomain != "" {
		t.Errorf("%+v", vs)
	}
}

func TestInstance(t *testing.T) {
	if vs := field("ARC-Authentication-Results: i=12; mx; spf=pass"); len(vs) != 1 || vs[0].Instance != 12 || vs[0].AuthservID != "mx" {
		t.Errorf("%+v", vs)
	}
	if vs := field("ARC-Authentication-Results: mx; i=2; spf=pass"); len(vs) != 1 || vs[0].Instance != 2 || vs[0].AuthservID != "mx" {
		t.Errorf("%+v", vs)
	}
	if vs := field("ARC-Authentication-Results: i=1; mx; none"); len(vs) != 1 || vs[0].Instance != 1 || vs[0].Result != "none" {
		t.Errorf("%+v", vs)
	}
	if vs := field("ARC-Authentication-Results: i=99999999999; mx; spf=pass"); len(vs) != 1 || vs[0].Instance != 0 {
		t.Errorf("%+v", vs)
	}
	if vs := field("Authentication-Results: i=1; mx; spf=pass"); len(vs) != 1 || vs[0].Instance != 0 || vs[0].AuthservID != "mx" {
		t.Errorf("%+v", vs)
	}
}

func TestNormal(t *testing.T) {
	test := func(method, result, want string) {
		t.Helper()
		if got := normal(method, result); got != want {
			t.Errorf("%s=%s: %q, want %q", method, result, got, want)
		}
	}
	test("spf", "hardfail", "fail")
	test("dkim", "hardfail", "fail")
	test("dkim", "policy", "policy")
	test("dmarc", "bestguesspass", "none")
	test("spf", "bestguesspass", "")
	test("spf", "unknown", "permerror")
	test("dkim", "unknown", "")
	test("dkim-adsp", "unknown", "unknown")
	test("arc", "reject", "fail")
	test("dmarc", "reject", "")
	test("compauth", "softpass", "")
	test("bimi", "skipped", "")
	test("domainkeys", "perm_fail", "permerror")
}

func TestParseOtherFields(t *testing.T) {
	m := message.Parse([]byte("Subject: spf=pass\nX-Spam-Flag: YES\nAuthentication-Results: \n\n"))
	for i, want := range []bool{true, true, false, true} { // nil?
		if got := Parse(m, i) == nil; got != want {
			t.Errorf("field %d: nil %v", i, got)
		}
	}
	if Parse(m, -1) != nil {
		t.Error("field -1")
	}
	if All(m) != nil {
		t.Errorf("%+v", All(m))
	}
}

func TestSpan(t *testing.T) {
	raw := "X: y\r\nAuthentication-Results: mx;\r\n dkim=pass\r\n header.d=a ; spf=fail (x)\r\n\r\n"
	m := message.Parse([]byte(raw))
	vs := Parse(m, 1)
	if len(vs) != 2 {
		t.Fatal(vs)
	}
	for i, want := range []string{"dkim=pass\r\n header.d=a ", "spf=fail (x)"} {
		if got := raw[vs[i].Span.Start:vs[i].Span.End]; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	last := func(vs []Verdict) Verdict { return vs[len(vs)-1] }
	vs := readAR("mx" + strings.Repeat("; a=b", MaxFieldVerdicts))
	if len(vs) != MaxFieldVerdicts || last(vs).Truncated {
		t.Error("at the bound", len(vs))
	}
	vs = readAR("mx" + strings.Repeat("; a=b", MaxFieldVerdicts+1))
	if len(vs) != MaxFieldVerdicts || !last(vs).Truncated {
		t.Error("over the bound of a field", len(vs))
	}
	vs = readAR("mx; spf=pass" + strings.Repeat(" a=b", MaxProperties+1) + "; dkim=pass")
	if len(vs) != 2 || len(vs[0].Properties) != MaxProperties || !vs[0].Truncated || vs[1].Truncated {
		t.Error("over the bound of properties", len(vs))
	}
	vs = readAR("mx; spf=pass" + strings.Repeat(" (a)", MaxComments+1) + "; dkim=pass (b)")
	if len(vs) != 2 || len(vs[0].Comments) != MaxComments || !vs[0].Truncated || vs[1].Comment != "b" {
		t.Error("over the bound of comments", len(vs))
	}
	vs = field("Received-SPF: pass" + strings.Repeat(" (a)", MaxComments+1) + strings.Repeat(" a=b;", MaxProperties+1))
	if len(vs) != 1 || len(vs[0].Properties) != MaxProperties || len(vs[0].Comments) != MaxComments || !vs[0].Truncated {
		t.Error("Received-SPF", len(vs))
	}
	line := "Authentication-Results: mx" + strings.Repeat("; a=b", MaxFieldVerdicts) + "\n"
	m := message.Parse([]byte(strings.Repeat(line, MaxVerdicts/MaxFieldVerdicts+1) + "\n"))
	if vs = All(m); len(vs) != MaxVerdicts || !last(vs).Truncated {
		t.Error("over the bound of a message", len(vs))
	}
	m = message.Parse([]byte(strings.Repeat(line, MaxVerdicts/MaxFieldVerdicts) + "\n"))
	if vs = All(m); len(vs) != MaxVerdicts || last(vs).Truncated {
		t.Error("at the bound of a message", len(vs))
	}
}
