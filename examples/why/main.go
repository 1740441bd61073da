// Command why says in one line why the authentication of a message broke.
//
//	go run ./examples/why examples/bt.eml examples/bt.zone
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: why MESSAGE ZONE")
	}
	zone, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	res, err := zonefile.Parse(os.Args[2], zone)
	if err != nil {
		log.Fatal(err)
	}
	f, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	r, err := mailtrace.Analyze(context.Background(), f, mailtrace.Options{Resolver: res})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", r.Verdict.Status, r.Verdict.Summary)
	for _, x := range r.Findings {
		fmt.Printf("  %-8s %-32s %s\n", x.Severity, x.Code, x.Confidence)
	}
}
