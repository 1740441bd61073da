package mailtrace_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

// writerOf is how one kind of server writes its Received field: the name that the
// client gave, the name that the DNS gives for it ("" for none), its address, the
// server, and for whom.
type writerOf struct {
	name string
	// confirms says that the server writes a name from the DNS only where the
	// name points back, so that nobody can have one of another's domain there.
	confirms bool
	line     func(helo, rdns, ip, by, id, rcpt string) string
}

var writersOf = []writerOf{
	{"postfix", true, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (%s [%s]) by %s (Postfix) with ESMTPS id %s for <%s>", helo, cmp.Or(rdns, "unknown"), ip, by, id, rcpt)
	}},
	{"postfix without for", true, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (%s [%s]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) by %s (Postfix) with ESMTPS id %s", helo, cmp.Or(rdns, "unknown"), ip, by, id)
	}},
	{"exim", true, func(helo, rdns, ip, by, id, rcpt string) string {
		if rdns == "" {
			return fmt.Sprintf("from [%s] (helo=%s) by %s with esmtps (TLS1.3) (Exim 4.97) (envelope-from <service@lindenbank.example>) id %s for %s", ip, helo, by, id, rcpt)
		}
		return fmt.Sprintf("from %s ([%s] helo=%s) by %s with esmtps (TLS1.3) (Exim 4.97) (envelope-from <service@lindenbank.example>) id %s for %s", rdns, ip, helo, by, id, rcpt)
	}},
	{"sendmail", true, func(helo, rdns, ip, by, id, rcpt string) string {
		if rdns == "" {
			return fmt.Sprintf("from %s ([%s]) by %s (8.18.1/8.18.1) with ESMTPS id %s for <%s>", helo, ip, by, id, rcpt)
		}
		return fmt.Sprintf("from %s (%s [%s]) by %s (8.18.1/8.18.1) with ESMTPS id %s for <%s>", helo, rdns, ip, by, id, rcpt)
	}},
	{"opensmtpd", false, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (%s [%s]) by %s (OpenSMTPD) with ESMTPS id %s (TLSv1.3:AEAD-AES256-GCM-SHA384:256:NO) for <%s>", helo, cmp.Or(rdns, "<unknown>"), ip, by, id, rcpt)
	}},
	{"qmail", false, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (HELO %s) (%s) by %s with SMTP", cmp.Or(rdns, "unknown"), helo, ip, by)
	}},
	{"haraka", false, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (%s [%s]) by %s (Haraka/3.0.3) with ESMTPS id %s.1 envelope-from <service@lindenbank.example>", helo, cmp.Or(rdns, "unknown"), ip, by, id)
	}},
	{"hmailserver", false, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (%s [%s]) by %s with ESMTP ", helo, cmp.Or(rdns, "Unknown"), ip, by)
	}},
	{"exchange", true, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (%s) by %s (10.0.0.9) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.2562.35 via Frontend Transport", helo, ip, by)
	}},
	{"domino", true, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s ([%s]) by %s (HCL Domino Release 12.0.2) with ESMTP id 2026112610000000-%s ", helo, ip, by, "12345")
	}},
	{"mdaemon", true, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s ([%s]) by %s (MDaemon PRO v24.0.2) with ESMTPS id md5001005260780.msg", helo, ip, by)
	}},
	{"ironport", false, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (HELO %s) ([%s]) by %s with ESMTP/TLS/ECDHE-RSA-AES256-GCM-SHA384", cmp.Or(rdns, "unknown"), helo, ip, by)
	}},
	{"stalwart", false, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s (%s [%s] (AS64496 Example, US)) (using TLSv1.3 with cipher TLS13_AES_256_GCM_SHA384) by %s (Stalwart SMTP) with ESMTPS id %s", helo, cmp.Or(rdns, "unknown"), ip, by, id)
	}},
	{"grammar alone", false, func(helo, rdns, ip, by, id, rcpt string) string {
		return fmt.Sprintf("from %s ([%s]) by %s with ESMTP id %s for <%s>", helo, ip, by, id, rcpt)
	}},
}

const meadowZone = `
meadow.example. IN MX 10 mx.meadow.example.
meadow.example. IN MX 20 mx2.meadow.example.
meadow.example. IN TXT "v=spf1 mx ip4:203.0.113.27 -all"
mx.meadow.example. IN A 203.0.113.25
mx2.meadow.example. IN A 203.0.113.26
relay.meadow.example. IN A 203.0.113.27
25.113.0.203.in-addr.arpa. IN PTR mx.meadow.example.
26.113.0.203.in-addr.arpa. IN PTR mx2.meadow.example.
27.113.0.203.in-addr.arpa. IN PTR relay.meadow.example.
lindenbank.example. IN TXT "v=spf1 ip4:192.0.2.20 -all"
lindenbank.example. IN MX 10 out.lindenbank.example.
_dmarc.lindenbank.example. IN TXT "v=DMARC1; p=reject"
out.lindenbank.example. IN A 192.0.2.20
20.2.0.192.in-addr.arpa. IN PTR out.lindenbank.example.
kelp.example. IN TXT "v=spf1 ip4:198.51.100.77 -all"
kelp.example. IN MX 10 out.kelp.example.
out.kelp.example. IN A 198.51.100.77
`

// knowledge is what the DNS gives of the attacker's reverse zone, which is his to
// fill, or nothing of anything.
var knowledge = []struct{ name, zone string }{
	{"all answers", meadowZone + "77.100.51.198.in-addr.arpa. IN PTR out.kelp.example.\n"},
	{"a PTR into the recipient's domain", meadowZone + "77.100.51.198.in-addr.arpa. IN PTR relay.meadow.example.\n"},
	{"a PTR that does not answer", meadowZone + "; SERVFAIL 77.100.51.198.in-addr.arpa.\n"},
	{"the attacker's names do not answer", meadowZone + "; SERVFAIL 77.100.51.198.in-addr.arpa.\n; TIMEOUT kelp.example.\n"},
	{"no DNS", ""},
}

const reader = "ida@meadow.example"

func field(line, date string) string { return "Received: " + line + "; " + date + "\n" }

const body = "From: Linden Bank <service@lindenbank.example>\nTo: ida@meadow.example\nSubject: Your statement\nDate: Thu, 26 Nov 2026 10:00:00 +0000\nMessage-ID: <s@mailer.example>\n\nSee the attached statement.\n"

func judge(t *testing.T, zone, message string) *report.Report {
	t.Helper()
	o := mailtrace.Options{}
	if zone != "" {
		z, err := zonefile.Parse("zone", []byte("$TTL 300\n"+zone))
		if err != nil {
			t.Fatal(err)
		}
		o.Resolver = dns.Resolver(z)
	}
	r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(message), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNoForgerGetsThrough writes messages of a stranger who puts an earlier
// delivery of his victim's below the line that his recipient's server wrote about
// him, in every dialect, by every name that he can call himself, and with every
// answer that he has in hand. None is authenticated, none of his verdicts trusted,
// and his recipient is not blamed.
func TestNoForgerGetsThrough(t *testing.T) {
	helos := []string{"out.kelp.example", "mx.meadow.example", "relay.meadow.example", "localhost", "[10.0.0.1]", "mx0a-00333301.pphosted.com", "relay.int.meadow.local"}
	lowers := []string{"mx.meadow.example", "relay.meadow.example", "mx2.meadow.example", "localhost", "out.kelp.example"}
	count := 0
	for _, w := range writersOf {
		for _, helo := range helos {
			for _, lower := range lowers {
				for _, k := range knowledge {
					rdns := ""
					if !w.confirms && strings.Contains(k.name, "PTR into") || !w.confirms && k.zone == "" {
						rdns = "relay.meadow.example" // his reverse zone, which nobody confirmed
					}
					forged := "Authentication-Results: " + lower + "; spf=pass smtp.mailfrom=service@lindenbank.example; dkim=pass header.d=lindenbank.example; dmarc=pass header.from=lindenbank.example\n" +
						"Received-SPF: Pass (" + lower + ": domain of service@lindenbank.example designates 192.0.2.20 as permitted sender) client-ip=192.0.2.20; envelope-from=service@lindenbank.example; receiver=" + lower + "\n"
					m := "Return-Path: <service@lindenbank.example>\n" +
						field(w.line(helo, rdns, "198.51.100.77", "mx.meadow.example", "A1B2C3D4E5", reader), "Thu, 26 Nov 2026 10:00:06 +0000") + forged +
						field(writersOf[0].line("out.lindenbank.example", "out.lindenbank.example", "192.0.2.20", lower, "5KQ1AAAA", reader), "Thu, 26 Nov 2026 10:00:05 +0000") + body
					r := judge(t, k.zone, m)
					count++
					name := fmt.Sprintf("%s, HELO %s, below it %s, %s", w.name, helo, lower, k.name)
					if r.Verdict.Status == report.Authenticated || r.Verdict.Border.DMARC == "pass" || r.Verdict.Delivery.DMARC == "pass" {
						t.Errorf("%s: %s, dmarc %q at the border and %q at delivery; border %+v", name, r.Verdict.Status, r.Verdict.Border.DMARC, r.Verdict.Delivery.DMARC, r.Border)
						continue
					}
					if r.Verdict.AtFault == report.RoleRecipient {
						t.Errorf("%s: the recipient is at fault: %v", name, r.Verdict.Summary)
					}
					for _, c := range r.Claims {
						if c.Trust == "trusted" && c.Result == "pass" {
							t.Errorf("%s: %s=%s of %s is trusted", name, c.Method, c.Result, c.AuthservID)
							break
						}
					}
				}
			}
		}
	}
	t.Logf("%d forgeries", count)
}

// TestNoForgerOfNotices writes notices without an envelope sender, and messages
// over IPv6, in every dialect: by a stranger in the name of the bank, and by the
// bank's own server, whose HELO has a record or none, with the DNS, without it, and
// with what the border wrote.
func TestNoForgerOfNotices(t *testing.T) {
	const zone = meadowZone + `
lindenbank.example. IN TXT "v=spf1 ip4:192.0.2.20 ip6:2001:db8:20::20 -all"
out.lindenbank.example. IN AAAA 2001:db8:20::20
kelp.example. IN TXT "v=spf1 ip4:198.51.100.77 ip6:2001:db8:77::77 -all"
out.kelp.example. IN AAAA 2001:db8:77::77
77.100.51.198.in-addr.arpa. IN PTR out.kelp.example.
`
	// A domain has one record: those of meadowZone go.
	once := strings.Replace(strings.Replace(zone, "lindenbank.example. IN TXT \"v=spf1 ip4:192.0.2.20 -all\"\n", "", 1), "kelp.example. IN TXT \"v=spf1 ip4:198.51.100.77 -all\"\n", "", 1)
	const notice = "From: Mail Delivery System <MAILER-DAEMON@lindenbank.example>\nTo: ida@meadow.example\nSubject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\nDate: Thu, 26 Nov 2026 10:00:00 +0000\nMessage-ID: <n@lindenbank.example>\nIn-Reply-To: <7@meadow.example>\n\nYour message could not be delivered.\n"
	type client struct {
		name, helo, ip string
		attack         bool
	}
	clients := []client{
		{"a stranger", "out.kelp.example", "198.51.100.77", true},
		{"a stranger with the bank's name", "out.lindenbank.example", "198.51.100.77", true},
		{"a stranger over IPv6", "out.kelp.example", "2001:db8:77::77", true},
		{"a stranger with the reader's name over IPv6", "mx2.meadow.example", "2001:db8:77::77", true},
		{"the bank", "out.lindenbank.example", "192.0.2.20", false},
		{"the bank over IPv6", "out.lindenbank.example", "2001:db8:20::20", false},
	}
	count := 0
	for _, w := range writersOf {
		for _, c := range clients {
			for _, null := range []bool{true, false} {
				for _, wrote := range []bool{false, true} {
					for _, z := range []string{once, ""} {
						from, text := "", notice
						if !null {
							from, text = "service@lindenbank.example", body
						}
						rdns := c.helo
						if c.attack {
							rdns = ""
						}
						ip := c.ip
						if strings.Contains(ip, ":") && w.name != "exchange" && w.name != "qmail" {
							ip = "IPv6:" + ip
						}
						line := w.line(c.helo, rdns, ip, "mx.meadow.example", "A1B2C3D4E5", reader)
						if null {
							line = strings.ReplaceAll(line, "<service@lindenbank.example>", "<>")
						}
						own := ""
						if wrote && null {
							own = "Authentication-Results: mx.meadow.example; spf=none smtp.helo=" + c.helo + "; dmarc=fail header.from=lindenbank.example\n"
						} else if wrote {
							own = "Authentication-Results: mx.meadow.example; spf=" + map[bool]string{true: "fail", false: "pass"}[c.attack] + " smtp.mailfrom=service@lindenbank.example; dmarc=" + map[bool]string{true: "fail", false: "pass"}[c.attack] + " header.from=lindenbank.example\n"
						}
						forged := ""
						if c.attack {
							forged = "Authentication-Results: mx.meadow.example; " + bankResults + "\n" + field(writersOf[0].line("out.lindenbank.example", "out.lindenbank.example", "192.0.2.20", "mx2.meadow.example", "5KQ1AAAA", reader), "Thu, 26 Nov 2026 10:00:01 +0000")
						}
						r := judge(t, z, "Return-Path: <"+from+">\nDelivered-To: "+reader+"\n"+own+field(line, "Thu, 26 Nov 2026 10:00:06 +0000")+forged+text)
						count++
						v := r.Verdict
						name := fmt.Sprintf("%s, %s, null sender %v, own verdicts %v, DNS %v", w.name, c.name, null, wrote, z != "")
						if r.Border == nil || r.Border.ClientIP != c.ip {
							t.Errorf("%s: border %+v", name, r.Border)
						}
						if c.attack {
							if v.Status == report.Authenticated || v.Border.DMARC == "pass" || v.Delivery.DMARC == "pass" || v.AtFault == report.RoleRecipient {
								t.Errorf("%s: %s: %s", name, v.Status, v.Summary)
							}
							for _, x := range r.Claims {
								if x.Trust == report.Trusted && x.Result == "pass" {
									t.Errorf("%s: %s=%s of %s is trusted", name, x.Method, x.Result, x.AuthservID)
								}
							}
							continue
						}
						if v.Status == report.SpoofSuspected || z != "" && !null && v.Status != report.Authenticated {
							t.Errorf("%s: %s: %s", name, v.Status, v.Summary)
						}
						for _, f := range r.Findings {
							if grave(f) {
								t.Errorf("%s: accused: %s %s", name, f.Code, f.Message)
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d messages", count)
}

// TestNobodyHonestIsAccused writes the same dialects as honest layouts of servers.
// With the DNS each has its border at the bank's server and is authenticated;
// without it nobody is accused.
func TestNobodyHonestIsAccused(t *testing.T) {
	const bank = "192.0.2.20"
	arrive := func(w writerOf, by string) string {
		return field(w.line("out.lindenbank.example", "out.lindenbank.example", bank, by, "5KQ1AAAA", reader), "Thu, 26 Nov 2026 10:00:05 +0000")
	}
	later := "Thu, 26 Nov 2026 10:00:08 +0000"
	layouts := []struct {
		name string
		make func(w, inner writerOf) string
	}{
		{"direct", func(w, _ writerOf) string { return arrive(w, "mx.meadow.example") }},
		{"a store behind", func(w, inner writerOf) string {
			return field(inner.line("mx.meadow.example", "", "10.0.0.2", "store.meadow.example", "77AA88BB", reader), later) + arrive(w, "mx.meadow.example")
		}},
		{"a filter on the machine", func(w, _ writerOf) string {
			return field("from localhost (localhost [127.0.0.1]) by mx.meadow.example (Postfix) with ESMTP id 99CC for <"+reader+">", later) +
				field("from mx.meadow.example ([127.0.0.1]) by localhost (mx.meadow.example [127.0.0.1]) (amavis, port 10024) with ESMTP id x1 for <"+reader+">", later) + arrive(w, "mx.meadow.example")
		}},
		{"the backup MX first", func(w, inner writerOf) string {
			return field(inner.line("mx2.meadow.example", "mx2.meadow.example", "203.0.113.26", "mx.meadow.example", "77AA88BB", reader), later) + arrive(w, "mx2.meadow.example")
		}},
		{"a relay in the own record", func(w, inner writerOf) string {
			return field(inner.line("relay.meadow.example", "relay.meadow.example", "203.0.113.27", "store.meadow.example", "77AA88BB", reader), later) + arrive(w, "relay.meadow.example")
		}},
		{"LMTP to the mailbox", func(w, _ writerOf) string {
			return field("from mx.meadow.example by store.meadow.example with LMTP id abc for <"+reader+">", later) + arrive(w, "mx.meadow.example")
		}},
		{"verdicts of the border above its field", func(w, _ writerOf) string {
			return "Authentication-Results: mx.meadow.example; spf=pass smtp.mailfrom=service@lindenbank.example; dmarc=pass header.from=lindenbank.example\n" + arrive(w, "mx.meadow.example")
		}},
		{"a milter's verdict below", func(w, _ writerOf) string {
			return arrive(w, "mx.meadow.example") + "DMARC-Filter: OpenDMARC Filter v1.4.2 mx.meadow.example 5KQ1AAAA\n" +
				"Authentication-Results: mx.meadow.example; dmarc=pass header.from=lindenbank.example\nAuthentication-Results: mx.meadow.example; spf=pass smtp.mailfrom=service@lindenbank.example\n"
		}},
	}
	count := 0
	for _, l := range layouts {
		for _, w := range writersOf {
			for n := range 3 {
				inner := writersOf[(n*5)%len(writersOf)]
				for _, zone := range []string{meadowZone, ""} {
					m := "Return-Path: <service@lindenbank.example>\nDelivered-To: " + reader + "\n" + l.make(w, inner) + body
					r := judge(t, zone, m)
					count++
					name := fmt.Sprintf("%s, %s and %s, DNS %v", l.name, w.name, inner.name, zone != "")
					for _, f := range r.Findings {
						if grave(f) {
							t.Errorf("%s: accused: %s %s", name, f.Code, f.Message)
						}
					}
					if zone == "" {
						if r.Verdict.Status == report.SpoofSuspected {
							t.Errorf("%s: %s %s", name, r.Verdict.Status, r.Verdict.Summary)
						}
						continue
					}
					if r.Border == nil || r.Border.ClientIP != bank || r.Verdict.Status != report.Authenticated {
						t.Errorf("%s: %s (%s), border %+v", name, r.Verdict.Status, r.Verdict.Summary, r.Border)
					}
				}
			}
		}
	}
	t.Logf("%d honest messages", count)
}
