package headers

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

const testZone = `
example.com. IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
example.com. IN MX 10 mail.example.com.
mail.example.com. IN A 192.0.2.10
10.2.0.192.in-addr.arpa. IN PTR mail.example.com.
example.org. IN MX 10 mx.example.org.
example.org. IN MX 20 mx2.backup.example.
example.org. IN TXT "v=spf1 ip4:203.0.113.0/24 -all"
mx.example.org. IN A 203.0.113.25
out.example.org. IN A 203.0.113.26
mx2.backup.example. IN A 198.51.100.90
90.100.51.198.in-addr.arpa. IN PTR mx2.backup.example.
fwd.example.net. IN MX 10 mx.fwd.example.net.
mx.fwd.example.net. IN A 198.51.100.5
`

// The hops of the tests, each as one line.
const (
	toMX       = "Received: from mail.example.com (mail.example.com [192.0.2.10]) by mx.example.org (Postfix) with ESMTPS id 1 for <bob@example.org>; Mon, 1 Jun 2026 10:00:00 +0000\n"
	toStore    = "Received: from mx.example.org (mx.example.org [10.0.0.2]) by store.example.org (Postfix) with ESMTP id 2 for <bob@example.org>; Mon, 1 Jun 2026 10:00:01 +0000\n"
	submission = "Received: from laptop (unknown [192.168.1.20]) by mail.example.com (Postfix) with ESMTPSA id 0; Mon, 1 Jun 2026 09:59:59 +0000\n"
	toForward  = "Received: from mail.example.com (mail.example.com [192.0.2.10]) by mx.fwd.example.net (Postfix) with ESMTPS id 3 for <bob@fwd.example.net>; Mon, 1 Jun 2026 10:00:00 +0000\n"
	fromForw   = "Received: from mx.fwd.example.net (mx.fwd.example.net [198.51.100.5]) by mx.example.org (Postfix) with ESMTPS id 4 for <bob@example.org>; Mon, 1 Jun 2026 10:00:02 +0000\n"
	rest       = "From: Ann <ann@example.com>\nTo: bob@example.org\nReturn-Path: <ann@example.com>\n\nx\n"
)

// describe writes the runs of a trace in one line, oldest first.
func describe(f *Facts) string {
	var out []string
	for i := len(f.Runs) - 1; i >= 0; i-- {
		r := &f.Runs[i]
		client := "inside"
		switch {
		case r.NAT:
			client = "hidden"
		case r.Border >= 0:
			client = f.ClientIP(r).String()
		}
		weak := ""
		if r.Weak {
			weak = "?"
		}
		out = append(out, fmt.Sprintf("%s %s%s %d-%d from %s", r.Role, r.Name(), weak, r.First+1, r.Last+1, client))
	}
	return strings.Join(out, "; ")
}

func TestRuns(t *testing.T) {
	zone, err := zonefile.Parse("test", []byte(testZone))
	if err != nil {
		t.Fatal(err)
	}
	test := func(name, header, want string, o Options) {
		t.Helper()
		f := Examine(context.Background(), message.Parse([]byte(header)), o)
		if got := describe(f); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	live := Options{Resolver: zone}
	test("one hop", toMX+rest, "recipient example.org 1-1 from 192.0.2.10", live)
	test("inner relay", toStore+toMX+rest, "recipient example.org 1-2 from 192.0.2.10", live)
	test("submission below", toMX+submission+rest, "sender example.com 1-1 from inside; recipient example.org 2-2 from 192.0.2.10", live)
	test("forward", fromForw+toForward+rest, "intermediary example.net 1-1 from 192.0.2.10; recipient example.org 2-2 from 198.51.100.5", live)
	test("forward, offline", fromForw+toForward+rest, "intermediary example.net 1-1 from 192.0.2.10; recipient example.org 2-2 from 198.51.100.5", Options{})
	test("made inside", submission+rest, "recipient example.com 1-1 from inside", live)

	backup := "Received: from mx2.backup.example (mx2.backup.example [198.51.100.90]) by mx.example.org (Postfix) with ESMTPS id 5 for <bob@example.org>; Mon, 1 Jun 2026 10:00:03 +0000\n" +
		strings.Replace(toMX, "by mx.example.org", "by mx2.backup.example", 1)
	test("backup MX", backup+rest, "recipient example.org 1-2 from 192.0.2.10", live)
	test("backup MX, offline: nothing shows that it is one", backup+rest, "unknown backup.example 1-1 from 192.0.2.10; recipient example.org 2-2 from 198.51.100.90", Options{})

	// Nobody confirms the client's name: the DNS must bear it out.
	relay := func(ip string) string {
		return "Received: from out.example.org (" + ip + ") by edge.example.org (10.0.0.9) with Microsoft SMTP Server id 15.1.2507.58; Mon, 1 Jun 2026 10:00:03 +0000\n" +
			strings.Replace(toMX, "by mx.example.org", "by out.example.org", 1)
	}
	test("relay by forward look-up", relay("203.0.113.26")+rest, "recipient example.org 1-2 from 192.0.2.10", live)
	test("relay by the own SPF record", relay("203.0.113.77")+rest, "recipient example.org 1-2 from 192.0.2.10", live)
	test("HELO of the recipient's from elsewhere", relay("198.51.100.66")+rest, "unknown example.org 1-1 from 192.0.2.10; recipient example.org 2-2 from 198.51.100.66", live)
	test("relay, offline: weak", relay("203.0.113.26")+rest, "unknown example.org 1-1 from 192.0.2.10; recipient example.org? 2-2 from 203.0.113.26", Options{})

	nat := "Received: from mail.example.com (unknown [10.75.0.1]) by mx.example.org (Postfix) with ESMTP id 1 for <bob@example.org>; Mon, 1 Jun 2026 10:00:00 +0000\n"
	test("NAT", nat+rest, "recipient example.org 1-1 from hidden", live)
	test("trusted network", fromForw+toForward+rest, "recipient example.org 1-2 from 192.0.2.10", Options{Resolver: zone, Trust: []string{"198.51.100.0/24"}})
	test("trusted host", fromForw+toForward+rest, "recipient example.org 1-2 from 192.0.2.10", Options{Resolver: zone, Trust: []string{"fwd.example.net"}})
	test("no hops", rest, "", live)

	// An invented line in the recipient's name below a foreign client.
	forged := "Received: from vps.example (vps.example [198.51.100.66]) by mx.example.org (Postfix) with ESMTP id 6 for <bob@example.org>; Mon, 1 Jun 2026 10:00:05 +0000\n" + toMX
	f := Examine(context.Background(), message.Parse([]byte(forged+rest)), live)
	if got := f.ClientIP(f.LastRun()).String(); got != "198.51.100.66" {
		t.Errorf("forged history moved the border to %s", got)
	}
	if f.Runs[1].Contradicted == "" {
		t.Error("invented line not seen")
	}
}

func TestProviders(t *testing.T) {
	test := func(name, header, want string) {
		t.Helper()
		f := Examine(context.Background(), message.Parse([]byte(header+"From: a@example.com\n\n")), Options{})
		if got := describe(f); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	entry := "Received: from mail.example.com (192.0.2.10) by DB1PEPF0001.mail.protection.outlook.com (10.167.8.4) with Microsoft SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.9115.13 via Frontend Transport; Mon, 1 Jun 2026 10:00:00 +0000\n"
	inner := "Received: from DB1PEPF0001.eurprd04.prod.outlook.com (2603:10a6:10:463::22) by AM5PR0502CA0017.outlook.office365.com (2603:10a6:203:91::27) with Microsoft SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.9115.13 via Frontend Transport; Mon, 1 Jun 2026 10:00:01 +0000\n"
	test("inner hops of Exchange Online", inner+entry, "recipient outlook.com 1-2 from 192.0.2.10")
	tenant := strings.Replace(entry, "mail.example.com (192.0.2.10)", "EUR05-DB8-obe.outbound.protection.outlook.com (198.51.100.40)", 1)
	test("from another tenant", inner+tenant, "recipient outlook.com 1-2 from 198.51.100.40")
	google := "Received: by 2002:a05:6a00:1234:b0:6b1:1234:5678 with SMTP id x1csp1; Mon, 1 Jun 2026 03:00:02 -0700 (PDT)\n" +
		"Received: from mail-sor-f41.google.com (mail-sor-f41.google.com. [209.85.220.41]) by mx.google.com with SMTPS id a1sor1 for <bob@example.org> (Google Transport Security); Mon, 01 Jun 2026 03:00:01 -0700 (PDT)\n" +
		"Received: by 2002:a17:902:1234:b0:1c5:1234:5678 with SMTP id y2mr1; Mon, 01 Jun 2026 03:00:00 -0700 (PDT)\n"
	test("Google to Google", google, "sender google.com 1-1 from inside; recipient example.org 2-3 from 209.85.220.41")
}

func TestMailFrom(t *testing.T) {
	test := func(header, want, basis string) {
		t.Helper()
		f := Examine(context.Background(), message.Parse([]byte(header)), Options{})
		got := "unknown"
		if f.MailFrom != nil {
			got = "<" + *f.MailFrom + ">"
		}
		if got != want || f.MailFromBasis != basis {
			t.Errorf("%s (%s), want %s (%s)", got, f.MailFromBasis, want, basis)
		}
	}
	plain := "From: Ann <ann@example.com>\n\nx\n"
	test("Return-Path: <a@example.com>\n"+toMX+plain, "<a@example.com>", "return-path")
	test("Return-Path: <>\n"+toMX+plain, "<>", "return-path")
	test("Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.10; helo=mail.example.com; envelope-from=b@example.com; receiver=mx.example.org\n"+toMX+plain, "<b@example.com>", "received-spf")
	test("Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.com\n"+toMX+plain, "<example.com>", "authentication-results")
	test("Return-Path: <c@example.com>\nAuthentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.com\n"+toMX+plain, "<c@example.com>", "return-path")
	exim := "Received: from mail.example.com ([192.0.2.10]) by mx.example.org with esmtp (Exim 4.96) (envelope-from <d@example.com>) id 1xVJ1P-0003mg-00 for bob@example.org; Mon, 01 Jun 2026 10:00:00 +0000\n"
	test(exim+plain, "<d@example.com>", "received")
	// What came with the message says nothing about its envelope.
	test(toMX+"Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=198.51.100.1; envelope-from=liar@example.net; receiver=mx.example.net\n"+plain, "unknown", "")
}

func TestTrust(t *testing.T) {
	zone, err := zonefile.Parse("test", []byte(testZone))
	if err != nil {
		t.Fatal(err)
	}
	test := func(name, header string, want ...ClaimTrust) {
		t.Helper()
		f := Examine(context.Background(), message.Parse([]byte(header+rest)), Options{Resolver: zone})
		var got []ClaimTrust
		for _, c := range f.Claims {
			got = append(got, c.Trust)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	own := "Authentication-Results: mx.example.org; spf=%s smtp.mailfrom=example.com\n"
	pass, fail := fmt.Sprintf(own, "pass"), fmt.Sprintf(own, "fail")
	test("above the border", pass+toMX, Trusted)
	test("right below it, in its own name, to the sender's favour", toMX+pass, Testimony)
	test("right below it, to the sender's harm", toMX+fail, Trusted)
	test("below it, contradicted above", fail+toMX+pass, Trusted, Forged)
	test("below it, on another address", toMX+"Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=198.51.100.1; envelope-from=ann@example.com; receiver=mx.example.org\n", Forged)
	test("below it, in another name", toMX+"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.com\n", Untrusted)
	test("a forwarder's", fromForw+"Authentication-Results: mx.fwd.example.net; spf=pass smtp.mailfrom=example.com\n"+toForward, Testimony)
	test("kept under another name", "Authentication-Results-Original: mx.fwd.example.net; spf=pass smtp.mailfrom=example.com\n"+toMX, Testimony)
}

// A milter sees the message before the border has written its field: no hop is
// the recipient's.
func TestClientByOption(t *testing.T) {
	zone, err := zonefile.Parse("test", []byte(testZone))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Resolver: zone, ClientIP: netip.MustParseAddr("192.0.2.10"), Helo: "mail.example.com", Rcpt: "bob@example.org"}
	f := Examine(context.Background(), message.Parse([]byte(submission+rest)), o)
	if !f.Custody.Above || f.Observed(0) || f.SPF == nil || f.SPF.Result != "pass" || f.MissingClient() != "" {
		t.Errorf("custody %+v, spf %+v, missing %q", f.Custody, f.SPF, f.MissingClient())
	}
	// Where a line shows that client, the border is there.
	f = Examine(context.Background(), message.Parse([]byte(toStore+toMX+submission+rest)), o)
	if h := f.BorderHop(); h == nil || h.Index != 2 || f.Custody.Client != o.ClientIP {
		t.Errorf("border %+v, custody %+v", h, f.Custody)
	}
}
