package spf

import (
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// testValues are those of the examples in RFC 7208 §7.4.
func testValues(sender, domain, ip string) *values {
	local, origin, _ := cutLast(sender, "@")
	if domain == "" {
		domain = origin
	}
	return &values{
		ip: netip.MustParseAddr(ip), sender: sender, local: local, origin: origin, domain: domain,
		helo: "mail.example.org", receiver: "mx.example.net", time: 1700000000,
		validated: func(string) (string, error) { return "unknown", nil },
	}
}

func TestMacros(t *testing.T) {
	v := testValues("strong-bad@email.example.com", "", "192.0.2.3")
	test := func(spec, want string) {
		t.Helper()
		if got, ok, err := v.expand(spec); got != want || !ok || err != nil {
			t.Errorf("%s: %q %t %v, want %q", spec, got, ok, err, want)
		}
	}
	// RFC 7208 §7.4.
	test("%{s}", "strong-bad@email.example.com")
	test("%{o}", "email.example.com")
	test("%{d}", "email.example.com")
	test("%{d4}", "email.example.com")
	test("%{d3}", "email.example.com")
	test("%{d2}", "example.com")
	test("%{d1}", "com")
	test("%{dr}", "com.example.email")
	test("%{d2r}", "example.email")
	test("%{l}", "strong-bad")
	test("%{l-}", "strong.bad")
	test("%{lr}", "strong-bad")
	test("%{lr-}", "bad.strong")
	test("%{l1r-}", "strong")
	test("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com")
	test("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com")
	test("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com")
	test("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com")
	test("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net")

	test("%{d999999999999999999999}", "email.example.com")
	test("%{h}|%{c}|%{r}|%{t}|%{p}", "mail.example.org|192.0.2.3|mx.example.net|1700000000|unknown")
	test("100%%%_%-", "100% %20")
	test("%{S}", "strong-bad%40email.example.com")
	test("%{D2R}", "example.email")

	v = testValues("strong-bad@email.example.com", "included.example.net", "2001:db8::cb01")
	test("%{ir}.%{v}._spf.%{d2}",
		"1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.net")
	test("%{c}", "2001:db8::cb01")
	test("%{o} %{d}", "email.example.com included.example.net")

	v = testValues("a..b+c~d e@example.com", "", "192.0.2.3")
	test("%{l}", "a..b+c~d e")
	test("%{lr.+}", "c~d e.b..a") // empty parts stay
	test("%{L}", "a..b%2Bc~d%20e")
}

// TestMacroCases runs the cases of another implementation.
func TestMacroCases(t *testing.T) {
	var file struct {
		Cases []struct {
			Template, Result string
			Context          struct{ Sender, Domain, IP string }
		}
	}
	data, err := os.ReadFile(corpus.Path(t, "corpora/spf/mailauth/macro-cases.json"))
	if err != nil {
		t.Skip(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		ip := c.Context.IP
		if ip == "" {
			ip = "192.0.2.1"
		}
		got, ok, err := testValues(c.Context.Sender, c.Context.Domain, ip).expand(c.Template)
		if got != c.Result || !ok || err != nil {
			t.Errorf("%s: %q %v, want %q", c.Template, got, err, c.Result)
		}
	}
	if len(file.Cases) != 26 {
		t.Errorf("%d cases, want 26", len(file.Cases))
	}
	t.Logf("%d cases", len(file.Cases))
}

func TestTargetName(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		if got := targetName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	label := strings.Repeat("x", 62) + "."
	test("Example.ORG.", "example.org")
	test(strings.Repeat(label, 4)+"a", strings.Repeat(label, 4)+"a")      // 253
	test(strings.Repeat(label, 4)+"ab", strings.Repeat(label, 3)+"ab")    // 254
	test("a."+strings.Repeat(label, 4)+"a", strings.Repeat(label, 4)+"a") // 255
	test(strings.Repeat("x", 300), strings.Repeat("x", 300))              // no label to drop
	test(strings.Repeat("x", 300)+".example.org", "example.org")          // the long label goes
	test(strings.Repeat(".", 300)+"example.org", strings.Repeat(".", 242)+"example.org")
}

func TestExpandBounds(t *testing.T) {
	v := testValues(strings.Repeat("a.", 2000)+"@example.com", "", "192.0.2.3")
	if _, ok, _ := v.expand("%{l1}.x"); ok {
		t.Error("a local part over MaxMacroValue is expanded")
	}
	v = testValues(strings.Repeat("a.", 400)+"@example.com", "", "192.0.2.3")
	if _, ok, _ := v.expand(strings.Repeat("%{l}", 30)); ok {
		t.Error("an outcome over MaxExpansion is accepted")
	}
}

func FuzzExpand(f *testing.F) {
	f.Add("%{ir}.%{v}._spf.%{d2}", "a.b@example.com", "mail")
	f.Add("%{L3r.-+,/_=}%%%_%-%{p}%{c}", "@", "[192.0.2.1]")
	f.Fuzz(func(t *testing.T, spec, sender, helo string) {
		v := testValues(sender, "d.example", "2001:db8::1")
		v.helo = helo
		problem, at, end := checkMacros(spec, inExplain)
		if at < 0 || at > len(spec) || end > len(spec) {
			t.Fatal("offset out of range")
		}
		got, ok, err := v.expand(spec)
		if err != nil || len(got) > MaxExpansion+MaxMacroValue*3 {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if problem == "" && !ok && len(sender) <= MaxMacroValue && len(helo) <= MaxMacroValue && len(spec) < 20 {
			t.Fatalf("%q cannot be expanded", spec)
		}
		name := targetName(got)
		if askable(name) && len(name) > mailname.MaxName {
			t.Fatal("name too long")
		}
	})
}
