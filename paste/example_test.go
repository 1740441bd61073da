package paste_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/paste"
)

// A header out of a ticket, with its quotation marks.
func ExampleMend() {
	m := paste.Mend([]byte("> Received: from mail.example.com (mail.example.com [192.0.2.10])\n> \tby mx.example.org (Postfix) with ESMTPS id 4XyZ045bKz1;\n> \tWed, 2 Dec 2026 10:00:04 +0000 (UTC)\n> From: Ann <ann@example.com>\n> Subject: Thursday\n"))
	for _, r := range m.Repairs {
		fmt.Println(r.Kind, r.Count, r.Exact)
	}
	fmt.Printf("%s\n", m.Parse().Get("Subject"))
	// Output:
	// prefix 5 true
	// Thursday
}
