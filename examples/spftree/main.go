// Command spftree prints how SPF of a domain is evaluated for an address.
//
//	go run ./examples/spftree examples/bt.zone 203.0.113.79 news@example.com
package main

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"os"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/spf"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: spftree ZONE IP SENDER")
	}
	zone, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	res, err := zonefile.Parse(os.Args[1], zone)
	if err != nil {
		log.Fatal(err)
	}
	ip, err := netip.ParseAddr(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	e, err := spf.Check(context.Background(), res, spf.Query{IP: ip, MailFrom: os.Args[3]}, spf.Options{Tree: true, Explain: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n%s", e.Result, e.Reason, e.Tree)
}
