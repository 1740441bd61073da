package repair_test

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

// The message of RFC 8463 §A.3, to which a list added a footer.
const listed = `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
-- 
Sent through a list
`

// What was changed after signing? The edit whose undoing makes the signature
// verify: that is proof.
func Example() {
	zone, err := zonefile.Parse("example", []byte(`brisbane._domainkey.football.example.com. TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="`))
	if err != nil {
		panic(err)
	}
	v := dkim.NewVerifier(zone, message.Parse([]byte(listed)), dkim.Options{})
	signatures, err := v.Verify(context.Background())
	if err != nil {
		panic(err)
	}
	found, err := repair.New(v).Search(context.Background(), &signatures[0], repair.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(signatures[0].Result, found.Complete())
	for _, c := range found.Changes {
		fmt.Printf("%s: %q\n", c.Kind, c.Text)
	}
	// Output:
	// fail true
	// footer: "--\r\nSent through a list"
}
