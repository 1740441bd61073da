package mailname

import (
	"strings"
	"testing"
)

func TestNormal(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		got, ok := Normal(in)
		if got != want || ok != (want != "") {
			t.Errorf("Normal(%q) = %q, %v, want %q", in, got, ok, want)
		}
		if again, ok := Normal(got); want != "" && (!ok || again != got) {
			t.Errorf("Normal(%q) = %q, %v: it is not a normal form", got, again, ok)
		}
	}
	test("Example.COM.", "example.com")
	test(" example.com\t", "example.com")
	test("localhost", "localhost")
	test("_dmarc.Münich.example", "_dmarc.xn--mnich-kva.example")
	test("a_b.straße.example", "a_b.xn--strae-oqa.example") // no transition: ß stays itself
	test("XN--MNICH-KVA.example", "xn--mnich-kva.example")
	test("例え。テスト", "xn--r8jz45g.xn--zckzah")
	for _, bad := range []string{"", ".", "a..b", ".a", "a..", "a b.example", "a\x00.example", "xn--\u00fc.example", "\u00ad",
		strings.Repeat("a", 64) + ".example", strings.Repeat("ab.", 100) + "example", strings.Repeat("ü", 1000)} {
		test(bad, "")
	}
}

func TestForms(t *testing.T) {
	test := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	test("Host", Host(" <[MX.Example.COM.]> "), "mx.example.com")
	test("Host of no name", Host("[192.0.2.1]"), "192.0.2.1")
	test("Domain", Domain("Bücher.Example."), "xn--bcher-kva.example")
	test("Domain of no name", Domain("a\u00adb..\u200d"), "a\u00adb..\u200d")
	test("Lower", Lower("ÄBC"), "Äbc")
	test("LowerBytes", string(LowerBytes([]byte("ÄBC"))), "Äbc")
	test("itself", Within("example.com", "example.com"), true)
	test("below", Within("a.b.example.com", "example.com"), true)
	test("above", Within("com", "example.com"), false)
	test("ends alike", Within("badexample.com", "example.com"), false)
	test("below nothing", Within("example.", ""), false)
	test("nothing", Within("", ""), true)
	test("Parent", Parent("a.example.com"), "example.com")
	test("Parent of a top name", Parent("com"), "")
	test("a private suffix", HasPrivateSuffix("pc.home.arpa"), true)
	test("a public one", HasPrivateSuffix("arpa"), false)
}

func TestSplit(t *testing.T) {
	test := func(addr, local, domain string, ok bool) {
		t.Helper()
		l, d, o := Split(addr)
		if l != local || d != domain || o != ok {
			t.Errorf("Split(%q) = %q, %q, %v", addr, l, d, o)
		}
	}
	test("ann@Example.com", "ann", "Example.com", true)
	test(`"a@b"@example.com`, `"a@b"`, "example.com", true)
	test("example.com", "", "example.com", false)
	test("@example.com", "", "example.com", true)
	test("", "", "", false)
	if got := DomainOf("Ann@Example.COM."); got != "example.com" {
		t.Errorf("DomainOf gives %q", got)
	}
	if got := DomainOf("example.com"); got != "" {
		t.Errorf("DomainOf of no address gives %q", got)
	}
}

func TestOrg(t *testing.T) {
	test := func(name, want string) {
		t.Helper()
		for range 2 { // the second answer comes from memory
			if got := Org(name); got != want {
				t.Errorf("Org(%q) = %q, want %q", name, got, want)
			}
		}
	}
	test("mx.a.example.co.uk.", "example.co.uk")
	test("example.com", "example.com")
	test("FWDSRV2", "")
	test("2001:db8::1", "")
	test("MX.Example.com", "example.com")
	test("co.uk", "")
	test("localhost", "")
	test("", "")
	test("192.0.2.1", "")
	test("[2001:db8::1]", "")
	test("a.github.io", "a.github.io")
}

func TestSameOrg(t *testing.T) {
	test := func(a, b string, want bool) {
		t.Helper()
		if SameOrg(a, b) != want || SameOrg(b, a) != want {
			t.Errorf("%q and %q: want %v", a, b, want)
		}
	}
	test("mx.example.co.uk", "Example.CO.UK.", true)
	test("example.com", "example.org", false)
	test("localhost", "LOCALHOST", true)
	test("localhost", "192.0.2.1", false) // neither has an organisation
	test("co.uk", "com", false)
	test("", "", false)
	test("", "localhost", false)
	test("example.com", "", false)
}
