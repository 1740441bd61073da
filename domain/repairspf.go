package domain

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/spf"
)

var (
	// spfVersion is what people write for "v=spf1".
	spfVersion = pattern.New(`(?i)^(?:v\s*[=:\-.]?\s*=?\s*spf\s*[=:v_.-]?\s*[1l|]|v\s*=\s*spf|spf\s*[=:]?\s*v?[1l]|spf)(?:[;,.:]+|\b|)`)
	glued      = pattern.New(`(?i)[-+~?]?(?:include:|ip4:|ip6:|exists:|redirect=)`)
	gluedAll   = pattern.New(`(?i)^(.*[a-z0-9/.])([-~?+]all)$`)
	bareTerm   = pattern.New(`(?i)^[-+~?]?(include|ip4|ip6|exists|redirect|a|mx|ptr)[:=]$`)
	needsValue = pattern.New(`(?i)^[-+~?]?(include|ip4|ip6|exists|redirect)[:=]?$`)
	equalsSign = pattern.New(`(?i)^([-+~?]?)(include|ip4|ip6|exists|a|mx|ptr)=(.+)$`)
	colonSign  = pattern.New(`(?i)^(redirect|exp):(.+)$`)
	kindValue  = pattern.New(`(?i)^([-+~?]?)([a-z0-9]+)[:;,]{1,2}\s*(.+)$`)
	hostName   = pattern.New(`(?i)^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]\.?$`)
)

// meansSPF reports whether a peeled text is meant as an SPF record. A text
// without version counts where all of it is SPF terms and its end is all.
func meansSPF(text string) bool {
	lower := strings.ToLower(text)
	if strings.HasPrefix(lower, "spf2.0/") || strings.HasPrefix(lower, "v=spf2.0") { // Sender ID, RFC 4406
		return false
	}
	if i := spfVersion.FindStringIndex(text); i != nil {
		rest := text[i[1]:]
		return strings.HasPrefix(lower, "v") || rest == "" || termsAlone(rest)
	}
	return termsAlone(text) && strings.Contains(text, " ")
}

// termsAlone reports whether a text is nothing but SPF terms, with all or
// redirect last.
func termsAlone(text string) bool {
	words := strings.Fields(text)
	if len(words) == 0 {
		return false
	}
	rec, errs := spf.Parse("v=spf1 " + strings.Join(words, " "))
	if len(errs) > 0 || len(rec.Terms) == 0 {
		return false
	}
	for i := range rec.Terms {
		if t := &rec.Terms[i]; t.Modifier && t.Kind != "redirect" && t.Kind != "exp" {
			return false
		}
	}
	last := &rec.Terms[len(rec.Terms)-1]
	return last.Kind == "all" && last.Qualifier != '+' || last.Kind == "redirect" || last.Kind == "all" && len(rec.Terms) > 1
}

// repairSPF reads what is meant as an SPF record and writes it without its
// faults. pieces are the strings that it was published in. It is ok where the
// result can be read and something was repaired; nothing in it is stricter than
// what was written, and no term is made up.
func repairSPF(text string, pieces []string) (mend, bool) {
	m := peel(joined(text, pieces, joinSPF))
	if joinedText := joined(text, pieces, joinSPF); joinedText != text {
		m.faults = append([]string{borderFault(pieces)}, m.faults...)
	}
	body := m.text
	if i := spfVersion.FindStringIndex(body); i != nil {
		head := body[:i[1]]
		body = body[i[1]:]
		switch {
		case !strings.EqualFold(head, "v=spf1"):
			m.fault("%s at byte 0 in place of v=spf1", quoted(head))
		case body != "" && body[0] != ' ':
			m.fault("no blank behind v=spf1")
		}
	} else {
		m.fault("v=spf1 is missing at the beginning")
	}
	words := strings.Fields(body)
	if len(words) > maxWords {
		return m, false
	}
	words = mendTerms(&m, words)
	words = mendOrder(&m, words)
	m.text = strings.TrimRight("v=spf1 "+strings.Join(words, " "), " ")
	_, errs := spf.Parse(m.text)
	return m, len(errs) == 0 && len(m.faults) > 0 && m.text != text
}

// joinSPF says whether a blank is missing between two strings.
func joinSPF(before, after string) bool {
	if before == "" || after == "" || strings.HasSuffix(before, " ") || strings.HasPrefix(after, " ") {
		return false
	}
	first, _, _ := strings.Cut(after, " ")
	if len(before) >= 255 { // cut by length: the break says nothing
		word := before[strings.LastIndexByte(before, ' ')+1:]
		return wholeTerm(word) && wholeTerm(first) && !wholeTerm(word+first)
	}
	return wholeTerm(first) || strings.EqualFold(before, "v=spf1")
}

func wholeTerm(word string) bool {
	rec, errs := spf.Parse("v=spf1 " + word)
	return len(errs) == 0 && len(rec.Terms) == 1 && (!rec.Terms[0].Modifier || rec.Terms[0].Kind == "redirect" || rec.Terms[0].Kind == "exp") &&
		(rec.Terms[0].Kind != "a" && rec.Terms[0].Kind != "mx" || len(word) < 4 || strings.ContainsAny(word, ":/"))
}

// joined joins the strings of a record, with a blank where one is missing.
func joined(text string, pieces []string, missing func(before, after string) bool) string {
	if len(pieces) < 2 || strings.Join(pieces, "") != text {
		return text
	}
	var b strings.Builder
	for i, p := range pieces {
		if i > 0 && missing(pieces[i-1], p) {
			b.WriteByte(' ')
		}
		b.WriteString(p)
	}
	return b.String()
}

// borderFault names the border between two strings at which a blank is missing.
func borderFault(pieces []string) string {
	at := 0
	for i, p := range pieces {
		if i > 0 && joinSPF(pieces[i-1], p) {
			return fmt.Sprintf("no blank between two strings at byte %d: the strings of a TXT record are joined without one", at)
		}
		at += len(p)
	}
	return "no blank between two strings"
}

// mendTerms repairs term by term.
func mendTerms(m *mend, words []string) []string {
	var out []string
	have := map[string]bool{} // in lower case: exact duplicates, which come of merging, are passed over silently
	done := map[string]bool{} // words that gave their terms already
	for i := 0; i < len(words) && len(out) < maxTerms; i++ {
		w := words[i]
		if trimmed := strings.Trim(w, ",;"); trimmed != w {
			m.fault("%s holds a comma or semicolon; terms are parted by blanks", quoted(cut(w, 60)))
			if w = trimmed; w == "" {
				continue
			}
			if strings.ContainsAny(w, ",;") {
				more := strings.FieldsFunc(w, func(r rune) bool { return r == ',' || r == ';' })
				words = slices.Concat(words[:i], more, words[i+1:])
				w = words[i]
			}
		} else if strings.ContainsAny(w, ",;") && !strings.Contains(w, "%{") {
			m.fault("%s holds a comma or semicolon; terms are parted by blanks", quoted(cut(w, 60)))
			more := strings.FieldsFunc(w, func(r rune) bool { return r == ',' || r == ';' })
			words = slices.Concat(words[:i], more, words[i+1:])
			w = words[i]
		}
		if spfVersion.FindString(w) == w && strings.ContainsAny(w, "1l") && len(w) >= 4 {
			m.fault("%s stands twice", w)
			continue
		}
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch {
		case len(w) == 1 && strings.ContainsAny(w, "-~?+") && next != "" && wholeTerm(next): // "~ all"
			m.fault("a blank between %s and %s", w, next)
			w, i = w+next, i+1
		case bareTerm.MatchString(w) && next != "" && !wholeTerm(next):
			m.fault("a blank behind the colon of %s", quoted(w))
			w, i = w+next, i+1
		case needsValue.MatchString(w) && !strings.ContainsAny(w, ":=") && next != "" && (hostName.MatchString(next) || isNetwork(next)):
			sign := ":"
			if strings.EqualFold(w, "redirect") {
				sign = "="
			}
			m.fault("the colon is missing between %s and %s", quoted(w), quoted(cut(next, 60)))
			w, i = w+sign+next, i+1
		case needsValue.MatchString(w) && next != "" && strings.HasPrefix(next, ":"):
			m.fault("a blank before the colon of %s", quoted(w+next))
			w, i = w+next, i+1
		}
		last := i == len(words)-1
		if done[w] && !last {
			continue
		}
		done[w] = true
		for _, part := range split(m, w, last) {
			part = mendTerm(m, part)
			if key := strings.ToLower(part); !have[key] {
				have[key] = true
				out = append(out, part)
			}
		}
	}
	return out
}

// A record of more words than maxWords is not repaired, and a repaired one has no
// more than maxTerms terms: both are far beyond what ten look-ups and the size
// of an answer allow.
const (
	maxWords = 1000
	maxTerms = 200
)

// split cuts terms apart that run together.
func split(m *mend, w string, last bool) []string {
	places := glued.FindAllStringIndex(w, maxTerms)
	macro := strings.Index(w, "%{")
	var cuts []int
	for _, p := range places {
		if p[0] > 0 && (p[1] == len(w) || macro < 0 || macro+2 > p[0]) && !wholeWordBefore(w, p[0]) {
			cuts = append(cuts, p[0])
		}
	}
	var parts []string
	at := 0
	for _, c := range cuts {
		if c > at {
			parts = append(parts, w[at:c])
			at = c
		}
	}
	parts = append(parts, w[at:])
	if len(parts) > 1 {
		m.fault("no blank between %s and %s", quoted(cut(parts[0], 60)), quoted(cut(parts[1], 60)))
	}
	tail := parts[len(parts)-1]
	if g := gluedAll.FindStringSubmatch(tail); g != nil {
		_, errs := spf.Parse("v=spf1 " + tail)
		top := g[2][1:]
		if host := tail[strings.LastIndexAny(tail, ":=")+1:]; len(errs) == 0 && strings.Contains(host, ".") {
			top, _ = publicsuffix.PublicSuffix(strings.ToLower(host))
			if _, known := publicsuffix.PublicSuffix(strings.ToLower(host)); known {
				top = ""
			}
		}
		if len(errs) > 0 || last && top != "" && strings.Contains(top, "-") {
			m.fault("no blank between %s and %s", quoted(cut(g[1], 60)), quoted(g[2]))
			parts = append(parts[:len(parts)-1], g[1], g[2])
		}
	}
	return parts
}

// wholeWordBefore reports that what stands before a place belongs to the same
// word, as in "xinclude:".
func wholeWordBefore(w string, at int) bool {
	head := w[:at]
	return !strings.ContainsAny(head, ":=./") && !strings.EqualFold(head, "a") && !strings.EqualFold(head, "mx") && !strings.EqualFold(head, "all")
}

// mendTerm repairs the text of one term.
func mendTerm(m *mend, w string) string {
	was := w
	say := func(after, what string) string {
		m.fault("%s: %s, %s is meant", quoted(cut(was, 60)), what, quoted(cut(after, 80)))
		return after
	}
	if g := equalsSign.FindStringSubmatch(w); g != nil {
		return say(g[1]+strings.ToLower(g[2])+":"+g[3], `an "=" in place of the colon`)
	}
	if g := colonSign.FindStringSubmatch(w); g != nil {
		return say(strings.ToLower(g[1])+"="+g[2], `a colon in place of "="`)
	}
	if isNetwork(strings.TrimLeft(w, "+-~?")) {
		bare := strings.TrimLeft(w, "+-~?")
		return say(w[:len(w)-len(bare)]+network(bare), "an address without ip4: or ip6:")
	}
	if trimmed := strings.TrimRight(w, "."); trimmed != w && strings.HasSuffix(strings.ToLower(trimmed), "all") && !strings.Contains(trimmed, ":") {
		return say(trimmed, "a dot at its end")
	}
	g := kindValue.FindStringSubmatch(w)
	if g == nil {
		if _, errs := spf.Parse("v=spf1 " + w); len(errs) == 0 {
			return w
		}
		bare := strings.TrimLeft(w, "+-~?")
		if word := nearest(bare, "all"); word != "" && len(bare) >= 2 && len(bare) <= 4 && len(bare) < len(w) {
			return say(w[:len(w)-len(bare)]+word, "a misspelt term")
		}
		return w
	}
	sign, kind, value := g[1], strings.ToLower(g[2]), strings.TrimPrefix(g[3], ":")
	switch kind {
	case "ip", "ipv4", "ip4v", "ip4s", "ipv", "ipv6", "ip6v", "ipaddress", "ip4", "ip6", "a", "mx", "include":
		if isNetwork(value) {
			if term := sign + network(value); !strings.EqualFold(term, w) {
				what := kind + ": before an address"
				if strings.Contains(w, "::") && kind == "ip4" {
					what = "two colons"
				}
				return say(term, what)
			}
			return w
		}
		if host, mask, ok := strings.Cut(value, "/"); ok && (kind == "ip4" || kind == "ip" || kind == "ipv4") {
			if bits, ok := maskBits(mask); ok && isNetwork(host) {
				return say(sign+network(host+"/"+strconv.Itoa(bits)), "a network mask in place of a prefix length")
			}
		}
		if (kind == "ip4" || kind == "ip6" || kind == "ip") && hostName.MatchString(value) {
			return say(sign+"a:"+value, "a host name where an address belongs")
		}
		if kind == "include" && strings.Contains(value, "://") {
			_, host, _ := strings.Cut(value, "://")
			if host = strings.TrimRight(host, "/"); hostName.MatchString(host) {
				return say(sign+"include:"+host, "the address of a page where a domain belongs")
			}
		}
	case "exists", "ptr", "all", "exp", "redirect", "v":
	default:
		if word := nearest(kind, "include", "exists", "redirect"); word != "" && hostName.MatchString(value) {
			sep := ":"
			if word == "redirect" {
				sep = "="
			}
			return say(sign+word+sep+value, "a misspelt term")
		}
	}
	if strings.Contains(w, "::") && (kind == "include" || kind == "a" || kind == "mx") {
		return say(sign+kind+":"+strings.TrimLeft(value, ":"), "two colons")
	}
	return w
}

// isNetwork reports whether a text is an address, or one with a prefix length.
func isNetwork(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// network is the term for an address.
func network(s string) string {
	if strings.Contains(s, ":") {
		return "ip6:" + s
	}
	return "ip4:" + s
}

// maskBits reads 255.255.255.0.
func maskBits(s string) (int, bool) {
	ip, err := netip.ParseAddr(s)
	if err != nil || !ip.Is4() {
		return 0, false
	}
	b := ip.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	bits := 0
	for v&(1<<31) != 0 {
		bits++
		v <<= 1
	}
	return bits, v == 0
}

// mendOrder puts terms where they count: all behind what it hides, where before
// it nobody passes; a redirect in the place of an all that makes it void, where
// the record names nobody else.
func mendOrder(m *mend, words []string) []string {
	rec, errs := spf.Parse("v=spf1 " + strings.Join(words, " "))
	if len(errs) > 0 || rec.All() == nil {
		return words
	}
	all := slices.IndexFunc(rec.Terms, func(t spf.Term) bool { return t.Kind == "all" && !t.Modifier })
	before, after, redirect := 0, 0, ""
	for i := range rec.Terms {
		t := &rec.Terms[i]
		switch {
		case t.Modifier && t.Kind == "redirect":
			redirect = t.Text
		case t.Modifier || t.Kind == "all":
		case i < all:
			before++
		default:
			after++
		}
	}
	if rec.Terms[all].Qualifier == '+' || before > 0 {
		return words
	}
	switch {
	case after > 0: // the first all counts, and hides the rest
		text := rec.Terms[all].Text
		m.fault("%s stands before the other terms and hides them", text)
		kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.EqualFold(strings.TrimLeft(w, "+-~?"), "all") })
		return append(kept, text)
	case redirect != "":
		m.fault("%s is never used beside %s", redirect, rec.Terms[all].Text)
		return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.EqualFold(strings.TrimLeft(w, "+-~?"), "all") })
	}
	return words
}

// mergeSPF makes one record of several: the terms of all in their order, once
// each, and the mildest of their endings.
func mergeSPF(texts []string) (string, bool) {
	var terms []string
	end, ends := "", map[byte]int{'-': 0, '~': 1, '?': 2, '+': 3}
	redirects := 0
	have := map[string]bool{} // in lower case
	for _, text := range texts {
		rec, errs := spf.Parse(text)
		if len(errs) > 0 {
			fixed, ok := repairSPF(text, nil)
			if !ok {
				return "", false
			}
			rec, _ = spf.Parse(fixed.text)
		}
		for i := range rec.Terms {
			t := &rec.Terms[i]
			switch {
			case t.Kind == "all" && !t.Modifier:
				if end == "" || ends[t.Qualifier] > ends[end[0]] {
					end = string(t.Qualifier) + "all"
				}
			case t.Modifier && t.Kind == "redirect":
				redirects++
				have[strings.ToLower(t.Text)] = true
				terms = append(terms, t.Text)
			case t.Modifier && t.Kind != "exp":
				return "", false
			case !have[strings.ToLower(t.Text)]:
				have[strings.ToLower(t.Text)] = true
				terms = append(terms, t.Text)
			}
		}
	}
	if end == "+all" || len(terms) > maxTerms {
		return "", false
	}
	if redirects > 0 {
		if len(terms) == redirects && redirects == 1 && end == "" {
			return "v=spf1 " + terms[0], true
		}
		if end == "" { // the ending is that of the redirect, which is not known here
			end = "~all"
		}
		for i, t := range terms {
			if target, ok := strings.CutPrefix(t, "redirect="); ok {
				terms[i] = "include:" + target
			}
		}
	}
	if end != "" {
		terms = append(terms, end)
	}
	return "v=spf1 " + strings.Join(terms, " "), true
}
