package receiver_test

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/receiver"
)

// What do the codes of the receiver's filter mean?
func ExampleNotes() {
	f := headers.Examine(context.Background(), message.Parse([]byte(`Authentication-Results: spf=pass (sender IP is 192.0.2.10)
 smtp.mailfrom=example.com; dkim=none (message not signed)
 header.d=none;dmarc=none action=none header.from=example.com;compauth=pass reason=109
Received: from mail.example.com (192.0.2.10) by
 DB5EUR01FT001.mail.protection.outlook.com (10.152.4.10) with Microsoft SMTP
 Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id
 15.20.9000.1 via Frontend Transport; Wed, 2 Dec 2026 10:00:04 +0000
From: Ann <ann@example.com>
To: bob@example.org

Hello
`)), headers.Options{})
	for _, n := range receiver.Notes(f) {
		fmt.Println(n.Code)
		fmt.Println(n.Meaning)
	}
	// Output:
	// dkim=none (message not signed)
	// No DKIM-Signature.
	// compauth=pass reason=109
	// No DMARC record, but the mail would pass one.
}
