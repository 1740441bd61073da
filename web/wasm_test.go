package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/web/desk"
	"github.com/mailtrace/mailtrace/web/page"
)

// folder builds the page without a server.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	wasm := filepath.Join(dir, "mailtrace.wasm")
	build := exec.Command("go", page.Build(wasm, "./wasm")...)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	out := filepath.Join(dir, "page")
	sizes, err := page.Write(out, read(wasm), read(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")), "mailtrace test", desk.MaxInput)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the analyzer has %.2f MB, %.2f MB by gzip", float64(sizes.Wasm)/1e6, float64(sizes.Compressed)/1e6)
	return out
}

// sample is a message with the DNS of its time.
type sample struct {
	name string
	raw  []byte
	zone []byte
}

func samples(t *testing.T) []sample {
	t.Helper()
	var out []sample
	for _, name := range []string{"bt", "raynet", "clean", "receipt"} {
		out = append(out, sample{name, example(t, name+".eml"), example(t, name+".zone")})
	}
	shared := os.Getenv("MAILTRACE_SHARED")
	if shared == "" {
		shared = "../../shared"
	}
	for _, kind := range []string{"cases", "field"} {
		files, _ := filepath.Glob(filepath.Join(shared, kind, "*", "message.eml"))
		slices.Sort(files)
		if len(files) == 0 {
			t.Logf("no %s beside this repository", kind)
		}
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			zone, err := os.ReadFile(filepath.Join(filepath.Dir(f), "zone.txt"))
			if err != nil {
				continue
			}
			out = append(out, sample{filepath.Base(filepath.Dir(f)), raw, zone})
		}
	}
	return out
}

// The page without a server answers as the program does, to the last byte of
// the JSON report, and no more than the folder is asked for.
func TestBrowserWasm(t *testing.T) {
	dir := folder(t)
	var asked []string
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	x := openFor(t, server.URL+"/", 1280, false, 5*time.Minute)
	x.do(`mailtraceBackend.started.then(() => { window.up = true; }, e => { window.up = String(e); })`)
	x.until("window.up")
	if up := eval[any](x, "window.up"); up != true {
		t.Fatal(up)
	}

	t.Run("the same as the program", func(t *testing.T) {
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		all := samples(t)
		start := time.Now()
		for _, s := range all {
			zone, err := zonefile.Parse(s.name, s.zone)
			if err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
			record := &dns.Recorder{Resolver: zone}
			o := mailtrace.Options{Resolver: record, Now: now, Header: true, CrossCheck: true, Path: s.name + ".eml"}
			if _, err := mailtrace.AnalyzeBytes(t.Context(), s.raw, o); err != nil {
				continue // no message; the next test has that
			}
			var recording, want bytes.Buffer
			if _, err := record.WriteTo(&recording); err != nil {
				t.Fatal(err)
			}
			if o.Resolver, err = dns.ParseReplay("answers", recording.Bytes()); err != nil {
				t.Fatal(err)
			}
			r, err := mailtrace.AnalyzeBytes(t.Context(), s.raw, o)
			if err != nil {
				t.Fatal(err)
			}
			if err := render.JSON(&want, r); err != nil {
				t.Fatal(err)
			}
			question, _ := json.Marshal(map[string]any{"name": s.name + ".eml", "dns": true, "replay": recording.String(), "replayName": "answers", "now": now.Format(time.RFC3339), "trust": []string{}})
			got := eval[string](x, fmt.Sprintf(`(async () => {
				const q = %s; q.bytes = Uint8Array.from(%s);
				let id = 0, problem = "";
				await mailtraceBackend.ask(q, e => { if (e.event === "done") id = e.id; if (e.event === "error") problem = e.text; }).done;
				return id ? (await mailtraceBackend.file(id, "json", false)).text() : "error: " + problem;
			})()`, question, numbers(s.raw)))
			if got != want.String() {
				t.Errorf("%s: the page says something else:\n%s", s.name, firstDifference(got, want.String()))
			}
		}
		t.Logf("%d messages in %s", len(all), time.Since(start).Round(time.Second))
	})

	t.Run("as a page", func(t *testing.T) {
		if eval[bool](x, `document.getElementById("dns").checked`) {
			t.Error("the DNS is asked unless told not to")
		}
		x.paste(string(example(t, "bt.eml")))
		x.until(`document.getElementById("state").textContent.startsWith("Done") && document.querySelector("#result svg.mt")`)
		x.layout("desktop")
		x.axe("desktop")
		x.paste("\x01")
		x.until(`document.getElementById("state").textContent.startsWith("Error")`)
		x.do(`document.getElementById("text").value = "example.com"`)
		x.run(chromedp.Click(chromedp.CSS("#check")))
		x.until(`document.getElementById("state").textContent.includes("asking it is off")`)
	})
	for _, path := range asked {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Errorf("the page asks for %s", path)
		}
	}
	x.check()

	// The same folder, opened from a disk.
	y := openFor(t, "file://"+dir+"/index.html", 360, true, 2*time.Minute)
	y.do(`mailtraceBackend.started.then(() => { window.up = true; }, e => { window.up = String(e); })`)
	y.until("window.up")
	if up := eval[any](y, "window.up"); up != true {
		t.Fatal(up)
	}
	y.paste(string(example(t, "bt.eml")))
	y.until(`document.getElementById("state").textContent.startsWith("Done") && document.querySelector("#result svg.mt")`)
	y.layout("phone")
}

// numbers is bytes as the elements of an array.
func numbers(b []byte) string {
	n := make([]int, len(b))
	for i, c := range b {
		n[i] = int(c)
	}
	s, _ := json.Marshal(n)
	return string(s)
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n%.300s\nwant\n%.300s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d: %.200s", len(a), len(b), got)
}
