package arc_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

// A forwarder sealed the message, and the next one put a tag into its Subject.
func ExampleVerify() {
	records, err := os.ReadFile("testdata/subject-tagged-after-seal.zone")
	if err != nil {
		log.Fatal(err)
	}
	zone, err := zonefile.Parse("zone", records)
	if err != nil {
		log.Fatal(err)
	}
	raw, err := os.ReadFile("testdata/subject-tagged-after-seal.eml")
	if err != nil {
		log.Fatal(err)
	}
	chain, err := arc.Verify(context.Background(), zone, message.Parse(raw), arc.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s at set %d: %s\n", chain.Result, chain.FailedInstance, chain.Code)
	fmt.Println(chain.Reason)
	for _, s := range chain.Sets {
		fmt.Printf("set %d of %s: seal %s, message signature %s, body %s, header %s\n",
			s.Instance, s.Domain, s.SealResult, s.AMSResult, s.BodyHash, s.HeaderSignature)
	}
	// Output:
	// fail at set 1: message-signature
	// the message signature of set 1 (arcfwd.example) does not hold: the header signature does not verify; the body hash matches
	// set 1 of arcfwd.example: seal pass, message signature fail, body match, header mismatch
}
