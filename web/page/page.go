// Package page holds the files of the page into which messages are pasted. It
// is the same with a server and without; what answers differs.
//
// Not stable: it serves the program.
package page

import (
	_ "embed"
	"strings"

	"github.com/mailtrace/mailtrace/render"
)

var (
	//go:embed index.html
	index string
	//go:embed app.js
	app string
	//go:embed serve.js
	serve string
	//go:embed wasm.js
	wasm string
	//go:embed worker.js
	worker string
)

// Scripts that a page can have.
const (
	App    = "app.js"
	Report = "report.js"
	Serve  = "serve.js"
	Wasm   = "wasm.js"
	Worker = "worker.js"
	Style  = "style.css"
)

// Files are the scripts and the style sheet by their names.
func Files() map[string]string {
	style, report := render.Assets()
	return map[string]string{App: app, Report: report, Serve: serve, Wasm: wasm, Worker: worker, Style: style}
}

// Index is the page with the scripts in their order, head put into its head,
// and attributes put on its first element. Both are the caller's own text.
func Index(head, attributes string, scripts ...string) string {
	var tags strings.Builder
	for _, s := range scripts {
		tags.WriteString("<script src=\"" + s + "\"></script>\n")
	}
	return strings.NewReplacer(`<html lang="en">`, `<html lang="en"`+attributes+`>`, "<!--policy-->\n", head, "<!--scripts-->\n", tags.String()).Replace(index)
}
