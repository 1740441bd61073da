package compare_test

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

// The message of RFC 8463 §A.3.
const sent = `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
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
`

const key = `brisbane._domainkey.football.example.com. IN TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
`

func Example() {
	zone, err := zonefile.Parse("example", []byte(key))
	if err != nil {
		panic(err)
	}
	received := sent + "-- \nSent through a list\n"
	r, err := compare.Compare(context.Background(), zone, message.Parse([]byte(sent)), message.Parse([]byte(received)), compare.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Summary)
	for _, h := range r.Body.Hunks {
		fmt.Println(h.Place, h.LineB, h.B)
	}
	for _, s := range r.Signatures {
		fmt.Println(s.Domain, s.A.Result, s.B.Result, s.B.Code)
	}
	// Output:
	// B has 2 lines more at the end; the signature of football.example.com verifies on A only
	// end 6 [--  Sent through a list]
	// football.example.com pass fail body-hash
}
