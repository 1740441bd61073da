package domain

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/message"
)

func TestParsePolicy(t *testing.T) {
	test := func(text, mode string, age int64, mx string, errors ...string) {
		t.Helper()
		p := ParsePolicy(text)
		if p.Mode != mode || p.MaxAge != age || strings.Join(p.MX, " ") != mx {
			t.Errorf("%q: %+v", text, p)
		}
		if len(p.Errors) != len(errors) {
			t.Errorf("%q: errors %q, want %q", text, p.Errors, errors)
			return
		}
		for i := range errors {
			if !strings.Contains(p.Errors[i], errors[i]) {
				t.Errorf("%q: error %q, want %q", text, p.Errors[i], errors[i])
			}
		}
	}
	const good = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmx: *.Example.NET\r\nmax_age: 604800\r\n"
	test(good, "enforce", 604800, "mx.example.com *.example.net")
	test(strings.ReplaceAll(good, "\r\n", "\n"), "enforce", 604800, "mx.example.com *.example.net")
	test(good+"future: x\n", "enforce", 604800, "mx.example.com *.example.net") // §3.2: unknown keys are ignored
	test(good+"mode: none\n", "enforce", 604800, "mx.example.com *.example.net")
	test("version: STSv1\nmode: none\nmax_age: 0\n", "none", 0, "")
	test("", "", 0, "", "no version", "no mode", "no max_age", "no mx")
	test("version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1\n", "enforce", 1, "a.example", "STSv2")
	test("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 31557601\n", "enforce", 0, "a.example", "max_age")
	test("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1\n", "enforce", 0, "a.example", "max_age")
	test("version: STSv1\nmode: enforce\nmx: a.*.example\nmax_age: 1\n", "enforce", 1, "", "line 3", "no mx")
	test("version: STSv1\nmode: enforce\nmx: 192.0.2.1\nmax_age: 1\n", "enforce", 1, "", "line 3", "no mx")
	test("<html>\n"+good, "enforce", 604800, "mx.example.com *.example.net", "line 1 has no colon")
}

func TestPolicyMatches(t *testing.T) {
	p := STSPolicy{MX: []string{"mx.example.com", "*.example.net"}}
	for host, want := range map[string]bool{
		"mx.example.com": true, "a.mx.example.com": false, "example.com": false,
		"a.example.net": true, "a.b.example.net": false, "example.net": false,
	} {
		if p.Matches(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
}

func TestParseRecords(t *testing.T) {
	sts := func(text, id, problem string) {
		t.Helper()
		if gotID, got := parseSTS(text); gotID != id || !strings.Contains(got, problem) || (got == "") != (problem == "") {
			t.Errorf("%q: %q, %q", text, gotID, got)
		}
	}
	sts("v=STSv1; id=20160831085700Z;", "20160831085700Z", "")
	sts("v=STSv1;id=1", "1", "")
	sts("v=STSv1 ; id = 1 ; x=y", "1", "")
	sts("v=STSv1", "", "no id=")
	sts("v=STSv1; id=", "", "not 1 to 32")
	sts("v=STSv1; id="+strings.Repeat("a", 33), strings.Repeat("a", 33), "not 1 to 32")
	sts("v=STSv1; id", "", "no \"=\"")
	sts("v=STSv1;; id=1", "1", "nothing between")

	rpt := func(text, rua, problem string) {
		t.Helper()
		if got, p := parseTLSRPT(text); strings.Join(got, " ") != rua || !strings.Contains(p, problem) || (p == "") != (problem == "") {
			t.Errorf("%q: %q, %q", text, got, p)
		}
	}
	rpt("v=TLSRPTv1;rua=mailto:reports@example.com", "mailto:reports@example.com", "")
	rpt("v=TLSRPTv1; rua=https://r.example/v1 , mailto:a@b.example", "https://r.example/v1 mailto:a@b.example", "")
	rpt("v=TLSRPTv1", "", "no rua=")
	rpt("v=TLSRPTv1; rua=a@b.example", "a@b.example", "mailto: or https:")
	rpt("v=TLSRPTv1; rua=http://b.example", "http://b.example", "neither")
	rpt("v=TLSRPTv1; rua=mailto:b.example", "mailto:b.example", "not a mail address")

	bimi := func(text, logo string, declined bool, problem string) {
		t.Helper()
		got, _, d, p := parseBIMI(text)
		if got != logo || d != declined || !strings.Contains(p, problem) || (p == "") != (problem == "") {
			t.Errorf("%q: %q, %v, %q", text, got, d, p)
		}
	}
	bimi("v=BIMI1; l=https://a.example/l.svg; a=https://a.example/c.pem", "https://a.example/l.svg", false, "")
	bimi("v=BIMI1; l=;", "", true, "")
	bimi("v=BIMI1; l=; a=https://a.example/c.pem", "", false, "l= is empty")
	bimi("v=BIMI1; a=", "", false, "no l=")
	bimi("v=BIMI1; l=http://a.example/l.svg", "http://a.example/l.svg", false, "not an https:")
}

func TestParseTLSA(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	test := func(data, problem string) {
		t.Helper()
		got, err := parseTLSA(data)
		switch {
		case err == nil && problem != "":
			t.Errorf("%q: %+v, want %q", data, got, problem)
		case err != nil && (problem == "" || !strings.Contains(err.Error(), problem)):
			t.Errorf("%q: %v, want %q", data, err, problem)
		}
	}
	test("3 1 1 "+hash, "")
	test("2 0 1 "+strings.ToUpper(hash), "")
	test("3 1 2 "+hash+hash, "")
	test("3 1 1 "+hash[:30]+" "+hash[30:], "")
	test(`\# 35 030101`+hash, "")
	test("3 0 0 30820122", "")
	test("1 1 1 "+hash, "PKIX")
	test("4 1 1 "+hash, "usage 4")
	test("3 2 1 "+hash, "selector 2")
	test("3 1 3 "+hash, "matching type 3")
	test("3 1 1 "+hash[2:], "32 bytes, not 31")
	test("3 1 2 "+hash, "64 bytes, not 32")
	test("3 1 1 xyz", "hexadecimal")
	test("3 1 1", "not a TLSA record")
	test("", "not a TLSA record")
	test("300 1 1 "+hash, "not a TLSA record")
}

func TestName(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		got, err := Name(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	test("Example.COM.", "example.com")
	test("müller.example", "xn--mller-kva.example")
	test("_spf.example.com", "_spf.example.com")
	test(" example.com\n", "example.com")
	test("", "")
	test("a..b", "")
	test("192.0.2.1", "")
	test("a b.example", "")
	test("user@example.com", "")
	test("https://example.com/", "")
	test(strings.Repeat("a", 64)+".example", "")
}

func TestSelectorsFrom(t *testing.T) {
	test := func(text, domain, want string) {
		t.Helper()
		seen, err := SelectorsFrom(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(Selectors(seen, domain), " "); got != want {
			t.Errorf("%.40q: %q, want %q (%+v)", text, got, want, seen)
		}
	}
	const mail = "Received: from a by b\n" +
		"DKIM-Signature: v=1; a=rsa-sha256; d=Example.COM;\n\ts=s1; h=from; bh=x; b=y\n" +
		"DKIM-Signature: v=1; d=esp.example; s=k7\n" +
		"ARC-Seal: i=1; a=rsa-sha256; d=relay.example; s=arc; cv=none; b=z\n" +
		"From: a@example.com\n\nDKIM-Signature: v=1; d=example.com; s=inbody\n"
	test(mail, "example.com", "s1")
	test(mail, "esp.example", "k7")
	test(mail, "relay.example", "arc")
	test("From a@example.com Mon Nov  2 10:00:00 2026\n"+mail+"\nFrom b@example.com Mon Nov  2 11:00:00 2026\nDKIM-Signature: d=example.com; s=s2\n\nhi\n", "example.com", "s1 s2")
	test("# known\ns1\ns2 example.com\ns3 other.example\ns4._domainkey.example.com\n\n", "example.com", "s1 s2 s4")
	test("", "example.com", "")
	test("s1, example.com\r\n", "example.com", "s1")
}

func TestTXTData(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		if got := txtData(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	test("v=spf1 -all", `"v=spf1 -all"`)
	test("", `""`)
	test(`a"b\c`+"\n", `"a\"b\\c\010"`)
	test(strings.Repeat("x", 256), `"`+strings.Repeat("x", 255)+`" "x"`)
}

func FuzzPolicy(f *testing.F) {
	f.Add("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 86400\n")
	f.Add("version: STSv1\r\nmode: none\r\nmax_age: 0")
	f.Fuzz(func(t *testing.T, text string) {
		p := ParsePolicy(text)
		if len(p.Errors) == 0 {
			if p.Version != "STSv1" || p.MaxAge < 0 || p.MaxAge > maxPolicyAge || len(p.MX) == 0 && p.Mode != "none" {
				t.Errorf("no error in %q: %+v", text, p)
			}
			for _, mx := range p.MX {
				host := strings.Replace(mx, "*", "host", 1)
				if !p.Matches(host) {
					t.Errorf("%q does not match %q", mx, host)
				}
			}
		}
		if len(p.MX) > MaxPolicyMX || len(p.Errors) > MaxProblems {
			t.Error("over the bounds")
		}
	})
}

func FuzzRecords(f *testing.F) {
	f.Add("v=STSv1; id=20160831085700Z;")
	f.Add("v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/")
	f.Add("v=BIMI1; l=https://a.example/l.svg; a=")
	f.Fuzz(func(t *testing.T, text string) {
		fields, _ := splitFields(text)
		for _, x := range fields {
			if x.pos < 0 || x.pos+len(x.name) > len(text) || text[x.pos:x.pos+len(x.name)] != x.name {
				t.Errorf("%q: field %q is not at byte %d", text, x.name, x.pos)
			}
		}
		if id, problem := parseSTS(text); problem == "" && (id == "" || len(id) > maxPolicyID) {
			t.Errorf("%q: id %q without a problem", text, id)
		}
		if rua, problem := parseTLSRPT(text); problem == "" && len(rua) == 0 {
			t.Errorf("%q: no address and no problem", text)
		}
		if logo, _, declined, problem := parseBIMI(text); problem == "" && !declined && !isHTTPS(logo) {
			t.Errorf("%q: logo %q without a problem", text, logo)
		}
		records, near, others := withVersion([]string{text}, &formSTS)
		if len(records)+len(near)+len(others) != 1 {
			t.Errorf("%q counts twice", text)
		}
	})
}

func FuzzTLSA(f *testing.F) {
	f.Add("3 1 1 " + strings.Repeat("0f", 32))
	f.Add(`\# 4 03010100`)
	f.Fuzz(func(t *testing.T, data string) {
		got, err := parseTLSA(data)
		if err == nil && (got.Usage < 2 || got.Usage > 3 || got.Selector > 1 || got.Matching > 2 || got.Data == "") {
			t.Errorf("%q: %+v", data, got)
		}
	})
}

func FuzzSelectorsFrom(f *testing.F) {
	f.Add([]byte("DKIM-Signature: v=1; d=a.example; s=b\n\n"))
	f.Add([]byte("From x\nDKIM-Signature: d=a.example; s=b\n\nFrom y\n"))
	f.Add([]byte("s1 a.example\ns2\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		seen, err := SelectorsFrom(bytes.NewReader(text))
		if err != nil || len(seen) > MaxSelectors {
			t.Error(len(seen), err)
		}
		for i, s := range seen {
			if s.Count < 1 || s.Selector == "" {
				t.Errorf("%+v", s)
			}
			s.Count = 0
			if slices.ContainsFunc(seen[:i], func(o Seen) bool { o.Count = 0; return o == s }) {
				t.Errorf("%+v comes twice", s)
			}
		}
		n := 0
		eachMessage(text, func(m []byte) { n += len(m); message.Parse(m) })
		if n != len(text) {
			t.Errorf("messages of %d bytes in %d", n, len(text))
		}
	})
}
