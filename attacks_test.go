package mailtrace_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// The published record of this field as a list of tests: vulnerabilities of
// programs that do what this one does, and attacks on mail authentication.
// docs/attacks.md is the table for people; TestAttackTable holds the two
// against each other. victim.example is who is imitated (p=reject), evil.example
// who attacks, mx.reader.example the server of the reader.

// attackKey signs for both, from a fixed seed.
var attackKey = ed25519.NewKeyFromSeed(func() []byte { s := sha256.Sum256([]byte("attacks")); return s[:] }())

var attackZone = `reader.example. MX 10 mx.reader.example.
mx.reader.example. A 203.0.113.5
5.113.0.203.in-addr.arpa. PTR mx.reader.example.
victim.example. MX 10 mail.victim.example.
victim.example. TXT "v=spf1 ip4:192.0.2.10 -all"
mail.victim.example. A 192.0.2.10
10.2.0.192.in-addr.arpa. PTR mail.victim.example.
_dmarc.victim.example. TXT "v=DMARC1; p=reject"
s._domainkey.victim.example. TXT "v=DKIM1; k=ed25519; p=KEY"
evil.example. MX 10 mx.evil.example.
evil.example. TXT "v=spf1 ip4:198.51.100.66 -all"
mx.evil.example. A 198.51.100.66
66.100.51.198.in-addr.arpa. PTR mx.evil.example.
_dmarc.evil.example. TXT "v=DMARC1; p=none"
s._domainkey.evil.example. TXT "v=DKIM1; k=ed25519; p=KEY"
`

const (
	fromVictim = "From: Victim Bank <service@victim.example>\r\n"
	fromEvil   = "From: Mallory <m@evil.example>\r\n"
	otherLines = "To: bob@reader.example\r\nSubject: Thursday\r\nDate: Wed, 2 Dec 2026 10:00:00 +0000\r\nMessage-ID: <1@x.example>\r\n"
	shortBody  = "\r\nHello\r\n"
)

// received is the line of the reader's server on a message from the attacker.
func fromEvilHost(mailFrom string) string {
	return "Return-Path: <" + mailFrom + ">\r\nReceived: from mx.evil.example (mx.evil.example [198.51.100.66])\r\n\tby mx.reader.example (Postfix) with ESMTPS id 4XyZ055bKz9\r\n\tfor <bob@reader.example>; Wed, 2 Dec 2026 10:00:05 +0000 (UTC)\r\n"
}

// sign puts a signature of a domain on top of a message.
func sign(t *testing.T, domain, text string, names ...string) string {
	t.Helper()
	if len(names) == 0 {
		names = []string{"From", "To", "Subject", "Date"}
	}
	field, err := dkim.Sign(message.Parse([]byte(text)), dkim.SignOptions{Domain: domain, Selector: "s", Key: attackKey, Headers: names, Time: time.Date(2026, 12, 2, 10, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return string(field) + text
}

// judged analyses a message; extra are further records of the zone.
func judged(t *testing.T, raw string, extra ...string) *report.Report {
	t.Helper()
	public := base64.StdEncoding.EncodeToString(attackKey.Public().(ed25519.PublicKey))
	zone, err := zonefile.Parse("attacks.zone", []byte(strings.ReplaceAll(attackZone, "KEY", public)+strings.Join(extra, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(raw), mailtrace.Options{Resolver: zone, TimeLimit: -1, CrossCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	everyFormat(t, r)
	return r
}

// notVictim fails where the message counts as the victim's.
func notVictim(t *testing.T, r *report.Report) {
	t.Helper()
	if r.Verdict.Status == report.Authenticated && (r.DMARC == nil || r.DMARC.FromDomain == "victim.example") && warned(r) == "" {
		t.Errorf("authenticated: %s", r.Verdict.Summary)
	}
	if r.DMARC != nil && r.DMARC.FromDomain == "victim.example" && r.DMARC.Result == "pass" && warned(r) == "" {
		t.Errorf("DMARC passes for victim.example: %s", r.Verdict.Summary)
	}
}

// warned is a finding of severity medium or above, "" where there is none.
func warned(r *report.Report) string {
	for _, f := range r.Findings {
		if f.Severity == report.Critical || f.Severity == report.High || f.Severity == report.Medium {
			return f.Code
		}
	}
	return ""
}

func found(t *testing.T, r *report.Report, codes ...string) {
	t.Helper()
	for _, f := range r.Findings {
		for _, c := range codes {
			if f.Code == c {
				return
			}
		}
	}
	var have []string
	for _, f := range r.Findings {
		have = append(have, f.Code)
	}
	t.Errorf("none of %v found, but %v", codes, have)
}

// spfOf evaluates a record with the client 198.51.100.66.
func spfOf(t *testing.T, record string, from string) *spf.Evaluation {
	t.Helper()
	e, err := spf.Check(context.Background(), texts{"d.example": record, "x.d.example": record}, spf.Query{IP: mustAddr("198.51.100.66"), Helo: "mx.evil.example", MailFrom: from}, spf.Options{Tree: true, Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// attacks are the tests, by the name that the table has.
var attacks = map[string]func(t *testing.T){
	// Programs.
	"CVE-2012-5671": func(t *testing.T) { // Exim: overflow by a long key record
		r := judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", fromEvil+otherLines+shortBody), `s._domainkey.evil.example. TXT `+strings.Repeat(`"`+strings.Repeat("A", 250)+`" `, 60))
		if len(r.DKIM) != 1 {
			t.Errorf("%d signatures", len(r.DKIM))
		}
	},
	"CVE-2011-1764": func(t *testing.T) { // Exim: format string in i=
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=%n%s; i=%s%n%d@evil.example; h=from; bh=AAAA; b=AAAA\r\n"+fromEvil+otherLines+shortBody)
		if r.DKIM[0].Result == "pass" || strings.Contains(fmt.Sprint(r.Findings), "%!") {
			t.Errorf("%+v", r.DKIM[0])
		}
	},
	"CVE-2011-1407": func(t *testing.T) { // Exim: i= looked up as a list item
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=/etc/passwd; s=s; i=@/etc/passwd; h=from; bh=AAAA; b=AAAA\r\n"+fromEvil+otherLines+shortBody)
		if r.DKIM[0].Result == "pass" {
			t.Error("passes")
		}
	},
	"CVE-2022-3620": func(t *testing.T) { // Exim: use after free in the look-up of a DMARC record
		r := judged(t, fromEvilHost("m@evil.example")+fromVictim+otherLines+shortBody, `_dmarc.victim.example. TXT "v=DMARC1; p=reject; x=`+strings.Repeat("y", 230)+`"`)
		notVictim(t, r)
	},
	"CVE-2019-16378": func(t *testing.T) { // OpenDMARC: several From fields
		r := judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", fromVictim+fromEvil+otherLines+shortBody))
		notVictim(t, r)
		found(t, r, "dmarc-multiple-from")
	},
	"CVE-2019-20790": func(t *testing.T) { // OpenDMARC: SPF of HELO taken for that of MAIL FROM
		raw := strings.Replace(fromEvilHost("m@victim.example"), "from mx.evil.example (", "from helo.evil.example (", 1)
		r := judged(t, "Received-SPF: Pass (helo) identity=helo; client-ip=198.51.100.66; helo=helo.evil.example\r\n"+raw+fromVictim+otherLines+shortBody, `helo.evil.example. TXT "v=spf1 +all"`)
		notVictim(t, r)
	},
	"CVE-2020-12272": func(t *testing.T) { // OpenDMARC: results injected by "(" and others in a domain
		for _, d := range []string{"victim.example(.evil.example", "victim.example'a.evil.example", "victim.example\".evil.example", "victim.example;.evil.example"} {
			ar := "Authentication-Results: mx.reader.example; spf=pass smtp.mailfrom=x@" + d + "; dkim=pass header.d=" + d + "\r\n"
			notVictim(t, judged(t, ar+fromEvilHost("x@"+d)+fromVictim+otherLines+shortBody))
		}
	},
	"CVE-2020-12460": func(t *testing.T) { // OpenDMARC: a report without terminating zero
		if _, err := mailtrace.AnalyzeBytes(context.Background(), []byte("<?xml version=\"1.0\"?><feedback>"), mailtrace.Options{}); err == nil {
			t.Error("an aggregate report is taken for a message")
		}
	},
	"CVE-2021-34555": func(t *testing.T) { // OpenDMARC: several authors in From
		for _, v := range []string{"a@victim.example, b@evil.example", "a@victim.example,", ",,,", "a@, @b, <>", "group: a@victim.example, b@evil.example;"} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: "+v+"\r\n"+otherLines+shortBody))
		}
	},
	"CVE-2024-25768": func(t *testing.T) { // OpenDMARC: null pointer on a policy that is not there
		for _, rec := range []string{`""`, `"v=DMARC1"`, `"v=DMARC1;"`, `"v=DMARC1; p="`, `"v=DMARC1; p=none; rua="`, `"v=DMARC1; pct=; ri=; fo=;"`} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: a@n.example\r\n"+otherLines+shortBody, "_dmarc.n.example. TXT "+rec))
		}
	},
	"CVE-2022-48521": func(t *testing.T) { // OpenDKIM: forged results left when one of several is removed
		ar := "Authentication-Results: mx.reader.example; dkim=pass header.d=victim.example; dmarc=pass header.from=victim.example\r\n"
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+ar+ar+ar+fromVictim+otherLines+shortBody))
	},
	"CVE-2020-35766": func(t *testing.T) { // OpenDKIM: a fixed name in /tmp
		before, _ := os.ReadDir(os.TempDir())
		judged(t, fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
		if after, _ := os.ReadDir(os.TempDir()); len(after) > len(before)+50 {
			t.Error("the library writes files")
		}
	},
	"VU#268267": func(t *testing.T) { // DKIM verifiers: keys under 1024 bits and test keys pass
		key := `s._domainkey.w.example. TXT "v=DKIM1; t=y; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="`
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=w.example; s=s; h=from; bh=AAAA; b=AAAA\r\nFrom: a@w.example\r\n"+otherLines+shortBody, key)
		if r.DKIM[0].Result == "pass" {
			t.Error("passes")
		}
		found(t, r, "dkim-key-weak")
	},
	"CVE-2008-2469": func(t *testing.T) { // libspf2: length of a TXT record
		for n := range 20 {
			e := spfOf(t, "v=spf1 "+strings.Repeat("x", 60_000+n)+" -all", "a@d.example")
			if e.Result == spf.Pass {
				t.Error("passes")
			}
		}
	},
	"CVE-2021-20314": func(t *testing.T) { // libspf2: stack overflow by an explanation
		e := spfOf(t, "v=spf1 -all exp=%{S}"+strings.Repeat("%{l1r-._}", 100)+".x.d.example", strings.Repeat("a-b.", 60)+"@d.example")
		if e.Result == spf.Pass {
			t.Error("passes")
		}
	},
	"CVE-2021-33912": func(t *testing.T) { // libspf2: heap overflow, %-escapes of bytes over 127
		spfOf(t, "v=spf1 exists:%{S}.%{H}.%{L}.d.example -all", strings.Repeat("\xff\xfe", 100)+"@d.example")
	},
	"CVE-2021-33913": func(t *testing.T) { // libspf2: heap overflow by a long domain with %{D}
		spfOf(t, "v=spf1 exists:%{D}"+strings.Repeat(".%{d}", 200)+" -all", "a@"+strings.Repeat("a.", 100)+"d.example")
	},
	"CVE-2023-42118": func(t *testing.T) { // libspf2: integer underflow in macros
		for _, m := range []string{"%{i0}", "%{i00}", "%{ir}", "%{i128r}", "%{i99999999999r}", "%{", "%{}", "%{i", "%{d-}", "%%{%", "%"} {
			if e := spfOf(t, "v=spf1 exists:"+m+".d.example -all", "a@d.example"); e.Result == spf.Pass {
				t.Errorf("%s passes", m)
			}
		}
	},
	"CVE-2019-12420": func(t *testing.T) { // SpamAssassin: many MIME parts
		judged(t, fromEvilHost("m@evil.example")+fromEvil+"Content-Type: multipart/mixed; boundary=b\r\n"+otherLines+"\r\n"+strings.Repeat("--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 5000))
	},
	"CVE-2017-15705": func(t *testing.T) { // SpamAssassin: tags that are never closed
		judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", fromEvil+otherLines+"Content-Type: text/html\r\n\r\n"+strings.Repeat("<a href=\"", 20_000)+"\r\n")+"<x")
	},
	"CVE-2007-0451": func(t *testing.T) { // SpamAssassin: very long addresses of pages
		judged(t, fromEvilHost("m@evil.example")+fromEvil+otherLines+"\r\nhttp://"+strings.Repeat("a.", 200_000)+"\r\n")
	},
	"CVE-2024-39929": func(t *testing.T) { // Exim: a file name over several lines
		judged(t, fromEvilHost("m@evil.example")+fromEvil+otherLines+"Content-Type: application/x; name*0=\"a.\"\r\n name*1=exe;\r\n name*9999999999=b\r\n"+shortBody)
	},
	"rspamd-empty-arc": func(t *testing.T) { // rspamd: an ARC field without a value
		judged(t, "ARC-Seal:\r\nARC-Seal: i=1; a=rsa-sha256; d=evil.example; s=s; cv=none; b=AAAA\r\nARC-Message-Signature:\r\nARC-Authentication-Results: \r\nARC-Seal: i=99999999999999999999\r\n"+fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
	},
	"OpenARC-45": func(t *testing.T) { // OpenARC: a set with results and without a signature
		judged(t, "ARC-Authentication-Results: i=2; evil.example; spf=pass\r\nARC-Seal: i=1; a=rsa-sha256; d=evil.example; s=s; cv=none; b=AAAA\r\n"+
			"ARC-Message-Signature: i=1; a=rsa-sha256; d=evil.example; s=s; h=from; bh=AA==; b=AAAA\r\nARC-Authentication-Results: i=1; evil.example; spf=pass\r\n"+
			fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
	},
	"OpenARC-46": func(t *testing.T) { // OpenARC: a seal without a=
		judged(t, "ARC-Seal: i=1; d=evil.example; s=s; cv=none; b=AAAA\r\nARC-Message-Signature: i=1; d=evil.example; s=s; h=from; bh=AA==; b=AAAA\r\n"+
			"ARC-Authentication-Results: i=1; evil.example; spf=pass\r\n"+fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
	},
	"OpenDMARC-183": func(t *testing.T) { // OpenDMARC: a b= of a long key, seals that are no tag list
		for _, seal := range []string{"i=1; a=rsa-sha256; d=evil.example; s=s; cv=none; b=" + strings.Repeat("QUFB", 400), "i=1; none", "x", "=", "i"} {
			judged(t, "ARC-Seal: "+seal+"\r\nARC-Message-Signature: "+seal+"\r\nARC-Authentication-Results: "+seal+"\r\n"+fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
		}
	},
	"rspamd-4.1-nested": func(t *testing.T) { // rspamd: messages in messages without end
		inner := fromEvil + otherLines + shortBody
		for i := range 60 {
			inner = fmt.Sprintf("%sContent-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--b%d--\r\n", fromEvil, i, i, inner, i)
		}
		judged(t, fromEvilHost("m@evil.example")+inner)
	},
	"go-dkim-4": func(t *testing.T) { // go-msgauth (go-dkim): panic in canonicalization
		for _, text := range []string{"From:\r\n", "From", ":\r\n", "From: a\r\n \r\n \r\n", "\r\n\r\n\r\n"} {
			for _, c := range []string{dkim.Simple, dkim.Relaxed} {
				dkim.AppendHeader(nil, c, []byte(text))
			}
		}
		judged(t, "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed; d=evil.example; s=s; h=from:from:x; bh=AAAA; b=AAAA\r\n"+fromEvil+"\r\n\r\n\r\n \r\n")
	},
	"mailauth-6": func(t *testing.T) { // mailauth: the wrong default of c=
		raw := sign(t, "evil.example", fromEvil+otherLines+shortBody)
		raw = regexp.MustCompile(`c=[a-z/]+; ?`).ReplaceAllString(raw, "")
		m := message.Parse([]byte(fromEvilHost("m@evil.example") + raw))
		if r := judged(t, string(m.Raw)); r.DKIM[0].Canonicalization != "simple/simple" {
			t.Errorf("c= is %s", r.DKIM[0].Canonicalization)
		}
	},
	"dkimpy-key-tags": func(t *testing.T) { // dkimpy and others: key records that are no tag list
		for _, rec := range []string{`"="`, `";;;"`, `"p"`, `"v=DKIM1; p=; p=AAAA"`, `"k=rsa; p=MAA="`, `"p=\000\001"`} {
			judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=k.example; s=s; h=from; bh=AAAA; b=AAAA\r\nFrom: a@k.example\r\n"+otherLines+shortBody, "s._domainkey.k.example. TXT "+rec)
		}
	},

	// "Composition Kills", USENIX Security 2020, by what they do.
	"Composition Kills: HELO": func(t *testing.T) { // SPF passes for HELO, From is another
		raw := strings.Replace(fromEvilHost(""), "mx.evil.example (mx", "helo.evil.example (mx", 1)
		notVictim(t, judged(t, raw+fromVictim+otherLines+shortBody, `helo.evil.example. TXT "v=spf1 +all"`))
	},
	"Composition Kills: empty MAIL FROM": func(t *testing.T) { // an empty or broken MAIL FROM
		for _, from := range []string{"", "(any@victim.example", "service@victim.example(.evil.example", "@evil.example,@victim.example:service@victim.example"} {
			notVictim(t, judged(t, fromEvilHost(from)+fromVictim+otherLines+shortBody))
		}
	},
	"Composition Kills: NUL in a name": func(t *testing.T) { // a NUL in d= or s=: the DNS is asked for less than is shown
		for _, d := range []string{"victim.example\x00.evil.example", "victim.example\\000.evil.example"} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=ed25519-sha256; d="+d+"; s=s; h=from; bh=AAAA; b=AAAA\r\n"+fromVictim+otherLines+shortBody))
		}
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=ed25519-sha256; d=victim.example; s=attacker.com\x00.any; h=from; bh=AAAA; b=AAAA\r\n"+fromVictim+otherLines+shortBody))
	},
	"Composition Kills: comment in a domain": func(t *testing.T) { injected(t, "x@victim.example(.evil.example", "victim.example(.evil.example") },
	"Composition Kills: quote in a domain":   func(t *testing.T) { injected(t, "'@victim.example'x.evil.example", "victim.example'x.evil.example") },
	"Composition Kills: several From fields": func(t *testing.T) { // several From fields
		for _, from := range []string{fromEvil + fromVictim, fromVictim + fromEvil, " " + fromVictim + fromEvil, strings.Replace(fromVictim, "From:", "From :", 1) + fromEvil} {
			r := judged(t, fromEvilHost("m@evil.example")+"X-A: b\r\n"+sign(t, "evil.example", from+otherLines+shortBody))
			notVictim(t, r)
		}
	},
	"Composition Kills: several authors": func(t *testing.T) { // several addresses in From
		for _, v := range []string{"<service@victim.example>, <m@evil.example>", "<m@evil.example>, <service@victim.example>", "service@victim.example, m@evil.example"} {
			r := judged(t, fromEvilHost("m@evil.example")+"From: "+v+"\r\n"+otherLines+shortBody)
			notVictim(t, r)
			found(t, r, "dmarc-multiple-from")
		}
	},
	"Composition Kills: Sender and Resent-From": func(t *testing.T) { // From and Sender, Resent-From
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+fromVictim+"Sender: <m@evil.example>\r\nResent-From: <m@evil.example>\r\n"+otherLines+shortBody))
	},
	"Composition Kills: encoded words": func(t *testing.T) { ambiguous(t, "=?utf-8?q?=73ervice=40victim.example?= <m@evil.example>") },
	"Composition Kills: route": func(t *testing.T) { // a route
		ambiguous(t, "<@victim.example,@any.example:m@evil.example>")
	},
	"Composition Kills: address outside brackets": func(t *testing.T) { ambiguous(t, "<service@victim.example>m@evil.example") },
	"Composition Kills: several @ and quotes": func(t *testing.T) { // several @ and quotes
		ambiguous(t, "service@victim.example@evil.example")
		ambiguous(t, `"service@victim.example"@evil.example`)
	},
	"Composition Kills: comment or NUL in From": func(t *testing.T) { // a comment, a NUL or a character that ends the address
		ambiguous(t, "service@victim.example(m@evil.example")
		ambiguous(t, "service@victim.example\x00@evil.example")
	},
	"Composition Kills: replay with a second Subject": func(t *testing.T) { // replay of a signed message with another subject
		r := judged(t, fromEvilHost("m@evil.example")+"Subject: Your account\r\n"+sign(t, "victim.example", fromVictim+otherLines+shortBody))
		found(t, r, "header-field-doubled")
	},
	"Composition Kills: replay with a second Content-Type": func(t *testing.T) { // replay with a Content-Type that hides the signed body
		r := judged(t, fromEvilHost("m@evil.example")+"Content-Type: multipart/mixed; boundary=x\r\n"+sign(t, "victim.example", fromVictim+"Content-Type: text/plain\r\n"+otherLines+shortBody, "From", "To", "Subject", "Date", "Content-Type"))
		found(t, r, "header-field-doubled")
	},
	"Composition Kills: replay with a longer body": func(t *testing.T) { // replay of a signature with l=
		text := fromVictim + otherLines + shortBody
		signed := sign(t, "victim.example", text)
		r := judged(t, fromEvilHost("m@evil.example")+signed+"appended\r\n")
		if r.DKIM[0].Result == "pass" {
			t.Error("text behind a signed body passes")
		}
	},
	"Composition Kills: repaired by a gateway": func(t *testing.T) { // a header that a gateway of the reader repairs before it signs
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"X-A: b\rFrom: Victim <service@victim.example>\r\n"+fromEvil+otherLines+shortBody))
		found(t, judged(t, fromEvilHost("m@evil.example")+"X-A: b\rFrom: Victim <service@victim.example>\r\n"+fromEvil+otherLines+shortBody), "header-field-hidden")
	},
	"Composition Kills: signed by a provider": func(t *testing.T) { // a mail provider signs whatever From its user gives
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", fromVictim+otherLines+shortBody)))
	},

	// "Weak Links in Authentication Chains", USENIX Security 2021.
	"Weak Links: empty MAIL FROM": func(t *testing.T) { notVictim(t, judged(t, fromEvilHost("")+fromVictim+otherLines+shortBody)) },
	"Weak Links: subdomain": func(t *testing.T) { // a name below the victim that does not exist
		r := judged(t, fromEvilHost("m@evil.example")+strings.Replace(fromVictim, "victim.example", "mail-admin.victim.example", 1)+otherLines+shortBody)
		if r.Verdict.Status == report.Authenticated {
			t.Error(r.Verdict.Summary)
		}
	},
	"Weak Links: IDN homograph": func(t *testing.T) { // xn-- of a look-alike
		r := judged(t, fromEvilHost("m@evil.example")+"From: Bank <service@xn--vctim-q4a.example>\r\n"+otherLines+shortBody)
		if r.Verdict.Status == report.Authenticated {
			t.Error(r.Verdict.Summary)
		}
	},
	"Weak Links: right-to-left override": func(t *testing.T) { // judged shows every format without it
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: \u202eknab@elpmaxe.mitciv <m@evil.example>\r\n"+otherLines+shortBody))
	},
	"Weak Links: missing UI rendering": func(t *testing.T) { // characters that do not show
		r := judged(t, fromEvilHost("m@evil.example")+"From: service\u200b@victim.example <m@evil.example>\r\n"+otherLines+shortBody)
		notVictim(t, r)
	},
	"Weak Links: unauthorised forwarding": func(t *testing.T) { // the forwarder's SPF, the victim's From
		notVictim(t, judged(t, fromEvilHost("bounce+x@evil.example")+"Received: from a ([192.0.2.10]) by mx.evil.example with ESMTP id 1; Wed, 2 Dec 2026 10:00:03 +0000\r\n"+fromVictim+otherLines+shortBody))
	},
	"Weak Links: ARC of the attacker": func(t *testing.T) { // a chain that claims dmarc=pass
		arc := "ARC-Seal: i=1; a=ed25519-sha256; d=evil.example; s=s; cv=none; b=AAAA\r\nARC-Message-Signature: i=1; a=ed25519-sha256; d=evil.example; s=s; h=from; bh=AAAA; b=AAAA\r\nARC-Authentication-Results: i=1; mx.reader.example; dmarc=pass header.from=victim.example\r\n"
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+arc+fromVictim+otherLines+shortBody))
	},

	// SMTP smuggling, 2023.
	"CVE-2023-51764": smuggled, "CVE-2023-51765": smuggled, "CVE-2023-51766": smuggled,

	// Replay.
	"DKIM replay": func(t *testing.T) { // a whole signed message, sent on to others
		r := judged(t, strings.Replace(fromEvilHost("m@evil.example"), "bob@", "carl@", 1)+sign(t, "victim.example", fromVictim+otherLines+shortBody))
		if r.DKIM[0].Result != "pass" || r.SPF == nil || r.SPF.Domain == "victim.example" {
			t.Errorf("%+v", r.DKIM[0])
		}
		// One message alone does not prove a replay: a forwarder looks the same.
		if r.Border == nil || r.Border.ClientIP != "198.51.100.66" {
			t.Errorf("%+v", r.Border)
		}
	},
	"BIMI by l=": func(t *testing.T) { // zone.eu 2024: l= of a signature, Content-Type not signed
		signed := sign(t, "victim.example", fromVictim+otherLines+shortBody)
		signed = strings.Replace(signed, "d=victim.example", "d=victim.example; l=7", 1)
		r := judged(t, fromEvilHost("m@evil.example")+signed+"<h1>pay here</h1>\r\n")
		notVictim(t, r)
	},
}

func injected(t *testing.T, mailFrom, d string) {
	t.Helper()
	signature := "DKIM-Signature: v=1; a=ed25519-sha256; d=" + d + "; s=s; h=from; bh=AAAA; b=AAAA\r\n"
	results := "Authentication-Results: mx.reader.example; spf=pass smtp.mailfrom=" + mailFrom + "; dkim=pass header.d=" + d + "; dmarc=pass header.from=" + d + "\r\n"
	notVictim(t, judged(t, fromEvilHost(mailFrom)+signature+fromVictim+otherLines+shortBody))
	notVictim(t, judged(t, fromEvilHost(mailFrom)+results+signature+fromVictim+otherLines+shortBody))
}

// ambiguous is a From that programs read differently: the victim is never
// believed, and where another author is, that is said.
func ambiguous(t *testing.T, from string) {
	t.Helper()
	r := judged(t, fromEvilHost("m@evil.example")+"From: "+from+"\r\n"+otherLines+shortBody)
	notVictim(t, r)
	if r.DMARC != nil && r.DMARC.FromDomain == "victim.example" {
		return
	}
	found(t, r, "author-ambiguous", "display-name-spoof", "dmarc-multiple-from", "direct-spoof", "header-field-hidden")
}

// smuggled is a second message behind an end that only some servers see. What
// arrives as one message stays one, and what arrives apart is judged apart.
func smuggled(t *testing.T) {
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n\x00.\r\n"} {
		first := fromEvilHost("m@evil.example") + fromEvil + otherLines + shortBody
		second := fromVictim + otherLines + shortBody
		r := judged(t, first+end+"MAIL FROM:<service@victim.example>\r\nDATA\r\n"+second)
		if len(r.Message.From) != 1 || r.Message.From[0].Domain != "evil.example" {
			t.Errorf("%q: %+v", end, r.Message.From)
		}
		// It came through the server of the victim's provider: SPF passes for the
		// provider, and the message has no signature of the victim.
		notVictim(t, judged(t, fromEvilHost("service@victim.example")+second))
	}
}

func TestAttacks(t *testing.T) {
	for name, test := range attacks {
		t.Run(name, test)
	}
}

// The table for people and the tests name the same.
func TestAttackTable(t *testing.T) {
	text, err := os.ReadFile("docs/attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for line := range bytes.Lines(text) {
		if cells := strings.Split(string(line), "|"); len(cells) > 4 && strings.HasPrefix(string(line), "| ") && !strings.HasPrefix(cells[1], " name") {
			rows[strings.TrimSpace(cells[1])] = true
		}
	}
	for name := range attacks {
		if !rows[name] {
			t.Errorf("%s has a test, and no row in docs/attacks.md", name)
		}
	}
	for name := range rows {
		if attacks[name] == nil {
			t.Errorf("%s has a row in docs/attacks.md, and no test", name)
		}
	}
}
