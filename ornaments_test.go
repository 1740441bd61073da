package mailtrace_test

import (
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/report"
)

// ornament is what a sender writes into his message below the line that the
// border writes about him, to look like somebody else, or to be excused.
type ornament struct {
	name   string
	fields string // directly under the border's Received field
	end    string // at the end of the header
	border string // another line of the border, %CLIENT% in it; "" for Postfix's
	from   string // MAIL FROM, "" for the bank's
	// twin says that nothing tells it from what an honest forwarder leaves: it may
	// be called one, and is no less grave.
	twin bool
}

const bankResults = "spf=pass smtp.mailfrom=service@lindenbank.example; dkim=pass header.d=lindenbank.example; dmarc=pass header.from=lindenbank.example"

var ornaments = []ornament{
	{name: "rspamd's queue id, and no Authentication-Results of it",
		fields: "Authentication-Results: mx.meadow.example; " + bankResults + "\n",
		end:    "X-Rspamd-Queue-Id: A1B2C3D4E5\nX-Rspamd-Server: mx.meadow.example\nX-Spamd-Result: default: False [3.00 / 15.00];\n\tARC_NA(0.00)[];\n\tR_DKIM_NA(0.00)[]\n"},
	{name: "rspamd's queue id under a line of his own",
		fields: "Received: from out.lindenbank.example (out.lindenbank.example [192.0.2.20])\n\tby relay.lindenbank.example (Postfix) with ESMTPS id 77\n\tfor <ida@meadow.example>; Thu, 26 Nov 2026 10:00:01 +0000\nReceived-SPF: pass (meadow.example: domain of service@lindenbank.example designates 192.0.2.20 as permitted sender) client-ip=192.0.2.20;\n",
		end:    "X-Rspamd-Queue-Id: A1B2C3D4E5\n"},
	{name: "OpenDKIM's mark with a guessed id",
		fields: "DKIM-Filter: OpenDKIM Filter v2.11.0 mx.meadow.example 5KQ1AAAA\nAuthentication-Results: mx.meadow.example; dkim=pass header.d=lindenbank.example\n"},
	{name: "OpenDMARC's mark, and a line with its id",
		fields: "DMARC-Filter: OpenDMARC Filter v1.4.2 mx.meadow.example 5KQ1AAAA\nAuthentication-Results: mx.meadow.example; dmarc=pass header.from=lindenbank.example\nReceived: from out.lindenbank.example (out.lindenbank.example [192.0.2.20])\n\tby mx.meadow.example (Postfix) with ESMTPS id 5KQ1AAAA\n\tfor <ida@meadow.example>; Thu, 26 Nov 2026 10:00:01 +0000\n"},
	{name: "blackened lines",
		fields: "Received: from [redacted] ([redacted])\n\tby [redacted] with ESMTP; Thu, 26 Nov 2026 10:00:01 +0000\n"},
	{name: "addresses with letters crossed out",
		fields: "Received: from xxxxx (xxxxx [xxx.xxx.xxx.xxx])\n\tby *** (Postfix) with ESMTPS id 1\n\tfor <***@***>; Thu, 26 Nov 2026 10:00:01 +0000\n"},
	{name: "an ARC set without a valid seal",
		fields: "ARC-Seal: i=1; a=rsa-sha256; t=1795687200; cv=none; d=google.com; s=arc-20240605; b=AAAA\nARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=google.com; s=arc-20240605; h=from:to:subject:date; bh=AAAA; b=AAAA\nARC-Authentication-Results: i=1; mx.google.com; " + bankResults + "\n"},
	{name: "ARC results without a seal", fields: "ARC-Authentication-Results: i=1; mx.meadow.example; " + bankResults + "\n"},
	{name: "Exchange Online's words", fields: "X-MS-Exchange-Organization-MessageDirectionality: Originating\nX-MS-Exchange-Organization-AuthAs: Internal\nAuthentication-Results: spf=pass (sender IP is 192.0.2.20)\n smtp.mailfrom=lindenbank.example; dkim=pass (signature was verified)\n header.d=lindenbank.example;dmarc=pass action=none\n header.from=lindenbank.example;compauth=pass reason=100\n"},
	{name: "results in the domain's name", fields: "Authentication-Results: meadow.example 1; " + bankResults + "\n"},
	{name: "results in capitals with a dot", fields: "Authentication-Results: MX.Meadow.Example.; " + bankResults + "\n"},
	{name: "results without a name", fields: "Authentication-Results: " + bankResults + "\n"},
	{name: "results of localhost", fields: "Authentication-Results: localhost; " + bankResults + "\nReceived-SPF: pass (localhost: domain of service@lindenbank.example designates 192.0.2.20 as permitted sender) client-ip=192.0.2.20; receiver=localhost;\n"},
	{name: "results behind a comment that never closes", fields: "Authentication-Results: mx.meadow.example (1; dmarc=pass header.from=lindenbank.example\n"},
	{name: "SpamAssassin's tests", fields: "X-Spam-Checker-Version: SpamAssassin 4.0.1 (2024-03-26) on mx.meadow.example\nX-Spam-Status: No, score=-2.1 required=5.0 tests=DKIM_SIGNED,DKIM_VALID,\n\tDKIM_VALID_AU,SPF_PASS,DMARC_PASS autolearn=ham version=4.0.1\n"},
	{name: "hMailServer's notes", fields: "X-hMailServer-Spam: NO\nX-hMailServer-Reason-1: Whitelisted - (Score: -5)\nReceived: from out.lindenbank.example (out.lindenbank.example [192.0.2.20]) by mx.meadow.example with ESMTP\n"},
	{name: "a fetch from a mailbox", fields: "Received: from pop.lindenbank.example [192.0.2.20]\n\tby localhost with POP3 (fetchmail-6.4.37)\n\tfor <ida@localhost> (single-drop); Thu, 26 Nov 2026 10:00:01 +0000\n"},
	{name: "LMTP to the reader's store", fields: "Received: from mx.meadow.example\n\tby store.meadow.example with LMTP id abc\n\tfor <ida@meadow.example>; Thu, 26 Nov 2026 10:00:02 +0000\nAuthentication-Results: mx.meadow.example; " + bankResults + "\nReceived: from out.lindenbank.example (out.lindenbank.example [192.0.2.20])\n\tby mx.meadow.example (Postfix) with ESMTPS id 5KQ1AAAA\n\tfor <ida@meadow.example>; Thu, 26 Nov 2026 10:00:01 +0000\n"},
	{name: "amavis on the reader's machine", fields: "Received: from out.lindenbank.example ([192.0.2.20])\n\tby localhost (mx.meadow.example [127.0.0.1]) (amavis, port 10024)\n\twith ESMTP id x1 for <ida@meadow.example>; Thu, 26 Nov 2026 10:00:01 +0000\nAuthentication-Results: mx.meadow.example (amavis); dkim=pass header.d=lindenbank.example\n"},
	{name: "a forwarder of his own", from: "service@lindenbank.example", twin: true,
		fields: "Delivered-To: box@kelp.example\nAuthentication-Results: out.kelp.example; " + bankResults + "\nReceived: from out.lindenbank.example (out.lindenbank.example [192.0.2.20])\n\tby out.kelp.example (Postfix) with ESMTPS id 5KQ1AAAA\n\tfor <box@kelp.example>; Thu, 26 Nov 2026 10:00:01 +0000\n"},
	{name: "SRS of his own", from: "SRS0=1d3f=JP=lindenbank.example=service@kelp.example", fields: "X-Forwarded-To: ida@meadow.example\nX-Forwarded-For: box@kelp.example ida@meadow.example\n"},
	{name: "a resent message", fields: "Resent-From: box@kelp.example\nResent-To: ida@meadow.example\nResent-Date: Thu, 26 Nov 2026 10:00:02 +0000\n"},
	{name: "a list", from: "talk-bounces@kelp.example", fields: "List-Id: Talk <talk.kelp.example>\nList-Post: <mailto:talk@kelp.example>\nX-BeenThere: talk@kelp.example\nPrecedence: list\n"},
	{name: "a meeting that was sent on", from: "fred@kelp.example", fields: "Sender: Fred <fred@kelp.example>\nX-MS-Exchange-Calendar-Originator-Id: 1;2\n"},
	{name: "a notice", from: "<>", fields: "Auto-Submitted: auto-replied\n"},
	{name: "addresses of a web form", fields: "X-Originating-IP: [192.0.2.20]\nX-Sender-IP: 192.0.2.20\nX-Forwarded-For: 192.0.2.20\nX-Real-IP: 192.0.2.20\n"},
	{name: "older results kept", fields: "X-Original-Authentication-Results: mx.meadow.example; " + bankResults + "\nAuthentication-Results-Original: mx.meadow.example; " + bankResults + "\n"},
	{name: "Exim as the border", border: "from [%CLIENT%] (helo=mx.meadow.example) by mx.meadow.example with esmtps (TLS1.3) (Exim 4.97) (envelope-from <service@lindenbank.example>) id 1xVJ1X-0003oQ-0a for ida@meadow.example",
		fields: "Authentication-Results: mx.meadow.example; " + bankResults + "\n"},
	{name: "sendmail as the border, with its own name as HELO", border: "from mx.meadow.example ([%CLIENT%]) by mx.meadow.example (8.18.1/8.18.1) with ESMTPS id 4AQA00AB for <ida@meadow.example>",
		fields: "Authentication-Results: mx.meadow.example; " + bankResults + "\n"},
	{name: "Exchange as the border, an inner name as HELO", border: "from store.int.meadow.local (%CLIENT%) by mx.meadow.example (10.0.0.9) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.2562.35 via Frontend Transport",
		fields: "Authentication-Results: mx.meadow.example; " + bankResults + "\nX-MS-Exchange-Organization-AuthSource: mx.meadow.example\nX-MS-Exchange-Organization-AuthAs: Internal\n"},
}

// decorated is a message of a client with an ornament.
func decorated(o ornament, client, name string) string {
	line := "from " + name + " (" + name + " [" + client + "])\n\tby mx.meadow.example (Postfix) with ESMTPS id A1B2C3D4E5\n\tfor <ida@meadow.example>"
	if o.border != "" {
		line = strings.ReplaceAll(o.border, "%CLIENT%", client)
	}
	from := "service@lindenbank.example"
	if o.from != "" {
		from = strings.Trim(o.from, "<>")
	}
	head, text, _ := strings.Cut(body, "\n\n")
	return "Return-Path: <" + from + ">\nDelivered-To: " + reader + "\n" + field(line, "Thu, 26 Nov 2026 10:00:06 +0000") + o.fields + head + "\n" + o.end + "\n" + text
}

var graver = map[string]int{report.Info: 0, report.Low: 1, report.Medium: 2, report.High: 3, report.Critical: 4}

func gravest(r *report.Report) string {
	worst := report.Info
	for _, f := range r.Findings {
		if graver[f.Severity] > graver[worst] {
			worst = f.Severity
		}
	}
	return worst
}

// TestOrnamentsChangeNothing puts what a sender can write below the border's line
// into a forgery and into the bank's own mail. The forgery is not authenticated,
// nothing of it is trusted that passes, neither the recipient nor the bank is
// blamed, and nothing about it is milder than without; the bank's own mail stays
// authenticated, and nobody is accused.
func TestOrnamentsChangeNothing(t *testing.T) {
	const kelp, bank = "198.51.100.77", "192.0.2.20"
	zone := knowledge[0].zone
	for _, o := range ornaments {
		t.Run(o.name, func(t *testing.T) {
			for _, z := range []string{zone, ""} {
				plain := judge(t, z, decorated(ornament{border: o.border, from: o.from}, kelp, "out.kelp.example"))
				r := judge(t, z, decorated(o, kelp, "out.kelp.example"))
				v := r.Verdict
				if v.Status == report.Authenticated || v.Border.DMARC == "pass" || v.Delivery.DMARC == "pass" {
					t.Errorf("DNS %v: %s, dmarc %q at the border and %q at delivery: %s", z != "", v.Status, v.Border.DMARC, v.Delivery.DMARC, v.Summary)
				}
				if v.AtFault == report.RoleRecipient || v.Status == report.SenderMisconfigured || v.Status == report.CheckedInWrongPlace {
					t.Errorf("DNS %v: %s, at fault %s: %s", z != "", v.Status, v.AtFault, v.Summary)
				}
				for _, c := range r.Claims {
					if c.Trust == "trusted" && c.Result == "pass" && c.Method != "arc" {
						t.Errorf("DNS %v: %s=%s of %q is trusted", z != "", c.Method, c.Result, c.AuthservID)
					}
				}
				if least := graver[gravest(plain)]; graver[gravest(r)] < least && !(o.twin && graver[gravest(r)] >= graver[report.High]) {
					t.Errorf("DNS %v: %s at worst, %s without the ornament", z != "", gravest(r), gravest(plain))
				}
				if plain.Verdict.Status == report.SpoofSuspected && v.Status != report.SpoofSuspected && !o.twin {
					t.Errorf("DNS %v: %s (%s); a spoof without the ornament", z != "", v.Status, v.Summary)
				}

				own := o
				own.from = ""
				r = judge(t, z, decorated(own, bank, "out.lindenbank.example"))
				for _, f := range r.Findings {
					if grave(f) {
						t.Errorf("DNS %v: the bank's own mail: %s %s", z != "", f.Code, f.Message)
					}
				}
				if z != "" && r.Verdict.Status != report.Authenticated {
					t.Errorf("the bank's own mail: %s: %s", r.Verdict.Status, r.Verdict.Summary)
				}
				if r.Verdict.Status == report.SpoofSuspected {
					t.Errorf("DNS %v: the bank's own mail: %s", z != "", r.Verdict.Summary)
				}
			}
		})
	}
}
