package mailtrace_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

// Why did it fail? The verdict, its cause, and what to do.
func ExampleAnalyze() {
	zone, err := zonefile.Parse("example", []byte(`
example.com. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com. TXT "v=DMARC1; p=reject"
example.org. MX 10 mx.example.org.
mx.example.org. A 203.0.113.5
`))
	if err != nil {
		panic(err)
	}
	r, err := mailtrace.Analyze(context.Background(), strings.NewReader(`Authentication-Results: mail.example.org; spf=fail smtp.mailfrom=example.com
Received: from mx.example.org (mx.example.org [203.0.113.5])
	by mail.example.org (Postfix) with ESMTPS id 4XyZ0C3mKz9
	for <bob@example.org>; Wed, 2 Dec 2026 10:00:08 +0000 (UTC)
Received: from mail.example.com (mail.example.com [192.0.2.10])
	by mx.example.org (Postfix) with ESMTPS id 4XyZ045bKz1
	for <bob@example.org>; Wed, 2 Dec 2026 10:00:04 +0000 (UTC)
From: Ann <ann@example.com>
To: bob@example.org
Date: Wed, 2 Dec 2026 10:00:00 +0000

Hello
`), mailtrace.Options{Resolver: zone, MailFrom: ptr("ann@example.com")})
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Verdict.Status)
	fmt.Println(r.Verdict.Summary)
	// Output:
	// checked-in-wrong-place
	// SPF was checked again behind the border, by mail.example.org (hop 2) against the recipient's own relay mx.example.org [203.0.113.5]. Checked where the message entered example.org (hop 1), SPF is pass and DMARC pass.
}

func ptr(s string) *string { return &s }

// What is wrong with what a domain publishes?
func ExampleCheckDomain() {
	zone, err := zonefile.Parse("example", []byte(`
example.com. TXT "v=spf1 ip4:192.0.2.10 +all"
_dmarc.example.com. TXT "v=DMARC1; p=reject"
`))
	if err != nil {
		panic(err)
	}
	r, err := mailtrace.CheckDomain(context.Background(), "example.com", mailtrace.DomainOptions{Resolver: zone, Now: time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		panic(err)
	}
	for _, f := range r.Findings[:1] {
		fmt.Println(f.Severity, f.Code)
		fmt.Println(f.Message)
	}
	// Output:
	// critical spf-overbroad-pass
	// +all at byte 22: lets every client pass
}
