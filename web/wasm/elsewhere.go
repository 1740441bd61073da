//go:build !(js && wasm)

package main

import "fmt"

// main says what this program is for where it cannot run.
func main() {
	fmt.Println("This runs in a browser: mailtrace page DIR builds it for GOOS=js GOARCH=wasm.")
}
