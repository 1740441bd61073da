package paste

import (
	"bytes"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page takes the text out of a web page, or out of the part of one that was
// copied as source.
func (w *work) page(text []byte) []byte {
	// Tags behind the last Received field are those of the body.
	head := text[:min(len(text), maxHead)]
	if i := bytes.LastIndex(head, []byte("Received:")); i >= 0 {
		head = head[:i]
	} else if i := bytes.LastIndex(head, []byte("Received")); i >= 0 {
		head = head[:i]
	}
	if bytes.IndexByte(head, '<') < 0 || !hasTags(head) {
		return nil
	}
	z := html.NewTokenizer(bytes.NewReader(text))
	z.SetMaxBuf(maxHead)
	var p pageText
	tags := 0
	for {
		t := z.Next()
		if t == html.ErrorToken {
			break
		}
		switch t {
		case html.TextToken:
			p.text(z.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			raw := append([]byte(nil), z.Raw()...)
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if a == 0 || !elements[a] {
				// An address in angle brackets is not a tag.
				p.text(raw)
				continue
			}
			tags++
			p.tag(a, t)
		}
	}
	out := p.best()
	if tags == 0 || !anyField(out) {
		return nil
	}
	w.note(HTML, 1, p.pre != nil, "the text was taken out of a web page")
	return out
}

// anyField reports whether a text holds names of a header's fields anywhere.
func anyField(text []byte) bool {
	text = text[:min(len(text), maxHead)]
	return someFields(text, 2) || midFields(text) >= 2 || cells(text) >= 2
}

// hasTags reports whether there are tags of a page in front of, or between,
// what could be fields. The HTML part of a readable message never comes here.
func hasTags(b []byte) bool {
	low := bytes.ToLower(b)
	n := 0
	for _, tag := range []string{"<html", "<body", "<pre", "<table", "<!doctype", "<br", "<div", "<p>", "<p ", "<td", "<li", "<span"} {
		n += bytes.Count(low, []byte(tag))
	}
	return n >= 2 || bytes.Contains(low, []byte("<pre")) || bytes.Contains(low, []byte("<textarea"))
}

// elements are the elements whose tags are taken for tags.
var elements = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.Article: true, atom.B: true, atom.Blockquote: true, atom.Body: true, atom.Br: true, atom.Button: true,
	atom.Caption: true, atom.Center: true, atom.Code: true, atom.Col: true, atom.Colgroup: true, atom.Dd: true, atom.Div: true, atom.Dl: true,
	atom.Dt: true, atom.Em: true, atom.Font: true, atom.Footer: true, atom.Form: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true,
	atom.H5: true, atom.H6: true, atom.Head: true, atom.Header: true, atom.Hr: true, atom.Html: true, atom.I: true, atom.Iframe: true, atom.Img: true,
	atom.Input: true, atom.Label: true, atom.Li: true, atom.Link: true, atom.Main: true, atom.Mark: true, atom.Meta: true, atom.Nav: true, atom.Ol: true,
	atom.Option: true, atom.P: true, atom.Pre: true, atom.S: true, atom.Samp: true, atom.Script: true, atom.Section: true, atom.Select: true,
	atom.Small: true, atom.Span: true, atom.Strong: true, atom.Style: true, atom.Sub: true, atom.Sup: true, atom.Table: true, atom.Tbody: true,
	atom.Td: true, atom.Textarea: true, atom.Tfoot: true, atom.Th: true, atom.Thead: true, atom.Title: true, atom.Tr: true, atom.Tt: true, atom.U: true,
	atom.Ul: true, atom.Wbr: true, atom.Svg: true, atom.Noscript: true, atom.Kbd: true, atom.Var: true,
}

// pageText collects the text of a page.
type pageText struct {
	all    []byte
	pre    []byte // of the preformatted part with the most fields
	preAt  int    // where in all the open one begins; -1 where none is open
	inPre  int
	hidden int
}

func (p *pageText) tag(a atom.Atom, t html.TokenType) {
	switch a {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Noscript, atom.Svg:
		switch t {
		case html.StartTagToken:
			p.hidden++
		case html.EndTagToken:
			p.hidden = max(p.hidden-1, 0)
		}
	case atom.Body:
		p.hidden = 0
	case atom.Br:
		p.all = append(p.all, '\n')
	case atom.Pre, atom.Textarea:
		p.line()
		if t == html.StartTagToken {
			if p.inPre++; p.inPre == 1 {
				p.preAt = len(p.all)
			}
			return
		}
		if p.inPre > 0 {
			if p.inPre--; p.inPre == 0 {
				p.keep()
			}
		}
	case atom.Td, atom.Th, atom.Dd:
		if t == html.StartTagToken && len(p.all) > 0 && p.all[len(p.all)-1] != '\n' {
			p.all = append(p.all, '\t')
		}
	case atom.P, atom.Div, atom.Tr, atom.Li, atom.Table, atom.Tbody, atom.Blockquote, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Section, atom.Article, atom.Header, atom.Footer, atom.Dt, atom.Dl, atom.Ul, atom.Ol, atom.Form, atom.Hr, atom.Option:
		p.line()
	}
}

// line begins a new line, where the last one is not empty.
func (p *pageText) line() {
	if n := len(p.all); n > 0 && p.all[n-1] != '\n' {
		p.all = append(p.all, '\n')
	}
}

// text adds text. Outside of preformatted parts line ends and blanks are one
// blank, except where the lines are those of a header.
func (p *pageText) text(b []byte) {
	if p.hidden > 0 {
		return
	}
	if p.inPre > 0 || someFields(b, 2) {
		p.all = append(p.all, b...)
		return
	}
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case ' ', '\t', '\r', '\n', '\f':
			if n := len(p.all); n > 0 && p.all[n-1] != ' ' && p.all[n-1] != '\n' && p.all[n-1] != '\t' {
				p.all = append(p.all, ' ')
			}
		default:
			p.all = append(p.all, c)
		}
	}
}

// keep takes the preformatted part that was just closed, where it holds a header.
func (p *pageText) keep() {
	if part := p.all[p.preAt:]; len(part) > len(p.pre) && someFields(part, 2) {
		p.pre = append([]byte(nil), part...)
	}
}

func (p *pageText) best() []byte {
	if p.inPre > 0 {
		p.keep()
	}
	if p.pre != nil {
		return p.pre
	}
	return p.all
}
