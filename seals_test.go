package mailtrace_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// sealZone has keys for the bank, the attacker kelp.example and the list
// reed.example, none of which anybody knows as a sealer.
func sealZone() string {
	public := base64.StdEncoding.EncodeToString(attackKey.Public().(ed25519.PublicKey))
	zone := meadowZone + "77.100.51.198.in-addr.arpa. IN PTR out.kelp.example.\n" +
		"reed.example. IN TXT \"v=spf1 ip4:198.51.100.90 -all\"\nreed.example. IN MX 10 lists.reed.example.\n" +
		"lists.reed.example. IN A 198.51.100.90\n90.100.51.198.in-addr.arpa. IN PTR lists.reed.example.\n"
	for _, d := range []string{"lindenbank.example", "kelp.example", "reed.example"} {
		zone += "s._domainkey." + d + ". IN TXT \"v=DKIM1; k=ed25519; p=" + public + "\"\n"
	}
	return zone
}

// sealed puts an ARC set of a domain on top of a message. came is the message as
// the sealer got it, before its own change.
func sealed(t *testing.T, zone, domain, results, came, raw string) string {
	t.Helper()
	z, err := zonefile.Parse("zone", []byte("$TTL 300\n"+zone))
	if err != nil {
		t.Fatal(err)
	}
	c, err := arc.Verify(context.Background(), z, message.Parse([]byte(came)), arc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := arc.Seal(message.Parse([]byte(raw)), c, arc.SealOptions{Domain: domain, Selector: "s", Key: attackKey, Results: results, Time: time.Date(2026, 11, 26, 10, 0, 3, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return string(fields) + raw
}

func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// TestSealsOfStrangers: a set of ARC that verifies says that its domain wrote it,
// and nothing of whose word that is. A stranger seals verdicts on the bank in
// every dialect of the border, with what he likes around them; nothing of it is
// believed. An honest list, as unknown, seals what it found before it put its tag
// into the subject: the bank's signature, which verifies with the tag undone,
// speaks for it.
func TestSealsOfStrangers(t *testing.T) {
	zone := sealZone()
	lower := field(writersOf[0].line("out.lindenbank.example", "out.lindenbank.example", "192.0.2.20", "out.kelp.example", "5KQ1AAAA", "talk@kelp.example"), "Thu, 26 Nov 2026 10:00:02 +0000")
	count := 0
	for _, w := range writersOf {
		for _, id := range []string{"out.kelp.example", "mx.meadow.example", "mx.google.com"} {
			for _, around := range []string{"", lower, "List-Id: <talk.kelp.example>\nPrecedence: list\n", "Authentication-Results: mx.meadow.example; arc=pass (i=1 spf=pass dkim=pass dmarc=pass)\n"} {
				for _, from := range []string{"service@lindenbank.example", "talk-bounces@kelp.example"} {
					for _, above := range []string{"", "Authentication-Results: mx.meadow.example; spf=pass smtp.mailfrom=" + from + "; arc=pass (i=1 spf=pass dkim=pass dmarc=pass); dmarc=fail header.from=lindenbank.example\n"} {
						raw := crlf(around + body)
						raw = sealed(t, zone, "kelp.example", id+"; spf=pass smtp.mailfrom=service@lindenbank.example; dkim=pass header.d=lindenbank.example; dmarc=pass header.from=lindenbank.example", raw, raw)
						head := crlf("Return-Path: <" + from + ">\nDelivered-To: " + reader + "\n" + above +
							field(w.line("out.kelp.example", "out.kelp.example", "198.51.100.77", "mx.meadow.example", "A1B2C3D4E5", reader), "Thu, 26 Nov 2026 10:00:06 +0000"))
						for _, z := range []string{zone, ""} {
							count++
							r := judge(t, z, head+raw)
							v := r.Verdict
							name := fmt.Sprintf("%s, sealed for %s, from %s, around %.20q, above %v, DNS %v", w.name, id, from, around, above != "", z != "")
							if v.Status == report.Authenticated || v.Border.DMARC == "pass" || v.Delivery.DMARC == "pass" {
								t.Errorf("%s: %s: %s", name, v.Status, v.Summary)
							}
							if z != "" && (r.ARC == nil || r.ARC.Result != "pass") {
								t.Fatalf("%s: the seal does not verify", name)
							}
							// Who names his machine as his MX and writes that it took the message
							// there leaves what a forwarder leaves, and is called one.
							if v.AtFault == report.RoleRecipient || v.AtFault == report.RoleIntermediary && around != lower {
								t.Errorf("%s: at fault: %s (%s)", name, v.AtFault, v.Summary)
							}
							if !strings.Contains(head, "envelope-from") && r.Border != nil && (r.Border.MailFrom == nil || *r.Border.MailFrom != from) {
								t.Errorf("%s: the envelope sender is %v", name, r.Border.MailFrom)
							}
							for _, c := range r.Claims {
								if c.Trust == report.Trusted && c.Result == "pass" && (c.Method == "dkim" || c.Method == "dmarc" || c.Method == "spf" && above == "") {
									t.Errorf("%s: %s=%s of %q is trusted", name, c.Method, c.Result, c.AuthservID)
								}
							}
							for _, f := range r.Findings {
								if grave(f) && (f.AtFault.Role == report.RoleRecipient || f.AtFault.Role == report.RoleIntermediary && around != lower) {
									t.Errorf("%s: accused: %s %s", name, f.Code, f.Message)
								}
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d forgeries", count)

	count = 0
	for _, w := range writersOf {
		raw := crlf(body)
		key, err := dkim.Sign(message.Parse([]byte(raw)), dkim.SignOptions{Domain: "lindenbank.example", Selector: "s", Key: attackKey, Headers: []string{"From", "To", "Subject", "Date", "Message-ID"}, Time: time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		came := crlf(field(writersOf[0].line("out.lindenbank.example", "out.lindenbank.example", "192.0.2.20", "lists.reed.example", "5KQ1AAAA", "talk@reed.example"), "Thu, 26 Nov 2026 10:00:02 +0000")) + string(key) + raw
		list := strings.Replace(came, "Subject: ", "Subject: [talk] ", 1)
		list = sealed(t, zone, "reed.example", "lists.reed.example; spf=pass smtp.mailfrom=service@lindenbank.example; dkim=pass header.d=lindenbank.example; dmarc=pass header.from=lindenbank.example", came, crlf("List-Id: <talk.reed.example>\nList-Post: <mailto:talk@reed.example>\n")+list)
		r := judge(t, zone, crlf("Return-Path: <talk-bounces@reed.example>\nDelivered-To: "+reader+"\n"+
			field(w.line("lists.reed.example", "lists.reed.example", "198.51.100.90", "mx.meadow.example", "A1B2C3D4E5", reader), "Thu, 26 Nov 2026 10:00:06 +0000"))+list)
		count++
		if r.Verdict.Status == report.SpoofSuspected || r.Verdict.AtFault == report.RoleSender || r.Verdict.AtFault == report.RoleRecipient {
			t.Errorf("%s: a list is %s, at fault %s: %s", w.name, r.Verdict.Status, r.Verdict.AtFault, r.Verdict.Summary)
		}
		for _, f := range r.Findings {
			if grave(f) && f.AtFault.Role != report.RoleIntermediary && f.AtFault.Role != report.RoleUnknown {
				t.Errorf("%s: accused: %s %s %s", w.name, f.AtFault.Role, f.Code, f.Message)
			}
		}
		if r.Border == nil || r.Border.ClientIP != "198.51.100.90" {
			t.Errorf("%s: border %+v", w.name, r.Border)
		}
	}
	t.Logf("%d lists", count)
}
