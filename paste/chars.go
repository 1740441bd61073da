package paste

import (
	"bytes"
	"strings"

	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/message"
)

// The signs of damage that a copy leaves inside of lines.
var (
	dots      = pattern.New(`(?i)([a-z0-9_-])\s?(?:\[\s?\.\s?\]|\(\s?\.\s?\)|\{\s?\.\s?\}|\[dot\]|\(dot\)|\{dot\}|\[\.|\.\])\s?([a-z0-9])`)
	ats       = pattern.New(`(?i)([a-z0-9_.+=-])\s?(?:\[@\]|\(@\)|\{@\}|\[at\]|\(at\)|\{at\})\s?([a-z0-9])`)
	colons    = pattern.New(`(?i)([0-9a-f])\[:\]([0-9a-f:])`)
	hxxp      = pattern.New(`(?i)\bh(?:xx|\*\*)p(s?)(?:\[:\]|:)//`)
	mailtoTo  = pattern.New(`<?([^\s<>"()\[\]]+)<mailto:([^\s<>]+)>>?`)
	mailto    = pattern.New(`(?i)<mailto:([^\s<>]+)>`)
	mailtoBox = pattern.New(`(?i)\s?\[mailto:([^\s\[\]]+)\]`)
	webAfter  = pattern.New(`(?i)([a-z0-9][a-z0-9.-]*\.[a-z]{2,})<https?://[^\s<>]*>`)
	mdLink    = pattern.New(`\[([^\s\[\]()<>]+)\]\((?:mailto:|https?://)[^\s()]*\)`)
	entity    = pattern.New(`&(?:lt|gt|quot|amp|nbsp|#[0-9]{1,5}|#x[0-9a-fA-F]{1,4}|apos|commat|period|colon|lpar|rpar|equals|semi);`)
)

// quoteSigns are typographic signs and what was typed for them.
var quoteSigns = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‟", `"`, "«", `"`, "»", `"`, "‘", "'", "’", "'", "‚", "'",
	"–", "-", "—", "--", "‐", "-", "‑", "-", "−", "-", "…", "...", "＠", "@", "‹", "<", "›", ">")

const typographic = "“”„‟‘’‚–—‐‑−…＠"

// damaged reports whether a text, the newest part of a header, shows signs that
// no mail server writes.
func damaged(b []byte) bool {
	return countDots(b) > 0 || entities(b) > 0 || highByte(b) && bytes.ContainsAny(b, typographic) || blankInside(b) ||
		containsAny(b, "<mailto:", "](mailto:", "](http", "<http") && (mailtoTo.Get().Match(b) || mdLink.Get().Match(b) || webAfter.Get().Match(b))
}

func containsAny(b []byte, all ...string) bool {
	for _, s := range all {
		if bytes.Contains(b, []byte(s)) {
			return true
		}
	}
	return false
}

func blankInside(b []byte) bool {
	return highByte(b) && (bytes.Contains(b, []byte("\u00a0")) || bytes.Contains(b, []byte("\u200b")) || bytes.Contains(b, []byte("\u00ad")))
}

func countDots(b []byte) int {
	if !containsAny(b, "[.", ".]", "(.", "{.", "[ .", "( .", "[dot", "(dot", "{dot", "[DOT", "(DOT", "{DOT", "[Dot", "(Dot", "[@", "(@", "{@", "[at", "(at", "{at", "[AT", "(AT") {
		return 0
	}
	n := 0
	for _, m := range dots.Get().FindAllSubmatchIndex(b, -1) {
		if s := string(b[m[3]:m[4]]); !strings.Contains(s, "[.") || strings.Contains(s, ".]") {
			n++
		} else if len(s) > 2 {
			n++
		}
	}
	return n + len(ats.Get().FindAllIndex(b, -1))
}

// entities counts entities of HTML in a text that has no bracket of its own.
func entities(b []byte) int {
	if bytes.IndexByte(b, '&') < 0 || bytes.IndexByte(b, '<') >= 0 {
		return 0
	}
	return len(entity.Get().FindAllIndex(b, -1))
}

// touchUp repairs what reads as it is, but shows damage where the recipient's
// server wrote, or stands upside down.
func (w *work) touchUp(m *message.Message) *Mended {
	raw := m.Raw
	if m.Header.End > maxHead {
		return &Mended{Raw: raw, msg: m}
	}
	head := m.Header.End
	w.split(raw[:head])
	w.rest = raw[head:]
	end := len(w.lines)
	top := topDamaged(m)
	if top || !hasBody(m) && damaged(raw[m.Header.Start:head]) {
		w.blanks()
		w.chars(end)
	}
	w.order(end)
	w.cut(len(w.lines))
	if len(w.repairs) == 0 {
		return &Mended{Raw: raw, msg: m}
	}
	out := w.finish()
	out.Top = top || out.Has(UpsideDown)
	return out
}

// chars repairs the signs inside the first end lines.
func (w *work) chars(end int) {
	var all []byte
	for i := 0; i < end; i++ {
		all = append(append(all, w.lines[i].b...), '\n')
	}
	if entities(all) > 0 {
		n := 0
		for i := 0; i < end; i++ {
			l := &w.lines[i]
			if c := len(entity.Get().FindAllIndex(l.b, -1)); c > 0 {
				n += c
				l.b = bytes.ReplaceAll(unescapeHTML(l.b), []byte("\u00a0"), []byte(" "))
				l.b = bytes.ReplaceAll(l.b, []byte("\n"), []byte(" "))
			}
		}
		w.note(Entities, n, false, "entities of HTML (&lt; for <) were decoded")
	}
	w.sub(end, Markup, "links that a mail program had added were taken away", func(b []byte, list bool) ([]byte, int) {
		n := 0
		for i, x := range []struct {
			re     *pattern.Pattern
			to     string
			inList bool // it is damage in a list of addresses too
		}{{mdLink, "$1", true}, {webAfter, "$1", false}, {mailto, "<$1>", false}, {mailtoBox, "<$1>", true}} {
			if list && !x.inList {
				continue
			}
			if i == 0 {
				if c := mailtoTo.Get().FindAllSubmatchIndex(b, -1); len(c) > 0 {
					n += len(c)
					b = mailtoTo.Get().ReplaceAllFunc(b, func(m []byte) []byte {
						s := mailtoTo.Get().FindSubmatch(m)
						out := append([]byte(nil), s[1]...)
						if m[0] == '<' {
							out = append([]byte("<"), out...)
						}
						if bytes.HasSuffix(m, []byte(">>")) {
							out = append(out, '>')
						}
						return out
					})
				}
			}
			if c := len(x.re.Get().FindAllIndex(b, -1)); c > 0 {
				n += c
				b = x.re.Get().ReplaceAll(b, []byte(x.to))
			}
		}
		return b, n
	})
	if countDots(all) >= 2 || countDots(all) > 0 && end < 6 {
		w.sub(end, Defanged, "names and addresses were defanged: [.] was written for a dot", func(b []byte, _ bool) ([]byte, int) {
			n := 0
			for range 2 { // neighbours share a letter: 192[.]0[.]2
				n += len(dots.Get().FindAllIndex(b, -1)) + len(ats.Get().FindAllIndex(b, -1)) + len(colons.Get().FindAllIndex(b, -1)) + len(hxxp.Get().FindAllIndex(b, -1))
				b = dots.Get().ReplaceAll(b, []byte("$1.$2"))
				b = ats.Get().ReplaceAll(b, []byte("$1@$2"))
				b = colons.Get().ReplaceAll(b, []byte("$1:$2"))
				b = hxxp.Get().ReplaceAll(b, []byte("http$1://"))
			}
			return b, n
		})
	}
	// Typographic signs only in what programs write: people may mean them.
	n := 0
	machine := false
	for i := 0; i < end; i++ {
		l := &w.lines[i]
		if len(l.b) > 0 && l.b[0] != ' ' && l.b[0] != '\t' {
			machine = true
			k, _ := nameAt(l.b)
			switch strings.ToLower(string(l.b[:k])) {
			case "subject", "from", "to", "cc", "reply-to", "sender", "comments", "keywords", "thread-topic":
				machine = false
			}
		}
		if !machine && !bytes.ContainsAny(l.b, "“”") || !highByte(l.b) || !bytes.ContainsAny(l.b, typographic) {
			continue
		}
		s := string(l.b)
		for _, r := range s {
			if strings.ContainsRune(typographic, r) {
				n++
			}
		}
		l.b = []byte(quoteSigns.Replace(s))
	}
	w.note(SmartQuotes, n, false, "typographic quotation marks and dashes were written for plain ones")
}

func (w *work) sub(end int, k Kind, what string, f func(b []byte, list bool) ([]byte, int)) {
	n := 0
	list := false // links of lists are meant
	for i := 0; i < end; i++ {
		if b := w.lines[i].b; len(b) > 0 && b[0] != ' ' && b[0] != '\t' {
			list = len(b) > 5 && bytes.EqualFold(b[:5], []byte("list-"))
		}
		b, c := f(w.lines[i].b, list)
		w.lines[i].b = b
		n += c
	}
	w.note(k, n, false, what)
}
