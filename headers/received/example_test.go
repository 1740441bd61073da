package received_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/headers/received"
)

func ExampleParse() {
	r := received.Parse(`from laptop (unknown [192.0.2.200])
	(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))
	(Authenticated sender: ann@example.com)
	by smtp.example.com (Postfix) with ESMTPSA id 4F1A2B3C4D
	for <u@example.org>; Mon, 1 Jun 2026 10:00:00 +0000 (UTC)`)

	fmt.Println(r.Dialect, r.Proto, r.TLSVersion)
	fmt.Println("said:    ", r.Helo)
	fmt.Println("looked up:", r.RDNSKind)
	fmt.Println("saw:     ", r.IP)
	fmt.Println("user:    ", r.AuthUser)
	// Output:
	// postfix ESMTPSA TLSv1.3
	// said:     laptop
	// looked up: unknown
	// saw:      192.0.2.200
	// user:     ann@example.com
}

func ExampleExchangeRelease() {
	fmt.Println(received.ExchangeRelease("15.01.2507.058", "ex1.example.org"))
	fmt.Println(received.ExchangeRelease("14.3.430.0", "ex1.example.org"))
	// Output:
	// Exchange Server 2016 CU23 Aug25SU 2025-08-12
	// Exchange Server 2010 between SP3 RU24 and SP3 RU25
}
