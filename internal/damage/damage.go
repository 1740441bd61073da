// Package damage does to a message what happens to it when people copy it: it is
// the generator of test inputs for package paste and all above it. Each form
// is one way in which a header reaches an analyst.
package damage

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// Form is one kind of damage.
type Form struct {
	Name string
	// Lossy says that not all can come back: what is gone may have held the cause.
	Lossy bool
	Make  func([]byte) []byte
}

// field is a header field: its first line and its continuations, without line
// ends.
type field []string

func (f field) name() string {
	n, _, _ := strings.Cut(f[0], ":")
	return n
}

// flat is the value on one line.
func (f field) flat() string {
	out := make([]string, len(f))
	for i, l := range f {
		out[i] = strings.TrimSpace(l)
	}
	_, v, _ := strings.Cut(strings.Join(out, " "), ":")
	return strings.TrimSpace(v)
}

// parts cuts a message into fields and body; the body is nil where the text ends
// with the header.
func parts(raw []byte) (fields []field, body []byte) {
	text := strings.ReplaceAll(string(raw), "\r\n", "\n")
	head, rest, found := strings.Cut(text, "\n\n")
	if found {
		body = []byte(rest)
	}
	for _, l := range strings.Split(strings.TrimSuffix(head, "\n"), "\n") {
		switch {
		case l == "":
		case (l[0] == ' ' || l[0] == '\t') && len(fields) > 0:
			fields[len(fields)-1] = append(fields[len(fields)-1], l)
		case strings.HasPrefix(l, "From ") || strings.HasPrefix(l, ">From "):
		default:
			fields = append(fields, field{l})
		}
	}
	return fields, body
}

// lines are those of the fields.
func lines(fields []field) []string {
	var out []string
	for _, f := range fields {
		out = append(out, f...)
	}
	return out
}

func text(l []string) []byte { return []byte(strings.Join(l, "\n") + "\n") }

// eachLine changes every line of the header; the body is lost.
func eachLine(f func(n int, l string) string) func([]byte) []byte {
	return func(raw []byte) []byte {
		fields, _ := parts(raw)
		all := lines(fields)
		for i := range all {
			all[i] = f(i, all[i])
		}
		return text(all)
	}
}

// eachField writes every field again.
func eachField(f func(n int, x field) string) func([]byte) []byte {
	return func(raw []byte) []byte {
		fields, _ := parts(raw)
		var out []string
		for i, x := range fields {
			out = append(out, f(i, x))
		}
		return text(out)
	}
}

// whole changes the text of the header as a whole.
func whole(f func(string) string) func([]byte) []byte {
	return func(raw []byte) []byte {
		fields, _ := parts(raw)
		return []byte(f(string(text(lines(fields)))))
	}
}

func indented(l string) bool { return l != "" && (l[0] == ' ' || l[0] == '\t') }

func fold(l string) (blank, rest string) {
	rest = strings.TrimLeft(l, " \t")
	return l[:len(l)-len(rest)], rest
}

// wrap breaks a text at blanks.
func wrap(s string, width int) string {
	var b strings.Builder
	n := 0
	for i, w := range strings.Fields(s) {
		if i > 0 {
			if n+1+len(w) > width {
				b.WriteByte('\n')
				n = 0
			} else {
				b.WriteByte(' ')
				n++
			}
		}
		b.WriteString(w)
		n += len(w)
	}
	return b.String()
}

func utf(raw []byte, order binary.AppendByteOrder, bom bool) []byte {
	var out []byte
	if bom {
		out = order.AppendUint16(out, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(string(raw))) {
		out = order.AppendUint16(out, u)
	}
	return out
}

var (
	ipv4     = regexp.MustCompile(`\b(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}\b`)
	address  = regexp.MustCompile(`[A-Za-z0-9._%+=-]+@[A-Za-z0-9.-]+`)
	hostname = regexp.MustCompile(`\b[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:com|org|net|test|example|de|io)\b`)
	date     = regexp.MustCompile(`;?\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), *\d{1,2} [A-Z][a-z]{2} \d{4} [0-9:]{5,8}(?: [+-]\d{4})?(?: \([A-Z]+\))?`)
	dotted   = regexp.MustCompile(`([A-Za-z0-9])\.([A-Za-z0-9])`)
)

const preface = "Hi,\n\nhere is the header that you asked for. Why did it fail?\n\n"

const gmailTable = "Original Message\n\nMessage ID\t<x@mail.example.com>\nCreated at:\tMon, Nov 23, 2026 at 4:56 AM (Delivered after 12 seconds)\n" +
	"From:\tAnn <ann@example.com>\nTo:\tcarl@example.org\nSubject:\tOffer\nSPF:\tFAIL with IP 198.51.100.6 Learn more\n" +
	"DKIM:\t'FAIL' with domain example.com Learn more\nDMARC:\t'FAIL' Learn more\n\n\nDownload Original\nCopy to clipboard\n"

// Forms are all kinds of damage.
var Forms = []Form{
	{Name: "header-only", Make: whole(func(s string) string { return s })},
	{Name: "no-break-folding", Make: eachLine(func(_ int, l string) string {
		b, rest := fold(l)
		return strings.Repeat("\u00a0", len(b)) + rest
	})},
	{Name: "no-break-everywhere", Make: eachLine(func(_ int, l string) string {
		b, rest := fold(l)
		return strings.Repeat("\u00a0", len(b)) + strings.ReplaceAll(rest, " ", "\u00a0")
	})},
	{Name: "indentation-lost", Make: eachLine(func(_ int, l string) string { return strings.TrimLeft(l, " \t") })},
	{Name: "wrapped-at-76", Make: eachField(func(_ int, x field) string { return wrap(x.name()+": "+x.flat(), 76) })},
	{Name: "wrapped-at-60", Make: eachField(func(_ int, x field) string { return wrap(x.name()+": "+x.flat(), 60) })},
	{Name: "reflowed", Make: whole(func(s string) string { return wrap(s, 72) + "\n" })},
	{Name: "blank-lines-between-fields", Make: eachField(func(_ int, x field) string { return strings.Join(x, "\n") + "\n" })},
	{Name: "double-spaced", Make: eachLine(func(_ int, l string) string { return l + "\n" })},
	{Name: "tabs-for-blanks", Make: eachLine(func(_ int, l string) string {
		b, rest := fold(l)
		return strings.Repeat("\t", min(len(b), 1)) + rest
	})},
	{Name: "blanks-for-tabs", Make: eachLine(func(_ int, l string) string {
		b, rest := fold(l)
		return strings.Repeat(" ", 8*min(len(b), 1)) + rest
	})},
	{Name: "trailing-blanks", Make: eachLine(func(_ int, l string) string { return l + "  " })},
	{Name: "cr-only", Make: whole(func(s string) string { return strings.ReplaceAll(s, "\n", "\r") })},
	{Name: "cr-cr-lf", Make: whole(func(s string) string { return strings.ReplaceAll(s, "\n", "\r\r\n") })},
	{Name: "one-line", Make: whole(func(s string) string { return strings.Join(strings.Fields(s), " ") })},
	{Name: "owa-details", Make: eachField(func(_ int, x field) string { return x.name() + ":\t\n" + x.flat() })},
	{Name: "value-on-next-line", Make: eachField(func(_ int, x field) string { return x.name() + ":\n" + x.flat() })},
	{Name: "quoted", Make: eachLine(func(_ int, l string) string { return "> " + l })},
	{Name: "quoted-twice", Make: eachLine(func(_ int, l string) string { return ">> " + l })},
	{Name: "quoted-and-wrapped", Make: eachLine(func(_ int, l string) string {
		return "> " + strings.ReplaceAll(wrap(strings.TrimSpace(l), 50), "\n", "\n> ")
	})},
	{Name: "indented", Make: eachLine(func(_ int, l string) string { return "    " + l })},
	{Name: "indented-by-tab", Make: eachLine(func(_ int, l string) string { return "\t" + l })},
	{Name: "numbered", Make: eachLine(func(n int, l string) string { return fmt.Sprintf("%4d  %s", n+1, l) })},
	{Name: "numbered-fields", Make: eachField(func(n int, x field) string { return fmt.Sprintf("%d. %s: %s", n+1, x.name(), x.flat()) })},
	{Name: "bullets", Make: eachField(func(_ int, x field) string { return "- " + x.name() + ": " + x.flat() })},
	{Name: "bold-names", Make: eachField(func(_ int, x field) string { return "**" + x.name() + ":** " + x.flat() })},
	{Name: "table-tabs", Make: eachField(func(_ int, x field) string { return x.name() + "\t" + x.flat() })},
	{Name: "table-pipes", Make: func(raw []byte) []byte {
		rows := eachField(func(_ int, x field) string { return "| " + x.name() + " | " + x.flat() + " |" })(raw)
		return append([]byte("| Name | Value |\n|---|---|\n"), rows...)
	}},
	{Name: "table-cells-as-lines", Make: eachField(func(_ int, x field) string { return x.name() + "\n" + x.flat() })},
	{Name: "csv", Make: eachField(func(_ int, x field) string {
		return `"` + x.name() + `","` + strings.ReplaceAll(x.flat(), `"`, `""`) + `"`
	})},
	{Name: "code-fence", Make: whole(func(s string) string { return preface + "```\n" + s + "```\n\nThanks!\n" })},
	{Name: "jira-noformat", Make: whole(func(s string) string { return preface + "{noformat}\n" + s + "{noformat}\nThanks\n" })},
	{Name: "html-escaped", Make: whole(html.EscapeString)},
	{Name: "html-br", Make: whole(func(s string) string {
		return "<html><body><div>" + strings.ReplaceAll(html.EscapeString(s), "\n", "<br>\r\n") + "</div></body></html>"
	})},
	{Name: "html-pre", Make: whole(func(s string) string {
		return "<!DOCTYPE html>\n<html><head><title>Headers</title><style>p {x: y}</style></head>\n<body><p>See below</p><pre>" + html.EscapeString(s) + "</pre></body></html>\n"
	})},
	{Name: "html-divs", Make: func(raw []byte) []byte {
		rows := eachLine(func(_ int, l string) string {
			b, rest := fold(l)
			return "<div>" + strings.Repeat("&nbsp;", len(b)) + html.EscapeString(rest) + "</div>"
		})(raw)
		return append(append([]byte("<div dir=\"ltr\">"), rows...), "</div>"...)
	}},
	{Name: "html-table", Make: func(raw []byte) []byte {
		rows := eachField(func(_ int, x field) string {
			return "<tr><td>" + x.name() + "</td><td>" + html.EscapeString(x.flat()) + "</td></tr>"
		})(raw)
		return append(append([]byte("<table><tr><th>Header</th><th>Value</th></tr>\n"), rows...), "</table>"...)
	}},
	{Name: "gmail-page", Make: func(raw []byte) []byte { return append([]byte(gmailTable), raw...) }},
	{Name: "gmail-page-html", Make: func(raw []byte) []byte {
		return []byte(`<!doctype html><html><head><script>var x="<b>";</script></head><body><div class="top-area"><h1>Original Message</h1><table><tr><th>Message ID</th><td>&lt;x@mail.example.com&gt;</td></tr><tr><th>From:</th><td>Ann &lt;ann@example.com&gt;</td></tr><tr><th>SPF:</th><td>FAIL</td></tr></table></div><div class="bottom-area"><pre class="raw_message_text" id="raw_message_text">` + html.EscapeString(string(raw)) + `</pre></div></body></html>`)
	}},
	{Name: "outlook-properties", Make: whole(func(s string) string {
		return "Properties\nSettings\nImportance\tNormal\nInternet headers\n" + strings.ReplaceAll(s, "\n", "\r\n") + "Close\r\n"
	})},
	{Name: "soft-breaks", Make: whole(func(s string) string {
		var b strings.Builder
		for _, l := range strings.Split(strings.ReplaceAll(s, "=", "=3D"), "\n") {
			for len(l) > 75 {
				cut := 75
				if i := strings.LastIndexByte(l[:75], '='); i > 72 {
					cut = i
				}
				b.WriteString(l[:cut] + "=\n")
				l = l[cut:]
			}
			b.WriteString(l + "\n")
		}
		return b.String()
	})},
	{Name: "base64", Make: func(raw []byte) []byte {
		s := base64.StdEncoding.EncodeToString(raw)
		var b strings.Builder
		for len(s) > 76 {
			b.WriteString(s[:76] + "\n")
			s = s[76:]
		}
		return []byte(b.String() + s + "\n")
	}},
	{Name: "utf-16-le", Make: func(raw []byte) []byte { return utf(raw, binary.LittleEndian, true) }},
	{Name: "utf-16-be", Make: func(raw []byte) []byte { return utf(raw, binary.BigEndian, true) }},
	{Name: "utf-16-no-bom", Make: func(raw []byte) []byte { return utf(raw, binary.LittleEndian, false) }},
	{Name: "utf-8-bom", Make: func(raw []byte) []byte { return append([]byte("\xef\xbb\xbf"), raw...) }},
	{Name: "smart-quotes", Make: whole(func(s string) string {
		var b strings.Builder
		open := false
		for _, r := range s {
			switch r {
			case '"':
				if open = !open; open {
					b.WriteRune('“')
				} else {
					b.WriteRune('”')
				}
			case '\'':
				b.WriteRune('’')
			default:
				b.WriteRune(r)
			}
		}
		return b.String()
	})},
	{Name: "defanged", Make: whole(func(s string) string { return defang(s, "[.]") })},
	{Name: "defanged-dot", Make: whole(func(s string) string { return strings.ReplaceAll(defang(s, "[dot]"), "@", "[at]") })},
	{Name: "mailto-links", Make: whole(func(s string) string {
		return address.ReplaceAllStringFunc(s, func(a string) string { return a + "<mailto:" + a + ">" })
	})},
	{Name: "markdown-links", Make: whole(func(s string) string {
		return address.ReplaceAllStringFunc(s, func(a string) string { return "[" + a + "](mailto:" + a + ")" })
	})},
	{Name: "text-around", Make: func(raw []byte) []byte {
		return []byte(preface + strings.TrimRight(string(whole(func(s string) string { return s })(raw)), "\n") + "\n\nThanks in advance,\nBob\n")
	}},
	{Name: "json-string", Make: func(raw []byte) []byte {
		b, _ := json.Marshal(map[string]string{"id": "17", "raw": string(raw)})
		return b
	}},
	{Name: "json-list", Make: func(raw []byte) []byte {
		type pair struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		}
		fields, _ := parts(raw)
		var list []pair
		for _, f := range fields {
			list = append(list, pair{f.name(), f.flat()})
		}
		b, _ := json.MarshalIndent(map[string]any{"internetMessageHeaders": list}, "", "  ")
		return b
	}},
	{Name: "written-line-ends", Make: whole(func(s string) string {
		return strings.NewReplacer("\n", `\r\n`, "\t", `\t`, `"`, `\"`).Replace(s)
	})},
	{Name: "leading-blank-lines", Make: func(raw []byte) []byte { return append([]byte("\n\n"), raw...) }},
	{Name: "upside-down", Make: func(raw []byte) []byte {
		fields, _ := parts(raw)
		slices.Reverse(fields)
		return text(lines(fields))
	}},
	{Name: "dates-missing", Lossy: true, Make: whole(func(s string) string { return date.ReplaceAllString(s, "") })},
	{Name: "cut-at-top", Lossy: true, Make: func(raw []byte) []byte {
		fields, _ := parts(raw)
		all := lines(fields)
		for i := range all {
			if i > 0 && indented(all[i]) {
				return text(all[i:])
			}
		}
		return text(all)
	}},
	{Name: "cut-at-bottom", Lossy: true, Make: func(raw []byte) []byte {
		fields, _ := parts(raw)
		t := text(lines(fields))
		return t[:len(t)*6/10]
	}},
	{Name: "trace-only", Lossy: true, Make: func(raw []byte) []byte {
		fields, _ := parts(raw)
		fields = slices.DeleteFunc(fields, func(f field) bool {
			n := strings.ToLower(f.name())
			return !strings.HasPrefix(n, "received") && !strings.HasPrefix(n, "authentication-results") && !strings.HasPrefix(n, "arc-authentication")
		})
		return text(lines(fields))
	}},
	{Name: "redacted-words", Lossy: true, Make: whole(func(s string) string {
		return ipv4.ReplaceAllString(address.ReplaceAllString(s, "[redacted]"), "[redacted]")
	})},
	{Name: "redacted-addresses", Lossy: true, Make: whole(func(s string) string { return ipv4.ReplaceAllString(s, "$1.$2.x.x") })},
	{Name: "redacted-all-addresses", Lossy: true, Make: whole(func(s string) string { return ipv4.ReplaceAllString(s, "x.x.x.x") })},
	{Name: "redacted-mailboxes", Lossy: true, Make: whole(func(s string) string { return address.ReplaceAllString(s, "***@***") })},
	{Name: "redacted-names", Lossy: true, Make: whole(func(s string) string { return hostname.ReplaceAllString(s, "XXXXX") })},
	{Name: "names-removed", Lossy: true, Make: whole(func(s string) string {
		return ipv4.ReplaceAllString(hostname.ReplaceAllString(address.ReplaceAllString(s, ""), ""), "")
	})},
	{Name: "black-blocks", Lossy: true, Make: whole(func(s string) string {
		return ipv4.ReplaceAllString(address.ReplaceAllString(s, "█████"), "███")
	})},
}

// defang writes the dots of names and addresses in another way; dates keep theirs.
func defang(s, dot string) string {
	for range 2 {
		s = dotted.ReplaceAllString(s, "$1"+strings.ReplaceAll(dot, "$", "$$")+"$2")
	}
	return s
}
