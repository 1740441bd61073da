package page_test

import (
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/web/page"
)

// The page of a program of one's own, with the program's script behind that of
// the page.
func ExampleIndex() {
	html := page.Index("", "", page.App, "mine.js")
	fmt.Println(strings.Index(html, page.App) < strings.Index(html, "mine.js"))
	// Output: true
}
