package render

import (
	"bytes"
	"cmp"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// labelWidth is the column of what stands behind a label: "because  ".
const labelWidth = 9

// Bounds of the page, in lines.
const (
	maxBecause = 4
	maxPath    = 12
	maxAlso    = 6
)

// labelled writes a line with its label, wrapped.
func (p *page) labelled(label string, st style, text string) {
	p.hang(p.styled(pad(label, labelWidth), st), labelWidth, text)
}

// at is a bound: the second one from a step of tightness on.
func (p *page) at(step, loose, tight int) int {
	if p.tight >= step {
		return tight
	}
	return loose
}

// few is labelled, cut after n lines.
func (p *page) few(label string, st style, text string, n int) {
	lines := wrap(text, p.width-labelWidth)
	if len(lines) > n {
		lines = lines[:n]
		last := lines[n-1]
		if width(last)+2 > p.width-labelWidth {
			last, _ = cut(last, p.width-labelWidth-2)
		}
		lines[n-1] = strings.TrimRight(last, " ") + " …"
	}
	for i, l := range lines {
		if i > 0 {
			label, st = "", unstyled
		}
		p.line(p.styled(pad(label, labelWidth), st), l)
	}
}

// lines is how many lines a bound is on this page: more where they are short.
func (p *page) lines(n int) int { return max(n, n*DefaultWidth/p.width) }

// screen is how many lines the page has on a terminal of 24, where nobody says
// otherwise: the last one is the prompt's.
const screen = 23

// maxTight is the last step of tightness. The first puts gaps and notes in a
// line each, the second cuts forks and the receiver's words to two, the third
// leaves out notes and a blank line and cuts the reasons to three, the fourth
// leaves out what was seen besides, the fifth cuts the path to six, the last cuts
// the reasons to two and forks and the receiver's words to one, which it leaves
// out where a question is open.
const maxTight = 6

// brief is the first screen: where it would be longer than one, what matters
// least is cut first. Everything stands behind -v.
func (p *page) brief(r *report.Report, o Options) {
	start := p.Len()
	for p.tight = 0; ; p.tight++ {
		p.screenful(r, o)
		if o.Detail == Full || p.tight == maxTight || bytes.Count(p.Bytes()[start:], []byte("\n"))+p.below <= p.lines(screen) {
			break
		}
		p.Truncate(start)
	}
	p.tight, p.below = 0, 0
}

func (p *page) screenful(r *report.Report, o Options) {
	p.card(r, o)
	p.repaired(r)
	p.collected(r)
	p.blank()
	p.forks(r)
	p.verdict(r)
	p.dsn(r.DSN)
	p.bulkRules("Bulk senders", r.Checklist)
	p.route(r)
	p.rest(r, o.Detail)
}

// card says which message this is, in one line or two.
func (p *page) card(r *report.Report, o Options) {
	m := &r.Message
	if o.Named || r.Source.Part != "" || r.Source.Index > 0 {
		p.line(p.styled(p.fit(title(r.Source), p.width), bold))
	}
	subject := cmp.Or(Clean(m.Subject), "(no subject)")
	if len(m.From) == 0 && m.Subject == "" && len(r.Hops) == 0 {
		subject = title(r.Source)
	}
	who := from(m)
	if len(m.RcptTo) > 0 {
		to := Clean(m.RcptTo[0])
		if n := len(m.RcptTo) - 1; n > 0 {
			to += " and " + strconv.Itoa(n) + " more"
		}
		who = join(arrow, cmp.Or(who, "?"), to)
	}
	date := dateText(m.Date)
	if line := join("   ", subject, who, date); width(line) <= p.width {
		p.line(p.styled(subject, bold), strings.TrimPrefix(line, subject))
		return
	}
	p.line(p.styled(p.fit(subject, p.width), bold))
	if line := join("   ", who, date); width(line) <= p.width {
		p.line(line)
		return
	}
	p.line(p.fit(who, p.width))
	p.line(p.fit(date, p.width))
}

// from names the author by the address: a name is whatever somebody wrote.
func from(m *report.Message) string {
	if len(m.From) == 0 {
		return ""
	}
	s := cmp.Or(Clean(m.From[0].Address), Clean(m.From[0].Name))
	if n := len(m.From) - 1; n > 0 {
		s += " and " + strconv.Itoa(n) + " more"
	}
	return s
}

// fit cuts a clean text to a width.
func (p *page) fit(s string, room int) string {
	if width(s) <= room {
		return s
	}
	s, _ = cut(s, max(room-1, 1))
	return strings.TrimRight(s, " ") + "…"
}

// dateText is a Date field with its zone, as it is where nobody can read it.
func dateText(s string) string {
	t, err := mail.ParseDate(s)
	if err != nil {
		return Clean(s)
	}
	zone := t.Format("-0700")
	if zone == "+0000" || zone == "-0000" {
		zone = "UTC"
	}
	return t.Format("Mon 2 Jan 2006 15:04 ") + zone
}

// verdict says the status, what to believe and what not, who has to do what,
// and why.
func (p *page) verdict(r *report.Report) {
	v := &r.Verdict
	root := rootOf(r)
	status := p.fit(strings.ToUpper(statusWords(v.Status)), p.width)
	head := p.styled(status, statusStyle(v.Status))
	summary := Clean(v.Summary)
	switch {
	case root != nil:
		tail := join(", ", Clean(root.Code), word(root.Confidence))
		if width(status)+3+width(tail) <= p.width {
			p.line(head, "   ", tail)
			break
		}
		p.line(head)
		p.hang("", 0, tail)
	case width(status)+3+width(summary) <= p.width:
		p.line(head, "   ", summary)
	default:
		p.line(head)
		p.hang("", 0, summary)
	}
	p.held(r, "believe", green, v.Believe)
	p.held(r, "not", red, v.Doubt)
	for _, g := range heldGroups(r, v.Doubt) {
		if g.forged {
			p.labelled("forged", red, g.text)
		}
	}
	if root == nil {
		p.received(r)
		p.gaps(r)
		return
	}
	who := whoText(&root.AtFault)
	if v.Status == report.SpoofSuspected || v.Status == report.Unauthenticated && (word(root.AtFault.Role) == report.RoleUnknown || maybeForged(r)) {
		who = recipientText(r, who) // whoever forged it does nothing about it
	}
	if who != "" {
		p.labelled("who", bold, who)
	}
	if step, room := p.do(r, root); step != "" {
		p.few("do", bold, step, p.lines(room))
	}
	reasons := p.at(3, maxBecause, p.at(6, maxBecause-1, maxBecause-2))
	if len(root.Reasons) > 0 {
		room := p.lines(reasons)
		for i, x := range root.Reasons {
			label := "because"
			if i > 0 {
				label = ""
			}
			if room > 0 {
				before := strings.Count(p.String(), "\n")
				p.few(label, bold, squeezed(Clean(x.Text)), max(1, room-(len(root.Reasons)-i-1))) // a line is left for each that follows
				room -= strings.Count(p.String(), "\n") - before
			}
		}
	} else {
		p.few("because", bold, squeezed(cmp.Or(Clean(root.Message), summary)), p.lines(reasons))
	}
	p.received(r)
	p.gaps(r)
}

// do says what to do, and in how many lines. Where a question is open it comes
// first, with the option that settles it: what stands behind it holds for one
// answer only.
func (p *page) do(r *report.Report, root *report.Finding) (text string, lines int) {
	text, lines = firstStep(r, root.Code), 2
	if text == "" {
		text, lines = Clean(root.Advice), 3
	}
	f := settled(r)
	if f == nil {
		return text, lines
	}
	ask, settle := "first ask: "+Clean(f.Question), Clean(f.Settle)
	if r.Verdict.Status == f.Readings[0].Status {
		return ask + " If so, give " + settle + "; then " + text, lines + 2
	}
	return ask + " If so, give " + settle + "; if not, " + text, lines + 2
}

// maybeForged reports whether the message is forged in the reading of an open
// question that the page shows.
func maybeForged(r *report.Report) bool {
	f := settled(r)
	return f != nil && r.Verdict.Status != f.Readings[0].Status && f.Readings[1].Status == report.SpoofSuspected
}

// settled is the question of a report of which it is known how to settle it,
// nil where there is none.
func settled(r *report.Report) *report.Fork {
	for i := range r.Forks {
		if f := &r.Forks[i]; f.Settle != "" && f.Question != "" && len(f.Readings) > 1 {
			return f
		}
	}
	return nil
}

// squeezed shortens the lines that people draw with characters, as in quoted
// footers: "-------" is "---".
func squeezed(s string) string {
	var b strings.Builder
	n, last := 0, rune(0)
	for _, c := range s {
		if c != last {
			n, last = 0, c
		}
		if n++; n <= 3 || !strings.ContainsRune("-_=*#~.+", c) {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// forks says the open questions, with what follows from yes and from no.
func (p *page) forks(r *report.Report) {
	for i := range r.Forks {
		f := &r.Forks[i]
		const head = "ONE QUESTION DECIDES   "
		question := wrap(Clean(f.Question), p.width-len(head))
		if p.width < 60 {
			p.line(p.styled(strings.TrimSpace(head), bold))
			p.hang("", 0, Clean(f.Question))
		} else {
			p.line(p.styled(head, bold), question[0])
			for _, l := range question[1:] {
				p.line(strings.Repeat(" ", labelWidth), l)
			}
		}
		for n, x := range f.Readings[:min(len(f.Readings), 2)] {
			answer := [...]string{"   yes", "   no"}[n]
			text := statusWords(x.Status) + ": " + Clean(x.Summary)
			room := p.at(2, 3, p.at(6, 2, 1))
			if p.tight > 2 && x.Status == r.Verdict.Status && rootOf(r) != nil {
				text = statusWords(x.Status) + ", as it stands below"
			}
			p.few(answer, bold, text, p.lines(room))
			if n == 0 && f.Settle != "" && (rootOf(r) == nil || f != settled(r)) {
				p.labelled("", unstyled, "then give "+Clean(f.Settle))
			}
		}
		if p.tight < 6 {
			p.blank()
		}
	}
}

// received says what became of the message at the receiver.
func (p *page) received(r *report.Report) {
	if r.ReceiverSummary != nil && (p.tight < 6 || settled(r) == nil) {
		p.few("receiver", bold, Clean(r.ReceiverSummary.Text), p.lines(p.at(2, 4, p.at(6, 2, 1))))
	}
}

// firstStep is the first command, or where there is none the first step, of the
// fix for a finding, with its product.
func firstStep(r *report.Report, code string) string {
	for i := range r.Fix {
		f := &r.Fix[i]
		if f.Finding != code || len(f.Steps) == 0 || f.Effect != "cause" || f.Product == "Any product" {
			continue
		}
		if f.Steps[0].Command == "" {
			return named(f.Product, f.Steps[0].Text)
		}
		for _, s := range f.Steps {
			// To look, and to make what is there as a rule, is not yet to change anything.
			if s.Command != "" && !strings.HasPrefix(s.Command, "Get-") && !strings.HasPrefix(s.Command, "New-InboundConnector") {
				if strings.Contains(s.Command, "\n") { // one of several lines tells nobody what to do
					if x := findingOf(r, code); x != nil && x.Advice != "" {
						return Clean(x.Advice) + " (" + Clean(f.Product) + ": mailtrace fix)"
					}
				}
				line, rest, _ := strings.Cut(s.Command, "\n")
				if rest != "" {
					line += " …"
				}
				return Clean(f.Product) + ": " + Clean(line)
			}
		}
		return named(f.Product, f.Steps[0].Text)
	}
	return ""
}

// named puts the product in front of a step that does not begin with it.
func named(product, step string) string {
	product, step = Clean(product), Clean(step)
	if strings.HasPrefix(step, product+" ") {
		return step
	}
	return product + ": " + step
}

// rootOf is the finding that explains the outcome, nil where there is none.
func rootOf(r *report.Report) *report.Finding {
	if r.Verdict.RootCause == nil {
		return nil
	}
	return findingOf(r, *r.Verdict.RootCause)
}

// findingOf is the first finding of a code, nil where there is none.
func findingOf(r *report.Report, code string) *report.Finding {
	for i := range r.Findings {
		if r.Findings[i].Code == code {
			return &r.Findings[i]
		}
	}
	return nil
}

// heldGroup are results of one place.
type heldGroup struct {
	text   string
	forged bool
}

// heldGroups puts results of one hop and server together.
func heldGroups(r *report.Report, all []report.Held) []heldGroup {
	var out []heldGroup
	var keys []report.Held
	var words [][]string
	for _, x := range all {
		said := word(x.Method) + " " + word(x.Result)
		i := slices.IndexFunc(keys, func(k report.Held) bool {
			return k.By == x.By && k.Forged == x.Forged && (k.Hop == nil) == (x.Hop == nil) && (k.Hop == nil || *k.Hop == *x.Hop)
		})
		if i < 0 {
			keys, words = append(keys, x), append(words, []string{said})
		} else if !slices.Contains(words[i], said) {
			words[i] = append(words[i], said)
		}
	}
	for i, k := range keys {
		place := ""
		if k.Hop != nil && !k.Forged {
			place = "hop " + strconv.Itoa(*k.Hop)
		}
		if k.Forged {
			place = "in the name of " + cmp.Or(Clean(k.By), "a server")
		} else {
			by := Clean(k.By)
			if k.Hop != nil && *k.Hop >= 1 && *k.Hop <= len(r.Hops) && by != "" {
				by = serverName(&r.Hops[*k.Hop-1])
			}
			place = join(", ", place, by)
		}
		text := strings.Join(words[i], ", ")
		if place != "" {
			text += " (" + place + ")"
		}
		out = append(out, heldGroup{text, k.Forged})
	}
	return out
}

func (p *page) held(r *report.Report, label string, st style, all []report.Held) {
	n := 0
	for _, g := range heldGroups(r, all) {
		if g.forged {
			continue
		}
		if n++; n > 3 {
			break
		}
		p.labelled(label, st, g.text)
		label = ""
	}
}

// whoText names the party that can act.
func whoText(a *report.Party) string {
	role := word(a.Role)
	if role == "none" || role == "unknown" {
		role = ""
	}
	org, server, product := Clean(a.Organisation), Clean(a.Server), Clean(a.Product)
	if server == "" && product == "" {
		server = Clean(a.Host)
	}
	if org != "" && role != "" {
		org += " (" + role + ")"
	} else {
		org = cmp.Or(org, role)
	}
	place := server
	switch {
	case product != "" && server != "":
		place = server + " (" + product + ")"
	case product != "":
		place = "its " + product
	}
	if org == "" && server == "" {
		place = product
	}
	return join(", ", org, place)
}

// recipientText names the recipient, who can refuse a forged message.
func recipientText(r *report.Report, otherwise string) string {
	for i := len(r.Zones) - 1; i >= 0; i-- {
		if z := &r.Zones[i]; z.Role == report.RoleRecipient && z.Name != "" {
			return Clean(z.Name) + " (recipient)"
		}
	}
	return otherwise
}

// gaps are what could not be checked; on the page the first two.
func (p *page) gaps(r *report.Report) {
	if p.tight > 0 && len(r.Gaps) > 1 {
		what := make([]string, len(r.Gaps))
		for i, g := range r.Gaps {
			what[i] = Clean(g.What)
		}
		p.few("gap", yellow, strings.Join(what, ", ")+": why with -v", 1)
		return
	}
	for i, g := range r.Gaps {
		label := "gap"
		if i > 0 {
			label = ""
		}
		if i == 2 && len(r.Gaps) > 3 {
			p.labelled(label, yellow, strconv.Itoa(len(r.Gaps)-2)+" more gaps (-v)")
			return
		}
		p.few(label, yellow, join(": ", Clean(g.What), Clean(g.Why)), 2)
	}
}

func (p *page) dsn(d *report.DSN) {
	if d == nil {
		return
	}
	p.labelled("bounce", bold, "written by "+cmp.Or(Clean(d.ReportingMTA), "an unnamed server"))
	for i, rc := range d.Recipients {
		if i == 2 && len(d.Recipients) > 3 {
			p.labelled("", bold, strconv.Itoa(len(d.Recipients)-2)+" more recipients")
			return
		}
		text := join(" ", Clean(rc.Final), Clean(rc.Action), Clean(rc.Status))
		if rc.RemoteMTA != "" {
			text += ", says " + Clean(rc.RemoteMTA)
		}
		p.few("", bold, join(": ", text, Clean(rc.Diagnostic)), 3)
	}
}

// routeLine is one line of the path. Everything in it is clean.
type routeLine struct {
	label       string // "border", "fault"
	index       string // "4", "2–3"
	time, delay string
	server      string
	client      string // full, with its name
	ip          string // only the address
	said        string // what was written here
	bad         bool
}

// route is the path, one line a hop; inner hops of one organisation are one.
func (p *page) route(r *report.Report) {
	p.blank()
	if len(r.Hops) == 0 {
		p.labelled("path", bold, "no Received field")
		return
	}
	lines := p.routeOf(r)
	var indexW, timeW, delayW int
	for _, l := range lines {
		indexW, timeW, delayW = max(indexW, width(l.index)), max(timeW, width(l.time)), max(delayW, width(l.delay))
	}
	start := "from " + clientName(&r.Hops[0])
	if t := r.Hops[0].Time; t != nil {
		start = t.UTC().Format("Mon 2 Jan 2006, UTC") + ", " + start
	}
	p.few("path", bold, start, 1)
	if p.width < 60 {
		timeW, delayW = 0, 0 // a narrow page keeps the names
	}
	column := labelWidth + indexW + 2
	if timeW > 0 {
		column += timeW + 2
	}
	if delayW > 0 {
		column += delayW + 2
	}
	for _, l := range lines {
		st := faint
		switch {
		case l.bad:
			st = red
		case l.label != "":
			st = bold
		}
		lead := p.styled(pad(l.label, labelWidth), st) + pad(l.index, indexW+2)
		if timeW > 0 {
			lead += pad(l.time, timeW+2)
		}
		if delayW > 0 {
			lead += pad(l.delay, delayW+2)
		}
		room := p.width - column
		text := l.server
		for _, t := range []string{
			join("   ", join(" from ", l.server, l.client), l.said), join("   ", join(" from ", l.server, l.ip), l.said),
			join(" from ", l.server, l.client), join(" from ", l.server, l.ip),
		} {
			if width(t) <= room {
				text = t
				break
			}
		}
		p.line(lead, p.fit(text, max(room, minWidth/2)))
	}
	p.machineNames(r)
}

// maxNames bounds the machines whose names are put together.
const maxNames = 2

// machineNames says which names and addresses, inside and outside, are one
// machine: one line each.
func (p *page) machineNames(r *report.Report) {
	label, n := "names", 0
	for i := range r.Machines {
		m := &r.Machines[i]
		if m.Service != "" || len(m.Inside) == 0 || len(m.Outside) == 0 || len(m.Wrote) == 0 || len(m.Sent) == 0 {
			continue
		}
		in, out := m.Wrote[len(m.Wrote)-1], m.Sent[len(m.Sent)-1]
		if in < 1 || in > len(r.Hops) || out < 1 || out > len(r.Hops) || out <= in {
			continue
		}
		a, b := &r.Hops[in-1], &r.Hops[out-1]
		inner, outer := Clean(a.By.Name), cmp.Or(Clean(b.From.RDNS), Clean(b.From.Helo))
		if inner == "" || strings.Trim(outer, "[]") == b.From.IP || !slices.Contains(m.Inside, a.By.IP) || !slices.Contains(m.Outside, b.From.IP) {
			continue
		}
		say := func(inner, outer string) string {
			if outer == "" || strings.EqualFold(outer, inner) {
				return inner + " (" + Clean(a.By.IP) + ") is " + Clean(b.From.IP) + " outside"
			}
			return inner + " (" + Clean(a.By.IP) + ") is " + outer + " (" + Clean(b.From.IP) + ") outside"
		}
		text := say(inner, outer)
		if width(text) > p.width-labelWidth { // their first labels are enough
			inner, _, _ = strings.Cut(inner, ".")
			outer, _, _ = strings.Cut(outer, ".")
			text = say(strings.ToLower(inner), strings.ToLower(outer))
		}
		if n++; n > maxNames {
			return
		}
		p.few(label, faint, text, p.lines(1))
		label = ""
	}
}

func (p *page) routeOf(r *report.Report) []routeLine {
	var out []routeLine
	claims := claimsByHop(r)
	for i := 0; i < len(r.Hops); i++ {
		h := &r.Hops[i]
		label, special := "", false
		_, enters := entersAt(r, h.Index)
		fault := r.Verdict.Hop != nil && *r.Verdict.Hop == h.Index && rootOf(r) != nil
		switch {
		case enters:
			label, special = "border", true
		case fault:
			label, special = "fault", true
		}
		// Inner hops of one organisation in a row are one line.
		j := i
		for !special && j+1 < len(r.Hops) && r.Hops[j+1].Zone == h.Zone && !marked(r, r.Hops[j+1].Index) {
			j++
		}
		l := routeLine{label: label, index: strconv.Itoa(h.Index), bad: fault}
		if t := h.Time; t != nil {
			l.time = t.UTC().Format("15:04:05")
		}
		if d := h.DelaySeconds; d != nil && (i > 0 || *d != 0) {
			sum := *d
			for k := i + 1; k <= j; k++ {
				if r.Hops[k].DelaySeconds != nil {
					sum += *r.Hops[k].DelaySeconds
				}
			}
			l.delay = delay(&sum)
		}
		if j > i {
			l.index += "–" + strconv.Itoa(r.Hops[j].Index)
			l.server = strconv.Itoa(j-i+1) + " inner hops of " + cmp.Or(Clean(h.Zone), "one organisation")
			if s := products(r.Hops[i : j+1]); s != "" {
				l.server += " (" + s + ")"
			}
			i = j
			out = append(out, l)
			continue
		}
		l.server = serverName(h)
		if i > 0 && special {
			l.client, l.ip = clientName(h), bracketed(h.From.IP)
		}
		// Two fields of one server repeat each other: each result is said once.
		var said []string
		mark := ""
		for _, g := range claimGroups(r, claims[h.Index], true, h.By.Name) {
			if g.trust != report.Trusted && g.trust != report.Testimony {
				continue
			}
			for _, w := range strings.Split(g.words, ", ") {
				_, result, _ := strings.Cut(w, " ")
				m, _ := markOf(result)
				if slices.ContainsFunc(said, func(s string) bool { return strings.HasSuffix(s, w) }) {
					continue
				}
				if m != mark {
					w = m + " " + w
				}
				said, mark = append(said, w), m
			}
		}
		l.said = strings.Join(said, ", ")
		out = append(out, l)
	}
	if limit := p.at(5, maxPath, maxPath/2); len(out) > limit {
		// The ends of a long path say the most; what is marked stays.
		head, tail := out[:limit/2], out[len(out)-limit/2+1:]
		var kept []routeLine
		for _, l := range out[len(head) : len(out)-len(tail)] {
			if l.label != "" && len(kept) < 4 {
				kept = append(kept, l)
			}
		}
		n := len(out) - len(head) - len(tail) - len(kept)
		mid := append(kept, routeLine{server: "… " + strconv.Itoa(n) + " more lines (-v)"})
		out = slices.Concat(head, mid, tail)
	}
	return out
}

// serverName names the server of a hop: a service by its name, since nobody
// knows its hosts.
func serverName(h *report.Hop) string {
	if h.Software != nil && slices.Contains(clouds, h.Software.Product) {
		return Clean(h.Software.Product)
	}
	return cmp.Or(Clean(h.By.Name), bracketed(h.By.IP), "?")
}

// clouds are services whose hosts are called by names that tell nobody anything.
var clouds = []string{"Exchange Online", "Gmail"}

// marked reports whether a hop has a line of its own on the path.
func marked(r *report.Report, hop int) bool {
	if _, enters := entersAt(r, hop); enters {
		return true
	}
	return r.Verdict.Hop != nil && *r.Verdict.Hop == hop && rootOf(r) != nil
}

// products names the software of hops, each once.
func products(hops []report.Hop) string {
	var names []string
	for i := range hops {
		if s := hops[i].Software; s != nil {
			if n := Clean(s.Product); n != "" && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	if len(names) > 3 {
		names = names[:3]
	}
	return strings.Join(names, ", ")
}

// rest is a line for every further finding that someone can act on, one for
// what was seen besides, and where to read on.
func (p *page) rest(r *report.Report, detail Detail) {
	also, seen := others(r)
	if p.tight < 3 {
		p.blank()
	}
	st := func(s string) style { return severityStyle(s) }
	for i, g := range also {
		label := "also"
		if i > 0 {
			label = ""
		}
		if i == maxAlso-1 && len(also) > maxAlso {
			p.labelled(label, bold, strconv.Itoa(len(also)-i)+" more (-v)")
			break
		}
		x := g.finding
		severity := pad(word(x.Severity), 8) + " "
		where := Clean(x.Code)
		if g.count > 1 {
			where += " (" + strconv.Itoa(g.count) + "×)"
		} else if x.Hop != nil {
			where += " (hop " + strconv.Itoa(*x.Hop) + ")"
		}
		room := p.width - labelWidth - width(severity)
		text := where + ": " + Clean(x.Title)
		if width(text) > room {
			text = p.fit(text, room)
		}
		p.line(p.styled(pad(label, labelWidth), bold), p.styled(severity, st(x.Severity)), text)
	}
	if p.tight < 3 {
		p.notes(r, Normal)
	}
	if len(seen) > 0 && p.tight < 4 {
		names := ""
		for i, s := range seen {
			more := ""
			if i < len(seen)-1 {
				more = ", …"
			}
			next := join(", ", names, s)
			if names != "" && width(next)+width(more) > p.width-labelWidth {
				names += ", …"
				break
			}
			names = next
		}
		p.few("seen", faint, names, 1)
	}
	p.more(r, detail)
}

// alsoGroup are findings of one code.
type alsoGroup struct {
	finding *report.Finding
	count   int
}

// others are the findings besides the root cause: those that someone can act
// on, and the codes of the rest.
func others(r *report.Report) (also []alsoGroup, seen []string) {
	root := rootOf(r)
	shown, _ := causes(r.Findings)
	at := map[string]int{}
	for i := range r.Findings {
		x := &r.Findings[i]
		if root != nil && x.Code == root.Code {
			continue
		}
		if x.Quiet || x.Severity == report.Info || !shown[i] {
			if c := Clean(x.Code); !slices.Contains(seen, c) {
				seen = append(seen, c)
			}
			continue
		}
		if n, ok := at[x.Code]; ok {
			also[n].count++
			continue
		}
		at[x.Code] = len(also)
		also = append(also, alsoGroup{x, 1})
	}
	return also, seen
}

// more says how to read on.
func (p *page) more(r *report.Report, detail Detail) {
	if detail == Full {
		return
	}
	code := ""
	if len(r.Findings) > 0 {
		code = Clean(r.Findings[0].Code)
	}
	if root := rootOf(r); root != nil {
		code = Clean(root.Code)
	}
	if code != "" {
		code = "mailtrace explain " + code
	}
	if root := rootOf(r); root != nil && slices.ContainsFunc(r.Fix, func(f report.Fix) bool { return f.Finding == root.Code }) {
		code = join("   ", "mailtrace fix", code)
	}
	for _, text := range []string{join("   ", "-v  all that this rests on", code), join("   ", "-v", code), code} {
		if width(text) <= p.width-labelWidth || text == code {
			p.hang(p.styled(pad("more", labelWidth), faint), labelWidth, text)
			return
		}
	}
}

// checks are the results one by one: what held at the border, and what holds
// for the message as it is now.
func (p *page) checks(r *report.Report) {
	p.blank()
	p.line(p.styled("Checks", bold))
	if r.SPF == nil && len(r.DKIM) == 0 && r.DMARC == nil && r.ARC == nil && r.Verdict.Border == (report.Triple{}) {
		p.line("       nothing was evaluated")
		return
	}
	rows := [][]string{{"", "border", "now", "", ""}}
	add := func(method, border, now, name, detail string) {
		rows = append(rows, []string{method, cmp.Or(border, "?"), cmp.Or(now, "?"), name, detail})
	}
	s := spfCheck(r)
	// SPF is asked with the address and the sender at the border, so it holds
	// there; now is what the DNS says today.
	add("spf", word(r.Verdict.Border.SPF), s.result, s.domain, s.detail)
	if len(r.DKIM) == 0 {
		add("dkim", word(r.Verdict.Border.DKIM), "none", "", "no signature")
	}
	for i := range r.DKIM {
		d := &r.DKIM[i]
		held := d.Result
		if d.Repair != nil && d.Repair.Proved {
			held = "pass"
		}
		if held != "pass" {
			held = "?"
			if d.Aligned && r.Verdict.Border.DKIM != "pass" {
				held = r.Verdict.Border.DKIM
			}
		}
		key := ""
		if d.KeyBits > 0 {
			key = " (" + cmp.Or(word(d.KeyType), "key") + " " + strconv.Itoa(d.KeyBits) + ")"
		}
		add("dkim", word(held), word(d.Result), join(" ", Clean(d.Domain), Clean(d.Selector))+key, dkimDetail(d))
	}
	c := dmarcCheck(r)
	add("dmarc", word(r.Verdict.Border.DMARC), c.result, c.domain, c.detail)
	if r.ARC != nil && r.ARC.Result != "" && r.ARC.Result != "none" {
		a := arcCheck(r.ARC)
		add("arc", "", a.result, a.domain, a.detail)
	}
	widths := make([]int, 3)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], width(row[i]))
		}
	}
	for _, row := range rows {
		text := "  "
		for i, c := range row[:3] {
			st := unstyled
			if i > 0 {
				_, st = markOf(c)
			}
			text += p.styled(pad(c, widths[i]+2), st)
		}
		p.hang(text, 2+widths[0]+widths[1]+widths[2]+6, join(": ", row[3], row[4]))
	}
}
