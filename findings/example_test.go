package findings_test

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/findings"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
)

// From facts to a verdict with its cause.
func ExampleJudge() {
	zone, err := zonefile.Parse("example", []byte(`
example.com. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com. TXT "v=DMARC1; p=reject"
example.org. MX 10 mx.example.org.
mx.example.org. A 203.0.113.5
`))
	if err != nil {
		panic(err)
	}
	facts := headers.Examine(context.Background(), message.Parse([]byte(`Return-Path: <ann@example.com>
Received: from mail.example.com (mail.example.com [192.0.2.10])
	by mx.example.org (Postfix) with ESMTPS id 4XyZ045bKz1
	for <bob@example.org>; Wed, 2 Dec 2026 10:00:04 +0000 (UTC)
From: Ann <ann@example.com>
To: bob@example.org
Date: Wed, 2 Dec 2026 10:00:00 +0000

Hello
`)), headers.Options{Resolver: zone})
	found, verdict := findings.Judge(facts)
	fmt.Println(verdict.Status)
	for _, f := range found {
		fmt.Println(f.Severity, f.Code)
	}
	// Output:
	// authenticated
	// low dmarc-spf-only-sender
}

// All that the program knows of one finding stands in its rule.
func ExampleLookup() {
	r := findings.Lookup("spf-rechecked-behind-border")
	fmt.Println(r.Title)
	fmt.Println(r.Severity, r.Refs)
	// Output:
	// SPF evaluated again after the recipient's border already passed it
	// high [RFC 7208 §2.5 RFC 7208 app. F]
}
