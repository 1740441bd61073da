package render

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// Bounds of a page. What is beyond them is counted on the page.
const (
	maxShownHops     = 500
	maxShownFindings = 150
	maxShownEvidence = 25
	maxShownClaims   = 400
	maxShownSigs     = 50
	maxShownDNS      = 400
	maxHeaderText    = 4000 // characters of one header field
	maxRecord        = 2000 // characters of one record
)

//go:embed page.html
var pageSource string

//go:embed report.js
var reportScript string

// pages are the templates, made when the first page is.
var pages = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageSource)) })

// view is a message as the template shows it. Every text in it is clean.
type view struct {
	ID                 string // in front of the names of this message on the page
	Top                bool
	Subject, Line      string
	Kind, Mark, Status string
	Summary            []viewPart
	Repairs            []string
	Believe            []viewBelief
	Who                string
	Do                 []viewPart
	Because            [][]viewPart
	Forks              []viewFork
	Contents           []viewLink
	Picture            template.HTML
	Hops               []viewHop
	HopsLeft           string
	Findings           []viewFinding
	FindingsLeft       string
	Fixes              []viewFix
	Receiver           []viewLine
	Gaps               []string
	SPF                *viewSPF
	Matrix             []viewCell
	DKIM               []viewSignature
	DKIMLeft           string
	DMARC              *viewDMARC
	ARC                *viewARC
	Claims             []viewClaim
	Checklist          []viewRule
	Bounce             []viewLine
	Cross              []string
	DNS                []viewDNS
	DNSLeft            string
	Header             []viewField
	HeaderLeft         string
	Embedded           []*view
	EmbeddedTitle      string
}

type (
	viewPart struct{ Text, Href, Class string }
	viewLink struct{ Text, Href string }
	viewLine struct{ Lead, Text, Href string }
	viewChip struct{ Mark, Text, Kind string }

	viewBelief struct {
		Lead  string
		Chips []viewChip
		Note  string
	}
	viewFork struct {
		Question, Settle string
		Readings         []struct{ Status, Where, Summary string }
	}
	viewHop struct {
		ID, Href, N, From, To, When, Delay, How, Trust string
		Claimed                                        bool
	}
	viewEvidence struct {
		Kind, Lead, Href, Ref string
		Text                  []viewPart
	}
	viewFinding struct {
		ID, Code, Title, Severity, Confidence, Where string
		Message, Advice                              []viewPart
		Reasons                                      [][]viewPart
		Because                                      []viewPart
		Evidence                                     []viewEvidence
		Left                                         string
		Doc                                          []docBlock
		Refs                                         string
		Root, Open                                   bool
	}
	viewFix struct {
		Title, Test, Risk, Source string
		Steps                     []struct{ Text, Command string }
	}
	viewSPF struct {
		Chips                              []viewChip
		Text, Record, Explanation, Lookups string
		Tree                               []viewNode
	}
	viewNode struct {
		Mark, Kind, Term, Outcome, Asked, Note string
		Open                                   bool
		Children                               []viewNode
	}
	viewCell struct {
		N, IP, Domain, Matched string
		Chips                  []viewChip
	}
	viewSignature struct {
		Title, Reason, Proof string
		Chips                []viewChip
		Facts                []viewLine
		Changes              []viewChange
	}
	viewChange struct {
		Text string
		Diff []struct{ Kind, Text string }
	}
	viewDMARC struct {
		Chips               []viewChip
		Text, Record, Other string
		Discovery           []struct{ Name, Answer string }
	}
	viewARC struct {
		Chips []viewChip
		Text  string
		Sets  []struct {
			Title, Text string
			Chips       []viewChip
		}
	}
	viewClaim struct {
		Href, Line, Writer, Hop, Trust, Text string
		Chips                                []viewChip
		Claimed                              bool
	}
	viewRule struct {
		Chips              []viewChip
		Title, Why, Source string
	}
	viewDNS   struct{ Name, Type, Answer string }
	viewField struct {
		ID, Line, Text, Class string
		Notes                 []viewLink
	}
	docBlock struct {
		Kind, Text string
		Items      []string
	}
)

func chipView(method, result string) viewChip {
	c := chipOf(method, result)
	return viewChip{c.mark, c.text, c.kind}
}

func tripleChips(t report.Triple) []viewChip {
	var out []viewChip
	for _, x := range []struct{ method, result string }{{"spf", t.SPF}, {"dkim", t.DKIM}, {"dmarc", t.DMARC}} {
		if x.result != "" {
			out = append(out, chipView(x.method, x.result))
		}
	}
	return out
}

// viewer makes views of reports.
type viewer struct {
	rules map[string]*Rule
	n     int // messages on the page so far
}

func newViewer(o Options) *viewer {
	v := &viewer{rules: map[string]*Rule{}}
	for i := range o.Rules {
		v.rules[o.Rules[i].Code] = &o.Rules[i]
	}
	return v
}

// subject makes the view of a report for a page: the message that is meant
// first, and behind it the mail that carries it.
func (v *viewer) subject(r *report.Report) *view {
	s := r.Subject()
	if s == r {
		return v.message(r, 0)
	}
	x := v.message(s, 0)
	carrier := *r
	carrier.Embedded = slices.Delete(slices.Clone(r.Embedded), *r.Headline, *r.Headline+1)
	carrier.Headline = nil
	e := v.message(&carrier, 1)
	e.EmbeddedTitle = "The mail that carries it"
	x.Embedded = append(x.Embedded, e)
	return x
}

// message makes the view of a report.
func (v *viewer) message(r *report.Report, depth int) *view {
	id := ""
	if v.n > 0 {
		id = "m" + strconv.Itoa(v.n) + "-"
	}
	v.n++
	x := &view{ID: id, Top: depth == 0, Status: upperFirst(statusWords(r.Verdict.Status)), Mark: statusMark(r.Verdict.Status)}
	x.Kind = chipKind(x.Mark)
	if x.Mark == markUnknown {
		x.Kind = "warn"
	}
	d := draw(r)
	x.Subject = cmp.Or(d.title, "(no subject)")
	x.Line = join(" · ", d.line, cleanTo(r.Message.Date, 60), title(r.Source))
	shownFields := map[int]bool{}
	for i := range r.Header {
		shownFields[r.Header[i].Field] = true
	}
	field := func(f *int) string {
		if f == nil || !shownFields[*f] {
			return ""
		}
		return "#" + id + "h" + strconv.Itoa(*f)
	}
	codes := map[string]string{} // code to the name of the finding
	for i := range r.Findings[:min(len(r.Findings), maxShownFindings)] {
		if c := r.Findings[i].Code; codes[c] == "" {
			codes[c] = "#" + id + "f" + strconv.Itoa(i)
		}
	}
	hops := map[int]bool{}
	for i := range r.Hops[:min(len(r.Hops), maxShownHops)] {
		hops[r.Hops[i].Index] = true
	}
	parts := func(t report.Text, s string) []viewPart {
		if len(t) == 0 {
			if s == "" {
				return nil
			}
			return []viewPart{{Text: Clean(s)}}
		}
		var out []viewPart
		left := 4 * maxText
		for _, p := range t {
			if left <= 0 {
				out = append(out, viewPart{Text: "…"})
				break
			}
			y := viewPart{Text: cleanTo(p.Text, min(left, maxText))}
			left -= len(y.Text)
			switch p.Kind {
			case report.PartHop:
				if k, err := strconv.Atoi(p.Ref); err == nil && hops[k] {
					y.Href = "#" + id + "hop" + strconv.Itoa(k)
				}
			case report.PartField:
				if k, err := strconv.Atoi(p.Ref); err == nil {
					y.Href = field(&k)
				}
			case report.PartFinding:
				y.Href = codes[p.Ref]
			case report.PartHost, report.PartIP, report.PartDomain, report.PartMailbox, report.PartRecord:
				y.Class = "name"
			case report.PartQuote:
				y.Class = "quote"
			}
			out = append(out, y)
		}
		return out
	}
	x.Summary = parts(r.Verdict.Parts, r.Verdict.Summary)
	v.believe(x, r)
	v.action(x, r, parts)
	for i := range d.forks {
		f := &d.forks[i]
		y := viewFork{Question: f.question, Settle: f.settle}
		for _, g := range f.readings {
			where := ""
			if g.border > 0 {
				where = "border at hop " + strconv.Itoa(g.border)
			}
			y.Readings = append(y.Readings, struct{ Status, Where, Summary string }{upperFirst(g.status), where, g.summary})
		}
		x.Forks = append(x.Forks, y)
	}
	x.Picture = template.HTML(picture(r, id+"pic", ""))
	x.hops(r, id, field)
	for i := range r.Findings[:min(len(r.Findings), maxShownFindings)] {
		f := v.finding(&r.Findings[i], parts, field, codes)
		f.ID = id + "f" + strconv.Itoa(i)
		f.Root = r.Verdict.RootCause != nil && f.Code == *r.Verdict.RootCause && codes[f.Code] == "#"+f.ID
		f.Open = f.Root
		x.Findings = append(x.Findings, f)
	}
	x.FindingsLeft = left(len(r.Findings), maxShownFindings, "finding")
	for _, g := range r.Gaps[:min(len(r.Gaps), 100)] {
		x.Gaps = append(x.Gaps, join(": ", Clean(g.What), Clean(g.Why)))
	}
	if r.SPF != nil {
		x.SPF = spfView(r.SPF)
	}
	for _, c := range r.SPFMatrix[:min(len(r.SPFMatrix), maxShownHops)] {
		x.Matrix = append(x.Matrix, viewCell{N: strconv.Itoa(c.Hop), IP: Clean(c.ClientIP), Domain: Clean(c.Domain), Matched: Clean(c.Matched), Chips: []viewChip{chipView("spf", c.Result)}})
	}
	for i := range r.DKIM[:min(len(r.DKIM), maxShownSigs)] {
		x.DKIM = append(x.DKIM, signatureView(&r.DKIM[i], field))
	}
	x.DKIMLeft = left(len(r.DKIM), maxShownSigs, "signature")
	x.dmarc(r)
	x.arc(r.ARC)
	for i := range r.Claims[:min(len(r.Claims), maxShownClaims)] {
		c := &r.Claims[i]
		y := viewClaim{Href: field(&c.Field), Line: strconv.Itoa(c.Line), Writer: Clean(cmp.Or(c.Writer, c.AuthservID)), Trust: word(c.Trust),
			Text: join(" ", Clean(c.Reason), Clean(c.Comment)), Chips: []viewChip{chipView(c.Method, c.Result)}, Claimed: c.Trust != report.Trusted}
		if c.Hop != nil {
			y.Hop = strconv.Itoa(*c.Hop)
		}
		x.Claims = append(x.Claims, y)
	}
	x.repaired(r, field)
	x.Checklist = ruleViews(r.Checklist)
	if b := r.DSN; b != nil {
		x.Bounce = append(x.Bounce, viewLine{Lead: "Written by", Text: cmp.Or(Clean(b.ReportingMTA), "an unnamed server")})
		for _, rc := range b.Recipients[:min(len(b.Recipients), 50)] {
			text := join(" ", Clean(rc.Action), Clean(rc.Status))
			if rc.RemoteMTA != "" {
				text += ", says " + Clean(rc.RemoteMTA)
			}
			x.Bounce = append(x.Bounce, viewLine{Lead: Clean(rc.Final), Text: join(": ", text, Clean(rc.Diagnostic))})
		}
	}
	for _, c := range r.CrossChecks[:min(len(r.CrossChecks), 50)] {
		agrees := "agrees"
		if !c.Agrees {
			agrees = "differs"
		}
		x.Cross = append(x.Cross, join(": ", word(c.Method)+" "+word(c.Result)+", "+agrees, join(" ", Clean(c.Library), Clean(c.Version), Clean(c.Note))))
	}
	x.DNS = dnsViews(r.DNS)
	x.DNSLeft = left(len(r.DNS), maxShownDNS, "answer")
	x.header(r, id, codes)
	x.contents()
	if depth < maxEmbedded {
		for i := range r.Embedded[:min(len(r.Embedded), 20)] {
			e := v.message(&r.Embedded[i], depth+1)
			e.EmbeddedTitle = "The message inside"
			if p := r.Embedded[i].Source.Part; p != "" {
				e.EmbeddedTitle += ", part " + Clean(p)
			}
			x.Embedded = append(x.Embedded, e)
		}
	}
	return x
}

// repaired shows what was repaired before reading, what the receiver's filter says,
// and the settings that end what was found.
func (x *view) repaired(r *report.Report, field func(*int) string) {
	for _, m := range r.Repairs[:min(len(r.Repairs), 20)] {
		text := "Mended before reading: " + Clean(m.Description)
		if !m.Exact {
			text += ". The bytes as they were sent are not known, so that no signature is judged"
		}
		x.Repairs = append(x.Repairs, text)
	}
	for i := range r.Receiver[:min(len(r.Receiver), 100)] {
		w := &r.Receiver[i]
		x.Receiver = append(x.Receiver, viewLine{Lead: join(", ", join(" ", Clean(w.Vendor), Clean(w.Code)), "line "+strconv.Itoa(w.Line)), Text: Clean(w.Meaning), Href: field(&w.Field)})
	}
	for i := range r.Fix[:min(len(r.Fix), 30)] {
		f := &r.Fix[i]
		y := viewFix{Title: join(" ", Clean(f.Product), Clean(f.Version)), Test: Clean(f.Test), Risk: Clean(f.Risk),
			Source: join(", ", "for "+word2(f.Finding), Clean(f.Basis), Clean(f.Source), Clean(f.Date))}
		for _, s := range f.Steps[:min(len(f.Steps), 40)] {
			var lines []string
			for l := range strings.Lines(s.Command) {
				if len(lines) == 60 {
					break
				}
				lines = append(lines, cleanTo(strings.TrimRight(l, "\r\n"), maxRecord))
			}
			y.Steps = append(y.Steps, struct{ Text, Command string }{Clean(s.Text), strings.Join(lines, "\n")})
		}
		x.Fixes = append(x.Fixes, y)
	}
}

// left says how much a list has beyond what is shown.
func left(have, shown int, what string) string {
	if have <= shown {
		return ""
	}
	return "… and " + plural(have-shown, "more "+what) + ", left out here"
}

// believe puts what holds at the border beside what the last receiver wrote.
func (v *viewer) believe(x *view, r *report.Report) {
	at := ""
	if r.Border != nil {
		at = "hop " + strconv.Itoa(r.Border.Hop)
		for i := range r.Hops {
			if r.Hops[i].Index == r.Border.Hop && r.Hops[i].By.Name != "" {
				at += ", " + Clean(r.Hops[i].By.Name)
			}
		}
	}
	same := r.Verdict.Border == r.Verdict.Delivery
	if c := tripleChips(r.Verdict.Border); len(c) > 0 {
		lead := "At the border"
		if same {
			at = join(", ", at, "and the last receiver has the same")
		}
		x.Believe = append(x.Believe, viewBelief{lead, c, at})
	}
	if c := tripleChips(r.Verdict.Delivery); len(c) > 0 && !same {
		x.Believe = append(x.Believe, viewBelief{"At delivery", c, "what the last receiver wrote, or would find"})
	}
}

// action says who has to do what, and why: the finding that explains the
// outcome.
func (v *viewer) action(x *view, r *report.Report, parts func(report.Text, string) []viewPart) {
	if r.Verdict.RootCause == nil {
		return
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Code != *r.Verdict.RootCause {
			continue
		}
		x.Who = cmp.Or(Clean(f.AtFault.Host), "the "+word(f.AtFault.Role))
		if f.AtFault.Host != "" && f.AtFault.Role != "" && f.AtFault.Role != "none" {
			x.Who += " (" + word(f.AtFault.Role) + ")"
		}
		x.Do = parts(f.AdviceParts, f.Advice)
		for _, why := range f.Reasons[:min(len(f.Reasons), 6)] {
			x.Because = append(x.Because, parts(why.Parts, why.Text))
		}
		if len(f.Reasons) == 0 && f.Message != r.Verdict.Summary && f.Message != "" {
			x.Because = append(x.Because, parts(f.Parts, f.Message))
		}
		return
	}
}

func (x *view) hops(r *report.Report, id string, field func(*int) string) {
	day := ""
	for i := range r.Hops[:min(len(r.Hops), maxShownHops)] {
		h := &r.Hops[i]
		e := edgeOf(r, h, nil, &day)
		to := cmp.Or(Clean(h.By.Name), bracketed(h.By.IP), "?")
		if e.border != "" {
			to += ", the border of " + e.border
		}
		x.Hops = append(x.Hops, viewHop{ID: id + "hop" + strconv.Itoa(h.Index), Href: field(&h.Field), N: strconv.Itoa(h.Index), From: clientName(h), To: to,
			When: e.when, Delay: e.delay, How: e.how, Trust: trustOf(h.Trust), Claimed: e.claimed})
	}
	x.HopsLeft = left(len(r.Hops), maxShownHops, "hop")
}

func (v *viewer) finding(f *report.Finding, parts func(report.Text, string) []viewPart, field func(*int) string, codes map[string]string) viewFinding {
	x := viewFinding{Code: word2(f.Code), Title: Clean(f.Title), Severity: severityWord(f.Severity), Confidence: word(f.Confidence),
		Message: parts(f.Parts, f.Message), Advice: parts(f.AdviceParts, f.Advice)}
	if f.Hop != nil {
		x.Where = "hop " + strconv.Itoa(*f.Hop)
	}
	who := Clean(f.AtFault.Host)
	if f.AtFault.Role != "" && f.AtFault.Role != "none" {
		who = strings.TrimSpace(who + " (" + word(f.AtFault.Role) + ")")
	}
	x.Where = join(", ", x.Where, who)
	for _, why := range f.Reasons[:min(len(f.Reasons), 10)] {
		x.Reasons = append(x.Reasons, parts(why.Parts, why.Text))
	}
	for _, b := range f.Because[:min(len(f.Because), 10)] {
		x.Because = append(x.Because, viewPart{Text: word2(b), Href: codes[b]})
	}
	for i := range f.Evidence[:min(len(f.Evidence), maxShownEvidence)] {
		e := &f.Evidence[i]
		y := viewEvidence{Kind: "computed", Lead: "computed", Text: parts(e.Parts, e.Text), Ref: Clean(e.Ref)}
		switch e.Kind {
		case report.EvidenceHeader:
			y.Kind, y.Lead, y.Href = "header", "header", field(e.Field)
			if e.Line != nil {
				y.Lead = "line " + strconv.Itoa(*e.Line)
			}
		case report.EvidenceDNS:
			y.Kind, y.Lead = "dns", join(" ", "DNS", Clean(e.DNS))
		}
		x.Evidence = append(x.Evidence, y)
	}
	x.Left = left(len(f.Evidence), maxShownEvidence, "piece")
	if rule := v.rules[f.Code]; rule != nil {
		x.Doc, x.Refs = docOf(rule.Doc), strings.Join(rule.Refs, ", ")
	}
	return x
}

// word2 bounds a code, which may be longer than a word.
func word2(s string) string { return cleanTo(s, 80) }

func severityWord(s string) string {
	if slices.Contains(severities, s) {
		return s
	}
	return report.Info
}

func spfView(s *report.SPF) *viewSPF {
	x := &viewSPF{Chips: []viewChip{chipView("spf", s.Result)}, Record: cleanTo(s.Record, maxRecord), Explanation: Clean(s.Explanation)}
	x.Text = join(" ", "for", cmp.Or(Clean(s.Domain), "no domain"), "from", Clean(s.ClientIP))
	x.Text = join(": ", x.Text, spfDetail(s))
	x.Lookups = plural(s.Lookups, "lookup") + " of at most 10, " + strconv.Itoa(s.VoidLookups) + " without a record"
	if s.Tree != nil {
		nodes := 0
		x.Tree = []viewNode{spfNode(s.Tree, 0, &nodes)}
	}
	return x
}

func spfNode(n *report.SPFNode, depth int, nodes *int) viewNode {
	x := viewNode{Mark: markNeutral, Kind: "none", Term: cleanTo(n.Term, maxRecord), Outcome: word(n.Outcome), Note: Clean(n.Note), Open: depth < 2}
	switch n.Outcome {
	case "match", "pass":
		x.Mark, x.Kind = markGood, "good"
	case "error", "fail", "softfail", "permerror", "temperror":
		x.Mark, x.Kind = markBad, "bad"
	}
	if n.Kind == "record" {
		x.Term = join(": ", Clean(n.Domain), cmp.Or(x.Term, "no record"))
	}
	if n.Outcome == "not evaluated" {
		x.Outcome = "not reached"
	}
	if n.Question != "" && (n.Kind != "record" || !strings.Contains(n.Answer, n.Term)) {
		x.Asked = join(": ", Clean(n.Question), cmp.Or(Clean(n.Answer), "no answer"))
	}
	for _, c := range n.Children {
		if c == nil {
			continue
		}
		if *nodes++; *nodes > maxTreeNodes || depth >= maxTreeDepth {
			x.Children = append(x.Children, viewNode{Mark: markNeutral, Kind: "none", Term: "…", Outcome: "more, left out here"})
			break
		}
		x.Children = append(x.Children, spfNode(c, depth+1, nodes))
	}
	return x
}

func signatureView(d *report.DKIM, field func(*int) string) viewSignature {
	x := viewSignature{Title: join(" ", "Signature of", cmp.Or(Clean(d.Domain), "nobody named")), Reason: Clean(d.Reason), Chips: []viewChip{chipView("dkim", d.Result)}}
	fact := func(lead, text, href string) {
		if text != "" {
			x.Facts = append(x.Facts, viewLine{lead, text, href})
		}
	}
	fact("Where", "line "+strconv.Itoa(d.Line), field(&d.Field))
	fact("Selector", Clean(d.Selector), "")
	aligned := "no: it counts for DMARC only where it is"
	if d.Aligned {
		aligned = "yes"
	}
	fact("Aligned with From", aligned, "")
	fact("Body", word(d.BodyHash), "")
	fact("Header", word(d.HeaderSignature), "")
	key := join(" ", Clean(d.Algorithm), Clean(d.Canonicalization))
	if d.KeyBits > 0 {
		key += ", key of " + strconv.Itoa(d.KeyBits) + " bits"
	}
	fact("How", key, "")
	if len(d.SignedFields) > 0 {
		fact("Signed fields", cleanTo(strings.Join(d.SignedFields, ", "), 1000), "")
	}
	if d.SignedAt != nil {
		fact("Signed at", d.SignedAt.UTC().Format("2 Jan 2006 15:04:05")+" UTC", "")
	}
	if d.ExpiresAt != nil {
		fact("Expires", d.ExpiresAt.UTC().Format("2 Jan 2006 15:04:05")+" UTC", "")
	}
	if d.UnsignedBytes > 0 {
		fact("Not signed", plural(d.UnsignedBytes, "byte")+" of the body", "")
	}
	if p := d.Repair; p != nil && len(p.Changes) > 0 {
		for _, c := range p.Changes[:min(len(p.Changes), 20)] {
			y := viewChange{Text: cmp.Or(Clean(c.Description), Clean(c.Kind))}
			lines := 0
			for l := range strings.Lines(c.Diff) {
				if lines++; lines > 80 {
					y.Diff = append(y.Diff, struct{ Kind, Text string }{"at", "… more lines"})
					break
				}
				l = strings.TrimRight(l, "\r\n")
				kind := ""
				switch {
				case strings.HasPrefix(l, "@@"):
					kind = "at"
				case strings.HasPrefix(l, "+"):
					kind = "plus"
				case strings.HasPrefix(l, "-"):
					kind = "minus"
				}
				y.Diff = append(y.Diff, struct{ Kind, Text string }{kind, cleanTo(l, 400)})
			}
			x.Changes = append(x.Changes, y)
		}
		x.Proof = "Not proved: the signature does not verify with this alone undone."
		if p.Proved {
			x.Proof = "Proved: with this undone the signature verifies again, so nothing else was changed."
		}
	}
	return x
}

func (x *view) dmarc(r *report.Report) {
	if r.DMARC == nil {
		return
	}
	d := r.DMARC
	c := dmarcCheck(r)
	y := &viewDMARC{Chips: []viewChip{chipView("dmarc", d.Result)}, Text: join(": ", "for "+cmp.Or(c.domain, "no domain"), c.detail), Record: cleanTo(d.Record, maxRecord)}
	for i := range r.DNS {
		a := &r.DNS[i]
		if a.Type != "TXT" || !strings.HasPrefix(strings.ToLower(a.Name), "_dmarc.") || !suffixOf(a.Name[len("_dmarc."):], d.FromDomain) || len(y.Discovery) > 16 {
			continue
		}
		y.Discovery = append(y.Discovery, struct{ Name, Answer string }{Clean(a.Name), answerText(a)})
	}
	// The walk goes up.
	slices.SortStableFunc(y.Discovery, func(a, b struct{ Name, Answer string }) int {
		return strings.Count(b.Name, ".") - strings.Count(a.Name, ".")
	})
	if o := d.Other; o != nil {
		y.Other = standardName(o.Method) + ": " + join(", ", word(o.Result), Clean(o.RecordDomain), word(o.Policy))
	}
	x.DMARC = y
}

// suffixOf reports whether domain is name or below it.
func suffixOf(name, domain string) bool {
	name, domain = strings.ToLower(strings.TrimSuffix(name, ".")), strings.ToLower(strings.TrimSuffix(domain, "."))
	return mailname.Within(domain, name)
}

func (x *view) arc(a *report.ARC) {
	if a == nil || a.Result == "" || a.Result == "none" && len(a.Sets) == 0 {
		return
	}
	y := &viewARC{Chips: []viewChip{chipView("arc", a.Result)}, Text: Clean(a.Reason)}
	for _, s := range a.Sets[:min(len(a.Sets), 50)] {
		set := struct {
			Title, Text string
			Chips       []viewChip
		}{Title: "i=" + strconv.Itoa(s.Instance) + " " + Clean(s.Domain)}
		for _, k := range []struct{ name, result string }{{"seal", s.Seal}, {"message", s.MessageSignature}} {
			if k.result != "" {
				set.Chips = append(set.Chips, chipView(k.name, k.result))
			}
		}
		said := join(", ", result("spf", s.Results.SPF), result("dkim", s.Results.DKIM), result("dmarc", s.Results.DMARC))
		if said != "" {
			said = "the sealer recorded " + said
		}
		set.Text = join("; ", join(" ", "chain before", word(s.CV)), said, Clean(s.Reason))
		y.Sets = append(y.Sets, set)
	}
	x.ARC = y
}

func ruleViews(rules []report.BulkRule) []viewRule {
	var out []viewRule
	for _, b := range rules[:min(len(rules), 200)] {
		c := viewChip{markUnknown, "not known", "none"}
		switch b.State {
		case "pass":
			c = viewChip{markGood, "kept", "good"}
		case "fail":
			c = viewChip{markBad, "not kept", "bad"}
		}
		out = append(out, viewRule{Chips: []viewChip{c}, Title: Clean(b.Rule), Why: Clean(b.Why), Source: join(", ", Clean(strings.Join(b.Receivers, ", ")), Clean(b.Source))})
	}
	return out
}

func answerText(a *report.DNSAnswer) string {
	values := make([]string, 0, len(a.Values))
	for _, s := range a.Values[:min(len(a.Values), 30)] {
		values = append(values, Clean(s))
	}
	if n := len(a.Values) - len(values); n > 0 {
		values = append(values, left(len(a.Values), len(values), "value"))
	}
	return join(": ", word(a.Status), strings.Join(values, " | "))
}

func dnsViews(answers []report.DNSAnswer) []viewDNS {
	var out []viewDNS
	for i := range answers[:min(len(answers), maxShownDNS)] {
		a := &answers[i]
		out = append(out, viewDNS{Clean(a.Name), word(a.Type), answerText(a)})
	}
	return out
}

// header shows the fields with what was found in each. What stands below the
// border is marked as claimed.
func (x *view) header(r *report.Report, id string, codes map[string]string) {
	notes := map[int][]viewLink{}
	add := func(f int, text, href string) {
		l := viewLink{text, href}
		if len(notes[f]) < 12 && !slices.Contains(notes[f], l) {
			notes[f] = append(notes[f], l)
		}
	}
	border := -1
	claimed := map[int]bool{}
	for i := range r.Hops {
		h := &r.Hops[i]
		text := "hop " + strconv.Itoa(h.Index) + ": " + clientName(h) + " → " + cmp.Or(Clean(h.By.Name), bracketed(h.By.IP), "?")
		if basis, enters := entersAt(r, h.Index); enters {
			text += "; the border of " + cmp.Or(Clean(h.Zone), "another organisation")
			_ = basis
		}
		add(h.Field, text+", "+trustOf(h.Trust), "#"+id+"hop"+strconv.Itoa(h.Index))
		claimed[h.Field] = h.Trust != report.Observed
		if r.Border != nil && r.Border.Hop == h.Index {
			border = h.Field
		}
	}
	for i := range r.Claims {
		c := &r.Claims[i]
		k := chipOf(c.Method, c.Result)
		add(c.Field, k.mark+" "+k.text+", "+word(c.Trust), "")
		if c.Trust == report.Untrusted || c.Trust == report.Forged {
			claimed[c.Field] = true
		}
	}
	for i := range r.DKIM {
		k := chipOf("dkim", r.DKIM[i].Result)
		add(r.DKIM[i].Field, k.mark+" "+k.text+" for "+Clean(r.DKIM[i].Domain)+", as the message is now", "#"+id+"dkim")
	}
	for i := range r.Findings[:min(len(r.Findings), maxShownFindings)] {
		f := &r.Findings[i]
		for _, e := range f.Evidence {
			if e.Field != nil {
				add(*e.Field, "evidence of "+word2(f.Code), codes[f.Code])
			}
		}
	}
	for i := range r.Header {
		h := &r.Header[i]
		y := viewField{ID: id + "h" + strconv.Itoa(h.Field), Line: strconv.Itoa(h.Line), Text: fieldText(h), Notes: notes[h.Field]}
		if claimed[h.Field] || border >= 0 && h.Field > border {
			y.Class = "claimed"
		}
		x.Header = append(x.Header, y)
	}
	x.HeaderLeft = left(len(r.Header)+r.HeaderCut, len(r.Header), "field")
}

// fieldText is a header field on its lines.
func fieldText(h *report.HeaderField) string {
	var b strings.Builder
	room := maxHeaderText
	for i, l := range strings.Split(strings.ReplaceAll(h.Text, "\r\n", "\n"), "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t") {
			b.WriteString("  ")
			l = strings.TrimLeft(l, " \t")
		}
		l = cleanTo(l, room)
		b.WriteString(l)
		if room -= len(l); room <= 0 {
			break
		}
	}
	if h.Cut > 0 {
		fmt.Fprintf(&b, " … %s more", plural(h.Cut, "byte"))
	}
	return b.String()
}

func (x *view) contents() {
	add := func(have bool, name, text string) {
		if have {
			x.Contents = append(x.Contents, viewLink{text, "#" + x.ID + name})
		}
	}
	add(true, "path", "Path")
	add(true, "findings", "Findings")
	add(len(x.Fixes) > 0, "fix", "Mend it")
	add(len(x.Gaps) > 0, "gaps", "Gaps")
	add(x.SPF != nil, "spf", "SPF")
	add(len(x.DKIM) > 0, "dkim", "DKIM")
	add(x.DMARC != nil, "dmarc", "DMARC")
	add(x.ARC != nil, "arc", "ARC")
	add(len(x.Matrix) > 0, "matrix", "Elsewhere")
	add(len(x.Claims) > 0, "claims", "What servers wrote")
	add(len(x.Header) > 0, "header", "Header")
}

// docOf reads the page of a finding: of Markdown it knows headings, lists,
// indented lines and paragraphs.
func docOf(doc string) []docBlock {
	var out []docBlock
	var par []string
	after := false // a blank line
	flush := func() {
		if len(par) > 0 {
			out = append(out, docBlock{Kind: "text", Text: strings.Join(par, " ")})
			par = nil
		}
	}
	for line := range strings.Lines(strings.TrimSpace(doc)) {
		line = strings.TrimRight(line, "\r\n")
		last := len(out) - 1
		blank := after
		after = line == ""
		switch {
		case after:
			flush()
		case strings.HasPrefix(line, "#"):
			flush()
			out = append(out, docBlock{Kind: "head", Text: strings.TrimLeft(line, "# ")})
		case strings.HasPrefix(line, "- "):
			flush()
			if last = len(out) - 1; last >= 0 && out[last].Kind == "list" {
				out[last].Items = append(out[last].Items, line[2:])
			} else {
				out = append(out, docBlock{Kind: "list", Items: []string{line[2:]}})
			}
		case !blank && len(par) == 0 && last >= 0 && out[last].Kind == "list" && strings.HasPrefix(line, "  "):
			items := out[last].Items
			items[len(items)-1] += " " + strings.TrimSpace(line)
		case line[0] == ' ' || line[0] == '\t':
			flush()
			if last = len(out) - 1; last >= 0 && out[last].Kind == "code" {
				out[last].Text += "\n" + strings.TrimSpace(line)
			} else {
				out = append(out, docBlock{Kind: "code", Text: strings.TrimSpace(line)})
			}
		default:
			par = append(par, line)
		}
	}
	flush()
	return out
}

// Fragment writes a report as the inside of a page, for a page that has its
// own frame and takes the style sheet and script from [Assets].
func Fragment(w io.Writer, r *report.Report, o Options) error {
	return pages().ExecuteTemplate(w, "message", newViewer(o).subject(r))
}

// Assets are the style sheet of all pages and the script that adds to a
// report what a page cannot do without one: buttons to copy, tables to sort.
func Assets() (style, script string) { return styleSheet, reportScript }

// Policy is the Content-Security-Policy of a page that stands by itself: its
// own style sheet and script by their hashes, and nothing else.
func Policy() string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(styleSheet) + "; script-src " + hash(reportScript) + "; base-uri 'none'; form-action 'none'"
}

// writePage writes a whole page around its inside: one file, with nothing
// from outside.
func writePage(w io.Writer, title, tool string, inside func(io.Writer) error) error {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	fmt.Fprintf(&b, "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n", html.EscapeString(Policy()))
	b.WriteString("<meta name=\"referrer\" content=\"no-referrer\">\n")
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n</head>\n<body class=\"report\">\n<main>\n", html.EscapeString(title), styleSheet)
	if err := inside(&b); err != nil {
		return err
	}
	if err := pages().ExecuteTemplate(&b, "words", nil); err != nil {
		return err
	}
	fmt.Fprintf(&b, "</main>\n<footer class=\"soft\">%s</footer>\n<script>%s</script>\n</body>\n</html>\n", html.EscapeString(tool), reportScript)
	_, err := w.Write(b.Bytes())
	return err
}

// toolLine says what made a report.
func toolLine(t report.Tool) string {
	return join(" ", "Made by", cmp.Or(Clean(t.Name), "mailtrace"), Clean(t.Version)) + ". This page needs no network and sends nothing."
}

// HTML writes a report on one message as a page in one file.
func HTML(w io.Writer, r *report.Report, o Options) error {
	x := newViewer(o).subject(r)
	return writePage(w, x.Status+": "+x.Subject, toolLine(r.Tool), func(w io.Writer) error { return pages().ExecuteTemplate(w, "message", x) })
}
