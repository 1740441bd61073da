package authres_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/message"
)

func ExampleAll() {
	m := message.Parse([]byte(`Authentication-Results: spf=fail (sender IP is 203.0.113.9)
 smtp.mailfrom=example.com; dkim=fail (body hash did not verify)
 header.d=example.com;dmarc=fail action=oreject header.from=example.com
Received: from relay.example.org (203.0.113.9) by bigmail.example
Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.10;
 helo=mail.example.com; envelope-from=a@example.com; receiver=mx.example.org

`))
	for _, v := range authres.All(m) {
		fmt.Printf("line %d: %s=%s", m.Fields[v.Field].Line, v.Method, v.Normal)
		if v.IP.IsValid() {
			fmt.Printf(", judged %s (%s)", v.IP, v.IPBasis)
		}
		if v.Action != "" {
			fmt.Printf(", action %s", v.Action)
		}
		fmt.Println()
	}
	// Output:
	// line 1: spf=fail, judged 203.0.113.9 (comment)
	// line 1: dkim=fail
	// line 1: dmarc=fail, action oreject
	// line 5: spf=pass, judged 192.0.2.10 (explicit)
}
