package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/web/desk"
)

// These tests look at the pages with the browser of Debian. .ci/run installs
// it, and gets the rules of axe-core; without them the tests say that they
// skip.

// tab is a page in a browser with what went wrong on it.
type tab struct {
	context.Context
	t  *testing.T
	mu sync.Mutex
	// wrong are violations of the Content-Security-Policy, script errors and
	// dialogs.
	wrong []string
}

var (
	browserOnce   sync.Once
	browserParent context.Context
	browserEnd    = func() {}
	browserWhy    string
)

func TestMain(m *testing.M) {
	code := m.Run()
	browserEnd()
	os.Exit(code)
}

// startBrowser starts one browser for all tests.
func startBrowser() {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		browserWhy = "no chromium on this machine"
		return
	}
	profile, err := os.MkdirTemp("", "mailtrace-browser-*")
	if err != nil {
		browserWhy = err.Error()
		return
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU)
	for _, f := range []string{"disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"} {
		flags = append(flags, chromedp.Flag(f, true))
	}
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, end := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		browserWhy = "chromium does not start: " + err.Error()
		return
	}
	browserParent = ctx
	browserEnd = func() {
		_ = chromedp.Cancel(ctx)
		end()
		endAlloc()
		_ = os.RemoveAll(profile)
	}
}

// watch writes down what the policy of a page stops.
const watch = `window.violations = []; document.addEventListener("securitypolicyviolation", function (e) { window.violations.push(e.violatedDirective + " " + e.blockedURI + " " + e.sourceFile + ":" + e.lineNumber); });`

// listen writes down what goes wrong.
func (x *tab) listen(e any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch e := e.(type) {
	case *runtime.EventExceptionThrown:
		what := e.ExceptionDetails.Text
		if o := e.ExceptionDetails.Exception; o != nil {
			what += " " + o.Description
		}
		x.wrong = append(x.wrong, "exception: "+what)
	case *page.EventJavascriptDialogOpening:
		x.wrong = append(x.wrong, "dialog: "+e.Message)
	case *log.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "Content Security Policy") || strings.Contains(e.Entry.Text, "violates") {
			x.wrong = append(x.wrong, e.Entry.Text)
		}
	}
}

// open opens an address at a width, in the dark or not.
func open(t *testing.T, address string, width int, dark bool) *tab {
	t.Helper()
	return openFor(t, address, width, dark, time.Minute)
}

// openFor opens an address for at most this long.
func openFor(t *testing.T, address string, width int, dark bool, patience time.Duration) *tab {
	t.Helper()
	browserOnce.Do(startBrowser)
	if browserWhy != "" {
		t.Skip(browserWhy)
	}
	x := &tab{t: t}
	ctx, end := chromedp.NewContext(browserParent, chromedp.WithListener(x.listen))
	ctx, stop := context.WithTimeout(ctx, patience)
	x.Context = ctx
	t.Cleanup(func() {
		x.check()
		stop()
		end()
	})
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	x.run()
	_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	must(err)
	_, err = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch})
	must(err)
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	must(err)
	x.run(chromedp.EmulateViewport(int64(width), 900), chromedp.Navigate(address))
	return x
}

func (x *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	x.t.Helper()
	if err := chromedp.Do(x, actions...); err != nil {
		x.t.Fatal(err)
	}
}

// eval returns the value of an expression, which may be a promise.
func eval[T any](x *tab, script string) T {
	x.t.Helper()
	out, err := chromedp.Run(x, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		x.t.Fatalf("%v in %.200s", err, script)
	}
	return out
}

// do runs a script.
func (x *tab) do(script string) {
	x.t.Helper()
	if _, err := chromedp.Run(x, chromedp.Evaluate[chromedp.Void](script)); err != nil {
		x.t.Fatalf("%v in %.200s", err, script)
	}
}

// until waits for an expression to be true.
func (x *tab) until(script string) {
	x.t.Helper()
	end := time.Now().Add(30 * time.Second)
	for !eval[bool](x, "!!("+script+")") {
		if time.Now().After(end) {
			x.t.Fatalf("never true: %s; the page says %q", script, eval[string](x, `document.body.innerText.slice(0, 600)`))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// check fails on whatever must not happen on a page of ours.
func (x *tab) check() {
	x.t.Helper()
	violations, _ := chromedp.Run(x, chromedp.Evaluate[[]string]("window.violations || []"))
	hit, _ := chromedp.Run(x, chromedp.Evaluate[bool]("!!window.pwned"))
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, w := range append(x.wrong, violations...) {
		x.t.Errorf("on the page: %s", w)
	}
	if hit {
		x.t.Error("a script of the message ran")
	}
	x.wrong = nil
}

// layout wants nothing wider than the page, and no text cut off by its box.
func (x *tab) layout(what string) {
	x.t.Helper()
	type size struct{ Scroll, Client int }
	if s := eval[size](x, `({Scroll: document.documentElement.scrollWidth, Client: document.documentElement.clientWidth})`); s.Scroll > s.Client {
		wide := eval[[]string](x, `Array.from(document.querySelectorAll("body *")).filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest(".scroll")).slice(0, 5).map(e => e.tagName + "." + (e.className.baseVal || e.className) + " " + e.textContent.slice(0, 60))`)
		x.t.Errorf("%s: the page is %d wide and shows %d: %q", what, s.Scroll, s.Client, wide)
	}
	outside := eval[[]string](x, `Array.from(document.querySelectorAll("svg.mt")).flatMap(s => Array.from(s.querySelectorAll("text")).filter(e => { const b = e.getBBox(); return b.x < 0 || b.x + b.width > s.viewBox.baseVal.width || b.y + b.height > s.viewBox.baseVal.height; }).map(e => e.textContent))`)
	if len(outside) > 0 {
		x.t.Errorf("%s: outside of the picture: %q", what, outside[:min(3, len(outside))])
	}
}

// axePath is where .ci/run puts the rules.
func axePath() string {
	if p := os.Getenv("MAILTRACE_AXE"); p != "" {
		return p
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "mailtrace", "axe-core", "axe.min.js")
}

// axe holds the page against all rules of axe-core.
func (x *tab) axe(what string) {
	x.t.Helper()
	script, err := os.ReadFile(axePath())
	if err != nil {
		x.t.Skipf("no rules of axe-core: %v", err)
	}
	x.do(string(script))
	type violation struct {
		ID, Help string
		Nodes    []string
	}
	for _, v := range eval[[]violation](x, `axe.run(document).then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " | " + n.failureSummary)})))`) {
		x.t.Errorf("%s: axe %s: %s\n%s", what, v.ID, v.Help, strings.Join(v.Nodes, "\n"))
	}
}

// fileURL writes a page to a file and returns its address.
func fileURL(t *testing.T, name string, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func analyzed(t testing.TB, raw []byte, res dns.Resolver) *report.Report {
	t.Helper()
	r, err := mailtrace.AnalyzeBytes(t.Context(), raw, mailtrace.Options{Resolver: res, Header: true, CrossCheck: true, Path: "message.eml"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// paste puts text on the page as the clipboard does.
func (x *tab) paste(text string) {
	x.t.Helper()
	quoted, _ := json.Marshal(text)
	x.do(fmt.Sprintf(`(() => { const d = new DataTransfer(); d.setData("text/plain", %s); const t = document.getElementById("text"); t.value = d.getData("text/plain");
		window.pasted = performance.now(); window.painted = 0;
		new MutationObserver((_, o) => { if (document.querySelector("#result .verdict")) { o.disconnect(); requestAnimationFrame(() => { setTimeout(() => { window.painted = performance.now() - window.pasted; }, 0); }); } }).observe(document.getElementById("result"), {childList: true});
		t.dispatchEvent(new ClipboardEvent("paste", {clipboardData: d, bubbles: true, cancelable: true})); })()`, quoted))
}

func (x *tab) state() string {
	return eval[string](x, `document.getElementById("state").textContent`)
}

func TestBrowserServe(t *testing.T) {
	s := started(t, nil)
	x := open(t, s.URL(), 1280, false)
	if at := eval[string](x, "location.href"); strings.Contains(at, "token") {
		t.Errorf("the token stays in the address: %s", at)
	}

	t.Run("paste", func(t *testing.T) {
		x.do(`document.getElementById("dns").click()`)
		x.paste(string(example(t, "bt.eml")))
		x.until(`window.painted > 0 && document.getElementById("state").textContent.startsWith("Done")`)
		// Said, not judged: what a loaded machine takes is no fault of the page.
		t.Logf("first paint of an analysis %.0f ms after the paste, DNS off", eval[float64](x, "window.painted"))
		if got := x.state(); !strings.Contains(got, "without the DNS") {
			t.Errorf("state %q", got)
		}
		x.do(`document.getElementById("dns").click()`)
		x.paste(string(example(t, "bt.eml")))
		x.until(`document.getElementById("state").textContent.includes("questions to the DNS") && document.querySelector("#result .status").textContent.includes("Checked in the wrong place")`)
		if got := eval[int](x, `document.querySelectorAll("#history li").length`); got < 2 {
			t.Errorf("%d answers in the history", got)
		}
	})
	t.Run("drop", func(t *testing.T) {
		x.do(fmt.Sprintf(`(() => { const d = new DataTransfer(); d.items.add(new File([Uint8Array.from(atob(%q), c => c.charCodeAt(0))], "clean.eml"));
			document.body.dispatchEvent(new DragEvent("dragenter", {dataTransfer: d, bubbles: true})); window.cover = !document.getElementById("drop").hidden;
			document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: d, bubbles: true, cancelable: true})); })()`, base64.StdEncoding.EncodeToString(example(t, "clean.eml"))))
		x.until(`document.querySelector("#result .soft") && document.querySelector("#result .verdict").textContent.includes("clean.eml")`)
		if !eval[bool](x, `window.cover && document.getElementById("drop").hidden`) {
			t.Error("the page does not say that it can be dropped here")
		}
	})
	t.Run("domain", func(t *testing.T) {
		x.do(`document.getElementById("text").value = "example.com"`)
		x.run(chromedp.Focus(chromedp.CSS("#text")), chromedp.KeyEvent("\r"))
		x.until(`document.querySelector("#result .domain")`)
	})
	t.Run("history and saving", func(t *testing.T) {
		x.do(`document.querySelector("#history li:last-child button").click()`)
		x.until(`document.querySelector("#result .status").textContent !== "" && document.getElementById("state").textContent.startsWith("An earlier answer")`)
		for _, redacted := range []bool{false, true} {
			svg := eval[string](x, fmt.Sprintf(`mailtraceBackend.file(1, "html", %v).then(b => b.text())`, redacted))
			if strings.Contains(svg, "brian@example.org") == redacted {
				t.Errorf("redacted %v: wrong", redacted)
			}
		}
		x.do(`HTMLAnchorElement.prototype.click = function () { window.saved = this.download; }`)
		x.do(`document.querySelector("#save button[data-format=json]").click()`)
		x.until(`(window.saved || "").endsWith(".json")`)
	})
	t.Run("mistakes", func(t *testing.T) {
		x.do(`document.getElementById("text").value = ""`)
		x.do(`document.getElementById("check").click()`)
		x.until(`document.getElementById("state").textContent.startsWith("Nothing to check")`)
		x.paste("\x01\x02")
		x.until(`document.getElementById("state").textContent.startsWith("Error")`)
	})
	t.Run("keyboard", func(t *testing.T) {
		x.run(chromedp.Navigate("http://" + s.addr + "/"))
		var seen []string
		for range 8 {
			x.run(chromedp.KeyEvent("\t"))
			seen = append(seen, eval[string](x, `document.activeElement.id || document.activeElement.className || document.activeElement.tagName`))
			if outline := eval[string](x, `getComputedStyle(document.activeElement).outlineStyle`); outline == "none" {
				t.Errorf("no outline on %s", seen[len(seen)-1])
			}
		}
		if got := strings.Join(seen, " "); !strings.HasPrefix(got, "skip text check file dns") {
			t.Errorf("tab goes to %s", got)
		}
		x.run(chromedp.Focus(chromedp.CSS("#text")), chromedp.KeyEvent("example.com"), chromedp.KeyEvent("\r"))
		x.until(`document.querySelector("#result .domain")`)
	})
}

// A question that takes long can be cancelled; the path stays.
func TestBrowserCancel(t *testing.T) {
	res := &silent{make(chan struct{}, 1), make(chan struct{}, 1)}
	s := started(t, res)
	x := open(t, s.URL(), 1280, false)
	x.paste(string(example(t, "bt.eml")))
	x.until(`document.querySelector("#result .verdict") && !document.getElementById("cancel").hidden`)
	<-res.asked
	x.do(`document.getElementById("cancel").click()`)
	x.until(`document.getElementById("cancel").hidden && document.getElementById("state").textContent.startsWith("Cancelled")`)
	select {
	case <-res.ended:
	case <-time.After(5 * time.Second):
		t.Error("the server goes on asking")
	}
	x.until(`!!document.querySelector("#result svg.mt")`) // what is below the verdict comes a frame after it
}

// hostileMessages are what a stranger could send to harm whoever looks at it.
func hostileMessages() map[string]string {
	const script = `<script>window.pwned=1</script><img src=x onerror=window.pwned=1><svg onload=window.pwned=1>"'><a href="javascript:window.pwned=1">x</a>`
	received := func(i int, evil string) string {
		return fmt.Sprintf("Received: from h%d.%s ([198.51.100.%d]) by h%d.example.org (Postfix%s) with ESMTPS%s id %s;\r\n Mon, 23 Nov 2026 04:%02d:%02d +0000\r\n", i, evil, i%250, i+1, evil, evil, evil, i/60%60, i%60)
	}
	out := map[string]string{}
	out["script in every field"] = received(2, script) + received(1, script) +
		"Authentication-Results: mx" + script + "; spf=fail (" + script + ") smtp.mailfrom=" + script + "; dkim=" + script + " header.d=" + script + "; dmarc=fail" + script + "\r\n" +
		"Received-SPF: Fail (" + script + ") client-ip=192.0.2.1; helo=" + script + "\r\n" +
		"DKIM-Signature: v=1; a=" + script + "; d=" + script + "; s=" + script + "; h=From:" + script + "; bh=" + script + "; b=" + script + "\r\n" +
		"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=" + script + "; s=" + script + "; b=" + script + "\r\n" +
		"From: " + script + " <a@" + script + ">\r\nTo: " + script + "\r\nSubject: " + script + "\r\nDate: " + script + "\r\nMessage-ID: " + script + "\r\nX-" + script + ": x\r\n\r\n" + script
	out["bidi and controls"] = received(1, "\u202e\u2066evil\u200f\u0085\x1b[31m") + "From: \u202eann <a@example.com>\r\nSubject: \u202egpj.exe\u2067\u200b\r\n\r\n\u202e"
	out["a subject of 1 MB"] = "From: a@example.com\r\nSubject: " + strings.Repeat("W", 1<<20) + "\r\n\r\nx"
	var b strings.Builder
	for i := 500; i > 0; i-- {
		b.WriteString(received(i, "example.com"))
	}
	out["500 hops"] = b.String() + "From: a@example.com\r\nSubject: hops\r\n\r\nx"
	b.Reset()
	for i := range 50 {
		fmt.Fprintf(&b, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=d%d.example; s=s; h=From:Subject;\r\n bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=%s\r\n", i, strings.Repeat("QUJD", 80))
	}
	out["50 signatures"] = b.String() + "From: a@example.com\r\nSubject: signatures\r\n\r\nx"
	out["long words"] = "Received: from " + strings.Repeat("a", 3000) + " ([192.0.2.1]) by " + strings.Repeat("b", 63) + "." + strings.Repeat("界", 60) + ".example.org with ESMTP; Mon, 23 Nov 2026 04:00:00 +0000\r\nFrom: " + strings.Repeat("x", 500) + "@example.com\r\nSubject: " + strings.Repeat("界", 400) + "\r\n\r\nx"
	return out
}

// No message runs a script, reaches outside or breaks the layout.
func TestBrowserHostile(t *testing.T) {
	s := started(t, nil)
	for name, raw := range hostileMessages() {
		t.Run(name, func(t *testing.T) {
			x := open(t, s.URL(), 360, false)
			x.do(fmt.Sprintf(`window.raw = %s`, quoted(raw)))
			x.do(`(() => { const d = new DataTransfer(); d.items.add(new File([new TextEncoder().encode(window.raw)], "<img src=x onerror=window.pwned=1>.eml")); document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: d, bubbles: true, cancelable: true})); })()`)
			x.until(`document.querySelector("#result .verdict") && document.getElementById("state").textContent.startsWith("Done")`)
			x.layout("phone")
			x.run(chromedp.EmulateViewport(1400, 900))
			x.layout("desktop")
			x.check()

			r := analyzed(t, []byte(raw), nil)
			y := open(t, fileURL(t, "report.html", func(b *bytes.Buffer) error { return render.HTML(b, r, render.Options{Rules: desk.Rules()}) }), 360, true)
			y.layout("report on a phone")
			y.do(`document.querySelectorAll("details").forEach(d => d.open = true)`)
			y.layout("unfolded report on a phone")
			z := open(t, fileURL(t, "path.svg", func(b *bytes.Buffer) error { return render.SVG(b, r, render.Options{}) }), 1400, false)
			z.check()
		})
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// reports are the pages that are held against the rules, by name.
func reports(t *testing.T) map[string]func(*bytes.Buffer) error {
	zone := func(name string) dns.Resolver {
		z, err := zonefile.Parse(name, example(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	bt := analyzed(t, example(t, "bt.eml"), zone("bt.zone"))
	raynet := analyzed(t, example(t, "raynet.eml"), zone("raynet.zone"))
	receipt := analyzed(t, example(t, "receipt.eml"), zone("receipt.zone"))
	forked := *raynet
	hop := 2
	forked.Forks = []report.Fork{{Question: "is m1.raynet.example yours?", Settle: "--trust 192.0.2.1", Readings: []report.Reading{
		{BorderHop: &hop, Status: report.CheckedInWrongPlace, Summary: "believe what it wrote"}, {Status: report.SpoofSuspected, Summary: "its lines are forged"}}}}
	o := render.Options{Rules: desk.Rules()}
	message := func(rs ...*report.Report) func(*bytes.Buffer) error {
		return func(b *bytes.Buffer) error {
			f, _ := render.FormatNamed(report.DocMessage, "html")
			w := f.New(b, o)
			for _, r := range rs {
				if err := w.Report(r); err != nil {
					return err
				}
			}
			return w.Close()
		}
	}
	domains := func(names ...string) func(*bytes.Buffer) error {
		return func(b *bytes.Buffer) error {
			f, _ := render.FormatNamed(report.DocDomain, "html")
			w := f.Domains(b, render.DomainOptions{Options: o, Bulk: true, Suggest: true})
			for _, name := range names {
				d, err := mailtrace.CheckDomain(t.Context(), name, mailtrace.DomainOptions{Resolver: zone("bt.zone")})
				if err != nil {
					return err
				}
				if err := w.Domain(d); err != nil {
					return err
				}
			}
			return w.Close()
		}
	}
	return map[string]func(*bytes.Buffer) error{
		"bt": message(bt), "raynet": message(raynet), "receipt": message(receipt), "fork": message(&forked), "bulk": message(bt, raynet, receipt, bt),
		"domain": domains("example.com"), "domains": domains("example.com", "example.org"),
	}
}

// looks are the ways in which each page is looked at.
var looks = []struct {
	what  string
	width int
	dark  bool
}{{"phone", 360, false}, {"desktop in the dark", 1280, true}}

// Every page keeps the rules of axe-core, on a phone and a desktop, in light
// and dark, folded and unfolded; it fits, and it prints.
func TestBrowserPages(t *testing.T) {
	for name, write := range reports(t) {
		t.Run(name, func(t *testing.T) {
			address := fileURL(t, name+".html", write)
			for _, l := range looks {
				x := open(t, address, l.width, l.dark)
				x.layout(l.what)
				x.do(`document.querySelectorAll("details").forEach(d => { d.open = true; })`)
				x.layout(l.what + ", unfolded")
				x.axe(l.what)
			}
			x := open(t, address, 1280, false)
			pdf, err := chromedp.Run(x, chromedp.PrintToPDF())
			if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 10_000 {
				t.Errorf("print: %d bytes, %v", len(pdf), err)
			}
			// Each link leads to something that is then to be seen.
			x.do(`document.querySelectorAll("details").forEach(d => { d.open = false; }); const a = document.querySelector(".evidence a, .sortable a"); if (a) { location.hash = a.getAttribute("href"); }`)
			x.until(`!location.hash || document.getElementById(location.hash.slice(1)).getClientRects().length > 0`)
		})
	}
}

func TestBrowserServeRules(t *testing.T) {
	s := started(t, nil)
	for _, l := range looks {
		x := open(t, s.URL(), l.width, l.dark)
		x.axe(l.what + ", empty")
		x.paste(string(example(t, "bt.eml")))
		x.until(`document.getElementById("state").textContent.startsWith("Done")`)
		x.layout(l.what)
		x.axe(l.what + ", answered")
	}
}

// A table sorts by a click on its head.
func TestBrowserSort(t *testing.T) {
	x := open(t, fileURL(t, "domains.html", reports(t)["domains"]), 1280, false)
	order := `Array.from(document.querySelectorAll(".sortable tbody th")).map(e => e.textContent).join(" ")`
	x.run(chromedp.Click(chromedp.CSS(".sortable thead th:first-child button")))
	if got := eval[string](x, order); got != "example.com example.org" {
		t.Errorf("ascending: %s", got)
	}
	x.run(chromedp.Click(chromedp.CSS(".sortable thead th:first-child button")))
	if got := eval[string](x, order); got != "example.org example.com" {
		t.Errorf("descending: %s", got)
	}
}

// The picture can be read at 400 and at 1600 pixels, in light and dark.
func TestBrowserPicture(t *testing.T) {
	zone, err := zonefile.Parse("bt.zone", example(t, "bt.zone"))
	if err != nil {
		t.Fatal(err)
	}
	r := analyzed(t, example(t, "bt.eml"), zone)
	address := fileURL(t, "bt.svg", func(b *bytes.Buffer) error { return render.SVG(b, r, render.Options{}) })
	for _, width := range []int{400, 1600} {
		for _, dark := range []bool{false, true} {
			x := open(t, address, width, dark)
			type seen struct {
				Smallest, Right float64
				Outside         []string
				Low             []string
			}
			got := eval[seen](x, `(() => {
				const svg = document.documentElement, out = {Smallest: 1e9, Right: 0, Outside: [], Low: []};
				const rgb = s => s.match(/[\d.]+/g).slice(0, 3).map(Number);
				const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4); }); return .2126 * r + .7152 * g + .0722 * b; };
				const paper = light(rgb(getComputedStyle(svg.querySelector(".paper")).fill));
				for (const t of svg.querySelectorAll("text")) {
					const box = t.getBoundingClientRect(), style = getComputedStyle(t), b = t.getBBox();
					const size = parseFloat(style.fontSize) * box.width / b.width;
					out.Smallest = Math.min(out.Smallest, size);
					out.Right = Math.max(out.Right, box.right);
					if (b.x + b.width > 480) out.Outside.push(t.textContent);
					const l = light(rgb(style.fill));
					const ratio = (Math.max(l, paper) + .05) / (Math.min(l, paper) + .05);
					if (ratio < 4.5) out.Low.push(t.textContent + " " + ratio);
				}
				return out;
			})()`)
			if got.Smallest < 10 || got.Right > float64(width) || len(got.Outside) > 0 || len(got.Low) > 0 {
				t.Errorf("%d wide, dark %v: %+v", width, dark, got)
			}
		}
	}
}
