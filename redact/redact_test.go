package redact_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/report"
)

// Every text of a report has a policy, so that a new key cannot slip through
// unseen.
func TestEveryTextHasAPolicy(t *testing.T) {
	listed := redact.Policies()
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Map || typ.Kind() == reflect.Interface {
			t.Errorf("%s is not redacted", typ)
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			elem := f.Type
			for elem.Kind() == reflect.Pointer || elem.Kind() == reflect.Slice {
				elem = elem.Elem()
			}
			name := typ.Name() + "." + f.Name
			if elem.Kind() == reflect.String && !listed[name] {
				t.Errorf("%s has no policy", name)
			}
			delete(listed, name)
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[report.Report]())
	for name := range listed {
		t.Errorf("%s has a policy and is no text of a report", name)
	}
}

func ptr[T any](v T) *T { return &v }

// sample is a small report with secrets of every kind.
func sample() *report.Report {
	return &report.Report{
		Schema: 1,
		Source: report.Source{Path: "/home/ann/Mail/cur/secret.eml"},
		Message: report.Message{
			From:     []report.Address{{Name: "Ann Smith", Address: "ann.smith@example.com", Domain: "example.com"}},
			MailFrom: ptr("SRS0=HH3x=QT=example.com=ann.smith@example.net"), RcptTo: []string{"bob+list@example.org"},
			Subject: "Our secret merger with Bluewater", MessageID: "<2026.A1B2C3@laptop.lan>",
		},
		Hops: []report.Hop{
			{
				Index: 1, From: report.HopFrom{Helo: "ann-pc", IP: "10.36.82.107"}, By: report.HopBy{Name: "mail.example.com"},
				ID: "4TXyz12abc", Auth: "asmith", For: "bob+list@example.org",
			},
			{Index: 2, From: report.HopFrom{Helo: "mail.example.com", IP: "192.0.2.10"}, By: report.HopBy{Name: "mx.example.org"}},
			{Index: 3, From: report.HopFrom{Helo: "mx.example.org", IP: "10.36.82.20"}, By: report.HopBy{Name: "store7.example.org"}},
			{Index: 4, From: report.HopFrom{Helo: "[198.51.100.77]", IP: "198.51.100.77"}, Auth: "yes"},
		},
		Zones:  []report.Zone{{Name: "example.com"}, {Name: "example.org"}},
		Claims: []report.Claim{{Method: "spf", Result: "pass", Header: "Authentication-Results", AuthservID: "mx.example.org"}},
		DKIM: []report.DKIM{{
			Domain: "example.com", Selector: "k1", Identity: "ann.smith@example.com", Result: "fail",
			Repair: &report.Repair{Changes: []report.Change{{
				Kind: "footer", Description: "“Sent by Ann's phone” was put below the body", Diff: "-Sent by Ann's phone\n",
			}}},
		}},
	}
}

func TestText(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		if got := redact.Text(sample(), redact.Options{}, in); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
	// Addresses, in all the forms in which they are written.
	test("from ann.smith@example.com", "from user-1@example.com")
	test("smtp.mailfrom=ANN.SMITH@example.com; spf=pass", "smtp.mailfrom=user-1@example.com; spf=pass")
	test("header.i=@example.com", "header.i=@example.com")
	test("header.i=ann.smith@example.com header.s=k1", "header.i=user-1@example.com header.s=k1")
	test("<ann.smith@example.com>,<bob+list@example.org>", "<user-1@example.com>,<user-3@example.org>")
	test(`"ann smith"@example.com`, "user-5@example.com")
	test("SRS0=HH3x=QT=example.com=ann.smith@example.net", "SRS0=user-2@example.net")
	test("carla@example.net wrote", "user-5@example.net wrote")
	test("mailto:carla@example.net?x", "mailto:user-5@example.net?x")
	test("postmaster@example.net", "postmaster@example.net")
	test("carla@[10.36.82.107]", "user-5@[10.0.0.1]")
	test("a@b@c.example", "user-5@user-6@c.example")
	// The local part by itself, a part of it, and not in a longer word.
	test("user ann.smith is unknown", "user user-1 is unknown")
	test("Ann_Smith, ann-smith, annsmith", "user-1, user-1, annsmith")
	test("bob has bobby's", "user-3 has bobby's")
	test("asmith logged in", "user-4 logged in")
	test("exists:ann.smith._spf.example.com", "exists:user-1._spf.example.com")
	// Names and the subject, also in parts.
	test("Smith, Ann", "name-1, name-1")
	test("the subject was our secret merger with", "the subject was subject-1")
	test("secret merger with Bluewater!", "subject-1!")
	test("a merger", "a merger")
	test("=?utf-8?q?Ann_Smith?= wrote", "(encoded text) wrote")
	test("name==?utf-8?q?Ann?=", "name=(encoded text)")
	test("From: =?utf-8?q?Ann", "From: (encoded text)")
	// Ids.
	test("with ESMTPSA id 4TXyz12abc", "with ESMTPSA id id-2")
	test("<2026.a1b2c3@laptop.lan>", "<id-1@host-1.internal>")
	// Addresses of hosts.
	test("10.36.82.107 and 10.36.82.20", "10.0.0.1 and 10.0.0.2")
	test("client-ip=10.36.82.107; [10.36.82.107]:25 10.36.82.107.", "client-ip=10.0.0.1; [10.0.0.1]:25 10.0.0.1.")
	test("ip4:10.36.0.0/16 10.0.0.0/8 127.0.0.1", "ip4:10.0.0.3/16 10.0.0.0/8 127.0.0.1")
	test("fd12:3456::1, [IPv6:fe80::1ff:fe23:4567:890a], 2001:db8::5", "fd00::1, [IPv6:fe80::1], 2001:db8::5")
	test("::ffff:10.36.82.107", "10.0.0.1")
	test("107.82.36.10.in-addr.arpa PTR", "1.0.0.10.in-addr.arpa PTR")
	test("192.0.2.10 at 12:30:45", "192.0.2.10 at 12:30:45")
	test("logged in from 198.51.100.77", "logged in from 192.0.2.1")
	// Hosts.
	test("by store7.example.org (Postfix)", "by host-3.example.org (Postfix)")
	test("helo=ann-pc; HELO ANN-PC", "helo=host-2; HELO host-2")
	test("dc01.corp and ip-10-1-2-3.example.org", "host-4.internal and host-5.example.org")
	test("mx.example.org mail.example.com localhost.localdomain", "mx.example.org mail.example.com localhost.localdomain")
	// Text of the message and what was cut off.
	test("sent by Ann's phone", "text")
	test("the tag “[Ext]” was put in front of Subject", "the tag “5 characters” was put in front of Subject")
	test("“a” and “b ” c”, not “d", "“1 character” and “5 characters”, not “1 character")
	test("shows “ann.smith@example.com”", "shows “user-1@example.com”")
	test("for <bob@exam…", "for <user-5@…")
	test("for <ann.smi…", "for <…")
	test("Mon, 23 Nov …", "Mon, 23 Nov …")
	test("in /home/ann/Mail/cur/secret.eml", "in message")
	// The report's own words.
	test("spf of example.com for 192.0.2.10: pass (ip4:192.0.2.0/24)", "spf of example.com for 192.0.2.10: pass (ip4:192.0.2.0/24)")
	test("v=DMARC1; p=reject; rua=mailto:dmarc@example.com", "v=DMARC1; p=reject; rua=mailto:user-5@example.com")
	test("", "")
}

// Names that are spelt like words of the report change nothing but addresses.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{"pass", "fail", "a", "spf", "high", "sender", "1", "hop", "observed", "proved", "e", "user-1", "example", "dkim-key-missing"} {
		r := sample()
		r.Message.From = []report.Address{{Name: name, Address: name + "@example.com", Domain: "example.com"}}
		r.Message.Subject = name
		r.Hops[0].Auth, r.Hops[0].ID, r.Hops[0].From.Helo = name, name, name
		r.Hops[0].Trust = report.Observed
		r.Claims[0].Result = "fail"
		r.Verdict = report.Verdict{Status: report.Authenticated, Summary: "spf pass, aligned; dkim fail at hop 1", AtFault: "sender"}
		r.Findings = []report.Finding{{
			Code: "dkim-key-missing", Title: "No DKIM key", Severity: report.High, Confidence: report.Proved,
			Message: "the sender fails dkim: hop 1 has no key, high time", Because: []string{"dkim-key-missing"},
		}}
		got := redact.Report(r, redact.Options{})
		if name != "example" && name != "dkim-key-missing" && got.Verdict.Summary != r.Verdict.Summary {
			t.Errorf("%q: summary %q", name, got.Verdict.Summary)
		}
		f, w := got.Findings[0], r.Findings[0]
		if f.Code != w.Code || f.Title != w.Title || f.Severity != w.Severity || f.Confidence != w.Confidence || f.Because[0] != w.Because[0] || f.Message != w.Message {
			t.Errorf("%q: finding %+v", name, f)
		}
		if got.Claims[0].Result != "fail" || got.Hops[0].Trust != report.Observed || got.DKIM[0].Result != "fail" {
			t.Errorf("%q: a result word was changed: %+v", name, got.Claims[0])
		}
		if a := got.Message.From[0].Address; a == name+"@example.com" || !strings.HasSuffix(a, "@example.com") {
			t.Errorf("%q: address %q", name, a)
		}
	}
}

// Hidden addresses never become one that the report holds.
func TestPseudonymsAreFree(t *testing.T) {
	r := sample()
	r.Hops[0].From.IP, r.Hops[2].From.IP = "10.0.0.2", "10.0.0.1"
	r.Message.RcptTo = []string{"user-1@example.org", "user-2@example.org"}
	got := redact.Report(r, redact.Options{})
	if a, b := got.Hops[0].From.IP, got.Hops[2].From.IP; a != "10.0.0.3" || b != "10.0.0.4" {
		t.Errorf("addresses %s, %s", a, b)
	}
	for _, a := range got.Message.RcptTo {
		if a == "user-1@example.org" || a == "user-2@example.org" {
			t.Errorf("recipient %s", a)
		}
	}
}

func TestEvidence(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		r := sample()
		r.Findings = []report.Finding{{Evidence: []report.Evidence{{Kind: report.EvidenceHeader, Text: in}}}}
		if got := redact.Report(r, redact.Options{}).Findings[0].Evidence[0].Text; got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
	test("Subject: A word from our sponsor", "Subject: (23 characters)")
	test("X-Ticket: 4711 of Carla", "X-Ticket: (13 characters)")
	test("To: Bob Jones <bob@example.org>, carla@example.org (Carla)", "To: name-2 <user-5@example.org>, user-6@example.org (name-3)")
	test(`To: "Jones, Bob" <bob@example.org>`, `To: "name-2, name-3" <user-5@example.org>`)
	test("From: =?utf-8?q?Ann?= <ann.smith@example.com>", "From: name-2 <user-1@example.com>")
	test("DKIM-Signature: v=1; d=example.com; i=ann.smith@example.com; z=Subject:merger=20talks; s=k1",
		"DKIM-Signature: v=1; d=example.com; i=user-1@example.com; z=(hidden); s=k1")
	test("Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=ann.smith@example.com",
		"Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=user-1@example.com")
}

func TestBounces(t *testing.T) {
	r := sample()
	r.DSN = &report.DSN{ReportingMTA: "dns; ann-pc", Recipients: []report.DSNRecipient{{
		Final: "rfc822; dora@example.org", Status: "5.2.2", Diagnostic: "smtp; 552 5.2.2 <dora@example.org>: mailbox of Dora Maar in Antibes is full",
	}}}
	got := redact.Report(r, redact.Options{}).DSN
	if x := got.Recipients[0]; x.Final != "rfc822; user-5@example.org" || x.Diagnostic != "smtp; 552 5.2.2 <user-5@example.org>: mailbox of user-5 … in … is full" {
		t.Errorf("%+v", x)
	}
	if got.ReportingMTA != "host-2" {
		t.Errorf("reporting %q", got.ReportingMTA)
	}
}

// A report of hostile size is redacted in time that grows with it.
func BenchmarkReport(b *testing.B) {
	r := sample()
	for range 2000 {
		r.Claims = append(r.Claims, report.Claim{Comment: "domain of ann.smith@example.com designates 10.36.82.107 as permitted sender: our secret merger with nobody"})
	}
	text, _ := json.Marshal(r)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		redact.Report(r, redact.Options{})
	}
}

// Texts that are meant to be slow are as fast as others of their length.
func BenchmarkWorst(b *testing.B) {
	const size = 1 << 18
	for name, unit := range map[string]string{
		"labels": "a.", "hyphens": "1-", "quotes": `"`, "at": "a@", "colons": "a:", "equals": "a=", "encoded": "=?a?q?", "marks": "“", "secret": "our secret ",
	} {
		s := strings.Repeat(unit, size/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				redact.Text(sample(), redact.Options{Domains: true}, s)
			}
		})
	}
}

// Nothing that a message can hold makes the redaction fail, and no address
// that it reads is shown.
func FuzzText(f *testing.F) {
	for _, s := range []string{
		"from ann.smith@example.com", `"a b"@x.example`, "=?utf-8?b?QW5u?= 10.36.82.107", "1.0.0.10.in-addr.arpa", "fe80::1%eth0",
		"for <ann.smi…", "“ann” a=b=c@d", "ip6:fd00::/8 ::", "\xff@\xff..--..", strings.Repeat("a.", 100) + "@b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := sample()
		r.Message.Subject, r.Hops[0].ID = s, s
		r.Findings = []report.Finding{{Message: s, Evidence: []report.Evidence{{Kind: report.EvidenceHeader, Text: "To: " + s}}}}
		r.DNS = []report.DNSAnswer{{Name: s, Values: []string{s}, Server: s}}
		r.DKIM[0].Repair.Changes[0].Description = "“" + s + "”"
		r.Embedded = []report.Report{{Message: report.Message{RcptTo: []string{s}}}}
		for _, o := range []redact.Options{{}, {Domains: true}} {
			got := redact.Report(r, o)
			again := redact.Report(r, o)
			if !reflect.DeepEqual(got, again) {
				t.Errorf("two redactions differ")
			}
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"ann.smith@", "10.36.82.107"} {
				if strings.Contains(string(text), secret) {
					t.Errorf("%q survives: %s", secret, text)
				}
			}
		}
	})
}
