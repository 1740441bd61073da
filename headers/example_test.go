package headers_test

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
)

// Where did the recipient receive the message, from whom, and what would SPF
// have said there? A relay behind the border checked it again, against the
// border's own address.
func ExampleExamine() {
	zone, err := zonefile.Parse("example", []byte(`
example.com. TXT "v=spf1 ip4:192.0.2.10 -all"
example.org. MX 10 mx.example.org.
mx.example.org. A 203.0.113.5
`))
	if err != nil {
		panic(err)
	}
	m := message.Parse([]byte(`Return-Path: <ann@example.com>
Received: from mx.example.org (mx.example.org [203.0.113.5])
	by mail.example.org (Postfix) with ESMTPS id 4XyZ0C3mKz9
	for <bob@example.org>; Wed, 2 Dec 2026 10:00:08 +0000 (UTC)
Received-SPF: Fail (mail.example.org: 203.0.113.5 is not authorized by example.com)
	client-ip=203.0.113.5; envelope-from=ann@example.com
Received: from mail.example.com (mail.example.com [192.0.2.10])
	by mx.example.org (Postfix) with ESMTPS id 4XyZ045bKz1
	for <bob@example.org>; Wed, 2 Dec 2026 10:00:04 +0000 (UTC)
From: Ann <ann@example.com>
To: bob@example.org
Date: Wed, 2 Dec 2026 10:00:00 +0000

Hello
`))
	f := headers.Examine(context.Background(), m, headers.Options{Resolver: zone})
	border := f.BorderHop()
	fmt.Println("border:", border.By, "from", border.IP)
	fmt.Println("SPF there:", f.SPF.Result)
	for _, c := range f.Claims {
		fmt.Println("it was said:", c.Method, c.Result, "of", c.IP, "at hop", f.Hops[c.Hop].Index)
	}
	// Output:
	// border: mx.example.org from 192.0.2.10
	// SPF there: pass
	// it was said: spf fail of 203.0.113.5 at hop 2
}
