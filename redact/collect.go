package redact

import (
	"cmp"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// collect finds the secrets of a report: first in the keys that hold nothing
// else, then by their form in every text.
func (t *table) collect(r *report.Report) {
	type entry struct {
		p policy
		s string
	}
	var texts []entry
	walk(reflect.ValueOf(r).Elem(), text, func(p policy, s string) string {
		texts = append(texts, entry{p, s})
		return s
	})
	stage := func(note func(policy, string)) {
		for _, e := range texts {
			note(e.p, e.s)
		}
	}
	stage(t.keep)
	if t.o.Domains {
		stage(t.domains)
	} else {
		for d := range t.kept {
			for _, w := range wordsOf(d) {
				t.labels[w] = true
			}
		}
	}
	facts := map[string]*hostFacts{}
	each(r, func(r *report.Report) { t.hostFacts(r, facts) })
	stage(func(p policy, s string) { t.addressed(p, s, facts) })
	stage(t.written)
	stage(t.spot)
	each(r, func(r *report.Report) {
		if r.SPF != nil {
			t.macros(r.SPF.Tree, 0)
		}
	})
}

// each calls f with a report and all inside it.
func each(r *report.Report, f func(*report.Report)) {
	f(r)
	for i := range r.Embedded {
		each(&r.Embedded[i], f)
	}
}

// keep notes the domains that stay, as without them nobody could follow the
// verdict, and the fields in which verdicts were found.
func (t *table) keep(p policy, s string) {
	switch p {
	case envelope:
		_, domain, ok := mailname.Split(s)
		if !ok {
			return
		}
		s = domain
	case fieldName:
		t.quoted[strings.ToLower(s)] = true
		return
	case domain, zone:
	default:
		return
	}
	if n := hostName(s); strings.Contains(n, ".") && !strings.ContainsAny(n, " @") && !insideName(n) {
		if _, err := netip.ParseAddr(n); err != nil {
			t.kept[n] = true
		}
	}
}

// domains notes the domains and selectors of a text.
func (t *table) domains(p policy, s string) {
	if p == selector && telling(wordsOf(s)) && !common(s) {
		k := t.add(kindKey, strings.ToLower(s))
		t.phrase(wordsOf(s), k)
		t.known[key{kindSub, strings.ToLower(s)}] = k
	}
	scan(s, func(k token) {
		if k.kind != tokenHost {
			return
		}
		n := hostName(s[k.start:k.end])
		if insideName(n) {
			return
		}
		org := t.orgOf(n)
		if org == "" {
			return
		}
		if t.find(kindDomain, org) == nil {
			s := t.add(kindDomain, org)
			s.after = ".example"
			label, _, _ := strings.Cut(org, ".")
			t.phrase(wordsOf(label), s)
			t.phrase(wordsOf(org), s)
		}
		if below, ok := strings.CutSuffix(n, "."+org); ok {
			for l := range strings.SplitSeq(below, ".") {
				if !common(l) && !number(l) {
					t.add(kindSub, l)
				}
			}
		}
	})
}

// addressed notes what the keys hold that are addresses, ids and hosts.
func (t *table) addressed(p policy, s string, facts map[string]*hostFacts) {
	switch p {
	case address, envelope, login:
		// A type may stand in front, as in a delivery status notification:
		// "rfc822; ann@example.com".
		s = s[strings.IndexByte(s, ';')+1:]
		s = strings.Trim(s, "<> \t")
		if local, _, ok := mailname.Split(s); ok {
			s = local
		} else if t.keptSuffix(hostName(s)) == 0 {
			return // a domain in the place of an address
		}
		if p != login || s != "yes" {
			t.addLocal(s, kindUser)
		}
	case messageID:
		local, domain, _ := strings.Cut(strings.Trim(s, "<> "), "@")
		t.addLocal(local, kindID)
		if insideName(domain) {
			t.addHost(domain)
		}
	case serial:
		// Exchange writes its version there.
		if !strings.Contains(s, ".") || strings.Trim(s, "0123456789.") != "" {
			t.phrase(wordsOf(s), t.add(kindID, strings.ToLower(s)))
		}
	case host, zone:
		n := hostName(s)
		if f := facts[n]; f != nil && !t.kept[n] && (f.person || f.private && !f.public) || !strings.ContainsAny(n, ". :") {
			t.addHost(n)
		}
	case server:
		t.add(kindServer, s)
	case path:
		if strings.Contains(s, "/") || len(s) > 4 && strings.Contains(s, ".") {
			t.paths = append(t.paths, s)
		}
	}
}

// written notes names, subjects and text of the message.
func (t *table) written(p policy, s string) {
	passage := func(s string) string {
		if w := wordsOf(s); telling(w) {
			t.passage(w, &secret{kind: kindText, name: string(kindText)})
		}
		return s
	}
	switch p {
	case person:
		t.addName(s)
	case topic:
		t.passage(wordsOf(s), t.add(kindSubject, s))
	case change:
		quotes(s, passage)
	case lines:
		for line := range strings.Lines(s) {
			passage(line)
		}
	}
}

// spot notes the secrets that a text shows by their form.
func (t *table) spot(p policy, s string) {
	after := -1 // where a host name behind a local part begins
	scan(s, func(k token) {
		word := s[k.start:k.end]
		switch k.kind {
		case tokenLocal:
			t.addLocal(word, kindUser)
		case tokenIP:
			ip := k.ip.WithZone("")
			t.seenIP[ip] = true
			if private(ip) || t.o.Domains && ip.IsGlobalUnicast() {
				t.hideIP(ip)
			}
		case tokenHost:
			if insideName(word) {
				t.addHost(word)
			}
			if ip, _, _ := reversed(strings.Split(word, ".")); ip.IsValid() {
				t.seenIP[ip] = true
				if private(ip) || t.o.Domains {
					t.hideIP(ip)
				}
			}
		case tokenWord:
			if k.start == after {
				t.addHost(word)
			}
		}
		after = -1
		if k.kind == tokenLocal {
			after = k.end + 1
		}
	})
	if name, value, ok := headerField(s); ok && (p == text || p == field) && peopleFields[strings.ToLower(name)] {
		people(value, func(part string) string { t.addName(part); return part }, strings.Clone)
	}
}

func localKey(local string) string {
	return strings.ToLower(strings.ReplaceAll(strings.Trim(local, `" `), `\`, ""))
}

// roleLocals are local parts that every domain has (RFC 5321 §4.5.1) or that
// name a program.
var roleLocals = set("postmaster mailer-daemon")

// addLocal notes a local part, and the parts of one in which another address
// is packed (SRS, VERP, BATV) or a detail follows a plus sign.
func (t *table) addLocal(local string, k kind) {
	key := localKey(local)
	if key == "" || roleLocals[key] || t.find(k, key) != nil {
		return
	}
	s := t.add(k, key)
	if len(key) > 5 && (strings.HasPrefix(key, "srs0") || strings.HasPrefix(key, "srs1") || strings.HasPrefix(key, "prvs=")) {
		s.before = local[:5]
	}
	t.phrase(wordsOf(key), s)
	if before, _, ok := strings.Cut(key, "+"); ok {
		t.phrase(wordsOf(before), s)
	}
	if strings.Contains(key, "=") {
		for part := range strings.SplitSeq(key, "=") {
			if !strings.Contains(part, ".") && !strings.HasPrefix(part, "srs") && part != "prvs" {
				t.phrase(wordsOf(part), s)
			}
		}
	}
}

// addName notes a display name, and every part of it that can be a name.
func (t *table) addName(name string) {
	words := wordsOf(name)
	if len(words) == 0 {
		return
	}
	s := t.add(kindName, strings.Join(words, " "))
	if t.phrase(words, s); len(words) > maxPhrase {
		t.passage(words, s)
	}
	for _, at := range wordsAt(name) {
		w := name[at[0]:at[1]]
		first, _ := utf8.DecodeRuneInString(w)
		if low := strings.ToLower(w); !unicode.IsLower(first) && utf8.RuneCountInString(w) >= 3 && !t.labels[low] {
			t.phrase([]string{low}, s)
		}
	}
}

// addHost notes the name of a host inside. Of its name the domain stays that
// stays elsewhere.
func (t *table) addHost(name string) {
	n := hostName(name)
	if n == "" || len(n) > maxName || nobody[n] || t.find(kindHost, n) != nil || strings.ContainsAny(n, " @") {
		return
	}
	if _, err := netip.ParseAddr(strings.TrimPrefix(n, "ipv6:")); err == nil {
		return
	}
	s := t.add(kindHost, n)
	if i := t.keptSuffix(n); i > 0 {
		s.after = n[i-1:]
	} else if org := t.orgOf(n); org != "" && org != n && !insideName(org) {
		s.after = "." + org
	} else if strings.Contains(n, ".") {
		s.after = ".internal"
	}
	// Its first labels by themselves are known too, unless any host may have
	// them.
	if first := strings.TrimSuffix(n, s.after); !common(first) {
		t.phrase(wordsOf(first), s)
	}
	if s.after != "" {
		t.phrase(wordsOf(n), s)
	}
}

// hostFacts is what the report shows of a host.
type hostFacts struct{ public, private, person bool }

// hostFacts collects with which addresses host names appear.
func (t *table) hostFacts(r *report.Report, facts map[string]*hostFacts) {
	of := func(name string) *hostFacts {
		n := hostName(name)
		if facts[n] == nil {
			facts[n] = &hostFacts{}
		}
		return facts[n]
	}
	note := func(name, addr string) {
		ip, err := netip.ParseAddr(addr)
		switch {
		case err != nil || name == "" || ip.IsLoopback():
		case private(ip.Unmap()):
			of(name).private = true
		default:
			of(name).public = true
		}
	}
	borders := map[string]bool{}
	for _, b := range r.Borders {
		borders[b.ClientIP] = true
		note(b.Helo, b.ClientIP)
	}
	for i := range r.Hops {
		h := &r.Hops[i]
		note(h.From.Helo, h.From.IP)
		note(h.From.RDNS, h.From.IP)
		note(h.By.Name, cmp.Or(h.By.IP, h.From.IP))
		// Whoever logs in, or writes in a browser, does so from anywhere.
		if ip, err := netip.ParseAddr(h.From.IP); err == nil && !borders[h.From.IP] && !ip.IsLoopback() &&
			(h.Auth != "" || len(h.Protocol) >= 4 && strings.EqualFold(h.Protocol[:4], "http")) {
			t.hideIP(ip.Unmap().WithZone(""))
			of(h.From.Helo).person, of(h.From.RDNS).person = true, true
		}
	}
	for i := range r.DNS {
		a := &r.DNS[i]
		for _, v := range a.Values {
			note(a.Name, v)
			scan(v, func(k token) {
				if k.kind == tokenHost {
					of(v[k.start:k.end]).public = true
				}
			})
		}
	}
}

// maxTree bounds the depth to which the tree of a saved report is followed. An
// evaluation stays below 11 (RFC 7208 §4.6.4).
const maxTree = 64

// macros notes what an SPF macro put into a name (RFC 7208 §7): labels that
// are neither in the term nor in a domain that stays.
func (t *table) macros(n *report.SPFNode, depth int) {
	if n == nil || depth > maxTree {
		return
	}
	if low := strings.ToLower(n.Term); n.Kind != "record" && (strings.Contains(low, "%{l") || strings.Contains(low, "%{s")) {
		fixed := strings.FieldsFunc(low, func(c rune) bool { return strings.ContainsRune(".:=", c) })
		name := hostName(n.Domain)
		if i := t.keptSuffix(name); i > 0 {
			name = name[:i-1]
		}
		for l := range strings.SplitSeq(name, ".") {
			if !slices.Contains(fixed, l) && !number(l) && !t.labels[l] {
				t.addLocal(l, kindUser)
			}
		}
	}
	for _, c := range n.Children {
		t.macros(c, depth+1)
	}
}

// nobody are names that say nothing.
var nobody = set("localhost localhost.localdomain unknown localhost.local")

// hostName brings a host name into the form in which names are compared.
func hostName(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if kind, name, ok := strings.Cut(s, ";"); ok && (kind == "dns" || kind == "x-local-hostname") {
		s = strings.TrimSpace(name)
	}
	return strings.Trim(s, ".[]<>")
}

// insideName reports whether a host name shows by its form that it means
// something only inside a network: by its last label, or by a private address
// in it, "ip-10-1-2-3".
func insideName(n string) bool {
	switch n = hostName(n); {
	case nobody[n]:
		return false
	case mailname.HasPrivateSuffix(n):
		return true
	case !strings.Contains(n, "."):
		return false
	}
	for label := range strings.SplitSeq(n, ".") {
		parts := strings.Split(label, "-")
		for i := 0; i+4 <= len(parts); i++ {
			if ip, err := netip.ParseAddr(strings.Join(parts[i:i+4], ".")); err == nil && private(ip) {
				return true
			}
		}
	}
	return false
}

// keptSuffix returns where the longest domain that stays begins in a name, -1
// where there is none.
func (t *table) keptSuffix(n string) int {
	for i := 0; len(n) <= maxName; {
		if t.kept[n[i:]] {
			return i
		}
		k := strings.IndexByte(n[i:], '.')
		if k < 0 {
			break
		}
		i += k + 1
	}
	return -1
}

// commonLabels are labels below an organisation's domain that tell nothing of
// it: they stay where domains are hidden, also with a number behind them.
var commonLabels = set(`mail mx smtp imap pop www mta relay gw gateway out outbound in inbound list lists news bounce bounces spf dkim dmarc
	ns dns srv server host node filter edge hub mailer email autodiscover protection outlook eurmail prod web internal
	_dmarc _domainkey _spf _mta-sts _smtp _tls _report _tcp _adsp _atps`)

func common(label string) bool { return commonLabels[strings.TrimRight(label, "0123456789-")] }

// specialTop are top-level names without an entry in the public suffix list
// that examples use (RFC 2606).
var specialTop = set("example test invalid")

// orgOf returns the domain of the organisation that a name belongs to, "" for
// what is not a name in the DNS: a version, a file, a property such as
// "smtp.mailfrom".
func (t *table) orgOf(n string) string {
	last := n[strings.LastIndexByte(n, '.')+1:]
	if len(n) > maxName || last == "arpa" || number(last) {
		return ""
	}
	if _, listed := publicsuffix.PublicSuffix(n); !listed && !specialTop[last] && t.keptSuffix(n) < 0 {
		return ""
	}
	return mailname.Org(n)
}
