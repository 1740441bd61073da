package receiver

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// Every row says what it means, where that stands, and since when.
func TestTables(t *testing.T) {
	for name, rows := range codes() {
		if len(rows) == 0 {
			t.Errorf("%s is empty", name)
		}
		for _, c := range rows {
			if c.header == "" || c.code == "" || c.meaning == "" || c.source == "" {
				t.Errorf("%s lacks something: %+v", name, c)
			}
			if _, err := time.Parse("2006-01-02", c.dateOf); err != nil {
				t.Errorf("%s: date %q", name, c.dateOf)
			}
		}
	}
}

func TestFind(t *testing.T) {
	test := func(table, header, key, value, want string) {
		t.Helper()
		c, ok := find(table, header, key, value)
		if ok != (want != "") || !strings.Contains(c.meaning, want) {
			t.Errorf("%s %s %s: got %q, want %q", header, key, value, c.meaning, want)
		}
	}
	const ar = "Authentication-Results"
	test("microsoft", ar, "compauth reason", "000", "DMARC failed")
	test("microsoft", ar, "compauth reason", "107", "Family: passed")
	test("microsoft", ar, "compauth reason", "703", "long had good mail")
	test("microsoft", ar, "compauth reason", "1", "")
	test("microsoft", "X-Forefront-Antispam-Report", "SCL", "6", "Spam")
	test("microsoft", "X-Forefront-Antispam-Report", "SCL", "-1", "Skipped")
	test("microsoft", "X-Forefront-Antispam-Report", "SCL", "x", "")
	test("spamassassin", "X-Spam-Status", "rule", "SPF_FAIL", "SPF fails")
	test("rspamd", "X-Spamd-Result", "rule", "R_SPF_PLUSALL", "worthless")
}

const junked = `Authentication-Results: spf=fail (sender IP is 203.0.113.9) smtp.mailfrom=example.com; dkim=fail (body hash did not verify) header.d=example.com;dmarc=fail action=oreject header.from=example.com;compauth=fail reason=000
Received-SPF: Fail (protection.outlook.com: domain of example.com does not designate 203.0.113.9 as permitted sender) receiver=protection.outlook.com; client-ip=203.0.113.9; helo=relay.example.org;
Received: from relay.example.org (203.0.113.9) by AM0PEPF0001.mail.protection.outlook.com (10.167.16.71) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.8314.8 via Frontend Transport; Mon, 23 Nov 2026 04:56:08 +0000
From: Ann <ann@example.com>
To: bob@example.org
Subject: x
X-Forefront-Antispam-Report: CIP:203.0.113.9;CTRY:GB;SCL:5;SFV:SPM;CAT:SPOOF;DIR:INB;
X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;jmr:0;auth:0;dest:J;ENG:(1);OFR:SpamFilterAuthJ;RF:JunkEmail;
X-Spam-Status: Yes, score=9 tests=SPF_FAIL,DMARC_REJECT

Hello
`

// What the receiver wrote is told; what the message brought along is not.
func TestNotes(t *testing.T) {
	f := headers.Examine(context.Background(), message.Parse([]byte(junked)), headers.Options{})
	notes := Notes(f)
	has := func(code string) bool {
		for _, n := range notes {
			if n.Code == code {
				return true
			}
		}
		return false
	}
	for _, c := range []string{"compauth=fail reason=000", "SCL:5", "CAT:SPOOF", "dest:J", "dmarc=fail action=oreject", "dkim=fail (body hash did not verify)"} {
		if !has(c) {
			t.Errorf("nothing about %s in %+v", c, notes)
		}
	}
	if has("SPF_FAIL") {
		t.Error("a field that the sender wrote is taken for the receiver's")
	}
	hop := 1
	root := "spf-rechecked-behind-border"
	got := Story(notes, report.Verdict{Status: report.CheckedInWrongPlace, RootCause: &root, Hop: &hop}).String()
	for _, w := range []string{"in Junk (dest:J)", "SCL 5", "category SPOOF", "compauth=fail reason=000", "because SPF was asked at hop 1"} {
		if !strings.Contains(got, w) {
			t.Errorf("the story lacks %q: %s", w, got)
		}
	}
	if s := Story(nil, report.Verdict{}).String(); s != "" {
		t.Errorf("a story of nothing: %s", s)
	}
}

// The same fields without a server of the cloud on the recipient's side tell
// nothing.
func TestNotesOfOthers(t *testing.T) {
	other := strings.ReplaceAll(junked, "AM0PEPF0001.mail.protection.outlook.com (10.167.16.71) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.8314.8 via Frontend Transport",
		"mx.example.org (Postfix) with ESMTP id 4XYZ")
	f := headers.Examine(context.Background(), message.Parse([]byte(other)), headers.Options{})
	for _, n := range Notes(f) {
		if n.Vendor == "Microsoft" {
			t.Errorf("%+v", n)
		}
	}
}
