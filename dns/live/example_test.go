package live_test

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
)

// The resolver of this machine's own settings, with a cache before it.
func ExampleSystem() {
	system, err := live.System()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer system.Close()
	cached := dns.NewCache(system, dns.CacheOptions{})
	answer, err := cached.Lookup(context.Background(), "example.com", dns.TypeMX)
	fmt.Println(answer.Status, answer.Records, err)
}

func ExampleParseServer() {
	for _, s := range []string{"192.0.2.53", "[2001:db8::53]:5353", "dns.example"} {
		server, err := live.ParseServer(s)
		fmt.Println(server, err != nil)
	}
	// Output:
	// 192.0.2.53:53 false
	// [2001:db8::53]:5353 false
	//  true
}
