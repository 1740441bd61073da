package arc

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
)

var letters = map[string]string{pass: "p", fail: "f", temperror: "t", permerror: "e", unchecked: "u"}

// line writes a chain in one line: the status, then each set with its seal and
// message signature by a letter.
func line(c *Chain) string {
	s := string(c.Result)
	if s == "" {
		s = "open"
	}
	if c.Code != "" {
		s += " " + string(c.Code)
	}
	if c.FailedInstance != 0 {
		s += fmt.Sprintf(" at %d", c.FailedInstance)
	}
	for _, set := range c.Sets {
		s += fmt.Sprintf(" %d:%s/%s", set.Instance, letters[set.SealResult], letters[set.AMSResult])
	}
	return s + fmt.Sprintf(" oldest=%d changed=%d", c.OldestPass, c.ChangedAfter)
}

// test verifies a message and compares its line.
func test(t *testing.T, k dns.Resolver, msg []byte, o Options, want string) *Chain {
	t.Helper()
	c, err := Verify(t.Context(), k, message.Parse(msg), o)
	if err != nil {
		t.Errorf("error %v, want %s", err, want)
	}
	if got := line(c); got != want {
		t.Errorf(" got %s (%s)\nwant %s", got, c.Reason, want)
	}
	if c.Reason == "" || strings.ContainsAny(c.Reason, "\r\n") {
		t.Errorf("reason %q", c.Reason)
	}
	return c
}

func TestChain(t *testing.T) {
	three, k := sealed(t, 3)
	test(t, k, []byte(letter), Options{}, "none oldest=0 changed=0")
	c := test(t, k, three, Options{}, "pass 1:p/p 2:p/p 3:p/p oldest=0 changed=0")
	if s := c.Sets[1]; s.Domain != "b.example" || s.Selector != "arc" || s.AMSDomain != "b.example" || s.CV != "pass" ||
		s.Seal != 3 || s.MessageSignature != 4 || s.Results != 5 || s.SealKeyName != "arc._domainkey.b.example" ||
		s.SealKeyBits != 256 || !s.SealedAt.Equal(time.Unix(1700000001, 0)) || s.Message == nil {
		t.Errorf("set 2: %+v", s)
	}
	// LF line ends are those of the same message.
	test(t, k, bytes.ReplaceAll(three, []byte("\r\n"), []byte("\n")), Options{}, "pass 1:p/p 2:p/p 3:p/p oldest=0 changed=0")

	// Changed after the last seal: every message signature sees it.
	c = test(t, k, edit(t, three, "Hello,", "Hallo,"), Options{}, "fail message-signature at 3 1:p/f 2:p/f 3:p/f oldest=-1 changed=3")
	if c.Sets[2].BodyHash != "mismatch" || c.Sets[2].HeaderSignature != "match" {
		t.Errorf("%+v", c.Sets[2])
	}
	c = test(t, k, edit(t, three, "Subject: ", "Subject: [x] "), Options{}, "fail message-signature at 3 1:p/f 2:p/f 3:p/f oldest=-1 changed=3")
	if c.Sets[2].BodyHash != "match" || c.Sets[2].HeaderSignature != "mismatch" {
		t.Errorf("%+v", c.Sets[2])
	}

	// Changed on the way, before set 2: the chain holds, and says since when.
	msg, k := []byte(letter), keys{}
	for i, d := range []string{"a.example", "b.example", "c.example"} {
		s := newSigner(d)
		s.record(k)
		if i == 1 {
			msg = append(msg, "-- \r\nlist footer\r\n"...)
		}
		msg = s.add(msg, i+1)
	}
	test(t, k, msg, Options{}, "pass 1:p/f 2:p/p 3:p/p oldest=2 changed=1")

	// A recorded result changed: the seal over it and all above fail.
	three, k = sealed(t, 3)
	test(t, k, edit(t, three, "i=1; a.example; spf=pass", "i=1; a.example; spf=fail"), Options{}, "fail seal at 1 1:f/p 2:f/p 3:f/p oldest=0 changed=0")
	test(t, k, edit(t, three, "i=2; b.example; spf=pass", "i=2; b.example; spf=fail"), Options{}, "fail seal at 2 1:p/p 2:f/p 3:f/p oldest=0 changed=0")
	test(t, k, edit(t, three, "i=3; c.example; spf=pass", "i=3; c.example; spf=fail"), Options{}, "fail seal at 3 1:p/p 2:p/p 3:f/p oldest=0 changed=0")
}

func TestStructure(t *testing.T) {
	three, k := sealed(t, 3)
	without := func(msg []byte, pattern string) []byte {
		t.Helper()
		re := regexp.MustCompile(`(?m)^` + pattern + `.*\r\n(?:[ \t].*\r\n)*`)
		if !re.Match(msg) {
			t.Fatalf("nothing matches %s", pattern)
		}
		return re.ReplaceAll(msg, nil)
	}
	structure := func(msg []byte, want, reason string) {
		t.Helper()
		c := test(t, k, msg, Options{}, want)
		if !strings.Contains(c.Reason, reason) {
			t.Errorf("reason %q, want %q", c.Reason, reason)
		}
	}
	structure(without(three, `ARC-[A-Za-z-]+: i=2;`), "fail structure at 3 1:p/p 3:f/p oldest=0 changed=0", "set 2 is missing")
	structure(without(three, `ARC-[A-Za-z-]+: i=1;`), "fail structure at 2 2:f/p 3:f/p oldest=0 changed=0", "set 1 is missing")
	structure(without(three, `ARC-Seal: i=2;`), "fail structure at 2 1:p/p 2:u/p 3:f/p oldest=0 changed=0", "no ARC-Seal")
	structure(without(three, `ARC-Message-Signature: i=3;`), "fail structure at 3 1:p/p 2:p/p 3:f/u oldest=-1 changed=0", "no ARC-Message-Signature")
	structure(without(three, `ARC-Authentication-Results: i=1;`), "fail structure at 1 1:f/p 2:f/p 3:f/p oldest=0 changed=0", "no ARC-Authentication-Results")
	structure(slices.Concat([]byte("ARC-Seal: i=2; a=ed25519-sha256; cv=pass; d=x.example; s=arc; b=AAAA\r\n"), three),
		"fail structure at 2 1:p/p 2:e/p 3:f/p oldest=0 changed=0", "more than one ARC-Seal")
	for _, c := range []struct{ field, reason string }{
		{"ARC-Seal: a=ed25519-sha256; cv=pass; d=x.example; s=arc; b=AAAA", "it has no i="},
		{"ARC-Seal: i=; cv=pass", "i= is empty"},
		{"ARC-Seal: i=0; cv=pass", "begin at 1"},
		{"ARC-Seal: i=-1; cv=pass", "not a number"},
		{"ARC-Seal: i=1 2; cv=pass", "not a number"},
		{"ARC-Message-Signature: i=x", "not a number"},
		{"ARC-Authentication-Results: mx.example; i=1", "does not begin with i="},
		{"ARC-Authentication-Results: i=4", "no semicolon"},
		{"ARC-Authentication-Results: (i=1;", "does not begin with i="},
		{"ARC-Seal:", "it has no i="},
	} {
		structure(slices.Concat([]byte(c.field+"\r\n"), three), "fail structure 1:p/p 2:p/p 3:p/p oldest=0 changed=0", c.reason)
	}
	// Over 50: nothing is verified, and nothing asked.
	for _, i := range []string{"51", "99", "100", "99999999999999999999999"} {
		c, err := Verify(t.Context(), nil, message.Parse(slices.Concat([]byte("ARC-Seal: i="+i+"; cv=pass\r\n"), three)), Options{})
		if err != nil || c.Result != Fail || c.Code != ReasonTooMany || c.Sets[0].SealResult != "unchecked" {
			t.Errorf("i=%s: %v %s", i, err, line(c))
		}
	}
	fifty, k50 := sealed(t, 50)
	if c, err := Verify(t.Context(), k50, message.Parse(fifty), Options{}); err != nil || c.Result != Pass || len(c.Sets) != 50 {
		t.Errorf("50 sets: %v %s %s", err, line(c), c.Reason)
	}
}

func TestTags(t *testing.T) {
	one := func(change func(*signer), want, reason string) {
		t.Helper()
		k := keys{}
		s := newSigner("a.example")
		change(s)
		s.record(k)
		k[strings.ToLower("arc._domainkey."+s.domain)] = k["arc._domainkey."+s.domain]
		c := test(t, k, s.add([]byte(letter), 1), Options{}, want)
		if !strings.Contains(c.Reason, reason) {
			t.Errorf("reason %q, want %q", c.Reason, reason)
		}
		if c.Sets[0].Domain != "a.example" || c.Sets[0].AMSDomain != "a.example" {
			t.Errorf("domains %q, %q", c.Sets[0].Domain, c.Sets[0].AMSDomain)
		}
	}
	one(func(*signer) {}, "pass 1:p/p oldest=0 changed=0", "the one set holds")
	one(func(s *signer) { s.cv = "pass" }, "fail structure at 1 1:p/p oldest=0 changed=0", "cv=")
	one(func(s *signer) { s.cv = "NONE" }, "pass 1:p/p oldest=0 changed=0", "")
	one(func(s *signer) { s.cv = "maybe" }, "fail structure at 1 1:p/p oldest=0 changed=0", "cv=")
	one(func(s *signer) { s.seal = " h=from;" }, "fail structure at 1 1:e/p oldest=0 changed=0", "must not have h=")
	one(func(s *signer) { s.seal = " ; " }, "fail structure at 1 1:e/p oldest=0 changed=0", "semicolon")
	one(func(s *signer) { s.seal = " new=1;" }, "pass 1:p/p oldest=0 changed=0", "")
	one(func(s *signer) { s.h = "from:arc-seal" }, "fail structure at 1 1:p/f oldest=-1 changed=1", "h= names ARC-Seal")
	one(func(s *signer) { s.h = "subject" }, "fail structure at 1 1:p/e oldest=-1 changed=0", "From")
	one(func(s *signer) { s.h = "from:arc-authentication-results" }, "pass 1:p/p oldest=0 changed=0", "")
	one(func(s *signer) { s.aar = "(a (comment\\)) i=2;) i (x) = 1 (y) ; mx.example; none" }, "pass 1:p/p oldest=0 changed=0", "")
	one(func(s *signer) { s.domain = "A.Example" }, "pass 1:p/p oldest=0 changed=0", "")
	// Algorithms: rsa-sha1 is computed and refused.
	one(func(s *signer) { s.rsa = rsaKey() }, "pass 1:p/p oldest=0 changed=0", "")
	one(func(s *signer) { s.rsa, s.sha1 = rsaKey(), true }, "fail seal at 1 1:e/p oldest=0 changed=0", "verifies, but rsa-sha1")
	// An earlier verdict.
	c := func(whole bool) []byte {
		msg, _ := sealed(t, 2)
		s := newSigner("c.example")
		s.cv, s.whole = "fail", whole
		return s.add(edit(t, msg, "Hello,", "Hallo,"), 3)
	}
	_, k := sealed(t, 3)
	test(t, k, c(false), Options{}, "fail inherited at 3 1:p/f 2:p/f 3:p/p oldest=3 changed=2")
	if got := test(t, k, c(true), Options{}, "fail inherited at 3 1:p/f 2:p/f 3:p/p oldest=3 changed=2"); !strings.Contains(got.Sets[2].SealReason, "whole chain") {
		t.Errorf("%+v", got.Sets[2])
	}
	// cv=pass above cv=fail is malformed.
	s := newSigner("d.example")
	s.record(k)
	test(t, k, s.add(c(false), 4), Options{}, "fail structure at 3 1:p/f 2:p/f 3:p/p 4:p/p oldest=3 changed=2")
}

func TestSealTagsMissing(t *testing.T) {
	msg, k := sealed(t, 1)
	for _, tag := range []string{"a=ed25519-sha256;", "cv=none;", "d=a.example;", "s=arc;"} {
		for _, with := range []string{"", tag[:strings.Index(tag, "=")+1] + ";"} {
			c, err := Verify(t.Context(), k, message.Parse(edit(t, msg, tag, with)), Options{})
			if err != nil || c.Result != Fail || c.Code != ReasonStructure || c.FailedInstance != 1 {
				t.Errorf("%q for %q: %v %s", with, tag, err, line(c))
			}
		}
	}
	for _, change := range [][2]string{{"t=1700000001", "t=soon"}, {"t=1700000001", "t=1 7"}, {"a=ed25519-sha256; cv", "a=rot13; cv"}, {"d=a.example; s=arc; t=1700000001", "d=a..example; s=arc; t=1700000001"}} {
		c, err := Verify(t.Context(), k, message.Parse(edit(t, msg, change[0], change[1])), Options{})
		if err != nil || c.Result != Fail || c.Sets[0].SealResult != "permerror" {
			t.Errorf("%q: %v %s", change, err, line(c))
		}
	}
}

func TestKeys(t *testing.T) {
	three, k := sealed(t, 3)
	with := func(name, record string) keys {
		out := keys{}
		for n, r := range k {
			out[n] = r
		}
		if out[name] = record; record == "" {
			delete(out, name)
		}
		return out
	}
	const b, c = "arc._domainkey.b.example", "arc._domainkey.c.example"
	test(t, with(b, ""), three, Options{}, "fail key at 2 1:p/p 2:e/e 3:p/p oldest=3 changed=0")
	test(t, with(c, ""), three, Options{}, "fail key at 3 1:p/p 2:p/p 3:e/e oldest=-1 changed=0")
	test(t, with(c, "v=DKIM1; k=ed25519; p="), three, Options{}, "fail key at 3 1:p/p 2:p/p 3:e/e oldest=-1 changed=0")
	test(t, with(c, "v=spf1 -all"), three, Options{}, "fail key at 3 1:p/p 2:p/p 3:e/e oldest=-1 changed=0")
	test(t, with(c, k[b]), three, Options{}, "fail message-signature at 3 1:p/p 2:p/p 3:f/f oldest=-1 changed=3")
	test(t, with(b, "SERVFAIL"), three, Options{}, "temperror key 1:p/p 2:t/t 3:p/p oldest=3 changed=0")
	test(t, with(c, "SERVFAIL"), three, Options{}, "temperror key 1:p/p 2:p/p 3:t/t oldest=-1 changed=0")
	// What fails for certain needs no key that is missing.
	test(t, with(b, "SERVFAIL"), edit(t, three, "Hello,", "Hallo,"), Options{}, "fail message-signature at 3 1:p/f 2:t/t 3:p/f oldest=-1 changed=3")
	got, err := Verify(t.Context(), with(b, "OFF"), message.Parse(three), Options{})
	if err == nil || line(got) != "open key 1:p/p 2:u/u 3:p/p oldest=3 changed=0" {
		t.Errorf("%v, %s", err, line(got))
	}
	got, err = Verify(t.Context(), with(b, "OFF"), message.Parse(edit(t, three, "Hello,", "Hallo,")), Options{})
	if err == nil || got.Result != Fail {
		t.Errorf("%v, %s", err, line(got))
	}
}

func TestOptions(t *testing.T) {
	three, k := sealed(t, 3)
	test(t, k, three, Options{HeadersOnly: true}, "open no-body 1:p/u 2:p/u 3:p/u oldest=-1 changed=0")
	test(t, k, edit(t, three, "Subject: ", "Subject: x"), Options{HeadersOnly: true}, "fail message-signature at 3 1:p/f 2:p/f 3:p/f oldest=-1 changed=3")
	test(t, k, three, Options{MaxSets: 2}, "open limit 1:u/u 2:p/p 3:p/p oldest=2 changed=0")
	test(t, k, edit(t, three, "Hello,", "Hallo,"), Options{MaxSets: 1}, "fail message-signature at 3 1:u/u 2:u/u 3:p/f oldest=-1 changed=3")
	test(t, k, three, Options{MaxSets: 3}, "pass 1:p/p 2:p/p 3:p/p oldest=0 changed=0")
	m := message.Parse(three)
	c, err := VerifyWith(t.Context(), dkim.NewVerifier(k, m, dkim.Options{}), m, Options{})
	if err != nil || c.Result != Pass {
		t.Errorf("%v, %s", err, line(c))
	}
}

// TestCases verifies chains that real servers made.
func TestCases(t *testing.T) {
	test := func(name, want string) {
		t.Helper()
		zone, err := zonefile.Parse("zone.txt", read(t, corpus.Path(t, "cases/"+name+"/zone.txt")))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Verify(t.Context(), zone, message.Parse(read(t, corpus.Path(t, "cases/"+name+"/message.eml"))), Options{})
		if err != nil || line(c) != want {
			t.Errorf("%s: %v\n got %s (%s)\nwant %s", name, err, line(c), c.Reason, want)
		}
	}
	test("092-list-mailman-nomunge-arc", "pass 1:p/p oldest=0 changed=0")
	test("094-list-mailman-unmodified", "pass 1:p/p oldest=0 changed=0")
	test("096-arc-forward-rspamd", "pass 1:p/p oldest=0 changed=0")
	test("098-arc-broken-after-seal-subject", "fail message-signature at 1 1:p/f oldest=-1 changed=1")
}

func TestHostile(t *testing.T) {
	_, k := sealed(t, 1)
	for name, header := range map[string]string{
		"one instance many times": strings.Repeat("ARC-Seal: i=1; a=rsa-sha256; cv=none; d=a.example; s=arc; b=AAAA\r\n", 20_000),
		"no instance":             strings.Repeat("ARC-Seal: x\r\n", 40_000),
		"comments":                "ARC-Authentication-Results: " + strings.Repeat("(", 1_000_000) + "\r\n",
		"tags":                    "ARC-Seal: i=1;" + strings.Repeat("a=b;", 250_000) + "\r\n",
		"semicolons":              "ARC-Seal: i=1" + strings.Repeat(";", 1_000_000) + "\r\n",
		"signed fields":           "ARC-Message-Signature: i=1; a=rsa-sha256; d=a.example; s=arc; bh=AAAA; b=AAAA; h=" + strings.Repeat("from:", 200_000) + "\r\n",
	} {
		c, err := Verify(t.Context(), k, message.Parse([]byte(header+letter)), Options{})
		if err != nil || c.Result != Fail || len(c.Problems) > MaxProblems {
			t.Errorf("%s: %v, %s, %d problems", name, err, c.Result, len(c.Problems))
		}
		for _, s := range c.Sets {
			if len(s.Problems) > MaxProblems {
				t.Errorf("%s: %d problems in a set", name, len(s.Problems))
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	two, k := sealed(f, 2)
	f.Add(two)
	f.Add([]byte("ARC-Seal: i=1; a=rsa-sha256; cv=fail; d=a.example; s=arc; b=AAAA\r\n\r\nx"))
	f.Add([]byte("ARC-Authentication-Results: (x) i=1; a; none\r\nARC-Message-Signature: i=2; h=from:arc-seal; bh=; b=\r\nARC-Seal: i=51;;\r\n\r\n"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		m := message.Parse(msg)
		c, err := Verify(t.Context(), k, m, Options{})
		if err != nil {
			t.Fatal(err)
		}
		switch c.Result {
		case None:
			if len(c.Sets) > 0 {
				t.Fatalf("none with sets: %s", line(c))
			}
		case Pass:
			for i, s := range c.Sets {
				if s.Instance != i+1 || s.SealResult != "pass" || len(s.Problems) > 0 {
					t.Fatalf("pass with %s", line(c))
				}
			}
		case Fail:
			if c.Code == ReasonNone || c.Reason == "" {
				t.Fatalf("fail without a reason: %s", line(c))
			}
		default:
			t.Fatalf("status %q", c.Result)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s := newSigner("a.example")
	s.rsa = rsaKey()
	k := keys{}
	s.record(k)
	msg := []byte(letter + strings.Repeat("A line of text of some length, as people write it.\r\n", 100))
	for n := 1; n <= 50; n++ {
		msg = s.add(msg, n)
		if n != 1 && n != 3 && n != 50 {
			continue
		}
		m := message.Parse(msg)
		b.Run(fmt.Sprintf("sets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c, err := Verify(b.Context(), k, m, Options{}); err != nil || c.Result != Pass {
					b.Fatal(err, c.Reason)
				}
			}
		})
		if n == 1 {
			// One signature of the same size, for comparison.
			b.Run("one message signature", func(b *testing.B) {
				b.ReportAllocs()
				fields := m.All("ARC-Message-Signature")
				for b.Loop() {
					sigs, err := dkim.NewVerifier(k, m, dkim.Options{}).VerifyFields(b.Context(), dkim.ARCMessage, fields)
					if err != nil || sigs[0].Result != dkim.Pass {
						b.Fatal(err, sigs)
					}
				}
			})
		}
	}
}
