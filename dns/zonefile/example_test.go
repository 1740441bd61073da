package zonefile_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/dns/zonefile"
)

func ExampleParse_errors() {
	_, err := zonefile.Parse("zone.txt", []byte("a.example. A 192.0.2\nb.example. A 192.0.2.1\nc.example. MX mail.example.\n"))
	fmt.Println(err)
	// Output:
	// zone.txt:1: not an IPv4 address: "192.0.2"
	//   hint: such as 192.0.2.1
	// zone.txt:3: an MX record begins with its preference: "mail.example."
	//   hint: MX 10 mail.example.com.
}
