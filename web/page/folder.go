package page

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
)

// Policy is the Content-Security-Policy of the page without a server. It
// connects to its own folder and, where the person switches it on, to one of
// the three servers that it names.
const Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src blob:; " +
	"connect-src 'self' https://dns.quad9.net https://cloudflare-dns.com https://dns.google; img-src data:; base-uri 'none'; form-action 'none'; " +
	"require-trusted-types-for 'script'; trusted-types mailtrace mailtrace-worker"

// Build is what go gets to build the analyzer: the package into the file out,
// with GOOS=js and GOARCH=wasm around it. Without inlining it is a sixth
// smaller, compressed, and everybody who opens the page fetches it.
func Build(out, pkg string) []string {
	return []string{"build", "-trimpath", "-gcflags=all=-l", "-ldflags=-s -w", "-o", out, pkg}
}

// Sizes says how large the analyzer in a folder is, in bytes.
type Sizes struct{ Wasm, Compressed int }

// Write fills a folder with the page without a server. analyzer is web/wasm
// built for GOOS=js GOARCH=wasm, exec the wasm_exec.js of the same Go release.
// Any web server that serves files can serve the folder, and a browser can open
// its index.html from a disk.
func Write(dir string, analyzer, exec []byte, tool string, maxBytes int) (Sizes, error) {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return Sizes{}, err
	}
	if _, err := z.Write(analyzer); err != nil {
		return Sizes{}, err
	}
	if err := z.Close(); err != nil {
		return Sizes{}, err
	}
	source, err := json.Marshal(string(exec) + "\n" + worker)
	if err != nil {
		return Sizes{}, err
	}
	head := "<meta http-equiv=\"Content-Security-Policy\" content=\"" + html.EscapeString(Policy) + "\">\n"
	attributes := fmt.Sprintf(` data-tool="%s" data-max="%d"`, html.EscapeString(tool), maxBytes)
	files := Files()
	delete(files, Serve)
	files[Worker] = "// Made of wasm_exec.js of the Go project (BSD licence) and worker.js of mailtrace.\nwindow.mailtraceWorker = " + string(source) + ";\n"
	files["index.html"] = Index(head, attributes, Worker, Wasm, Report, App)
	files["mailtrace.wasm.gz"] = packed.String()
	files["mailtrace.wasm.js"] = "window.mailtraceWasm = \"" + base64.StdEncoding.EncodeToString(packed.Bytes()) + "\";\n"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Sizes{}, err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return Sizes{}, err
		}
	}
	return Sizes{len(analyzer), packed.Len()}, nil
}
