package repair

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// fieldOf is what a header change is about, so that pairs are of two fields.
func fieldOf(name string) string {
	if name == "From munged" || name == "Reply-To added" || name == "From, Reply-To without name" {
		return "from" // a list that sets Reply-To as well leaves nothing of the author
	}
	for _, f := range []string{"subject", "from", "to", "charset", "transfer", "mime", "reply-to", "list", "sender", "names", "blank"} {
		if strings.Contains(strings.ToLower(name), f) {
			return f
		}
	}
	return name
}

func TestRepairPairs(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	type kind struct {
		name         string
		body, header int
		tries        int
		least        int // percent
	}
	for _, k := range []kind{
		{"one body and one header edit", 1, 1, 12, 95},
		{"two header edits", 0, 2, 12, 95},
		// Many of these body edits write MIME fields as well: that is three or four
		// header edits.
		{"one body and two header edits", 1, 2, 8, 85},
	} {
		broken, found := 0, 0
		missed := make(map[string]int)
		most := 0
		eachSigned(t, r, func(m sample, canon string, z texts) {
			for range k.tries {
				changed := m.clone()
				var names []string
				used := make(map[string]bool)
				ok := true
				// The header first: a body edit may write header fields again.
				for n := 0; n < k.header; {
					c := headerChanges[r.Intn(len(headerChanges))]
					if used[fieldOf(c.name)] {
						continue
					}
					try := changed.clone()
					if n++; !c.do(r, &try) {
						ok = false
						break
					}
					used[fieldOf(c.name)] = true
					changed = try
					names = append(names, c.name)
				}
				for range k.body {
					c := bodyChanges[r.Intn(len(bodyChanges))]
					try := changed.clone()
					if !c.do(r, &try) {
						ok = false
						break
					}
					changed = try
					names = append(names, c.name)
				}
				if !ok {
					continue
				}
				s, got := repairOf(t, z, changed)
				if s.Result == dkim.Pass || s.Result == dkim.PermError {
					continue
				}
				broken++
				if got != nil && got.Complete() {
					found++
					most = max(most, got.Hashes)
				} else {
					part := "nothing"
					if got != nil && len(got.Changes) > 0 {
						part = kinds(got)
					}
					algorithm, _, _ := strings.Cut(s.Algorithm, "-")
					missed[fmt.Sprintf("%s, %s, %s (found %s)", strings.Join(names, " + "), canon, algorithm, part)]++
				}
			}
		})
		t.Logf("%s: %d of %d found (%.1f %%); at most %d hashes", k.name, found, broken, 100*float64(found)/float64(broken), most)
		var list []string
		for name := range missed {
			list = append(list, name)
		}
		slices.Sort(list)
		for _, name := range list[:min(len(list), 40)] {
			t.Logf("  missed: %s", name)
		}
		if broken < 100 || found*100 < broken*k.least {
			t.Errorf("%s: %d of %d", k.name, found, broken)
		}
	}
}

// TestRepairDamage changes single bytes, which no relay does: nothing may be
// reported.
func TestRepairDamage(t *testing.T) {
	r := rand.New(rand.NewSource(99))
	broken, partly, exhausted := 0, 0, 0
	eachSigned(t, r, func(m sample, canon string, z texts) {
		raw := m.String()
		signatureEnd := len(m.fields[0])
		for range 12 {
			at := signatureEnd + r.Intn(len(raw)-signatureEnd)
			c := raw[at]
			if !('a' <= c && c <= 'z') {
				continue
			}
			b := []byte(raw)
			b[at] = 'a' + (c-'a'+byte(1+r.Intn(25)))%26
			v := dkim.NewVerifier(z, message.Parse(b), dkim.Options{})
			sigs, err := v.Verify(context.Background())
			if err != nil || len(sigs) != 1 {
				t.Fatal(err, len(sigs))
			}
			if sigs[0].Result == dkim.Pass {
				continue
			}
			broken++
			got, err := New(v).Search(context.Background(), &sigs[0], Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got != nil && len(got.Changes) == 0 {
				exhausted++
				got = nil
			}
			if got == nil {
				continue
			}
			partly++
			// What is reported must put the very byte right that was changed.
			line := strings.LastIndexByte(raw[:at], '\n') + 1
			end := at + strings.IndexByte(raw[at:]+"\n", '\n')
			was := strings.ToLower(strings.TrimSpace(raw[line:end]))
			proof := strings.ToLower(got.Changes[0].Diff)
			if i := strings.Index(was, ":"); i >= 0 && at < strings.Index(raw, "\r\n\r\n") {
				was = strings.TrimSpace(was[i+1:])
			}
			if !strings.Contains(proof, was) {
				t.Errorf("%s %s: byte %d of %q: %+v", m.name, canon, at-line, raw[line:end], got)
			}
			t.Logf("%s %s: %q was restored to %q: %s", m.name, canon, string(b[line:end]), raw[line:end], got.Changes[0].Description)
		}
	})
	t.Logf("%d messages with one byte changed, %d restored to that byte, %d searches ended at their bound", broken, partly, exhausted)
	if broken < 300 {
		t.Error("too few")
	}
}

// TestRepairNone holds what is not a repair.
func TestRepairNone(t *testing.T) {
	k := testKeys()
	m := samples()[2]
	signed, z := signSample(t, m, "relaxed/relaxed", k.rsa2048)
	changed := signed.clone()
	changed.set("Subject", "[x] "+changed.value("Subject"))
	none := func(what string, m sample, z texts) {
		t.Helper()
		v := dkim.NewVerifier(z, message.Parse([]byte(m.String())), dkim.Options{})
		sigs, err := v.Verify(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		r, err := New(v).Search(context.Background(), &sigs[0], Options{})
		if r != nil || err != nil {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
	}
	none("intact", signed, z)
	none("key of another pair", changed, zone(record(k.rsa1024)))
	none("another key of the same length", changed, zone(record(otherKey(t))))
	none("no key", changed, texts{})
	none("revoked", changed, zone("v=DKIM1; p="))
	if _, r := repairOf(t, z, changed); r == nil || kinds(r) != "subject-tag" || !r.Complete() {
		t.Errorf("%+v", r)
	}
	// The key that fits among several.
	if _, r := repairOf(t, zone(record(k.rsa1024), record(k.rsa2048)), changed); r == nil || !r.Complete() {
		t.Errorf("two keys: %+v", r)
	}
	// A bound that is hit is said.
	v := dkim.NewVerifier(z, message.Parse([]byte(changed.String())), dkim.Options{})
	sigs, _ := v.Verify(context.Background())
	if r, err := New(v).Search(context.Background(), &sigs[0], Options{MaxHashes: 1}); err != nil || r == nil || !r.Exhausted || len(r.Changes) > 0 {
		t.Errorf("one hash: %+v, %v", r, err)
	}
	// One half of the message was changed beyond repair.
	half := changed.clone()
	half.body = strings.Replace(half.body, "Bob", "Rob", 1)
	if _, r := repairOf(t, z, half); r == nil || r.Complete() || !r.HeaderProved || r.BodyProved || kinds(r) != "subject-tag" {
		t.Errorf("header only: %+v", r)
	}
	half = signed.clone()
	half.body += plainFooter[0]
	half.set("Subject", "Something else")
	if _, r := repairOf(t, z, half); r == nil || r.Complete() || r.HeaderProved || !r.BodyProved || kinds(r) != "footer" {
		t.Errorf("body only: %+v", r)
	}
	// A cancelled search ends.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r, err := New(v).Search(ctx, &sigs[0], Options{}); err == nil || r != nil {
		t.Errorf("cancelled: %+v, %v", r, err)
	}
}

// TestRepairTags holds what z=, l= and several fields of a name tell.
func TestRepairTags(t *testing.T) {
	k := testKeys()
	relaxed := "c=relaxed/relaxed; d=example.com; s=s; "
	test := func(what, raw, want string, more ...string) {
		t.Helper()
		m := message.Parse([]byte(raw))
		r, err := repairFirst(zone(record(k.rsa2048)), m)
		if err != nil || r == nil || !r.Complete() || kinds(r) != want {
			t.Errorf("%s: %+v, %v", what, r, err)
			return
		}
		for i, text := range more {
			if !strings.Contains(r.Changes[i].Description+r.Changes[i].Text, text) {
				t.Errorf("%s: %+v, want %s", what, r.Changes[i], text)
			}
		}
	}
	raw := testHeader + "\r\n" + testBody
	z := "z=From:Ann=20Example=20<ann@example.com>|Subject:The=20figures=20that=20you=20asked=20for|X-Mailer:something|Date:Mon,=2023=20Nov=202026=2004=3A09=3A58=20+0000"
	copied := signWith(t, raw, k.rsa2048, relaxed+"h=from:to:subject:date:x-mailer; "+z)
	test("z= of one field", strings.Replace(copied, "The figures that", "Numbers", 1), "subject-tag", "The figures that you asked for")
	test("z= of a removed field", strings.Replace(copied, "X-Mailer: something\r\n", "", 1), "field-removed", "something")
	changed := strings.Replace(strings.Replace(copied, "The figures that", "Numbers", 1), "X-Mailer: something\r\n", "", 1)
	changed = strings.Replace(strings.Replace(changed, "\r\nFrom: Ann Example <ann@example.com>", "\r\nFrom: Eve <eve@evil.example>", 1), "Mon, 23 Nov 2026 04:09:58", "Tue, 24 Nov 2026 01:01:01", 1)
	test("z= of all", changed, "field-removed from-rewritten header-normalised subject-tag")

	body := string(dkim.AppendBody(nil, dkim.Relaxed, []byte(testBody)))
	short := signWith(t, raw, k.rsa2048, relaxed+fmt.Sprintf("l=%d", len(body)))
	test("l= and a tag", strings.Replace(short, "Subject: ", "Subject: [x] ", 1)+"spam\r\n", "length-tail subject-tag", "[x]", "spam")
	test("l= and a banner", strings.Replace(short, "\r\n\r\nDear Bob", "\r\n\r\nEXTERNAL MAIL\r\n\r\nDear Bob", 1)+"spam\r\n", "banner", "EXTERNAL MAIL")

	sha1 := signWith(t, raw, k.rsa2048, relaxed+"a=rsa-sha1")
	test("sha1", strings.Replace(sha1, "Subject: ", "Subject: [x] ", 1)+"-- \r\nfooter\r\n", "footer subject-tag")
	test("LF, footer", strings.ReplaceAll(signWith(t, raw, k.rsa2048, relaxed)+"footer\r\n", "\r\n", "\n"), "footer", "footer")
	// The mark of a copy below the field that was signed.
	test("text behind an empty body", signWith(t, testHeader+"\r\n", k.rsa2048, relaxed)+"footer\r\n", "footer", "footer")
}

// TestRepairHostile searches in what was written to cost much.
func TestRepairHostile(t *testing.T) {
	k := testKeys()
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	base := samples()[2]
	for name, change := range map[string]func(m *sample){
		"long subject":   func(m *sample) { m.set("Subject", many("[x] ü ", 700)) },
		"many addresses": func(m *sample) { m.set("To", many("\"A, b\" <a@x.example>, ", 180)+"b@x.example") },
		"long fields": func(m *sample) {
			for _, n := range []string{"Subject", "To", "From", "Content-Type", "Message-ID", "Date"} {
				m.set(n, "a"+many("; b=\"c\" , d", 360))
			}
		},
		"many parts": func(m *sample) {
			m.set("Content-Type", "multipart/mixed; boundary=b")
			m.body = many("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 8000)
		},
		"many tags":  func(m *sample) { m.set("Content-Type", "text/html"); m.body = many("<", 300_000) },
		"many links": func(m *sample) { m.body = many("https://urldefense.com/v3/__http:/x**A__;!!$ ", 9000) },
		"one line":   func(m *sample) { m.body = many("x", 300_000) },
		"soft lines": func(m *sample) {
			m.set("Content-Transfer-Encoding", "quoted-printable")
			m.body = many("=\r\n", 100_000)
		},
		"dots": func(m *sample) { m.body = many(".\r\n>From \r\n", 50_000) },
		"oversigned": func(m *sample) {
			m.fields = append(m.fields, strings.Split(many("Subject: x\n", 3000)+"Subject: y", "\n")...)
		},
	} {
		signed, z := signSample(t, base, canons[3], k.rsa2048)
		change(&signed)
		m := message.Parse([]byte(signed.String()))
		r, err := repairFirst(z, m)
		if err != nil || r != nil && r.Complete() {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if r != nil && r.Hashes > 2*DefaultMaxHashes {
			t.Errorf("%s: %d hashes", name, r.Hashes)
		}
	}
}
