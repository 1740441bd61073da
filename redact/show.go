package redact

import (
	"cmp"
	hexa "encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/internal/pattern"
)

const (
	// hidden stands where nothing of a text can be shown.
	hidden = "(hidden)"
	// shownPath stands for a path on disk.
	shownPath = "message"
)

// apply returns a text as it may be shown. One that still leaks in the end is
// withheld.
func (t *table) apply(p policy, s string) string {
	or := func(c *secret, s string) string {
		if c != nil {
			return c.String()
		}
		return s
	}
	switch p {
	case path:
		if s == "-" {
			return s
		}
		return shownPath
	case server:
		return or(t.find(kindServer, s), hidden)
	case person:
		return t.person(s)
	case topic:
		return or(t.find(kindSubject, s), hidden)
	case version:
		if c := s[0]; c >= '0' && c <= '9' && !strings.Contains(s, "@") {
			return s
		}
	}
	var out string
	switch p {
	case serial:
		out = or(t.find(kindID, strings.ToLower(s)), t.text(s))
	case selector:
		out = or(t.find(kindKey, strings.ToLower(s)), t.text(s))
	case login:
		if out = s; s != "yes" {
			out = t.address(s)
		}
	case address, envelope:
		out = t.address(s)
	case host, zone, domain, named:
		out = t.host(s)
	case prose:
		out = t.spelt(s, true)
	case record:
		out = t.record(s)
	case lines:
		out = lineForm.ReplaceAllStringFunc(s, func(l string) string {
			mark := strings.IndexByte("+- ", l[0]) + 1
			return l[:min(mark, 1)] + "(" + size(l[min(mark, 1):]) + ")"
		})
	case field:
		out = t.field(s)
	default:
		out = t.text(s)
	}
	if t.leaks(out) {
		t.caught = append(t.caught, out)
		return hidden
	}
	return out
}

var (
	lineForm = pattern.New(`[^\r\n]+`)
	// keyForm is a public key, which names its owner to whoever looks it up.
	keyForm = pattern.New(`p=[0-9A-Za-z+/=]{20,}`)
	// zForm is the tag of a signature that holds copies of header fields (RFC 6376 §3.5).
	zForm = pattern.New(`(^|;)(\s*z\s*=)[^;]*`)
	// partForm is what stands between the signs of a list of mailboxes.
	partForm = pattern.New(`[^,<>;()"]+`)
	bareForm = pattern.New(`\S+`)
)

func (t *table) person(name string) string {
	if c := t.find(kindName, strings.Join(wordsOf(name), " ")); c != nil {
		return c.String()
	}
	return hidden
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
	local, rest := bare, ""
	if l, domain, ok := mailname.Split(bare); ok {
		local, rest = l, "@"+t.host(domain)
	} else if t.keptSuffix(strings.ToLower(bare)) == 0 {
		return t.text(s)
	}
	return kind + strings.Replace(addr, bare, t.local(local)+rest, 1)
}

func (t *table) local(s string) string {
	if c := t.find(kindUser, localKey(s)); c != nil {
		return c.String()
	} else if s == "" || roleLocals[localKey(s)] {
		return s
	}
	return hidden
}

// host shows a host name, or the words that stand in its place.
func (t *table) host(s string) string {
	if c := t.find(kindHost, hostName(s)); c != nil {
		return c.String()
	}
	if !strings.ContainsAny(s, " ;@") && len(s) > maxName {
		return hidden
	}
	return t.text(s)
}

func (t *table) text(s string) string { return t.spelt(s, false) }

// spelt replaces the secrets in a text. What stands in quotation marks is how the
// report quotes the message; an address there stays, to be redacted as one. Of
// what a stranger wrote about a recipient known words, names of domains,
// addresses and codes stay.
func (t *table) spelt(s string, stranger bool) string {
	s = quotes(t.literal.Replace(s), func(in string) string {
		if in == "" || strings.Contains(in, "@") && !strings.ContainsAny(in, " \t\r\n") {
			return in
		}
		return size(in)
	})
	if t.o.Domains {
		s = keyForm.ReplaceAllString(s, "p=(key)")
	}
	var tokens []token
	scan(s, func(k token) { tokens = append(tokens, k) })
	// Words do not make a phrase across an address.
	limits := make([]int, len(tokens))
	limit := len(s)
	for i, k := range slices.Backward(tokens) {
		if limits[i] = limit; k.kind != tokenWord && k.kind != tokenHost {
			limit = k.start
		}
	}
	words := wordsAt(s)
	var b strings.Builder
	done := 0 // all before it is written
	put := func(start, end int, new string) {
		b.WriteString(s[done:start])
		b.WriteString(new)
		done = end
	}
	for i, k := range tokens {
		if k.end <= done {
			continue
		}
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
			put(k.start, k.end, t.local(piece))
		case tokenIP:
			if to, ok := t.ips[k.ip.WithZone("")]; ok {
				put(k.start, k.end, to.String())
			}
		default:
			for len(words) > 0 && words[0][1] <= k.start {
				words = words[1:]
			}
			// A token may hold several words, of which any can begin a phrase.
			for x := 0; x < len(words) && words[x][0] < k.end; x++ {
				whole := k.kind == tokenHost && !begun
				c, end := t.match(s, words[x:], limits[i])
				switch {
				case words[x][0] < done:
				case c != nil && (!whole || end >= k.end && c.kind != kindDomain):
					put(words[x][0], end, c.String())
				case whole:
					if to := t.name(piece); to != piece || !stranger || t.keptSuffix(strings.ToLower(piece)) >= 0 || number(strings.ReplaceAll(piece, ".", "")) {
						put(k.start, k.end, to)
					} else {
						put(k.start, k.end, ellipsis)
					}
				case stranger && !dull(s[words[x][0]:words[x][1]]):
					put(words[x][0], words[x][1], ellipsis)
				}
				if whole {
					break
				}
			}
		}
	}
	return b.String() + s[done:]
}

// dull reports whether a word by itself says nothing of anybody.
func dull(w string) bool {
	return vocabulary()[strings.ToLower(w)] || number(w) && len(w) <= 3 || utf8.RuneCountInString(w) < 3
}

// maxGap is how far the words of a phrase may stand apart, in bytes.
const maxGap = 8

// match finds the longest secret that begins with the first of the words, and
// where it ends.
func (t *table) match(s string, words [][2]int, limit int) (found *secret, end int) {
	var buf [128]byte
	var at [maxPhrase + 1]int // where the words begin in key
	key, n := buf[:0], 0
	for i := range words {
		w := strings.ToLower(s[words[i][0]:words[i][1]])
		if i == maxPhrase || i > 0 && i >= max(t.longest[string(key[:max(at[1]-1, 0)])], 3) ||
			words[i][1] > limit || i > 0 && words[i][0]-words[i-1][1] > maxGap {
			break
		}
		key = append(key, w...)
		if c := t.phrases[string(key)]; c != nil {
			found, end, n = c, words[i][1], i+1
		} else if c := t.runs[string(key)]; c != nil && i == 2 && n < 3 {
			found, end, n = c, words[i][1], 3
		}
		key = append(key, ' ')
		at[i+1] = len(key)
	}
	// A passage goes on as long as its next words do.
	for ; n >= 3 && n < len(words) && words[n][1] <= limit; n++ {
		key = key[:0]
		for _, w := range words[n-2 : n+1] {
			key = append(append(key, strings.ToLower(s[w[0]:w[1]])...), ' ')
		}
		if t.runs[string(key[:len(key)-1])] != found {
			break
		}
		end = words[n][1]
	}
	return found, end
}

// name shows a name with dots in it.
func (t *table) name(piece string) string {
	low := strings.ToLower(piece)
	if c := t.find(kindHost, low); c != nil {
		return c.String()
	}
	if nobody[low] {
		return piece
	}
	labels := strings.Split(piece, ".")
	if ip, i, n := reversed(labels); ip.IsValid() {
		if to, ok := t.ips[ip]; ok {
			back := strings.Join(labels[i:i+n], ".") != ip.String()
			piece = strings.Join(slices.Concat(labels[:i], inLabels(to, back), labels[i+n:]), ".")
			low = strings.ToLower(piece)
		}
	}
	// A host below a name that is hidden.
	for i := range low {
		if low[i] == '.' {
			if c := t.find(kindHost, low[i+1:]); c != nil {
				return "host." + c.String()
			}
		}
	}
	// What may be shown is the domain behind it: one that stays, or where domains
	// are hidden, the pseudonym of an organisation: mx1.sub-1.domain-1.example.
	head, tail := piece, ""
	if len(low) != len(piece) {
		head, piece = low, low // letters of another length, or no letters
	}
	org := t.orgOf(low)
	of := t.find(kindDomain, org)
	if of != nil {
		head, tail = piece[:len(piece)-len(org)], of.String()
	} else if i := t.keptSuffix(low); i >= 0 {
		head, tail = piece[:i], piece[i:]
	}
	words := wordsAt(head)
	for i := len(words) - 1; i >= 0; i-- {
		for k := max(i+1-maxPhrase, 0); k <= i; k++ {
			if c, end := t.match(head, words[k:i+1], len(head)); c != nil && end == words[i][1] {
				head = head[:words[k][0]] + c.name + head[end:]
				i = k
				break
			}
		}
	}
	if labels = strings.Split(head, "."); of != nil {
		for i, l := range labels {
			if c := cmp.Or(t.find(kindUser, strings.ToLower(l)), t.find(kindSub, strings.ToLower(l))); c != nil {
				labels[i] = c.name
			}
		}
	}
	return strings.Join(labels, ".") + tail
}

// reversed finds an address that is written label by label in a name, as the
// reverse zones and the macro %{ir} of SPF write it: 4.3.2.1.in-addr.arpa. It
// takes n labels, from label i on.
func reversed(labels []string) (ip netip.Addr, i, n int) {
	for i, l := range labels {
		rest := labels[i:]
		if n = 32; len(rest) >= n && len(l) == 1 && hex(l[0]) {
			nibbles := slices.Clone(rest[:n])
			slices.Reverse(nibbles)
			if b, err := hexa.DecodeString(strings.Join(nibbles, "")); err == nil && len(b) == 16 {
				return netip.AddrFrom16([16]byte(b)), i, n
			}
		}
		if n = 4; len(rest) < n || !number(l) || i > 0 && number(labels[i-1]) || len(rest) > n && number(rest[n]) {
			continue
		}
		if ahead, err := netip.ParseAddr(strings.Join(rest[:n], ".")); err == nil {
			ip, _ = netip.ParseAddr(strings.Join(inLabels(ahead, true), "."))
			if private(ahead) && !private(ip) && !strings.EqualFold(labels[len(labels)-1], "arpa") {
				ip = ahead
			}
			return ip, i, n
		}
	}
	return netip.Addr{}, 0, 0
}

// inLabels writes an address as labels; back to front for a reverse zone.
func inLabels(ip netip.Addr, back bool) []string {
	out := strings.Split(ip.String(), ".")
	if ip.Is6() {
		out = strings.Split(strings.ReplaceAll(ip.StringExpanded(), ":", ""), "")
	}
	if back {
		slices.Reverse(out)
	}
	return out
}

// record shows the value of a DNS answer. A text of no known form may be there
// to prove that somebody owns the domain.
func (t *table) record(s string) string {
	low := strings.ToLower(s)
	if t.o.Domains && strings.ContainsAny(s, " =") && !strings.HasPrefix(low, "v=") && !strings.Contains(low, "p=") {
		words := strings.Fields(s)
		if len(words) != 2 || !number(words[0]) { // an MX record
			return hidden
		}
	}
	return t.text(s)
}

func size(s string) string {
	n := utf8.RuneCountInString(s)
	if n == 1 {
		return "1 character"
	}
	return strconv.Itoa(n) + " characters"
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

// field shows a quoted header field on one line (RFC 5322 §2.2.3). Of one that
// is neither about the path nor about verdicts only the length is shown.
func (t *table) field(s string) string {
	name, value, ok := headerField(strings.NewReplacer("\r\n", "", "\n", "").Replace(s))
	low := strings.ToLower(name)
	switch {
	case !ok:
		return t.text(s)
	case t.quoted[low]:
		if strings.HasSuffix(low, "signature") {
			value = zForm.ReplaceAllString(value, "$1$2"+hidden)
		}
		return t.text(name + ": " + value)
	case peopleFields[low]:
		return name + ": " + people(value, t.person, t.text)
	}
	return t.text(name) + ": (" + size(value) + ")"
}

// people shows a list of mailboxes: names by name, what holds an address by
// addr, and what divides them as it is.
func people(value string, name, addr func(string) string) string {
	return partForm.ReplaceAllStringFunc(value, func(part string) string {
		body := strings.TrimSpace(part)
		if !strings.Contains(body, "@") {
			if len(wordsOf(body)) == 0 {
				return part
			}
			return strings.Replace(part, body, name(body), 1)
		}
		return bareForm.ReplaceAllStringFunc(part, func(s string) string {
			if strings.Contains(s, "@") {
				return addr(s)
			}
			return name(s)
		})
	})
}

// leaks looks once more for secrets in a text that is about to be shown, in
// another way than they were replaced: by their words alone, whatever stands
// between them. What it finds is a fault of this package.
func (t *table) leaks(s string) (leak bool) {
	var words []string
	add := func(s string) {
		if t.names[s] {
			words = append(words, "")
		} else {
			words = append(words, wordsOf(s)...)
		}
	}
	scan(s, func(k token) {
		low := strings.ToLower(s[k.start:k.end])
		switch k.kind {
		case tokenLocal:
			leak = leak || t.find(kindUser, localKey(low)) != nil && !t.names[low]
		case tokenIP:
			_, hid := t.ips[k.ip.WithZone("")]
			leak = leak || hid
		case tokenHost:
			leak = leak || t.find(kindHost, low) != nil || t.find(kindDomain, t.orgOf(low)) != nil
			if t.keptSuffix(low) != 0 {
				for l := range strings.SplitSeq(low, ".") {
					add(l)
				}
			}
		case tokenWord:
			add(low)
		}
	})
	for i, w := range words {
		for n := min(t.longest[w], len(words)-i); n > 0; n-- {
			// Words of the domains that stay do not tell more than those.
			leak = leak || t.phrases[strings.Join(words[i:i+n], " ")] != nil &&
				slices.ContainsFunc(words[i:i+n], func(w string) bool { return !t.labels[w] })
		}
	}
	return leak
}
