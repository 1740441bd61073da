package web_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/web"
)

// Nobody else's machine gets in.
func ExampleListen() {
	_, err := web.Listen("0.0.0.0:0")
	fmt.Println(err)
	// Output: the page is for this machine only: give a loopback address
}
