package spf_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/spf"
)

const zone = `
example.com.           IN TXT "v=spf1 ip4:192.0.2.0/24 include:_spf.esp.example -all"
_spf.esp.example.      IN TXT "v=spf1 a:out.esp.example ~all"
out.esp.example.       IN A   198.51.100.7
`

// One question to check_host, with the way that led to the answer.
func ExampleCheck() {
	res, err := zonefile.Parse("example", []byte(zone))
	if err != nil {
		panic(err)
	}
	ev, err := spf.Check(context.Background(), res, spf.Query{
		IP:       netip.MustParseAddr("198.51.100.7"),
		Helo:     "out.esp.example",
		MailFrom: "news@example.com",
	}, spf.Options{Tree: true})
	if err != nil {
		panic(err) // a question could not be put: no verdict
	}
	fmt.Println(ev.Result, "by", ev.Matched)
	fmt.Print(ev.Tree)
	// Output:
	// pass by include:_spf.esp.example > a:out.esp.example
	// example.com: pass [lookups 2] example.com TXT = "v=spf1 ip4:192.0.2.0/24 include:_spf.esp.example -all"
	//   ip4:192.0.2.0/24: no match
	//   include:_spf.esp.example: match [lookups 1] (out.esp.example is 198.51.100.7)
	//     _spf.esp.example: pass [lookups 2] _spf.esp.example TXT = "v=spf1 a:out.esp.example ~all"
	//       a:out.esp.example: match [lookups 2] out.esp.example A = 198.51.100.7 (out.esp.example is 198.51.100.7)
	//       ~all: not evaluated [lookups 2]
	//   -all: not evaluated [lookups 2]
}

// What is wrong with a record, whether or not a client gets there.
func ExampleLint() {
	res, err := zonefile.Parse("example", []byte(`example.com. IN TXT "v=spf1 ipv4:192.0.2.1 ptr +all a"`))
	if err != nil {
		panic(err)
	}
	for _, n := range spf.Lint(context.Background(), res, "example.com", spf.Options{}).Notes {
		fmt.Printf("byte %d, %s: %s\n", n.Position, n.Term, n.Text)
	}
	// Output:
	// byte 7, ipv4:192.0.2.1: unknown mechanism "ipv4"; ip4 is meant?
	// byte 22, ptr: ptr is slow and not reliable, and should not be used
	// byte 26, +all: lets every client pass
	// byte 31, a: never reached: it stands behind +all
}

// The addresses that may send.
func ExampleRanges() {
	res, err := zonefile.Parse("example", []byte(zone))
	if err != nil {
		panic(err)
	}
	a, err := spf.Ranges(context.Background(), res, "example.com", spf.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Count4, a.IPv4)
	// Output: 257 [192.0.2.0/24 198.51.100.7/32]
}
