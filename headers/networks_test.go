package headers

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/message"
)

// inner is mail that left a network through an edge with two inner addresses
// and a public one.
const inner = `Return-Path: <ann@example.com>
Delivered-To: bob@example.org
Received: from smtp.example.com (smtp.example.com [192.0.2.75])
	by mx.example.org (Postfix) with ESMTPS id 4XyZ055bKz1
	for <bob@example.org>; Wed, 2 Dec 2026 10:00:05 +0000
Received: from edge80.example.com (10.36.82.112) by smtp.example.com
 (10.36.82.111) with Microsoft SMTP Server (version=TLS1_2,
 cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.2562.35; Wed, 2 Dec 2026 10:00:04 +0000
Received: from pc-ann.corp.example.com (10.4.0.121) by edge80.example.com
 (10.4.0.5) with Microsoft SMTP Server (TLS) id 8.3.342.0; Wed, 2 Dec 2026 10:00:02 +0000
From: Ann <ann@example.com>
To: bob@example.org
Date: Wed, 2 Dec 2026 10:00:00 +0000
X-Originating-IP: [10.4.0.121]

Hello
`

func examine(t *testing.T, text string) *Facts {
	t.Helper()
	return Examine(context.Background(), message.Parse([]byte(text)), Options{})
}

func TestRecon(t *testing.T) {
	f := examine(t, inner)
	test := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
	}
	var got []string
	for _, p := range f.NATPairs() {
		got = append(got, fmt.Sprintf("%s %s=%s %v", p.Host, p.Inside, p.Public, p.SameName))
	}
	test("NAT pairs", strings.Join(got, "; "), "smtp.example.com 10.36.82.111=192.0.2.75 true")

	got = nil
	for _, d := range f.Disclosures() {
		got = append(got, d.Kind+" "+d.Value)
	}
	test("disclosures", strings.Join(got, "; "), "address 10.4.0.5; address 10.4.0.121; name pc-ann.corp.example.com; software Exchange Server 8.3.342.0; "+
		"address 10.36.82.111; address 10.36.82.112; software Exchange Server 15.2.2562.35; client X-Originating-IP: [10.4.0.121]")

	got = nil
	for _, o := range f.OutdatedSoftware() {
		got = append(got, fmt.Sprintf("%d %s %s", o.Hop, o.Version, o.Ended.Format("2006-01-02")))
	}
	test("outdated software", strings.Join(got, "; "), "0 8.3.342.0 2017-04-11")

	got = nil
	for _, m := range f.Machines() {
		got = append(got, fmt.Sprintf("%s in%v out%v wrote%v sent%v", strings.Join(m.Names, ","), m.Inside, m.Outside, m.Wrote, m.Sent))
	}
	test("machines", strings.Join(got, "\n"), strings.Join([]string{
		"pc-ann.corp.example.com in[10.4.0.121] out[] wrote[] sent[0]",
		"edge80.example.com in[10.4.0.5 10.36.82.112] out[] wrote[0] sent[1]",
		"smtp.example.com in[10.36.82.111] out[192.0.2.75] wrote[1] sent[2]",
		"mx.example.org in[] out[] wrote[2] sent[]",
	}, "\n"))
}

// TestReconWithoutHops must not find anything, nor fail.
func TestReconWithoutHops(t *testing.T) {
	f := examine(t, "From: ann@example.com\n\nHello\n")
	if n := len(f.NATPairs()) + len(f.Links()) + len(f.Disclosures()) + len(f.OutdatedSoftware()) + len(f.Machines()); n > 0 {
		t.Errorf("%d facts out of nothing", n)
	}
}
