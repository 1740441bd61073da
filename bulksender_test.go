package mailtrace_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/report"
)

// bulkTime is when the message is sent: the signer writes the present into its
// signature.
var bulkTime = time.Now().UTC().Format(time.RFC1123Z)

var bulkReceived = "Received: from mail.example.com (mail.example.com [192.0.2.10])\r\n\tby mx.example.org (Postfix) with ESMTPS id 1522E9BC16F\r\n\tfor <brian@example.org>; " + bulkTime + "\r\n"

var bulkBody = "From: Shop <news@example.com>\r\nTo: brian@example.org\r\nSubject: offers\r\nDate: " + bulkTime + "\r\nMessage-ID: <1@example.com>\r\n" +
	"List-Unsubscribe: <mailto:u@example.com>,\r\n <https://example.com/u/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nHello.\r\n"

const bulkZone = `example.com. TXT "v=spf1 ip4:192.0.2.10 -all"
example.com. MX 10 mail.example.com.
mail.example.com. A 192.0.2.10
10.2.0.192.in-addr.arpa. PTR mail.example.com.
_dmarc.example.com. TXT "v=DMARC1; p=none"
s1._domainkey.example.com. TXT %s
example.org. MX 10 mx.example.org.
mx.example.org. A 203.0.113.1
`

// bulkMessage signs a message as a sender does, over the fields given.
func bulkMessage(t *testing.T, key *rsa.PrivateKey, message string, fields ...string) string {
	t.Helper()
	var out bytes.Buffer
	err := msgauth.Sign(&out, strings.NewReader(message), &msgauth.SignOptions{Domain: "example.com", Selector: "s1", Signer: key, HeaderKeys: fields})
	if err != nil {
		t.Fatal(err)
	}
	return "Return-Path: <bounce@example.com>\r\n" + bulkReceived + out.String()
}

// Each rule for bulk senders holds for a message that keeps it, and is broken
// by the one change that breaks it.
func TestBulkSender(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	zone := fmt.Sprintf(bulkZone, fmt.Sprintf("%q %q", text[:200], text[200:]))
	all := []string{"From", "Date", "Subject", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"}
	good := bulkMessage(t, key, bulkBody, all...)

	const (
		either   = "SPF or DKIM passes"
		spf      = "SPF passes"
		sig      = "DKIM passes"
		outlook  = "SPF and DKIM pass"
		policy   = "DMARC is published, p=none at least"
		aligned  = "The From domain aligns with SPF or DKIM"
		size     = "DKIM keys have 1024 bits at least"
		ptr      = "The sending address has forward and reverse DNS"
		helo     = "The HELO name leads to the sending address"
		tls      = "Mail is sent over TLS"
		form     = "The message has one From address, a Date and a Message-ID (RFC 5322)"
		oneClick = "Subscribed mail has one-click unsubscription (RFC 8058)"
		spam     = "The rate of spam reports stays under 0.3 %"
	)
	// What is not named passes; spam is never known.
	test := func(what, message, zone string, differ map[string]string) {
		t.Helper()
		res, err := zonefile.Parse("test", []byte(zone))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		r, err := mailtrace.Analyze(context.Background(), strings.NewReader(message), mailtrace.Options{Resolver: res, Profile: mailtrace.ProfileBulkSender})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Checklist) != len(domain.BulkTable()) {
			t.Fatalf("%s: %d rules", what, len(r.Checklist))
		}
		for _, rule := range r.Checklist {
			want := differ[rule.Rule]
			switch {
			case want != "":
			case rule.Rule == spam:
				want = "unknown"
			default:
				want = "pass"
			}
			if rule.State != want {
				t.Errorf("%s: %s is %s, want %s: %s", what, rule.Rule, rule.State, want, rule.Why)
			}
			if rule.Why == "" || rule.Source == "" || rule.Since == "" || rule.Receivers == nil {
				t.Errorf("%s: %+v is not whole", what, rule)
			}
		}
	}
	without := func(line string) string { return strings.Replace(zone, line, "", 1) }
	changed := func(s, old, new string) string {
		t.Helper()
		if !strings.Contains(s, old) {
			t.Fatalf("no %q in %q", old, s)
		}
		return strings.Replace(s, old, new, 1)
	}

	test("all is well", good, zone, nil)
	test("no SPF", good, without("example.com. TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"), map[string]string{spf: "fail", outlook: "fail"})
	test("no answer for SPF", good, without("example.com. TXT \"v=spf1 ip4:192.0.2.10 -all\"\n")+"example.com. TXT \"v=spf1 include:dead.example -all\"\n; TIMEOUT dead.example.\n",
		map[string]string{spf: "unknown", outlook: "unknown"})
	test("not signed", "Return-Path: <bounce@example.com>\r\n"+bulkReceived+bulkBody, zone, map[string]string{sig: "fail", outlook: "fail", size: "unknown", oneClick: "fail"})
	test("changed after signing", changed(good, "Subject: offers", "Subject: other"), zone, map[string]string{sig: "fail", outlook: "fail", oneClick: "fail"})
	test("the key was not answered for", good, changed(zone, "s1._domainkey.example.com. TXT", "; TIMEOUT s1._domainkey.example.com.\nx.example. TXT"),
		map[string]string{sig: "unknown", outlook: "unknown", size: "unknown", oneClick: "unknown"})
	test("no DMARC", good, without("_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n"), map[string]string{policy: "fail", aligned: "unknown"})
	foreign := changed(good, "Return-Path: <bounce@example.com>", "Return-Path: <bounce@sender.example>")
	test("neither aligns", changed(foreign, "Subject: offers", "Subject: other"), zone+"sender.example. TXT \"v=spf1 ip4:192.0.2.10 -all\"\n",
		map[string]string{sig: "fail", outlook: "fail", oneClick: "fail", aligned: "fail"})
	test("no PTR", good, without("10.2.0.192.in-addr.arpa. PTR mail.example.com.\n"), map[string]string{ptr: "fail"})
	test("PTR of another", good, changed(zone, "PTR mail.example.com.", "PTR mx.example.org."), map[string]string{ptr: "fail"})
	test("PTR not answered", good, without("10.2.0.192.in-addr.arpa. PTR mail.example.com.\n")+"; SERVFAIL 10.2.0.192.in-addr.arpa.\n", map[string]string{ptr: "unknown"})
	test("HELO without domain", changed(good, "from mail.example.com (mail", "from localhost (mail"), zone, map[string]string{helo: "fail"})
	test("plain SMTP", changed(good, "ESMTPS", "ESMTP"), zone, map[string]string{tls: "fail"})
	test("fields not signed", bulkMessage(t, key, bulkBody, "From", "Date", "Subject", "List-Unsubscribe"), zone, map[string]string{oneClick: "fail"})
	test("no one-click", bulkMessage(t, key, changed(bulkBody, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ""), all...), zone, map[string]string{oneClick: "fail"})
	test("mailto only", bulkMessage(t, key, changed(bulkBody, ",\r\n <https://example.com/u/1>", ""), all...), zone, map[string]string{oneClick: "fail"})
	test("another value", bulkMessage(t, key, changed(bulkBody, "=One-Click", "=Two"), all...), zone, map[string]string{oneClick: "fail"})
	test("no way to unsubscribe", bulkMessage(t, key, changed(changed(bulkBody, "List-Unsubscribe: <mailto:u@example.com>,\r\n <https://example.com/u/1>\r\n", ""), "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ""), all...), zone,
		map[string]string{oneClick: "fail"})
	test("no Message-ID", bulkMessage(t, key, changed(bulkBody, "Message-ID: <1@example.com>\r\n", ""), "From", "Date", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post"), zone, map[string]string{form: "fail"})
	_ = either
}

// Messages and domains are held against one table: what the two have in common
// has the same receivers, scope, source and date.
func TestBulkSenderIsOneTable(t *testing.T) {
	d, err := mailtrace.CheckDomain(context.Background(), "example.com", mailtrace.DomainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := mailtrace.Analyze(context.Background(), strings.NewReader(bulkReceived+bulkBody), mailtrace.Options{Profile: mailtrace.ProfileBulkSender})
	if err != nil {
		t.Fatal(err)
	}
	rows := domain.BulkTable()
	if len(r.Checklist) != len(rows) {
		t.Fatalf("%d rules for messages, %d in the table", len(r.Checklist), len(rows))
	}
	n := 0
	for i, row := range rows {
		if _, err := time.Parse(time.DateOnly, row.Since); err != nil || row.Source == "" {
			t.Errorf("%s: source %q, date %q", row.Rule, row.Source, row.Since)
		}
		want := report.BulkRule{Rule: row.Rule, Receivers: row.Receivers, Scope: row.Scope, Source: row.Source, Since: row.Since}
		got := r.Checklist[i]
		got.State, got.Why = "", ""
		if !reflect.DeepEqual(got, want) {
			t.Errorf("for messages %+v, in the table %+v", got, want)
		}
		if row.Published == "" {
			continue
		}
		want.Rule = row.Published
		got = d.Bulk[n]
		n++
		got.State, got.Why = "", ""
		if !reflect.DeepEqual(got, want) {
			t.Errorf("for domains %+v, in the table %+v", got, want)
		}
	}
	if n != len(d.Bulk) {
		t.Errorf("%d rules for domains, %d in the table", len(d.Bulk), n)
	}
}

// What CheckDomain cannot take is an error; what the DNS does not tell is a gap.
func TestCheckDomain(t *testing.T) {
	for _, bad := range []string{"", "a..b", "192.0.2.1", "not a domain"} {
		if _, err := mailtrace.CheckDomain(context.Background(), bad, mailtrace.DomainOptions{}); err == nil {
			t.Errorf("%q is taken for a domain", bad)
		}
	}
	r, err := mailtrace.CheckDomain(context.Background(), "Example.COM.", mailtrace.DomainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Domain != "example.com" || len(r.Gaps) == 0 || len(r.Findings) != 0 || r.SPF.State != report.StateUnknown || r.Tool.Name != "mailtrace" || r.Tool.Version != mailtrace.Version {
		t.Errorf("without a resolver: %+v", r)
	}
	zone, err := zonefile.Parse("test", []byte("example.com. TXT \"v=spf1 include:gone.example ~all\"\nexample.com. MX 10 10.0.0.1.\n"))
	if err != nil {
		t.Fatal(err)
	}
	r, err = mailtrace.CheckDomain(context.Background(), "example.com", mailtrace.DomainOptions{Resolver: zone})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != len(r.Problems) || len(r.Findings) < 3 {
		t.Fatalf("%d findings of %d problems", len(r.Findings), len(r.Problems))
	}
	rank := map[string]int{report.Critical: 0, report.High: 1, report.Medium: 2, report.Low: 3, report.Info: 4}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Confidence != report.Proved || len(f.Evidence) == 0 || f.AtFault.Host != "example.com" || f.Advice == "" {
			t.Errorf("%+v", f)
		}
		if i > 0 && rank[f.Severity] < rank[r.Findings[i-1].Severity] {
			t.Errorf("%s comes after %s", f.Code, r.Findings[i-1].Code)
		}
		if f.Code == "spf-include-none" {
			e := f.Evidence[0]
			if e.Kind != report.EvidenceDNS || e.DNS != "example.com TXT" || !strings.Contains(e.Text, "include:gone.example") || !strings.HasPrefix(e.Ref, "RFC 7208") {
				t.Errorf("evidence of %s: %+v", f.Code, e)
			}
		}
	}
}
