package render

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// pathRow is one hop of the path block. Everything in it is clean.
type pathRow struct {
	separator string // a line before the hop, where another organisation begins
	index     string
	trust     string
	from, to  string
	delay     string
	claims    []claimGroup
}

// claimGroup is what one server wrote with one trust.
type claimGroup struct {
	mark  string
	style style
	text  string
	words string // of text, only the results
	trust string
}

const arrow = " → "

func (p *page) path(r *report.Report, detail Detail) {
	if len(r.Hops) == 0 {
		p.blank()
		p.line(p.styled("Path   ", bold), "no Received field")
		p.strayClaims(r)
		return
	}
	rows := pathRows(r)
	var route, delayW, indexW, claimsW int
	for _, row := range rows {
		route = max(route, width(row.from)+width(arrow)+width(row.to))
		delayW = max(delayW, width(row.delay))
		indexW = max(indexW, len(row.index))
		for _, c := range row.claims {
			claimsW = max(claimsW, width(c.text)+2)
		}
	}
	const lead, gap = 7, 2
	trustW := 8
	if p.width < 60 { // a narrow page keeps the names
		trustW, delayW = -gap, 0
		for i := range rows {
			rows[i].trust, rows[i].delay = "", ""
		}
	}
	before := lead + indexW + gap + trustW + gap
	// Claims stand beside the route where the widest of both fit on a line,
	// below it otherwise. Without the room for the route it is broken at the
	// arrow.
	beside := before+route+gap+delayW+3+claimsW <= p.width
	if !beside {
		route = min(route, max(p.width-before-gap-delayW, minWidth/2))
	}
	p.blank()
	for i, row := range rows {
		head := strings.Repeat(" ", lead)
		if i == 0 {
			head = p.styled(pad("Path", lead), bold)
		}
		if row.separator != "" {
			if detail != Full {
				row.separator = shortened(row.separator, p.width-lead)
			}
			p.hang(head, lead, row.separator)
			head = strings.Repeat(" ", lead)
		}
		head += pad(row.index, indexW+gap) + pad(row.trust, trustW+gap)
		lines := routeLines(row, route)
		tail := pad(row.delay, delayW)
		indent := strings.Repeat(" ", before)
		for j, l := range lines {
			if j > 0 {
				head = indent
			}
			text := pad(l, route)
			if j == 0 && delayW > 0 {
				text += strings.Repeat(" ", gap) + tail
			}
			if beside && j == 0 && len(row.claims) > 0 {
				c := row.claims[0]
				text += "   " + p.styled(c.mark, c.style) + " " + c.text
			}
			p.line(head, text)
		}
		column := before
		rest := row.claims
		if beside {
			column = before + route + gap + delayW + 3
			rest = rest[min(1, len(rest)):]
		}
		for _, c := range rest {
			p.claimLine(column, c)
		}
	}
	p.strayClaims(r)
	p.ownNumbers(r)
}

// ownNumbers says once that Exchange Online numbers its own servers from 10.0.0.0/8.
func (p *page) ownNumbers(r *report.Report) {
	var hops, addresses []string
	for i := range r.Hops {
		h := &r.Hops[i]
		ip, err := netip.ParseAddr(h.By.IP)
		if err == nil && ip.Is4() && ip.As4()[0] == 10 && h.Software != nil && h.Software.Product == "Exchange Online" && len(hops) < 4 {
			hops, addresses = append(hops, strconv.Itoa(h.Index)), append(addresses, ip.String())
		}
	}
	if len(hops) > 0 {
		p.hang("       ", 7, strings.Join(addresses, ", ")+" (hop "+strings.Join(hops, ", ")+"): Exchange Online numbers its own servers like this; it is a habit, not a link to another network")
	}
}

func (p *page) claimLine(column int, c claimGroup) {
	p.hang(strings.Repeat(" ", column)+p.styled(c.mark, c.style)+" ", column+2, c.text)
}

// strayClaims are the claims that no hop is known to have written.
func (p *page) strayClaims(r *report.Report) {
	groups := claimGroups(r, claimsByHop(r)[0], false, "")
	for _, c := range groups {
		p.claimLine(7, c)
	}
}

func routeLines(row pathRow, room int) []string {
	whole := row.from + arrow + row.to
	if width(whole) <= room {
		return []string{whole}
	}
	lines := wrap(row.from, room)
	for i, l := range wrap(strings.TrimPrefix(arrow, " ")+row.to, room-2) {
		if i == 0 {
			l = "  " + l
		} else {
			l = "    " + l
		}
		lines = append(lines, l)
	}
	return lines
}

func pathRows(r *report.Report) []pathRow {
	rows := make([]pathRow, 0, len(r.Hops))
	claims := claimsByHop(r)
	zone := ""
	for i := range r.Hops {
		h := &r.Hops[i]
		row := pathRow{
			index: strconv.Itoa(h.Index),
			trust: trustOf(h.Trust),
			from:  clientName(h),
			to:    cmp.Or(Clean(h.By.Name), bracketed(h.By.IP), "?"),
			delay: delay(h.DelaySeconds),
		}
		basis, enters := entersAt(r, h.Index)
		if (i > 0 && h.Zone != "" && h.Zone != zone) || (i == 0 && enters) {
			row.separator = separator(cmp.Or(Clean(h.Zone), Clean(h.By.Name), "another organisation"), basis)
		}
		if h.Zone != "" {
			zone = h.Zone
		}
		row.claims = claimGroups(r, claims[h.Index], true, h.By.Name)
		rows = append(rows, row)
	}
	return rows
}

func trustOf(s string) string {
	switch s {
	case report.Observed, report.Claimed:
		return s
	}
	return "?"
}

// entersAt reports whether the message entered an organisation at a hop, and
// how that is known.
func entersAt(r *report.Report, hop int) (basis string, ok bool) {
	if r.Border != nil && r.Border.Hop == hop {
		return Clean(r.Border.Basis), true
	}
	for _, b := range r.Borders {
		if b.Hop == hop {
			return Clean(b.Basis), true
		}
	}
	return "", false
}

func separator(zone, basis string) string {
	s := "─ " + zone + " begins here"
	if basis != "" {
		s += " (" + basis + ")"
	}
	return s + " ─"
}

// shortened leaves out the last of the reasons in a separator, which are
// divided by semicolons, until it fits.
func shortened(s string, room int) string {
	const more = "; …) ─"
	short := s
	for width(short) > room {
		i := strings.LastIndex(strings.TrimSuffix(short, more), "; ")
		if i < 0 {
			break
		}
		short = short[:i] + more
	}
	return short
}

// clientName names the client of a hop: the name from the DNS before the one
// that it gave itself, and the address that the server saw.
func clientName(h *report.Hop) string {
	name := cmp.Or(h.From.RDNS, h.From.Helo)
	ip := bracketed(h.From.IP)
	if strings.Trim(name, "[]") == h.From.IP {
		name = ""
	}
	return cmp.Or(join(" ", Clean(name), ip), "?")
}

func bracketed(ip string) string {
	if ip == "" {
		return ""
	}
	return "[" + Clean(ip) + "]"
}

// shownMethod reports whether the claims of a method stand beside the path. The
// others are only in the table of claims.
func shownMethod(m string) bool {
	switch m {
	case "spf", "dkim", "dmarc", "arc", "compauth":
		return true
	}
	return false
}

// claimsByHop lists the claims that stand beside the path by the index of their
// hop, 0 for those without one.
func claimsByHop(r *report.Report) map[int][]int {
	out := map[int][]int{}
	for i := range r.Claims {
		if c := &r.Claims[i]; shownMethod(c.Method) {
			hop := 0
			if c.Hop != nil {
				hop = *c.Hop
			}
			out[hop] = append(out[hop], i)
		}
	}
	return out
}

// claimGroups collects the claims of one hop by who wrote them and how far they
// are believed; here says that the hop is known.
func claimGroups(r *report.Report, claims []int, here bool, by string) []claimGroup {
	type key struct{ writer, trust string }
	type group struct {
		key
		words []string
		seen  map[string]bool
		marks []string // of the words
	}
	var groups []*group
	known := map[key]*group{}
	find := func(k key) *group {
		if g := known[k]; g != nil {
			return g
		}
		g := &group{key: k, seen: map[string]bool{}}
		known[k] = g
		groups = append(groups, g)
		return g
	}
	for _, i := range claims {
		c := &r.Claims[i]
		// A field that names its writer is quoted; one that does not was
		// written by the server of the hop.
		writer := c.AuthservID
		if writer == "" && !strings.EqualFold(c.Writer, by) {
			writer = c.Writer
		}
		g := find(key{writer, c.Trust})
		said := word(c.Method) + " " + word(c.Result)
		if !g.seen[said] {
			g.seen[said] = true
			mark, _ := markOf(c.Result)
			g.words, g.marks = append(g.words, said), append(g.marks, mark)
		}
	}
	out := make([]claimGroup, 0, len(groups))
	for _, g := range groups {
		c := claimGroup{mark: g.marks[0], trust: g.trust, words: strings.Join(g.words, ", ")}
		switch g.trust {
		case report.Forged:
			c.mark = markBad
		case report.Untrusted:
			c.mark = markNeutral
		}
		c.style = markStyle(c.mark)
		// The mark in front is that of the first word; others follow where the
		// results differ.
		for i, w := range g.words {
			if i > 0 {
				c.text += ", "
			}
			if i > 0 && g.marks[i] != g.marks[i-1] && g.trust != report.Forged && g.trust != report.Untrusted {
				c.text += g.marks[i] + " "
			}
			c.text += w
		}
		switch {
		case g.writer != "" && g.trust == report.Forged:
			c.text = "forged: " + c.text + ", in the name of " + Clean(g.writer)
		case g.trust == report.Forged:
			c.text = "forged: " + c.text
		case g.writer != "":
			c.text += ", written by " + Clean(g.writer)
		case here:
			c.text += ", written here"
		default:
			c.text += ", writer not known"
		}
		switch g.trust {
		case report.Testimony, report.Untrusted:
			c.text += " (" + g.trust + ")"
		}
		out = append(out, c)
	}
	return out
}
