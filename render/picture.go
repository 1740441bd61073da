package render

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

// Bounds of a picture: a header may have hundreds of hops, and nobody looks at
// more than these. What is left out is said in the picture.
const (
	maxDrawnHops  = 48 // hops drawn, the newest kept before the oldest
	firstDrawn    = 12 // of them from the start of the path
	maxChips      = 12 // verdicts at one hop
	maxAddresses  = 6  // of one host
	maxDrawnForks = 4
)

// drawing is the path of a message as a map: hosts in organisations, and the
// hops between them. Everything in it is clean.
type drawing struct {
	title, status, mark string
	line                string // who wrote to whom, when
	stops               []stop
	forks               []drawnFork
	border              report.Triple // what holds at the border
	delivery            report.Triple // what the last receiver wrote
	hops                int           // in the message
}

// stop is one host that the message came through.
type stop struct {
	band      string // its organisation
	role      string
	name      string
	also      []string // further names
	addresses []string // with "inside" or "outside" where both are known
	software  string
	age       string // of the software
	old       bool   // its maker gave it up before the message passed
	service   string
	claimed   bool   // only the word of those below the border
	seen      string // of a host that wrote no line: what the next one saw of it
	fault     string // why this is the hop at fault, "" where it is not
	in        edge   // how the message came here
	verdicts  []chipRow
	asked     []chip // SPF asked at this hop, as the matrix has it
	inner     []edge // hops of the host to itself
	skipped   int    // hops left out before it
}

// edge is one hop.
type edge struct {
	hop      int // 0 at the start of the path, and where no line tells of it
	when     string
	delay    string
	slow     bool
	how      string // protocol and TLS
	link     string // of a partner or cloud link
	border   string // organisation that begins here
	basis    string // how that is known
	final    bool   // the border of the recipient
	fault    bool
	claimed  bool
	readings []int // of forks: those that put the border here
	client   string
}

// chip is one result word with its mark.
type chip struct{ mark, text, kind string } // kind: "good", "bad", "none"

// chipRow are the verdicts of one writer.
type chipRow struct {
	chips []chip
	by    string
	trust string // "", or a word for a verdict that is not simply believed
}

type drawnFork struct {
	question, settle string
	readings         []drawnReading
}

type drawnReading struct {
	number          int
	status, summary string
	border          int
}

func chipKind(mark string) string {
	switch mark {
	case markGood:
		return "good"
	case markBad:
		return "bad"
	}
	return "none"
}

func chipOf(method, result string) chip {
	mark, _ := markOf(result)
	return chip{mark, join(" ", word(method), word(result)), chipKind(mark)}
}

// draw makes the map of a report. It believes nothing of it but its types: a
// saved report may hold anything.
func draw(r *report.Report) *drawing {
	d := &drawing{status: statusWords(r.Verdict.Status), mark: statusMark(r.Verdict.Status), hops: len(r.Hops),
		border: r.Verdict.Border, delivery: r.Verdict.Delivery}
	d.title = cleanTo(r.Message.Subject, 120)
	from, to := "", ""
	if len(r.Message.From) > 0 {
		from = Clean(r.Message.From[0].Address)
	}
	if len(r.Message.RcptTo) > 0 {
		to = Clean(r.Message.RcptTo[0])
	}
	d.line = join(" → ", from, to)
	d.readForks(r)
	d.readStops(r)
	return d
}

func statusMark(s string) string {
	switch s {
	case report.Authenticated:
		return markGood
	case report.Undetermined, report.Unauthenticated, "":
		return markUnknown
	}
	return markBad
}

// mapping finds the machine of a mention on the path.
type mapping struct {
	machines      []report.Machine
	wrote, client map[int]int // hop index to machine
}

func machinesFor(r *report.Report) *mapping {
	m := &mapping{wrote: map[int]int{}, client: map[int]int{}}
	m.machines = r.Machines
	covered := true
	for i := range m.machines {
		for _, h := range m.machines[i].Wrote {
			m.wrote[h] = i
		}
		for _, h := range m.machines[i].Sent {
			m.client[h] = i
		}
	}
	for i := range r.Hops {
		if _, ok := m.wrote[r.Hops[i].Index]; !ok {
			covered = false
		}
	}
	if covered {
		return m
	}
	// A report without machines: a host is known by its name or address.
	m = &mapping{wrote: map[int]int{}, client: map[int]int{}}
	byKey := map[string]int{}
	find := func(names []string, ip string) int {
		var keys []string
		for _, n := range names {
			if n = strings.ToLower(strings.Trim(n, "[]")); n != "" && n != "localhost" {
				keys = append(keys, n)
			}
		}
		if ip != "" && !strings.HasPrefix(ip, "127.") && ip != "::1" {
			keys = append(keys, ip)
		}
		if len(keys) == 0 {
			return -1
		}
		at := -1
		for _, k := range keys {
			if i, ok := byKey[k]; ok {
				at = i
				break
			}
		}
		if at < 0 {
			m.machines = append(m.machines, report.Machine{})
			at = len(m.machines) - 1
		}
		x := &m.machines[at]
		for _, k := range keys {
			byKey[k] = at
		}
		for _, n := range names {
			if n != "" && strings.Trim(n, "[]") != ip && !slices.Contains(x.Names, n) {
				x.Names = append(x.Names, n)
			}
		}
		if ip != "" && !slices.Contains(x.Outside, ip) {
			x.Outside = append(x.Outside, ip)
		}
		return at
	}
	for i := range r.Hops {
		h := &r.Hops[i]
		if c := find([]string{h.From.RDNS, h.From.Helo}, h.From.IP); c >= 0 {
			m.client[h.Index] = c
		}
		if w := find([]string{h.By.Name}, h.By.IP); w >= 0 {
			m.wrote[h.Index] = w
		}
	}
	return m
}

// drawnHops are the places in r.Hops of those that are drawn.
func drawnHops(r *report.Report) []int {
	n := len(r.Hops)
	var out []int
	for i := range r.Hops {
		h := r.Hops[i].Index
		_, enters := entersAt(r, h)
		if n <= maxDrawnHops || i < firstDrawn || i >= n-(maxDrawnHops-firstDrawn) ||
			r.Verdict.Hop != nil && *r.Verdict.Hop == h || enters && len(out) < 2*maxDrawnHops {
			out = append(out, i)
		}
	}
	return out
}

func (d *drawing) readStops(r *report.Report) {
	m := machinesFor(r)
	links := map[int]report.Link{}
	for _, l := range r.Links {
		links[l.Hop] = l
	}
	matrix, claims := map[int]report.SPFCell{}, claimsByHop(r)
	for _, c := range r.SPFMatrix {
		matrix[c.Hop] = c
	}
	last := -2 // machine of the last stop
	var day string
	before := -1 // place of the last hop drawn
	for _, i := range drawnHops(r) {
		h := &r.Hops[i]
		skipped := i - before - 1
		before = i
		client, ok := m.client[h.Index]
		if !ok {
			client = -1
		}
		writer, ok := m.wrote[h.Index]
		if !ok {
			writer = -1 - i - 1 // an unnamed host, like no other
		}
		e := edgeOf(r, h, links, &day)
		for _, f := range d.forks {
			for _, x := range f.readings {
				if x.border == h.Index {
					e.readings = append(e.readings, x.number)
				}
			}
		}
		// The client is the host before, or one that no line tells how the
		// message came to.
		known := client >= 0 || h.From.IP != "" || h.From.Helo != "" || h.From.RDNS != ""
		local := client < 0 && len(d.stops) > 0 && skipped == 0
		if known && !local && (client != last || skipped > 0) {
			s := stop{name: clientName(h), band: "", role: "", claimed: h.Trust != report.Observed, seen: "client", skipped: skipped}
			if client >= 0 {
				s.of(&m.machines[client])
			}
			s.band, s.role = bandOfClient(r, i, &e, &s, m, client)
			d.stops = append(d.stops, s)
			last, skipped = client, 0
		}
		if writer == last && len(d.stops) > 0 && d.stops[len(d.stops)-1].seen == "" {
			// To itself: a filter, a second queue.
			s := &d.stops[len(d.stops)-1]
			s.inner = append(s.inner, e)
			s.wrote(r, h, matrix, claims[h.Index])
			continue
		}
		if writer == last && len(d.stops) > 0 && e.border == "" {
			// The first line is of a host that is its own client.
			s := &d.stops[len(d.stops)-1]
			s.seen, s.claimed = "", h.Trust != report.Observed
			s.inner = append(s.inner, e)
			s.wrote(r, h, matrix, claims[h.Index])
			continue
		}
		s := stop{name: cmp.Or(Clean(h.By.Name), bracketed(h.By.IP), "unnamed host"), band: cmp.Or(Clean(h.Zone), "unknown"), in: e, skipped: skipped}
		if writer >= 0 {
			s.of(&m.machines[writer])
			if h.By.Name != "" {
				s.rename(Clean(h.By.Name))
			}
		}
		s.role = roleOf(r, h.Zone, s.role)
		s.claimed = h.Trust != report.Observed
		if sw := h.Software; sw != nil {
			s.software, s.age, s.old = softwareText(sw, h.Time, r.EvaluatedAt)
		}
		s.wrote(r, h, matrix, claims[h.Index])
		d.stops = append(d.stops, s)
		last = writer
	}
}

// of fills a stop with what is known of its machine.
func (s *stop) of(m *report.Machine) {
	var names []string
	for i, n := range m.Names[:min(len(m.Names), 4)] {
		_, err := netip.ParseAddr(strings.TrimPrefix(strings.ToLower(strings.Trim(n, "[]")), "ipv6:"))
		if n = Clean(n); n != "" && (i == 0 || err != nil && !strings.HasPrefix(n, "localhost")) {
			names = append(names, n)
		}
	}
	if len(names) > 0 {
		s.name, s.also = names[0], names[1:]
	}
	s.addresses = nil
	both := len(m.Inside) > 0 && len(m.Outside) > 0
	add := func(list []string, what string) {
		for _, a := range list {
			if len(s.addresses) == maxAddresses {
				return
			}
			a = Clean(a)
			if both {
				a += " " + what
			}
			s.addresses = append(s.addresses, a)
		}
	}
	add(m.Inside, "inside")
	add(m.Outside, "outside")
	s.service = Clean(m.Service)
	s.role = word(m.Role)
}

// rename puts a name, as its own line writes it, before the others.
func (s *stop) rename(name string) {
	also := []string{}
	for _, n := range append([]string{s.name}, s.also...) {
		if !strings.EqualFold(n, name) && !strings.HasPrefix(n, "[") {
			also = append(also, n)
		}
	}
	s.name, s.also = name, also
}

// wrote adds what the host wrote at a hop, whose claims are given, and marks the hop at fault.
func (s *stop) wrote(r *report.Report, h *report.Hop, matrix map[int]report.SPFCell, claims []int) {
	rows := chipRows(r, h, claims)
	s.verdicts = append(s.verdicts, rows...)
	// What SPF would say here is shown where it matters: at a border, where
	// somebody asked, and at the hop at fault.
	_, enters := entersAt(r, h.Index)
	said := slices.ContainsFunc(r.Claims, func(c report.Claim) bool { return c.Method == "spf" && c.Hop != nil && *c.Hop == h.Index })
	if c, ok := matrix[h.Index]; ok && len(s.asked) == 0 && (enters || said || r.Verdict.Hop != nil && *r.Verdict.Hop == h.Index) {
		x := chipOf("spf", c.Result)
		x.text += " for " + Clean(c.ClientIP)
		if c.Matched != "" {
			x.text += " (" + cleanTo(c.Matched, 60) + ")"
		}
		s.asked = append(s.asked, x)
	}
	if v := &r.Verdict; v.Hop != nil && *v.Hop == h.Index && v.Status != report.Authenticated {
		s.fault = "the hop at fault"
		if v.RootCause != nil {
			for i := range r.Findings {
				if r.Findings[i].Code == *v.RootCause {
					s.fault = "at fault: " + Clean(r.Findings[i].Title)
					break
				}
			}
		}
	}
}

// chipRows are the verdicts written at a hop, by writer and trust.
func chipRows(r *report.Report, h *report.Hop, claims []int) []chipRow {
	type writer struct{ by, trust string }
	var rows []chipRow
	known := map[writer]int{} // places in rows
	n := 0
	for _, i := range claims {
		c := &r.Claims[i]
		by := cmp.Or(c.AuthservID, c.Writer)
		if strings.EqualFold(by, h.By.Name) {
			by = ""
		}
		by, trust := Clean(by), ""
		switch c.Trust {
		case report.Testimony, report.Untrusted, report.Forged:
			trust = c.Trust
		}
		at, ok := known[writer{by, trust}]
		if !ok {
			at = len(rows)
			known[writer{by, trust}] = at
			rows = append(rows, chipRow{by: by, trust: trust})
		}
		x := chipOf(c.Method, c.Result)
		switch trust {
		case report.Forged:
			x.mark, x.kind = markBad, "bad"
		case report.Untrusted:
			x.mark, x.kind = markNeutral, "none"
		}
		if slices.Contains(rows[at].chips, x) {
			continue
		}
		if n++; n > maxChips {
			continue
		}
		rows[at].chips = append(rows[at].chips, x)
	}
	rows = slices.DeleteFunc(rows, func(x chipRow) bool { return len(x.chips) == 0 })
	if n > maxChips {
		rows = append(rows, chipRow{chips: []chip{{"…", plural(n-maxChips, "verdict") + " more", "none"}}})
	}
	return rows
}

// bandOfClient says of which organisation a host is that wrote no line.
func bandOfClient(r *report.Report, i int, e *edge, s *stop, m *mapping, client int) (band, role string) {
	org := ""
	if client >= 0 {
		org = Clean(m.machines[client].Org)
	}
	h := &r.Hops[i]
	if e.border == "" && org != "" && strings.EqualFold(org, h.Zone) || e.border == "" && i > 0 && r.Hops[i-1].Zone == h.Zone {
		return cmp.Or(Clean(h.Zone), "unknown"), roleOf(r, h.Zone, s.role)
	}
	if i > 0 && org != "" && strings.EqualFold(org, r.Hops[i-1].Zone) {
		return Clean(r.Hops[i-1].Zone), roleOf(r, r.Hops[i-1].Zone, s.role)
	}
	if i == 0 && e.border == "" {
		return cmp.Or(Clean(h.Zone), "unknown"), roleOf(r, h.Zone, s.role)
	}
	if s.role == "" || s.role == report.RoleUnknown {
		s.role = report.RoleUnknown
		if i == 0 {
			s.role = report.RoleSender
		}
	}
	return cmp.Or(org, s.name), s.role
}

func roleOf(r *report.Report, zone, otherwise string) string {
	for i := range r.Zones {
		if r.Zones[i].Name == zone {
			return word(r.Zones[i].Role)
		}
	}
	return cmp.Or(otherwise, report.RoleUnknown)
}

// slowDelay is a delay that a person would ask about.
const slowDelay = 300 // seconds

func edgeOf(r *report.Report, h *report.Hop, links map[int]report.Link, day *string) edge {
	e := edge{hop: h.Index, claimed: h.Trust != report.Observed, delay: delay(h.DelaySeconds), client: clientName(h)}
	if h.DelaySeconds != nil {
		e.slow = *h.DelaySeconds > slowDelay || *h.DelaySeconds < 0
	}
	if h.Time != nil {
		t := h.Time.UTC()
		layout := "15:04:05"
		if d := t.Format(time.DateOnly); d != *day {
			*day = d
			layout = "2 Jan 2006 15:04:05"
		}
		e.when = t.Format(layout) + " UTC"
	}
	secure := ""
	if t := h.TLS; t != nil {
		secure = cmp.Or(tlsVersion(t.Version), "TLS")
	}
	how := Clean(h.Protocol)
	if strings.HasPrefix(how, "Microsoft SMTP Server") {
		how = "SMTP"
	}
	if h.Auth != "" {
		how = join(", ", how, "signed in")
	}
	e.how = join(" · ", how, secure)
	if secure == "" && h.TLS == nil && how != "" && !strings.HasSuffix(strings.ToUpper(Clean(h.Protocol)), "S") && strings.Contains(strings.ToUpper(how), "SMTP") {
		e.how += " · no TLS noted"
	}
	if l, ok := links[h.Index]; ok {
		what := "partner link"
		if l.Kind == report.LinkCloud {
			what = "cloud link"
		}
		e.link = what + ": " + join(" → ", Clean(l.From), Clean(l.To))
	}
	if basis, enters := entersAt(r, h.Index); enters {
		e.border, e.basis = cmp.Or(Clean(h.Zone), Clean(h.By.Name), "another organisation"), basis
		e.final = r.Border != nil && r.Border.Hop == h.Index
	}
	e.fault = r.Verdict.Hop != nil && *r.Verdict.Hop == h.Index && r.Verdict.Status != report.Authenticated
	return e
}

// tlsVersion is "TLS 1.2" for the ways in which servers write it.
func tlsVersion(s string) string {
	v := strings.ToUpper(Clean(s))
	for _, p := range []string{"TLSV", "TLS"} {
		if rest, ok := strings.CutPrefix(v, p); ok {
			rest = strings.NewReplacer("_", ".", "-", ".").Replace(strings.TrimLeft(rest, " _-"))
			return "TLS " + rest
		}
	}
	return Clean(s)
}

// softwareText names what runs on a host and says how old it was.
func softwareText(s *report.Software, at *time.Time, otherwise time.Time) (name, age string, old bool) {
	name = join(" ", Clean(s.Product), Clean(s.Version))
	if s.Release != "" {
		name = cleanTo(s.Release, 120)
		if s.Version != "" {
			name += " (" + Clean(s.Version) + ")"
		}
	}
	when := otherwise
	if at != nil {
		when = *at
	}
	if d, err := time.Parse(time.DateOnly, s.Released); err == nil && when.After(d) {
		years := when.Sub(d).Hours() / 24 / 365.25
		switch {
		case years >= 2:
			age = strconv.Itoa(int(years)) + " years old"
		case years >= 1:
			age = "1 year old"
		default:
			age = plural(max(1, int(years*12)), "month") + " old"
		}
	}
	if d, err := time.Parse(time.DateOnly, s.Supported); err == nil {
		if when.After(d.AddDate(0, 0, 1)) {
			old = true
			age = join(", ", age, "support ended "+d.Format("Jan 2006"))
		}
	}
	return name, age, old
}

// readForks numbers the readings of all forks, so that the picture can mark
// the borders that they speak of.
func (d *drawing) readForks(r *report.Report) {
	n := 0
	for i := range r.Forks[:min(len(r.Forks), maxDrawnForks)] {
		f := &r.Forks[i]
		x := drawnFork{question: Clean(f.Question), settle: Clean(f.Settle)}
		for _, g := range f.Readings[:min(len(f.Readings), 4)] {
			n++
			y := drawnReading{number: n, status: statusWords(g.Status), summary: cleanTo(g.Summary, 300)}
			if g.BorderHop != nil {
				y.border = *g.BorderHop
			}
			x.readings = append(x.readings, y)
		}
		d.forks = append(d.forks, x)
	}
}

// describe is the picture in words, for those who cannot see it.
func (d *drawing) describe() string {
	var b strings.Builder
	b.WriteString("Path of the message, oldest first. Verdict: " + d.status + ".")
	band := ""
	for i := range d.stops {
		s := &d.stops[i]
		b.WriteByte(' ')
		if s.in.hop > 0 {
			b.WriteString("Hop " + strconv.Itoa(s.in.hop) + ": ")
		}
		if s.in.border != "" {
			b.WriteString("the border of " + s.in.border + "; ")
		}
		b.WriteString(s.name)
		if s.band != band {
			band = s.band
			b.WriteString(" of " + band + " (" + s.role + ")")
		}
		if s.claimed {
			b.WriteString(", claimed")
		}
		for _, v := range s.verdicts {
			for _, c := range v.chips {
				b.WriteString(", " + c.text)
			}
			b.WriteString(join(" ", " written", v.trust))
		}
		if s.fault != "" {
			b.WriteString(", " + s.fault)
		}
		b.WriteByte('.')
		if b.Len() > 6000 {
			b.WriteString(" And so on.")
			break
		}
	}
	for _, f := range d.forks {
		b.WriteString(" Open question: " + f.question)
		for _, g := range f.readings {
			b.WriteString(" Reading " + strconv.Itoa(g.number) + ": " + g.status + ".")
		}
	}
	return b.String()
}
