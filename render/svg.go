package render

import (
	"cmp"
	_ "embed"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

//go:embed style.css
var styleSheet string

// pictureStyle is the part of the style sheet that a picture uses.
func pictureStyle() string {
	_, rest, _ := strings.Cut(styleSheet, "/* picture: begin */\n")
	style, _, _ := strings.Cut(rest, "/* picture: end */")
	return strings.ReplaceAll(style, ":root, svg.mt", "svg.mt")
}

// SVG writes the path of a message as a picture that stands by itself: no
// script, nothing from outside, text that can be selected, and the same in
// words for those who cannot see it.
func SVG(w io.Writer, r *report.Report, _ Options) error {
	_, err := io.WriteString(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"+picture(r.Subject(), "mt", pictureStyle())+"\n")
	return err
}

// Measures of the picture, in pixels at its natural size. It is as wide as a
// phone and a half, so that it can be read at 400 pixels and set beside text at
// 1600.
const (
	picW    = 480
	bandX   = 8
	cardX   = 22
	cardPad = 11
	wireX   = 42
	labelX  = 60
)

// canvas collects the elements of a picture in layers.
type canvas struct {
	bands, back, front strings.Builder
	y                  float64
}

func num(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (c *canvas) rect(layer *strings.Builder, class string, x, y, w, h, r float64) {
	fmt.Fprintf(layer, `<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`+"\n", class, num(x), num(y), num(w), num(h), num(r))
}

func (c *canvas) text(class string, x, y float64, s string) {
	fmt.Fprintf(&c.front, `<text class="%s" x="%s" y="%s">%s</text>`+"\n", class, num(x), num(y), html.EscapeString(s))
}

// end writes text that ends at x.
func (c *canvas) end(class string, x, y float64, s string) {
	fmt.Fprintf(&c.front, `<text class="%s" x="%s" y="%s" text-anchor="end">%s</text>`+"\n", class, num(x), num(y), html.EscapeString(s))
}

// lines writes wrapped text below c.y and moves it down. At most limit lines
// are written, the last with an ellipsis where there would be more.
func (c *canvas) lines(class string, x, room float64, f font, limit int, s string) {
	ls := wrapFont(s, room, f)
	if len(ls) > limit {
		ls = ls[:limit]
		ls[limit-1] = cutFont(ls[limit-1]+" …………", room, f)
	}
	for _, l := range ls {
		c.y += f.leading()
		c.text(class, x, c.y, l)
	}
}

// font is what is known of a text's size before it is drawn.
type font struct {
	size float64
	mono bool
	bold bool
}

var (
	smallFont = font{size: 12.5}
	boldFont  = font{size: 14, bold: true}
	headFont  = font{size: 17, bold: true}
	monoFont  = font{size: 12.5, mono: true}
)

func (f font) leading() float64 { return f.size * 1.36 }

// width is how wide a text gets at most, whichever of the usual fonts is there.
func (f font) width(s string) float64 {
	total := 0.0
	for _, r := range s {
		total += f.rune(r)
	}
	return total * f.size
}

func (f font) rune(r rune) float64 {
	w := 0.62
	switch {
	case r < 0x80 && f.mono:
		return 0.605
	case strings.ContainsRune("ijl.,:;'|!()[]I ", r):
		w = 0.39
	case strings.ContainsRune("ftr-/\"", r):
		w = 0.46
	case strings.ContainsRune("mwMW@%", r):
		w = 1
	case 'A' <= r && r <= 'Z':
		w = 0.76
	case r < 0x80:
	case r < 0x1100:
		w = 0.8
	default:
		return 1.1
	}
	if f.bold {
		w *= 1.13
	}
	return w
}

// wrapFont breaks text into lines: at blanks, else behind the marks that names
// and addresses have.
func wrapFont(s string, room float64, f font) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && f.width(line+" "+word) <= room {
			line += " " + word
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		for f.width(word) > room {
			at, w := 0, 0.0
			best := 0
			for i, r := range word {
				if w += f.rune(r) * f.size; w > room {
					break
				}
				at = i + len(string(r))
				if strings.ContainsRune(".-_:/@,;=", r) {
					best = at
				}
			}
			if best > at/2 {
				at = best
			}
			if at == 0 {
				at = len(word)
			}
			out = append(out, word[:at])
			word = word[at:]
		}
		line = word
	}
	if line != "" || len(out) == 0 {
		out = append(out, line)
	}
	return out
}

// cutFont shortens text to fit.
func cutFont(s string, room float64, f font) string {
	if f.width(s) <= room && !strings.HasSuffix(s, "…") {
		return s
	}
	rs := []rune(strings.TrimRight(s, " …"))
	for len(rs) > 0 && f.width(string(rs)+"…") > room {
		rs = rs[:len(rs)-1]
	}
	return string(rs) + "…"
}

// picture makes the svg element. id keeps the names of several pictures on one
// page apart.
func picture(r *report.Report, id, style string) string {
	d := draw(r)
	c := &canvas{}
	c.heading(d)
	if len(d.stops) == 0 {
		c.y += 24
		c.text("soft", 16, c.y, "No Received field: there is no path to draw.")
		c.y += 10
	}
	for i := 0; i < len(d.stops); {
		j := i + 1
		for j < len(d.stops) && d.stops[j].band == d.stops[i].band && d.stops[j].in.border == "" {
			j++
		}
		c.band(d.stops[i:j], i == 0)
		i = j
	}
	c.closing(d)
	for i := range d.forks {
		c.fork(&d.forks[i])
	}
	c.lines("small soft", 16, picW-32, smallFont, 2, legend(d))
	c.y += 12

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="mt" viewBox="0 0 %d %s" width="%d" height="%s" role="img" aria-labelledby="%s-t %s-d" lang="en">`+"\n",
		picW, num(c.y), picW, num(c.y), id, id)
	fmt.Fprintf(&b, "<title id=\"%s-t\">%s</title>\n<desc id=\"%s-d\">%s</desc>\n", id,
		html.EscapeString(join(": ", "The path of the message", cmp.Or(d.title, d.line))), id, html.EscapeString(d.describe()))
	if style != "" {
		// A style sheet of our own: it has neither "<" nor "&".
		b.WriteString("<style>\n" + style + "</style>\n")
	}
	c.rect(&b, "paper", 0, 0, picW, c.y, 0)
	b.WriteString(c.bands.String())
	b.WriteString(c.back.String())
	b.WriteString(c.front.String())
	b.WriteString("</svg>")
	return b.String()
}

func legend(d *drawing) string {
	s := "Dashed and grey: claimed, not observed. Times in UTC."
	if d.hops > 0 {
		s = plural(d.hops, "hop") + ", the oldest on top. " + s
	}
	return s
}

func (c *canvas) heading(d *drawing) {
	kind := "bad"
	switch d.mark {
	case markGood:
		kind = "good"
	case markUnknown:
		kind = "warn"
	}
	c.y = 10
	c.lines("head "+kind, 16, picW-32, headFont, 2, d.mark+" "+upperFirst(d.status))
	if d.title != "" {
		c.lines("strong", 16, picW-32, boldFont, 2, d.title)
	}
	if d.line != "" {
		c.lines("small soft", 16, picW-32, smallFont, 2, d.line)
	}
	c.y += 10
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// band draws the hosts of one organisation.
func (c *canvas) band(stops []stop, firstBand bool) {
	s := &stops[0]
	if !firstBand {
		c.edge(&s.in, true)
	}
	top := c.y
	claimed := true
	for i := range stops {
		claimed = claimed && stops[i].claimed
	}
	class := "band " + roleClass(s.role)
	if claimed {
		class += " claimed"
	}
	c.y += 5
	note := s.role
	if s.role == report.RoleUnknown || s.role == "" {
		note = ""
	}
	if claimed {
		note = join(", ", note, "claimed")
	}
	room := float64(picW-2*cardX) - smallFont.width(note) - 12
	y := c.y
	c.lines("strong", cardX, room, boldFont, 2, s.band)
	if note != "" {
		c.end("small soft", picW-cardX, y+boldFont.leading(), note)
	}
	c.y += 7
	for i := range stops {
		if i > 0 || firstBand && stops[i].in.hop > 0 {
			c.edge(&stops[i].in, false)
		}
		c.card(&stops[i])
	}
	c.y += 10
	c.rect(&c.bands, class, bandX, top, picW-2*bandX, c.y-top, 8)
}

func roleClass(role string) string {
	switch role {
	case report.RoleSender, report.RoleIntermediary, report.RoleRecipient:
		return role
	}
	return report.RoleUnknown
}

// edge draws how the message came to the next host. Between two bands it
// crosses the border where there is one.
func (c *canvas) edge(e *edge, between bool) {
	top := c.y
	class, tip := "wire", "tip"
	if e.claimed || e.hop == 0 {
		class += " claimed"
	}
	if e.fault {
		class, tip = class+" fault", tip+" fault"
	}
	text := "small"
	if e.claimed {
		text += " claimed"
	}
	const room = picW - labelX - 22
	c.y += 4
	if e.hop > 0 {
		late := ""
		if e.slow {
			late = " ▲"
		}
		c.lines(text+" strong", labelX, room, font{size: 12.5, bold: true}, 2, join(" · ", "hop "+strconv.Itoa(e.hop), e.when, e.delay+late))
		if how := join(" · ", e.how, e.link); how != "" {
			c.lines(text, labelX, room, smallFont, 2, how)
		}
	} else {
		c.lines("small soft", labelX, room, smallFont, 2, "no line of the header tells of this step")
	}
	if e.border != "" {
		c.y += 9
		limit := "limit"
		if e.final {
			limit += " final"
		}
		if len(e.readings) > 0 {
			limit += " maybe"
		}
		fmt.Fprintf(&c.back, `<path class="%s" d="M%d %sH%d"/>`+"\n", limit, bandX, num(c.y), picW-bandX)
		what := "Border of " + e.border
		if e.final {
			what = "The border: " + e.border + " begins here"
		}
		c.lines("small limits", labelX, room, font{size: 12.5, bold: true}, 2, what)
	}
	for _, r := range e.readings {
		if e.border == "" {
			c.y += 9
			fmt.Fprintf(&c.back, `<path class="limit maybe" d="M%d %sH%d"/>`+"\n", bandX, num(c.y), picW-bandX)
		}
		c.lines("small limits", labelX, room, font{size: 12.5, bold: true}, 2, "reading "+strconv.Itoa(r)+" puts the border here")
	}
	c.y += 10
	fmt.Fprintf(&c.back, `<path class="%s" d="M%d %sV%s"/>`+"\n", class, wireX, num(top), num(c.y-6))
	fmt.Fprintf(&c.back, `<path class="%s" d="M%d %sl-5 -9h10z"/>`+"\n", tip, wireX, num(c.y))
}

// card draws one host.
func (c *canvas) card(s *stop) {
	if s.skipped > 0 {
		c.y += 4
		c.lines("small soft", labelX, picW-2*labelX, smallFont, 1, "⋮ "+plural(s.skipped, "hop")+" not drawn here")
		c.y += 8
	}
	top := c.y
	const x, room = cardX + cardPad, picW - 2*cardX - 2*cardPad
	grey := ""
	if s.claimed {
		grey = " claimed"
	}
	c.y += 5
	c.lines("strong"+grey, x, room, boldFont, 3, s.name)
	for _, a := range s.also[:min(len(s.also), 2)] {
		c.lines("small soft", x, room, smallFont, 2, "also "+a)
	}
	if len(s.addresses) > 0 {
		c.lines("mono"+grey, x, room, monoFont, 3, strings.Join(s.addresses, " · "))
	}
	if soft := join(" · ", s.service, strings.TrimSpace(strings.TrimPrefix(s.software, s.service))); soft != "" {
		c.lines("small"+grey, x, room, smallFont, 2, soft)
	}
	if s.age != "" {
		class := "small soft"
		if s.old {
			class = "small warn"
		}
		c.lines(class, x, room, smallFont, 1, s.age)
	}
	if s.seen != "" {
		c.lines("small soft", x, room, smallFont, 1, "wrote no line itself: as the next host saw it")
	}
	for _, e := range s.inner[:min(len(s.inner), 4)] {
		c.lines("small"+grey, x, room, smallFont, 1, join(" · ", "hop "+strconv.Itoa(e.hop)+", to itself", e.when, e.delay))
	}
	if k := len(s.inner) - 4; k > 0 {
		c.lines("small soft", x, room, smallFont, 1, "and "+plural(k, "more hop")+" to itself")
	}
	for _, v := range s.verdicts {
		c.chips(x, room, v)
	}
	for _, a := range s.asked {
		c.lines("small "+a.kind, x, room, smallFont, 2, "asked here: "+a.mark+" "+a.text)
	}
	c.y += cardPad
	class := "card" + grey
	if s.fault != "" {
		class += " fault"
		c.y -= 3
		c.lines("small bad strong", x, room, font{size: 12.5, bold: true}, 3, markBad+" "+upperFirst(s.fault))
		c.y += 8
	}
	c.rect(&c.back, class, cardX, top, picW-2*cardX, c.y-top, 6)
}

// noNote says that nothing stands behind the chips.
const noNote = "-"

// chips draws the verdicts of one writer, and who that was.
func (c *canvas) chips(x, room float64, v chipRow) {
	const h = 21
	c.y += 6
	at := x
	f := font{size: 12.5, bold: true}
	for _, k := range v.chips {
		text := k.mark + " " + k.text
		w := min(f.width(text)+16, room)
		if at > x && at+w > x+room {
			at = x
			c.y += h + 5
		}
		class := "chip " + k.kind
		if v.trust != "" {
			class += " weak"
		}
		c.rect(&c.front, class, at, c.y, w, h, 10.5)
		c.text("small strong "+k.kind, at+8, c.y+15, cutFont(text, w-12, f))
		at += w + 6
	}
	if v.by == noNote {
		c.y += h
		return
	}
	note := "written here"
	if v.by != "" {
		note = "by " + v.by
	}
	if v.trust != "" {
		note += " (" + v.trust + ")"
	}
	if at+smallFont.width(note) <= x+room {
		c.text("small soft", at+2, c.y+15, note)
		c.y += h
		return
	}
	c.y += h
	c.lines("small soft", x, room, smallFont, 2, note)
}

// closing says what held at the border, and what the last receiver had.
func (c *canvas) closing(d *drawing) {
	row := func(lead string, t report.Triple) {
		if t == (report.Triple{}) {
			return
		}
		var v chipRow
		for _, x := range []struct{ method, result string }{{"spf", t.SPF}, {"dkim", t.DKIM}, {"dmarc", t.DMARC}} {
			if x.result != "" {
				v.chips = append(v.chips, chipOf(x.method, x.result))
			}
		}
		c.y += 3
		c.text("small strong", 16, c.y+21, lead)
		y := c.y
		v.by = noNote
		c.chips(148, picW-148-16, v)
		c.y = max(c.y, y+24)
	}
	c.y += 4
	row("At the border", d.border)
	row("At delivery", d.delivery)
	c.y += 6
}

// fork draws an open question with its readings side by side with their
// numbers.
func (c *canvas) fork(f *drawnFork) {
	c.y += 8
	top := c.y
	c.y += 8
	const x, room = 22, picW - 44
	c.lines("strong", x, room, boldFont, 4, "One question decides: "+f.question)
	for _, g := range f.readings {
		c.y += 6
		where := "no border on this path"
		if g.border > 0 {
			where = "border at hop " + strconv.Itoa(g.border)
		}
		c.lines("small strong", x, room, font{size: 12.5, bold: true}, 2, join(" · ", "Reading "+strconv.Itoa(g.number), where, g.status))
		c.lines("small", x, room, smallFont, 5, g.summary)
	}
	if f.settle != "" {
		c.y += 6
		c.lines("mono", x, room, monoFont, 2, "settle it with "+f.settle)
	}
	c.y += 10
	c.rect(&c.bands, "note", 8, top, picW-16, c.y-top, 8)
	c.y += 6
}
