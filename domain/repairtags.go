package domain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/internal/pattern"
)

// form is the form of a record of tags: how it begins and which tags it knows.
type form struct {
	name     string // for people: "DMARC"
	check    string
	version  string // "DMARC1"
	tags     []string
	version2 *pattern.Pattern // what people write for v=VERSION
}

var (
	formDMARC = form{"DMARC", "dmarc", "DMARC1", []string{"v", "p", "sp", "np", "rua", "ruf", "adkim", "aspf", "fo", "pct", "rf", "ri", "t", "psd"},
		pattern.New(`(?i)^(?:v?\s*[=:\-]?\s*=?\s*)(d[a-z]{2,6}?\s?[1l|i]|dmarc|dmrac|damrc)(?:[1l|i]?)(?:[.,:]+|\b|$)`)}
	formTLSRPT = form{"TLS-RPT", "tls_rpt", "TLSRPTv1", []string{"v", "rua"},
		pattern.New(`(?i)^(?:v?\s*[=:\-]?\s*=?\s*)(tls-?_?(?:rpt|rtp|report|prt)s?\s?v?[1l]?)(?:[.,:]+|\b|$)`)}
	formSTS = form{"MTA-STS", "mta_sts", "STSv1", []string{"v", "id"},
		pattern.New(`(?i)^(?:v?\s*[=:\-]?\s*=?\s*)((?:mta-?)?sts\s?v?[1l]?)(?:[.,:]+|\b|$)`)}
	formBIMI = form{"BIMI", "bimi", "BIMI1", []string{"v", "l", "a", "avp", "lps", "e", "s"},
		pattern.New(`(?i)^(?:v?\s*[=:\-]?\s*=?\s*)(bimi\s?v?[1l]?)(?:[.,:]+|\b|$)`)}
)

// meant reports whether a peeled text is meant as a record of this form. Where
// all texts of a name are for it (home), a text of its tags alone counts too.
func (f *form) meant(text string, home bool) bool {
	if len(text) > maxMend || strings.HasPrefix(strings.ToLower(text), "v=spf1") {
		return false
	}
	if f.gluedVersion(text) > 0 {
		return true
	}
	if i := f.version2.FindStringIndex(text); i != nil {
		return strings.EqualFold(text[:1], "v") || home || strings.Contains(text[i[1]:], "=")
	}
	fields, _ := splitFields(text)
	if i := slices.IndexFunc(fields, func(x field) bool { return strings.EqualFold(x.name, "v") }); i > 0 && nearest(fields[i].value, strings.ToLower(f.version)) != "" {
		return true // the version is there, but not first
	}
	if !home || len(fields) == 0 {
		return false
	}
	first := strings.ToLower(fields[0].name)
	switch f {
	case &formDMARC:
		return first == "p" && policyWord(fields[0].value) != "" || first == "rua" && strings.Contains(fields[0].value, "@")
	case &formTLSRPT:
		return first == "rua"
	case &formSTS:
		return first == "id"
	case &formBIMI:
		return first == "l"
	}
	return false
}

// gluedVersion is where a tag begins right behind the version, as where two
// strings were joined; 0 where none does.
func (f *form) gluedVersion(text string) int {
	n := len("v=" + f.version)
	if len(text) <= n || !strings.EqualFold(text[:n], "v="+f.version) {
		return 0
	}
	name, _, ok := strings.Cut(text[n:], "=")
	if !ok || !slices.Contains(f.tags, strings.ToLower(strings.TrimSpace(name))) {
		return 0
	}
	return n
}

// piece is a tag of a record while it is repaired.
type piece struct{ name, value string }

// repair writes a text that is meant as a record of this form without its
// faults. It is ok where something was repaired.
func (f *form) repair(text string) (mend, bool) {
	m := peel(text)
	if len(m.text) > maxMend {
		return m, false
	}
	body := m.text
	if i := f.gluedVersion(body); i > 0 {
		m.fault("no semicolon behind v=%s at byte %d", f.version, i)
		body = body[:i] + ";" + body[i:]
	}
	if i := f.version2.FindStringIndex(body); i != nil {
		head := body[:i[1]]
		body = strings.TrimLeft(body[i[1]:], " ")
		if before, after, ok := strings.Cut(strings.TrimSpace(head), "="); !ok || strings.TrimSpace(before) != "v" || strings.TrimSpace(after) != f.version {
			m.fault("%s at byte 0 in place of v=%s", quoted(strings.TrimSpace(head)), f.version)
		}
		if body != "" && body[0] != ';' {
			m.fault("no semicolon behind v=%s", f.version)
		}
	} else if fields, _ := splitFields(body); slices.ContainsFunc(fields, func(x field) bool { return strings.EqualFold(x.name, "v") }) {
		m.fault("v=%s is not the first tag", f.version)
	} else {
		m.fault("v=%s is missing at the beginning", f.version)
	}
	pieces := f.mendPieces(&m, body)
	switch f {
	case &formDMARC:
		pieces = mendPolicy(&m, pieces)
	case &formSTS:
		for i := range pieces {
			if pieces[i].name != "id" {
				continue
			}
			plain := strings.Map(func(r rune) rune {
				if r < 0x80 && isAlnum(byte(r)) {
					return r
				}
				return -1
			}, pieces[i].value)
			if plain = plain[:min(len(plain), maxPolicyID)]; plain != pieces[i].value {
				m.fault("id=%s holds more than letters and digits", cut(pieces[i].value, 40))
				pieces[i].value = plain
			}
		}
	}
	var b strings.Builder
	b.WriteString("v=" + f.version)
	for _, p := range pieces {
		b.WriteString("; " + p.name + "=" + p.value)
	}
	if f == &formSTS || f == &formBIMI || strings.HasSuffix(strings.TrimSpace(m.text), ";") {
		b.WriteString(";")
	}
	m.text = b.String()
	return m, len(m.faults) > 0 && m.text != text
}

// mendPieces cuts a record into its tags and repairs each.
func (f *form) mendPieces(m *mend, body string) []piece {
	names := strings.Join(f.tags, "|")
	// A tag that begins in the middle of a value: blanks or commas stand for
	// semicolons.
	inner := regexp.MustCompile(`(?i)[\s,]+(?:` + names + `)\s*[=:-]\s*`)
	odd := regexp.MustCompile(`(?i)^(` + names + `)\s*[:\-]+\s*(.+)$`)
	var out []piece
	// Behind a version at the beginning another one is one too many.
	said := f.version2.FindStringIndex(m.text) == nil
	add := func(name, value string) {
		i := slices.IndexFunc(out, func(p piece) bool { return p.name == name })
		switch {
		case i < 0:
			out = append(out, piece{name, value})
		case name == "rua" || name == "ruf":
			m.fault("%s= stands twice; its addresses belong in one, with commas", name)
			out[i].value += "," + value
		case name == "p" || name == "sp" || name == "np":
			m.fault("%s= stands twice", name)
			if milder(value, out[i].value) {
				out[i].value = value
			}
		default:
			m.fault("%s= stands twice; the first is kept", name)
		}
	}
	for part := range strings.SplitSeq(body, ";") {
		part = strings.Trim(part, " ")
		for part != "" && len(out) < MaxFields {
			rest := ""
			if i := inner.FindStringIndex(part[min(1, len(part)):]); i != nil {
				head := strings.Trim(part[:i[0]+1], " ,")
				rest = strings.TrimLeft(part[i[0]+1:], " ,")
				m.fault("no semicolon between %s and %s", quoted(cut(head, 40)), quoted(cut(rest, 40)))
				part = head
			}
			name, value, ok := strings.Cut(part, "=")
			name = strings.ToLower(strings.TrimSpace(name))
			value = strings.TrimSpace(value)
			switch g := odd.FindStringSubmatch(part); {
			case ok && slices.Contains(f.tags, name):
			case g != nil && strings.HasPrefix(strings.ToLower(part), "rua:mailto") || g != nil && !ok || g != nil && len(g[1]) < len(name):
				m.fault("%s has no \"=\"", quoted(cut(part, 40)))
				name, value, ok = strings.ToLower(g[1]), g[2], true
			case strings.HasPrefix(strings.ToLower(part), "mailto:") || !ok && strings.Contains(part, "@") && f != &formBIMI:
				i := slices.IndexFunc(out, func(p piece) bool { return p.name == "rua" })
				if n := len(out); n > 0 && (out[n-1].name == "rua" || out[n-1].name == "ruf") {
					i = n - 1
				}
				if i < 0 {
					m.fault("%s has no tag name; rua= is meant", quoted(cut(part, 60)))
					name, value, ok = "rua", part, true
				} else {
					m.fault("a semicolon before %s, where a comma belongs", quoted(cut(part, 60)))
					out[i].value += "," + part
					part = rest
					continue
				}
			case !ok && f == &formDMARC && policyWord(part) != "" && !slices.ContainsFunc(out, func(p piece) bool { return p.name == "p" }):
				m.fault("%s has no tag name; p= is meant", quoted(part))
				name, value, ok = "p", part, true
			case !ok:
				m.fault("%s is not a tag", quoted(cut(part, 40)))
			default:
				if word := nearest(name, f.tags...); word != "" && len(word) > 2 {
					m.fault("%s= in place of %s=", cut(name, 20), word)
					name = word
				}
			}
			if name == "v" && f.version2.MatchString("v="+value) && len(out) == 0 && strings.HasPrefix(m.text, "v=") && !said {
				said = true
				m.fault("v= stands twice")
			}
			if ok && name != "v" && name != "" {
				if slices.Contains(f.tags, name) || f != &formDMARC {
					add(name, value)
				} else {
					m.fault("%s= is not a tag", cut(name, 20))
				}
			}
			part = rest
		}
	}
	for i := range out {
		if out[i].name == "rua" || out[i].name == "ruf" {
			out[i].value = mendURIs(m, out[i].name, out[i].value)
		}
	}
	return slices.DeleteFunc(out, func(p piece) bool { return (p.name == "rua" || p.name == "ruf") && p.value == "" })
}

var mailbox = pattern.New(`(?i)^<?([a-z0-9.!#$%&'*+/=?^_{|}~-]+@[a-z0-9.-]+\.[a-z0-9-]+)>?(\![0-9]+[kmgt]?)?$`)

// mendURIs writes report addresses as URIs.
func mendURIs(m *mend, tag, value string) string {
	var out []string
	for uri := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' || r == '|' }) {
		was := uri
		if lower := strings.ToLower(uri); strings.HasPrefix(lower, "mailto:") || strings.HasPrefix(lower, "mail:") || strings.HasPrefix(lower, "email:") ||
			strings.HasPrefix(lower, "mailto=") || strings.HasPrefix(lower, "mailto;") || strings.HasPrefix(lower, "malito:") || strings.HasPrefix(lower, "mailto@") && strings.Count(lower, "@") > 1 {
			uri = strings.TrimLeft(uri[strings.IndexAny(uri, ":=;@")+1:], "/:")
		}
		if uri == "" { // "mailto: d@example.com"
			m.fault("%s=: a blank behind mailto:", tag)
			continue
		}
		if g := mailbox.FindStringSubmatch(uri); g != nil {
			uri = "mailto:" + g[1] + g[2]
		} else {
			uri = was
		}
		if uri != was && !strings.EqualFold(uri, was) {
			m.fault("%s=%s has no mailto:", tag, cut(was, 60))
		} else {
			uri = was
		}
		if !slices.Contains(out, uri) {
			out = append(out, uri)
		}
	}
	return strings.Join(out, ",")
}

// policyWord is the policy that a word is meant for, "" where none is near.
func policyWord(s string) string {
	return nearest(strings.TrimSpace(s), "none", "quarantine", "reject")
}

// milder reports whether policy a asks for less than b.
func milder(a, b string) bool {
	rank := map[string]int{"none": 1, "quarantine": 2, "reject": 3}
	x, y := rank[policyWord(a)], rank[policyWord(b)]
	return x != 0 && (y == 0 || x < y)
}

// mendPolicy repairs the words of a DMARC record, and puts p= first.
func mendPolicy(m *mend, pieces []piece) []piece {
	for i := range pieces {
		p := &pieces[i]
		switch p.name {
		case "p", "sp", "np":
			if word := policyWord(p.value); word != "" && !strings.EqualFold(word, p.value) {
				m.fault("%s=%s in place of %s", p.name, cut(p.value, 40), word)
				p.value = word
			}
		case "adkim", "aspf":
			switch lower := strings.ToLower(p.value); {
			case lower == "r" || lower == "s":
			case strings.HasPrefix(lower, "relax"), strings.HasPrefix(lower, "strict"):
				m.fault("%s=%s in place of %s", p.name, cut(p.value, 20), lower[:1])
				p.value = lower[:1]
			}
		case "pct":
			if plain := strings.TrimSuffix(p.value, "%"); plain != p.value {
				m.fault("pct=%s with a percent sign", cut(p.value, 20))
				p.value = plain
			}
		}
	}
	if i := slices.IndexFunc(pieces, func(p piece) bool { return p.name == "p" }); i > 0 {
		m.fault("p= does not follow v= at once")
		p := pieces[i]
		pieces = slices.Insert(slices.Delete(pieces, i, i+1), 0, p)
	}
	return pieces
}

// asked is the policy that a DMARC text asks for as its owner reads it.
func askedPolicy(text string) string {
	rec := dmarc.ParseRecord(text)
	p, _ := rec.Tag("p")
	return policyWord(p)
}

// chooseDMARC picks one of several DMARC records: one that asks for reports
// before others, then the mildest, then the first. Nothing stricter than the
// mildest of them is offered.
func chooseDMARC(texts []string) (string, bool) {
	best := ""
	for _, text := range texts {
		rec := dmarc.ParseRecord(text)
		if !rec.IsDMARC() || !rec.Usable(dmarc.RFC9989) {
			fixed, ok := formDMARC.repair(text)
			if !ok || !dmarc.ParseRecord(fixed.text).Usable(dmarc.RFC9989) {
				continue
			}
			text, rec = fixed.text, dmarc.ParseRecord(fixed.text)
		}
		if best == "" {
			best = text
			continue
		}
		old := dmarc.ParseRecord(best)
		switch {
		case len(rec.Aggregate) > 0 && len(old.Aggregate) == 0,
			(len(rec.Aggregate) > 0) == (len(old.Aggregate) > 0) && milder(askedPolicy(text), askedPolicy(best)):
			best = text
		}
	}
	for _, text := range texts { // one of them asks for less than the one that is kept
		if best != "" && milder(askedPolicy(text), askedPolicy(best)) {
			fixed, _ := withTag(best, "p", policyOf(askedPolicy(text)))
			best = fixed
		}
	}
	return best, best != ""
}

func policyOf(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// withTag writes a tag of a record again.
func withTag(text, tag, value string) (string, bool) {
	at := regexp.MustCompile(`(?i)((?:^|;)\s*` + regexp.QuoteMeta(tag) + `\s*=\s*)[^;]*`)
	if loc := at.FindStringSubmatchIndex(text); loc != nil {
		return text[:loc[3]] + value + text[loc[1]:], true
	}
	return fmt.Sprintf("%s; %s=%s", strings.TrimRight(text, "; "), tag, value), false
}
