package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/mailtrace/mailtrace/report"
)

// scripted is hostile with markup in every text.
func scripted(evil string) *report.Report {
	r := hostile()
	r.Message = report.Message{Subject: evil, From: []report.Address{{Name: evil, Address: evil, Domain: evil}}, RcptTo: []string{evil}, Date: evil, MessageID: evil}
	for i := range r.Hops {
		h := &r.Hops[i]
		h.From, h.By, h.Zone, h.Protocol, h.ID, h.Auth = report.HopFrom{Helo: evil, RDNS: evil, IP: evil}, report.HopBy{Name: evil, IP: evil}, evil, evil, evil, evil
		h.TLS = &report.TLS{Version: evil, Cipher: evil}
		h.Software = &report.Software{Product: evil, Version: evil, Release: evil, Released: evil, Supported: evil}
	}
	for i := range r.Claims {
		c := &r.Claims[i]
		c.Result, c.Reason, c.Comment, c.Writer, c.AuthservID, c.Header, c.Domain = evil, evil, evil, evil, evil, evil, evil
	}
	r.Machines = []report.Machine{{Names: []string{evil, evil}, Org: evil, Role: evil, Service: evil, Inside: []string{evil}, Outside: []string{evil}, Wrote: []int{1, 99, -4}, Sent: []int{2}}}
	r.Links = []report.Link{{Hop: 2, Kind: evil, From: evil, To: evil}}
	r.Forks = []report.Fork{{Question: evil, Settle: evil, Readings: []report.Reading{{Status: evil, Summary: evil}, {BorderHop: ptr(2), Status: evil, Summary: evil}}}}
	r.Header = []report.HeaderField{{Field: 0, Line: 1, Text: "Subject: " + evil}, {Field: -7, Line: -3, Text: evil, Cut: 5}}
	r.HeaderCut = 3
	r.Repairs = []report.Mended{{Kind: evil, Count: 2, Description: evil}}
	r.Receiver = []report.Receiver{{Vendor: evil, Header: evil, Field: 0, Line: 1, Code: evil, Meaning: evil, Source: evil, Date: evil}}
	r.Fix = []report.Fix{{Recipe: evil, Product: evil, Finding: evil, Steps: []report.FixStep{{Text: evil, Command: evil + "\n" + evil}}, Test: evil, Risk: evil, Source: evil}}
	r.Findings[0].Parts = report.Text{{Kind: report.PartHop, Text: evil, Ref: "javascript:alert(1)"}, {Kind: report.PartField, Text: evil, Ref: "0"}, {Kind: report.PartFinding, Text: evil, Ref: evil}, {Kind: evil, Text: evil, Ref: evil}}
	r.DKIM[0].Repair = &report.Repair{Changes: []report.Change{{Kind: evil, Description: evil, Diff: "+" + evil + "\n-" + evil + "\n@@ " + evil}}}
	r.DKIM[0].SignedFields = []string{evil}
	r.Checklist = []report.BulkRule{{Rule: evil, Receivers: []string{evil}, State: evil, Why: evil, Source: evil}}
	return r
}

const evilMarkup = `"><script>alert(1)</script><img src=x onerror=alert(1)>'</style></title><!--{{.}}` + "]]>&#x202e;\u202e\x00"

// checkPage holds a page to what every page keeps: one style, one script, both
// ours; no handler, no source from outside, every link within the page to
// something that is there, every name once.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, links := map[string]int{}, []string{}
	scripts, styles := 0, 0
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "script":
				if scripts++; n.FirstChild == nil || n.FirstChild.Data != reportScript {
					t.Errorf("a script that is not ours")
				}
			case "style":
				if styles++; n.FirstChild.Data != styleSheet {
					t.Errorf("a style that is not ours")
				}
			case "img", "iframe", "object", "embed", "link", "base", "form", "image", "use", "foreignobject":
				t.Errorf("element %s", n.Data)
			}
			for _, a := range n.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src", a.Key == "srcdoc", a.Key == "action":
					t.Errorf("attribute %s=%q of %s", a.Key, a.Val, n.Data)
				case a.Key == "href":
					if !strings.HasPrefix(a.Val, "#") {
						t.Errorf("link to %q", a.Val)
					}
					links = append(links, strings.TrimPrefix(a.Val, "#"))
				case a.Key == "id":
					ids[a.Val]++
				}
			}
		}
		if n.Type == html.CommentNode {
			t.Errorf("comment %q", n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	if scripts != 1 || styles != 1 {
		t.Errorf("%d scripts, %d styles", scripts, styles)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements are called %q", n, id)
		}
	}
	for _, l := range links {
		if ids[l] == 0 {
			t.Errorf("a link leads to %q, which is not there", l)
		}
	}
	checkCharacters(t, page)
}

// checkCharacters wants no control or format character.
func checkCharacters(t *testing.T, page []byte) {
	t.Helper()
	for i, c := range string(page) {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
			t.Fatalf("%U in …%q", c, page[max(0, i-40):min(len(page), i+40)])
		}
	}
}

func pageOf(t *testing.T, r *report.Report, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	w := newPages(&b, o)
	if err := errors.Join(w.Report(r), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHTML(t *testing.T) {
	rules := []Rule{{Code: "spf-rechecked-behind-border", Doc: "## What\n\nText over\ntwo lines.\n\n- one\n- two\n  more\n\n  code\n", Refs: []string{"RFC 7208 §2.5"}}}
	for name, r := range map[string]*report.Report{"rechecked": rechecked(), "authenticated": authenticated(), "hostile": hostile(), "bounced": bounced(), "wide": wide(), "empty": {}, "scripted": scripted(evilMarkup)} {
		t.Run(name, func(t *testing.T) { checkPage(t, pageOf(t, r, Options{Rules: rules})) })
	}
	page := string(pageOf(t, rechecked(), Options{Rules: rules}))
	for _, want := range []string{"Broken in transit", "Text over two lines.", "<li>two more</li>", "<pre><code>code</code></pre>", "Content-Security-Policy", "default-src &#39;none&#39;"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
}

// What is too much is left out, and the page says so.
func TestHTMLBounds(t *testing.T) {
	r := rechecked()
	h := r.Hops[len(r.Hops)-1]
	for i := len(r.Hops) + 1; i <= 600; i++ {
		h.Index, h.Field = i, i
		r.Hops = append(r.Hops, h)
	}
	r.Message.Subject = strings.Repeat("long ", 200_000)
	r.Header = []report.HeaderField{{Line: 1, Text: "Subject: " + strings.Repeat("long ", 200), Cut: 999_000}}
	for range 60 {
		r.DKIM = append(r.DKIM, r.DKIM[0])
	}
	page := pageOf(t, r, Options{})
	checkPage(t, page)
	for _, want := range []string{"… and 100 more hops, left out here", "more signatures, left out here", "999000 bytes more", "hops not drawn here"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if len(page) > 2<<20 {
		t.Errorf("%d bytes", len(page))
	}
}

// Where a mail carries the one that is meant, that one comes first.
func TestHTMLCarried(t *testing.T) {
	r := bounced()
	r.Headline = ptr(0)
	page := pageOf(t, r, Options{})
	checkPage(t, page)
	inner, outer := bytes.Index(page, []byte("the DNS did not answer")), bytes.Index(page, []byte("a bounce with a null sender"))
	if inner < 0 || outer < inner || !bytes.Contains(page, []byte("The mail that carries it")) {
		t.Errorf("the carried message at %d, the carrier at %d", inner, outer)
	}
}

func TestHTMLBulk(t *testing.T) {
	var b bytes.Buffer
	w := newPages(&b, Options{})
	for _, r := range []*report.Report{rechecked(), authenticated(), scripted(evilMarkup), rechecked()} {
		if err := w.Report(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	checkPage(t, b.Bytes())
	if !strings.Contains(b.String(), "<h1 class=\"status\">4 messages</h1>") || !strings.Contains(b.String(), "<code>spf-rechecked-behind-border</code></th><td>2</td>") {
		t.Errorf("%s", b.String())
	}
}

func TestHTMLDomain(t *testing.T) {
	for _, domains := range [][]*report.Domain{{weakDomain()}, {hostileDomain()}, {{}}, {weakDomain(), hostileDomain(), weakDomain()}} {
		var b bytes.Buffer
		w := newDomainPages(&b, DomainOptions{Bulk: true})
		for _, d := range domains {
			if err := w.Domain(d); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		checkPage(t, b.Bytes())
	}
}

// checkSVG wants a well-formed picture without script and without anything
// from outside.
func checkSVG(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	ids := map[string]bool{}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains([]string{"svg", "title", "desc", "style", "rect", "path", "text"}, e.Name.Local) {
			t.Errorf("element %s", e.Name.Local)
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "style" {
				t.Errorf("attribute %s", a.Name.Local)
			}
			if a.Name.Local == "id" {
				ids[a.Value] = true
			}
		}
	}
	if !ids["mt-t"] || !ids["mt-d"] {
		t.Error("no alternative text")
	}
	if bytes.Contains(svg, []byte("url(")) || bytes.Contains(svg, []byte("@import")) {
		t.Error("something from outside")
	}
	checkCharacters(t, svg)
}

func TestSVG(t *testing.T) {
	for name, r := range map[string]*report.Report{"rechecked": rechecked(), "authenticated": authenticated(), "hostile": hostile(), "bounced": bounced(), "wide": wide(), "empty": {}, "scripted": scripted(evilMarkup)} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := SVG(&b, r, Options{}); err != nil {
				t.Fatal(err)
			}
			checkSVG(t, b.Bytes())
			b.Reset()
			if err := DOT(&b, r, Options{}); err != nil {
				t.Fatal(err)
			}
			checkDOT(t, b.String())
		})
	}
	var b bytes.Buffer
	if err := SVG(&b, rechecked(), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"The border: ", "At fault: SPF", "At delivery", "Path of the message, oldest first. Verdict: broken in transit."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q", want)
		}
	}
}

// Each line of the graph is a statement whose strings are closed.
func checkDOT(t *testing.T, dot string) {
	t.Helper()
	line := regexp.MustCompile(`^\t*(digraph path \{|subgraph cluster_\d+ \{|\}|\w+=("(?:[^"\\]|\\.)*"|\w+);|(node|edge) \[[^"]*("[^"]*")?\];|h\d+( -> h\d+)? \[(\w+=("(?:[^"\\]|\\.)*"|[\w.]+)(, )?)*\];)$`)
	for l := range strings.Lines(dot) {
		if l = strings.TrimRight(l, "\n"); !line.MatchString(l) {
			t.Errorf("not a statement: %q", l)
		}
	}
}

// A fork shows both readings, each at the hop at which it puts the border.
func TestFork(t *testing.T) {
	r := rechecked()
	r.Forks = []report.Fork{{Question: "is relay.example.org yours?", Settle: "--trust 203.0.113.9", Readings: []report.Reading{
		{BorderHop: ptr(2), Status: report.CheckedInWrongPlace, Summary: "believe spf pass at hop 2"},
		{BorderHop: ptr(4), Status: report.SpoofSuspected, Summary: "hops 1 to 3 were written by the sender"}}}}
	var b bytes.Buffer
	if err := SVG(&b, r, Options{}); err != nil {
		t.Fatal(err)
	}
	checkSVG(t, b.Bytes())
	for _, want := range []string{"reading 1 puts the border here", "reading 2 puts the border here", "One question decides: is relay.example.org yours?", "settle it with --trust 203.0.113.9"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q", want)
		}
	}
}

// A report without machines, as older programs saved it, has a picture too,
// and any index in one is taken with care.
func TestPictureOfOldReport(t *testing.T) {
	for n := range 3 {
		r := rechecked()
		switch n {
		case 1:
			r.Machines = []report.Machine{{Names: []string{"a"}, Wrote: []int{-1, 1, 2, 3, 4, 1 << 30}, Sent: []int{1, 2, 3, 4}}}
		case 2:
			r.Machines = []report.Machine{{Wrote: []int{1, 2, 3, 4}}, {Sent: []int{3}}}
		}
		var b bytes.Buffer
		if err := SVG(&b, r, Options{}); err != nil {
			t.Fatal(err)
		}
		checkSVG(t, b.Bytes())
	}
}

func BenchmarkHTML(b *testing.B) {
	r := rechecked()
	for b.Loop() {
		if err := HTML(io.Discard, r, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSVG(b *testing.B) {
	r := rechecked()
	for b.Loop() {
		if err := SVG(io.Discard, r, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
