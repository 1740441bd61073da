package redact

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/report"
)

// shownPath stands for a path on disk.
const shownPath = "message"

// apply returns a text as it may be shown.
func (t *table) apply(p policy, s string) string {
	if s == "" || p == keep {
		return s
	}
	var out string
	switch p {
	case path:
		if s == "-" {
			return s
		}
		return shownPath
	case server:
		return t.servers[s].name
	case person:
		if c := t.people[strings.Join(wordsOf(s), " ")]; c != nil {
			return c.String()
		}
		return hidden
	case topic:
		if c := t.topics[s]; c != nil {
			return c.String()
		}
		return hidden
	case serial:
		if c := t.ids[s]; c != nil {
			return c.String()
		}
		out = t.text(s)
	case login:
		if s == "yes" {
			return s
		}
		out = t.address(s)
	case address:
		out = t.address(s)
	case host:
		out = t.hostText(s)
	case prose:
		out = t.prose(s)
	case record:
		out = t.record(s)
	case selector:
		if c := t.keys[strings.ToLower(s)]; c != nil {
			return c.String()
		}
		out = t.text(s)
	case lines:
		out = hideLines(s)
	case version:
		if c := s[0]; c >= '0' && c <= '9' && !strings.Contains(s, "@") {
			return s
		}
		out = t.text(s)
	default:
		out = t.text(s)
	}
	return t.safe(out)
}

// address shows an address, or a bare local part.
func (t *table) address(s string) string {
	kind, addr, ok := strings.Cut(s, ";")
	if ok {
		kind += ";"
	} else {
		kind, addr = "", s
	}
	bare := strings.Trim(addr, "<> \t")
	i := strings.LastIndexByte(bare, '@')
	local, rest := bare, ""
	if i >= 0 {
		local, rest = bare[:i], bare[i:]
	}
	switch c := t.locals[localKey(local)]; {
	case c != nil:
		local = c.String()
	case local != "" && !roleLocals[localKey(local)]:
		return hidden
	}
	if rest != "" {
		rest = "@" + t.hostText(rest[1:])
	}
	return kind + strings.Replace(addr, bare, local+rest, 1)
}

// hostText shows a host name, or the words that stand in its place.
func (t *table) hostText(s string) string {
	if c := t.hosts[hostName(s)]; c != nil {
		return c.String()
	}
	if !strings.ContainsAny(s, " ;@") && len(s) > maxName {
		return hidden
	}
	return t.text(s)
}

// text replaces the secrets in a text.
func (t *table) text(s string) string {
	s = unquote(t.literal.Replace(s))
	if t.o.Domains {
		s = withoutKeys(s)
	}
	var words [][2]int
	eachWord(s, func(i, j int) bool { words = append(words, [2]int{i, j}); return true })
	var b strings.Builder
	done := 0 // all before it is written
	put := func(start, end int, new string) {
		b.WriteString(s[done:start])
		b.WriteString(new)
		done = end
	}
	var tokens []token
	scan(s, func(k token) { tokens = append(tokens, k) })
	// Words do not make a phrase across an address.
	limits := make([]int, len(tokens))
	limit := len(s)
	for i := len(tokens) - 1; i >= 0; i-- {
		limits[i] = limit
		if k := tokens[i].kind; k != tokenWord && k != tokenHost {
			limit = tokens[i].start
		}
	}
	w := 0
	for i, k := range tokens {
		if k.end <= done {
			continue
		}
		limit := limits[i]
		begun := k.start < done // a phrase ended in it
		k.start = max(k.start, done)
		piece := s[k.start:k.end]
		switch k.kind {
		case tokenEncoded:
			put(k.start, k.end, "(encoded text)")
		case tokenCut:
			put(k.start, k.end, "")
		case tokenLong:
			put(k.start, k.end, hidden)
		case tokenLocal:
			if c := t.locals[localKey(piece)]; c != nil {
				put(k.start, k.end, c.String())
			} else if !roleLocals[localKey(piece)] {
				put(k.start, k.end, hidden)
			}
		case tokenIP:
			if to, ok := t.ips[k.ip.WithZone("")]; ok {
				put(k.start, k.end, to.String())
			}
		default:
			for w < len(words) && words[w][1] <= k.start {
				w++
			}
			// A token may hold several words, of which any can begin a phrase.
			last := max(done, k.start)
			if k.kind == tokenHost && !begun {
				if c, end := t.match(s, words[w:], limit); c != nil && end >= k.end && c.kind != kindDomain {
					put(k.start, end, c.String())
				} else if to := t.name(piece); to != piece {
					put(k.start, k.end, to)
				}
				continue
			}
			for x := w; x < len(words) && words[x][0] < k.end; x++ {
				if words[x][0] < last {
					continue
				}
				if c, end := t.match(s, words[x:], limit); c != nil {
					put(words[x][0], end, c.String())
					last = end
				}
			}
		}
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// maxGap is how far the words of a phrase may stand apart, in bytes.
const maxGap = 8

// match finds the longest secret that begins with the first of the words, and
// where it ends.
func (t *table) match(s string, words [][2]int, limit int) (*secret, int) {
	if len(words) == 0 {
		return nil, 0
	}
	var buf [128]byte
	key := buf[:0]
	var found *secret
	end := 0
	n := 0
	longest := t.longest[strings.ToLower(s[words[0][0]:words[0][1]])]
	for i := 0; i < len(words) && i < max(longest, 3); i++ {
		if words[i][1] > limit || i > 0 && words[i][0]-words[i-1][1] > maxGap {
			break
		}
		if i > 0 {
			key = append(key, ' ')
		}
		key = append(key, strings.ToLower(s[words[i][0]:words[i][1]])...)
		if i < longest {
			if c := t.phrases[string(key)]; c != nil {
				found, end, n = c, words[i][1], i+1
			}
		}
		if i == 2 {
			if c := t.runs[string(key)]; c != nil && n < 3 {
				found, end, n = c, words[i][1], 3
			}
		}
	}
	// A passage goes on as long as its next words do.
	for n >= 3 && n < len(words) && words[n][1] <= limit {
		key = key[:0]
		for i := n - 2; i <= n; i++ {
			key = append(append(key, strings.ToLower(s[words[i][0]:words[i][1]])...), ' ')
		}
		if t.runs[string(key[:len(key)-1])] != found {
			break
		}
		end = words[n][1]
		n++
	}
	return found, end
}

// name shows a name with dots in it.
func (t *table) name(piece string) string {
	n := hostName(piece)
	if c := t.hosts[n]; c != nil {
		return c.String()
	}
	if nobody[n] {
		return piece
	}
	labels := strings.Split(piece, ".")
	changed := false
	if ip, at, ok := reversed(labels); ok {
		if to, ok := t.ips[ip.WithZone("")]; ok {
			back := labels[at[0]] != inLabels(ip, false)[0] || strings.HasSuffix(n, ".arpa") || ip == backwards(labels[at[0]:at[0]+at[1]])
			labels = append(append(append([]string{}, labels[:at[0]]...), inLabels(to, back)...), labels[at[0]+at[1]:]...)
			changed = true
		}
	}
	// A host below a name that is hidden.
	for i := 1; i < len(labels); i++ {
		if c := t.hosts[strings.ToLower(strings.Join(labels[i:], "."))]; c != nil {
			return "host." + c.String()
		}
	}
	if t.o.Domains {
		if to, ok := t.domain(piece); ok {
			return to
		}
	}
	fixed := 0
	if t.keptSuffix(n) >= 0 {
		fixed = strings.Count(n[t.keptSuffix(n):], ".") + 1
	}
	for i := 0; i < len(labels)-fixed; i++ {
		// A local part with dots makes several labels.
		for k := min(len(labels)-fixed, i+maxPhrase); k > i+1; k-- {
			if c := t.locals[strings.ToLower(strings.Join(labels[i:k], "."))]; c != nil {
				labels = append(append(append([]string{}, labels[:i]...), c.name), labels[k:]...)
				changed = true
				break
			}
		}
		l := strings.ToLower(labels[i])
		c := t.locals[l]
		if c == nil {
			c = t.phrases[strings.Join(wordsOf(l), " ")]
		}
		if c != nil && telling(wordsOf(l)) {
			labels[i] = c.name
			changed = true
		}
	}
	if !changed {
		return piece
	}
	return strings.Join(labels, ".")
}

// backwards reads labels as an address written back to front.
func backwards(labels []string) netip.Addr {
	if len(labels) != 4 {
		return netip.Addr{}
	}
	ip, _ := netip.ParseAddr(labels[3] + "." + labels[2] + "." + labels[1] + "." + labels[0])
	return ip
}

// prose shows what a stranger wrote about a recipient: known words, names of
// domains, addresses and codes stay.
func (t *table) prose(s string) string {
	s = t.text(s)
	var b strings.Builder
	done := 0
	put := func(i, j int) {
		b.WriteString(s[done:i])
		if !strings.HasSuffix(b.String(), ellipsis) {
			b.WriteString(ellipsis)
		}
		done = j
	}
	scan(s, func(k token) {
		piece := s[k.start:k.end]
		switch k.kind {
		case tokenWord:
			if t.names[strings.ToLower(piece)] {
				return
			}
			eachWord(piece, func(i, j int) bool {
				if w := strings.ToLower(piece[i:j]); !vocabulary[w] && !(number(w) && len(w) <= 3) && utf8.RuneCountInString(w) >= 3 {
					put(k.start+i, k.start+j)
				}
				return true
			})
		case tokenHost:
			if n := hostName(piece); t.keptSuffix(n) < 0 && strings.Trim(piece, "0123456789.") != "" && !t.pseudonym(n) {
				put(k.start, k.end)
			}
		}
	})
	b.WriteString(s[done:])
	return b.String()
}

// pseudonym reports whether a name is one that stands for another.
func (t *table) pseudonym(n string) bool {
	first, _, _ := strings.Cut(n, ".")
	return t.names[first] || first == "host"
}

// unquote hides what stands in quotation marks, which is how the report quotes
// the message. An address stays, to be redacted as one.
func unquote(s string) string {
	var b strings.Builder
	done := 0
	for _, q := range quotations(s) {
		if in := s[q[0]:q[1]]; in != "" && (!strings.Contains(in, "@") || strings.ContainsAny(in, " \t\r\n")) {
			b.WriteString(s[done:q[0]])
			b.WriteString(size(in))
			done = q[1]
		}
	}
	b.WriteString(s[done:])
	return b.String()
}

func size(s string) string {
	n := utf8.RuneCountInString(s)
	if n == 1 {
		return "1 character"
	}
	return strconv.Itoa(n) + " characters"
}

// hideLines keeps the shape of a difference: which lines went and which came.
func hideLines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		body := strings.TrimRight(line, "\r\n")
		end := line[len(body):]
		if body != "" && strings.IndexByte("+- ", body[0]) >= 0 {
			b.WriteByte(body[0])
			body = body[1:]
		}
		fmt.Fprintf(&b, "(%s)%s", size(body), end)
	}
	return b.String()
}

// shownFields are the header fields whose value is evidence and may be shown,
// but for the secrets in it; with them those in which a verdict was found.
const shownFields = `received x-received received-spf authentication-results arc-authentication-results arc-message-signature arc-seal
	dkim-signature domainkey-signature return-path delivered-to x-original-to envelope-to x-envelope-to x-envelope-from date resent-date
	mime-version content-transfer-encoding message-id in-reply-to references precedence auto-submitted list-post list-unsubscribe`

// peopleFields hold addresses with the names of their owners.
var peopleFields = set(`from to cc bcc reply-to sender errors-to resent-from resent-to resent-cc resent-sender return-receipt-to
	disposition-notification-to mail-followup-to mail-reply-to list-id apparently-to x-original-from x-sender`)

// headerField cuts a quoted header field into its name and its value.
func headerField(s string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(s, ":")
	if !ok || name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", "", false
	}
	return name, strings.TrimLeft(value, " \t"), true
}

// evidence shows a piece of evidence. Of a header field that is neither about
// the path nor about verdicts only the length is shown.
func (t *table) evidence(e report.Evidence) report.Evidence {
	e.DNS = t.apply(text, e.DNS)
	if e.Kind != report.EvidenceHeader && e.Parts != nil {
		parts := make(report.Text, len(e.Parts))
		for i, x := range e.Parts {
			parts[i] = t.part(x)
		}
		e.Parts, e.Text = parts, parts.String()
		return e
	}
	e.Parts = nil
	name, value, ok := headerField(e.Text)
	if !ok || e.Kind != report.EvidenceHeader {
		e.Text = t.apply(text, e.Text)
		return e
	}
	low := strings.ToLower(name)
	switch {
	case t.quoted[low]:
		if strings.HasSuffix(low, "signature") {
			value = withoutTag(value, "z")
		}
		e.Text = t.apply(text, name+": "+value)
	case peopleFields[low]:
		shown := people(value, func(part string) string {
			if c := t.people[strings.Join(wordsOf(part), " ")]; c != nil {
				return c.String()
			}
			return hidden
		}, t.text)
		e.Text = name + ": " + t.safe(shown)
	default:
		e.Text = t.apply(text, name) + ": (" + size(value) + ")"
	}
	return e
}

// people shows a list of mailboxes: names by name, what holds an address by
// addr, and what divides them as it is.
func people(value string, name, addr func(string) string) string {
	var b strings.Builder
	segment := func(s string) {
		body := strings.TrimSpace(s)
		if body == "" {
			b.WriteString(s)
			return
		}
		at := strings.Index(s, body)
		b.WriteString(s[:at])
		switch {
		case !strings.Contains(body, "@") && len(wordsOf(body)) > 0:
			b.WriteString(name(body))
		case !strings.Contains(body, "@"):
			b.WriteString(body)
		default:
			for i, part := range strings.Fields(body) {
				if i > 0 {
					b.WriteByte(' ')
				}
				if strings.Contains(part, "@") {
					b.WriteString(addr(part))
				} else {
					b.WriteString(name(part))
				}
			}
		}
		b.WriteString(s[at+len(body):])
	}
	for value != "" {
		n := strings.IndexAny(value, `,<>;()"`)
		if n < 0 {
			segment(value)
			break
		}
		segment(value[:n])
		b.WriteByte(value[n])
		value = value[n+1:]
	}
	return b.String()
}

// withoutTag empties a tag of a signature (RFC 6376 §3.2); z= holds copies of
// header fields (§3.5).
func withoutTag(value, tag string) string {
	parts := strings.Split(value, ";")
	for i, p := range parts {
		if name, _, ok := strings.Cut(p, "="); ok && strings.TrimSpace(name) == tag {
			parts[i] = name + "=" + hidden
		}
	}
	return strings.Join(parts, ";")
}
