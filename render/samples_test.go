package render

import (
	"time"

	"github.com/mailtrace/mailtrace/report"
)

func ptr[T any](v T) *T { return &v }

func at(s string) *time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return &t
}

// rechecked is the report of a message that passed SPF, DKIM and DMARC at the
// border of example.org and was checked again behind it.
func rechecked() *report.Report {
	return &report.Report{
		Schema:           1,
		Tool:             report.Tool{Name: "mailtrace", Version: "1.2.3"},
		Source:           report.Source{Path: "a.eml", Kind: report.KindMessage, Bytes: 4211},
		EvaluatedAt:      *at("2026-11-23T01:38:52Z"),
		EvaluatedAtBasis: "delivery",
		Message: report.Message{
			From:          []report.Address{{Name: "Ann", Address: "ann@example.com", Domain: "example.com"}},
			MailFrom:      ptr("ann@example.com"),
			MailFromBasis: "received-spf",
			Helo:          "mail.example.com",
			RcptTo:        []string{"brian@example.org"},
			Subject:       "test",
			MessageID:     "<1@example.com>",
			Date:          "Mon, 23 Nov 2026 01:38:52 -0000",
		},
		Hops: []report.Hop{
			{Index: 1, Field: 9, Line: 40, Dialect: "postfix", From: report.HopFrom{Helo: "laptop.lan"}, By: report.HopBy{Name: "mail.example.com"},
				Protocol: "ESMTP", Time: at("2026-11-23T01:38:52Z"), DelaySeconds: ptr(0.0), Zone: "example.com", Trust: report.Claimed},
			{Index: 2, Field: 7, Line: 30, Dialect: "postfix", From: report.HopFrom{Helo: "mail.example.com", RDNS: "mail.example.com", IP: "192.0.2.10"},
				By: report.HopBy{Name: "mx.example.org"}, Time: at("2026-11-23T01:38:54Z"), DelaySeconds: ptr(2.0), Zone: "example.org", Trust: report.Observed},
			{Index: 3, Field: 4, Line: 12, Dialect: "exim", From: report.HopFrom{Helo: "mx.example.org", IP: "10.36.82.107"},
				By: report.HopBy{Name: "relay.example.org"}, Time: at("2026-11-23T01:38:55Z"), DelaySeconds: ptr(1.0), Zone: "example.org", Trust: report.Observed},
			{Index: 4, Field: 3, Line: 7, Dialect: "exchange", From: report.HopFrom{Helo: "relay.example.org", IP: "203.0.113.9"},
				By: report.HopBy{Name: "am1.bigmail.example"}, Time: at("2026-11-23T01:38:59Z"), DelaySeconds: ptr(4.0), Zone: "example.org", Trust: report.Observed},
		},
		Zones: []report.Zone{
			{Name: "example.com", Role: report.RoleSender, Hops: []int{1}},
			{Name: "example.org", Role: report.RoleRecipient, Hops: []int{2, 3, 4}},
		},
		Border:  &report.Border{Hop: 2, ClientIP: "192.0.2.10", Helo: "mail.example.com", MailFrom: ptr("ann@example.com"), Basis: "MX of the recipient"},
		Borders: []report.Border{{Hop: 2, ClientIP: "192.0.2.10", Helo: "mail.example.com", MailFrom: ptr("ann@example.com"), Basis: "MX of the recipient"}},
		Claims: []report.Claim{
			{Method: "spf", Result: "fail", Comment: "sender IP is 203.0.113.9", Header: "Authentication-Results", Field: 1, Line: 3,
				Writer: "am1.bigmail.example", ClientIP: "203.0.113.9", ClientIPBasis: "comment", Domain: "example.com", Hop: ptr(4), Trust: report.Trusted},
			{Method: "dkim", Result: "fail", Comment: "body hash did not verify", Header: "Authentication-Results", Field: 1, Line: 3,
				Writer: "am1.bigmail.example", Domain: "example.com", Hop: ptr(4), Trust: report.Trusted},
			{Method: "dmarc", Result: "fail", Header: "Authentication-Results", Field: 1, Line: 3,
				Writer: "am1.bigmail.example", Domain: "example.com", Hop: ptr(4), Trust: report.Trusted},
			{Method: "dkim", Result: "none", Header: "Authentication-Results", Field: 5, Line: 17, Writer: "mx.example.org", AuthservID: "mx.example.org",
				Hop: ptr(2), Trust: report.Trusted},
			{Method: "spf", Result: "pass", Header: "Received-SPF", Field: 6, Line: 19, Writer: "mx.example.org", AuthservID: "mx.example.org",
				ClientIP: "192.0.2.10", ClientIPBasis: "explicit", Domain: "example.com", Hop: ptr(2), Trust: report.Trusted},
		},
		SPF: &report.SPF{Result: "pass", Identity: "mailfrom", Domain: "example.com", ClientIP: "192.0.2.10",
			Record: "v=spf1 include:_spf.example.net ip4:192.0.2.0/24 -all", Matched: "ip4:192.0.2.0/24", Lookups: 1,
			Tree: &report.SPFNode{Term: "v=spf1 include:_spf.example.net ip4:192.0.2.0/24 -all", Kind: "record", Domain: "example.com", Outcome: "pass", Lookups: 1,
				Children: []*report.SPFNode{
					{Term: "include:_spf.example.net", Kind: "include", Domain: "_spf.example.net", Position: 7, Outcome: "no match",
						Question: "_spf.example.net TXT", Answer: "1 record", Lookups: 1,
						Children: []*report.SPFNode{{Term: "v=spf1 ip4:198.51.100.0/24 ~all", Kind: "record", Domain: "_spf.example.net", Outcome: "softfail", Lookups: 1,
							Children: []*report.SPFNode{
								{Term: "ip4:198.51.100.0/24", Kind: "ip4", Position: 7, Outcome: "no match", Lookups: 1},
								{Term: "~all", Kind: "all", Position: 27, Outcome: "match", Lookups: 1},
							}}}},
					{Term: "ip4:192.0.2.0/24", Kind: "ip4", Position: 32, Outcome: "match", Lookups: 1},
					{Term: "-all", Kind: "all", Position: 49, Outcome: "not evaluated", Lookups: 1},
				}},
		},
		SPFMatrix: []report.SPFCell{
			{Hop: 2, ClientIP: "192.0.2.10", Domain: "example.com", Result: "pass", Matched: "ip4:192.0.2.0/24"},
			{Hop: 4, ClientIP: "203.0.113.9", Domain: "example.com", Result: "fail", Matched: "-all"},
		},
		DKIM: []report.DKIM{{Field: 8, Line: 33, Domain: "example.com", Selector: "s1", Algorithm: "rsa-sha256", Canonicalization: "relaxed/simple",
			KeyType: "rsa", KeyBits: 2048, Result: "fail", Reason: "body hash did not verify", BodyHash: report.Mismatch, HeaderSignature: report.Match, Aligned: true,
			Repair: &report.Repair{Proved: true, Changes: []report.Change{{Kind: "footer", Description: `"-- Scanned by relay" taken off the end`}}}}},
		DMARC: &report.DMARC{Result: "pass", FromDomain: "example.com", RecordDomain: "example.com", Record: "v=DMARC1; p=reject", Policy: "reject",
			SPFAligned: true, Method: "rfc9989", Other: &report.DMARCOther{Method: "rfc7489", Result: "pass", RecordDomain: "example.com", Policy: "reject"}},
		CrossChecks: []report.CrossCheck{{Method: "spf", Library: "blitiri.com.ar/go/spf", Version: "v1.6.0", Result: "pass", Agrees: true}},
		Verdict: report.Verdict{
			Status:    report.BrokenInTransit,
			Summary:   "SPF was checked again behind the border, by bigmail.example (hop 4). Had it been checked where the message entered example.org (hop 2), SPF and DMARC would have passed.",
			RootCause: ptr("spf-rechecked-behind-border"), Hop: ptr(4), AtFault: "recipient",
			Border:   report.Triple{SPF: "pass", DKIM: "pass", DMARC: "pass"},
			Delivery: report.Triple{SPF: "fail", DKIM: "fail", DMARC: "fail"},
			Believe:  []report.Held{{Method: "spf", Result: "pass", Hop: ptr(2), By: "mx.example.org"}, {Method: "dmarc", Result: "pass", Hop: ptr(2), By: "mx.example.org"}},
			Doubt:    []report.Held{{Method: "spf", Result: "fail", Hop: ptr(4), By: "am1.bigmail.example"}, {Method: "dmarc", Result: "fail", Hop: ptr(4), By: "am1.bigmail.example"}},
		},
		Findings: []report.Finding{
			{Code: "spf-rechecked-behind-border", Title: "SPF evaluated again after the recipient's border already passed it", Severity: report.High, Confidence: report.Proved,
				Hop: ptr(4), AtFault: report.Party{Role: "recipient", Host: "bigmail.example", Organisation: "example.org", Server: "am1.bigmail.example", Product: "Exim"},
				Message: "SPF was checked again behind the border, by bigmail.example (hop 4).",
				Advice:  "make relay.example.org a trusted relay of bigmail.example, or check only at mx.example.org",
				Evidence: []report.Evidence{
					{Kind: report.EvidenceHeader, Text: "Received-SPF: Pass … client-ip=192.0.2.10", Field: ptr(6), Line: ptr(19)},
					{Kind: report.EvidenceHeader, Text: "Authentication-Results: spf=fail (sender IP is 203.0.113.9)", Field: ptr(1), Line: ptr(3)},
					{Kind: report.EvidenceComputed, Text: "spf of example.com: hop 2 pass, hop 4 fail"},
				}},
			{Code: "dmarc-both-paths-broken", Title: "Both ways to DMARC are broken", Severity: report.High, Confidence: report.Strong,
				Hop: ptr(4), AtFault: report.Party{Role: "recipient"}, Message: "Neither SPF nor DKIM passes at hop 4.", Advice: "fix the cause",
				Because: []string{"spf-rechecked-behind-border"}},
		},
		DNS: []report.DNSAnswer{
			{Name: "example.com", Type: "TXT", Status: "noerror", Values: []string{"v=spf1 include:_spf.example.net ip4:192.0.2.0/24 -all"}, TTL: 300, Server: "zone:a.zone"},
			{Name: "_dmarc.example.com", Type: "TXT", Status: "noerror", Values: []string{"v=DMARC1; p=reject"}, TTL: 300, Server: "zone:a.zone"},
			{Name: "example.org", Type: "MX", Status: "noerror", Values: []string{"10 mx.example.org."}, TTL: 3600, Authenticated: true, Server: "zone:a.zone"},
		},
	}
}

// authenticated is a message in which nothing is wrong.
func authenticated() *report.Report {
	return &report.Report{
		Schema: 1, Tool: report.Tool{Name: "mailtrace", Version: "1.2.3"},
		Source:      report.Source{Path: "-", Kind: report.KindMessage, Bytes: 900},
		EvaluatedAt: *at("2026-11-23T01:38:52Z"), EvaluatedAtBasis: "delivery",
		Message: report.Message{From: []report.Address{{Address: "ann@example.com", Domain: "example.com"}}, MailFrom: ptr("ann@example.com"), MailFromBasis: "return-path"},
		Hops: []report.Hop{{Index: 1, Line: 2, Dialect: "postfix", From: report.HopFrom{Helo: "mail.example.com", IP: "2001:db8::25"},
			By: report.HopBy{Name: "mx.example.org"}, Time: at("2026-11-23T01:38:52Z"), Zone: "example.org", Trust: report.Observed}},
		Zones:  []report.Zone{{Name: "example.org", Role: report.RoleRecipient, Hops: []int{1}}},
		Border: &report.Border{Hop: 1, ClientIP: "2001:db8::25", Basis: "--trust mx.example.org"},
		SPF: &report.SPF{Result: "pass", Identity: "mailfrom", Domain: "example.com", ClientIP: "2001:db8::25", Record: "v=spf1 a:mail.example.com -all",
			Matched: "a:mail.example.com", Lookups: 1},
		DKIM: []report.DKIM{{Line: 5, Domain: "example.com", Selector: "s1", KeyType: "rsa", KeyBits: 2048, Result: "pass",
			BodyHash: report.Match, HeaderSignature: report.Match, Aligned: true}},
		DMARC:   &report.DMARC{Result: "pass", FromDomain: "example.com", RecordDomain: "example.com", Policy: "quarantine", SPFAligned: true, DKIMAligned: true, Method: "rfc9989"},
		Verdict: report.Verdict{Status: report.Authenticated, Summary: "SPF, DKIM and DMARC pass for example.com.", AtFault: "none"},
	}
}

// hostile is a report whose every text was written by an attacker.
func hostile() *report.Report {
	const evil = "\x1b[2J\x1b]0;pwned\a\r\nAuthenticated: yes\u202egnp\u200b\x9b\xff\x00"
	r := rechecked()
	r.Source = report.Source{Path: evil, Part: evil, Index: 3, Kind: evil}
	r.Hops = append(r.Hops, report.Hop{Index: 5, Zone: evil, Trust: evil, From: report.HopFrom{Helo: evil, RDNS: evil, IP: evil}, By: report.HopBy{Name: evil, IP: evil}})
	r.Borders = append(r.Borders, report.Border{Hop: 5, Basis: evil})
	r.Claims = append(r.Claims,
		report.Claim{Method: "spf", Result: evil, Writer: evil, Hop: ptr(5), Trust: report.Forged},
		report.Claim{Method: "dkim", Result: "pass", AuthservID: evil, Hop: ptr(5), Trust: report.Untrusted},
		report.Claim{Method: "arc", Result: evil, Reason: evil, Comment: evil, Header: evil, Domain: evil, ClientIP: evil, Writer: evil, Trust: evil},
		report.Claim{Method: evil, Result: evil, Hop: ptr(5)})
	r.SPF = &report.SPF{Result: evil, Identity: "helo", Domain: evil, ClientIP: evil, Record: evil, Matched: evil, Reason: evil, Explanation: evil,
		Tree: &report.SPFNode{Term: evil, Kind: "record", Domain: evil, Outcome: evil, Question: evil, Answer: evil, Note: evil,
			Children: []*report.SPFNode{nil, {Term: evil, Kind: evil, Outcome: evil}}}}
	r.SPFMatrix = append(r.SPFMatrix, report.SPFCell{Result: evil, ClientIP: evil, Domain: evil, Matched: evil})
	r.DKIM = append(r.DKIM, report.DKIM{Domain: evil, Selector: evil, Result: evil, Reason: evil, KeyType: evil, KeyBits: 1},
		report.DKIM{Domain: evil, Selector: evil, Result: "pass", KeyType: evil, KeyBits: 1, UnsignedBytes: 1,
			Repair: &report.Repair{Changes: []report.Change{{Kind: evil, Description: evil}}}})
	r.ARC = &report.ARC{Result: evil, Reason: evil, FailedInstance: ptr(1),
		Sets: []report.ARCSet{{Domain: evil, Selector: evil, CV: evil, Seal: evil, MessageSignature: evil, Reason: evil, Results: report.ARCResults{SPF: evil, DKIM: evil, DMARC: evil}}}}
	r.DMARC = &report.DMARC{Result: evil, FromDomain: evil, RecordDomain: evil + "x", Policy: evil, Reason: evil, Other: &report.DMARCOther{Method: "rfc" + evil, Result: evil}}
	r.CrossChecks = append(r.CrossChecks, report.CrossCheck{Method: evil, Library: evil, Version: evil, Result: evil, Note: evil})
	r.Verdict = report.Verdict{Status: evil, Summary: evil + ". Second " + evil, RootCause: ptr(evil), Hop: ptr(5),
		Believe: []report.Held{{Method: evil, Result: evil, By: evil}}, Doubt: []report.Held{{Method: evil, Result: evil, By: evil, Forged: true}}}
	r.Message.Subject, r.Message.Date, r.Message.RcptTo = evil, evil, []string{evil, evil}
	r.Message.From = []report.Address{{Name: evil, Address: evil}, {}}
	r.Findings = append(r.Findings, report.Finding{Code: evil, Title: evil, Severity: evil, Confidence: evil, AtFault: report.Party{Role: evil, Host: evil, Organisation: evil, Server: evil, Product: evil},
		Message: evil, Advice: evil, Reasons: []report.Reason{{Text: evil}}, Because: []string{evil + "2"}, Evidence: []report.Evidence{{Kind: evil, Text: evil, DNS: evil, Ref: evil}}},
		report.Finding{Code: evil + "3", Because: []string{evil}})
	r.Gaps = append(r.Gaps, report.Gap{What: evil, Why: evil})
	r.DNS = append(r.DNS, report.DNSAnswer{Name: evil, Type: evil, Status: evil, Values: []string{evil}, Server: evil})
	r.DSN = &report.DSN{ReportingMTA: evil, Recipients: []report.DSNRecipient{{Final: evil, Action: evil, Status: evil, RemoteMTA: evil, Diagnostic: evil}}}
	r.Notes = append(r.Notes, report.Note{Kind: evil, Line: 1, Count: 2})
	return r
}

// bounced is a bounce with the message that bounced inside, and with gaps.
func bounced() *report.Report {
	inner := *authenticated()
	inner.Source = report.Source{Path: "b.eml", Kind: report.KindEmbedded, Part: "3", Bytes: 400}
	inner.SPF, inner.DMARC, inner.DKIM = nil, nil, nil
	inner.Verdict = report.Verdict{Status: report.Undetermined, Summary: "the DNS did not answer", AtFault: "unknown"}
	inner.Gaps = []report.Gap{{What: "SPF of example.com", Why: "example.com TXT: timeout"}, {What: "DKIM body hash", Why: "only the header of the message is here"}}
	return &report.Report{
		Schema: 1, Source: report.Source{Path: "b.eml", Kind: report.KindMessage, Bytes: 1200},
		Verdict: report.Verdict{Status: report.Unauthenticated, Summary: "a bounce with a null sender", AtFault: "none"},
		DSN: &report.DSN{ReportingMTA: "mx.example.org", Recipients: []report.DSNRecipient{
			{Final: "brian@example.org", Action: "failed", Status: "5.7.1", RemoteMTA: "am1.bigmail.example",
				Diagnostic: "smtp; 550 5.7.1 rejected by the DMARC policy of example.com, see the page about authentication of our help centre"}}},
		Notes:    []report.Note{{Kind: "bare-lf", Count: 30}, {Kind: "8bit-header", Line: 4, Count: 1}, {Kind: "nul", Line: 5, Count: 2}},
		Embedded: []report.Report{inner},
	}
}

// wide has names that take two columns a character, and names too long for a line.
func wide() *report.Report {
	r := rechecked()
	r.Hops[0].From.Helo = "ノートパソコン.例え.テスト"
	r.Hops[0].By.Name = "邮件.example.com"
	r.Hops[3].By.Name = "AM5PR0502CA0017.eop-EUR03.prod.protection.outlook.com"
	r.Hops[3].From = report.HopFrom{RDNS: "VE1EUR02FT012.eop-EUR03.prod.protection.outlook.com", IP: "2a01:111:f400:7e08::2013"}
	r.DKIM[0].Domain = "例え.テスト"
	return r
}
