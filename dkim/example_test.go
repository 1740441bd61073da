package dkim_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

// The message of RFC 8463 §A.3, with one line added by a list.
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
`

const keys = `brisbane._domainkey.football.example.com. IN TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
`

func Example() {
	zone, err := zonefile.Parse("example", []byte(keys))
	if err != nil {
		panic(err)
	}
	for _, raw := range []string{listed, listed + "-- \nSent through a list\n"} {
		signatures, err := dkim.Verify(context.Background(), zone, message.Parse([]byte(raw)), dkim.Options{Now: time.Unix(1528637910, 0)})
		if err != nil {
			panic(err) // a key was not asked for: no verdict
		}
		for _, s := range signatures {
			fmt.Printf("%s %q: d=%s, body %s, header %s\n", s.Result, s.Code, s.Domain, s.BodyHash, s.HeaderSignature)
		}
	}
	// Output:
	// pass "": d=football.example.com, body match, header match
	// fail "body-hash": d=football.example.com, body mismatch, header match
}

func ExampleParseKey() {
	key, problems := dkim.ParseKey("v=DKIM1; k=rsa; t=y; p=")
	fmt.Println(key.Type, key.Testing)
	for _, p := range problems {
		fmt.Println(p.Code, p.Text)
	}
	// Output:
	// rsa true
	// key-revoked p= is empty: the key is revoked
}
