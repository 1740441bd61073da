package redact

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind of a secret, and the word that its pseudonyms begin with.
type kind string

const (
	kindUser    kind = "user"
	kindName    kind = "name"
	kindSubject kind = "subject"
	kindID      kind = "id"
	kindHost    kind = "host"
	kindText    kind = "text" // words of the message
	kindServer  kind = "server"
	kindDomain  kind = "domain" // of an organisation
	kindSub     kind = "sub"    // a label below it
	kindKey     kind = "selector"
)

// secret is one thing that is hidden.
type secret struct {
	kind   kind
	before string // what of it stays in front: "SRS0="
	after  string // and behind: ".example.com"
	name   string // the pseudonym, once numbered
}

func (s *secret) String() string { return s.before + s.name + s.after }

// key finds a secret by what it is written as, in lower case. A user and an id
// can both be the local part of an address.
type key struct {
	kind kind
	text string
}

func keyOf(k kind, s string) key {
	if k == kindID {
		k = kindUser
	}
	return key{k, s}
}

// table holds the secrets of one report and their pseudonyms.
type table struct {
	o       Options
	known   map[key]*secret
	secrets []*secret          // in the order in which they get their numbers
	phrases map[string]*secret // words joined by a blank
	longest map[string]int     // the longest phrase that begins with a word
	runs    map[string]*secret // three words in a row of a longer text
	ips     map[netip.Addr]netip.Addr
	order   []netip.Addr // of ips
	seenIP  map[netip.Addr]bool
	kept    map[string]bool   // domains that stay
	labels  map[string]bool   // words of which they consist; none where domains are hidden
	quoted  map[string]bool   // header fields whose value may be shown, lower case
	literal *strings.Replacer // of paths and servers, as they are written
	paths   []string
	names   map[string]bool // pseudonyms, lower case
	caught  []string        // texts that were withheld in the end
}

func newTable(o Options) *table {
	return &table{
		o: o, known: map[key]*secret{}, phrases: map[string]*secret{}, longest: map[string]int{}, runs: map[string]*secret{},
		ips: map[netip.Addr]netip.Addr{}, seenIP: map[netip.Addr]bool{}, kept: map[string]bool{}, labels: map[string]bool{},
		quoted: set(shownFields), names: map[string]bool{}, literal: strings.NewReplacer(),
	}
}

// Bounds of a phrase that is known as a whole, in words, and of the words of a
// longer text that are remembered.
const (
	maxPhrase    = 8
	maxTextWords = 4096
)

func (t *table) find(k kind, text string) *secret { return t.known[keyOf(k, text)] }

func (t *table) add(k kind, text string) *secret {
	s := t.find(k, text)
	if s == nil {
		s = &secret{kind: k}
		t.known[keyOf(k, text)] = s
		t.secrets = append(t.secrets, s)
	}
	return s
}

// phrase makes a secret known wherever its words stand in a row.
func (t *table) phrase(words []string, s *secret) {
	if len(words) > maxPhrase || !telling(words) {
		return
	}
	if key := strings.Join(words, " "); t.phrases[key] == nil {
		t.phrases[key] = s
		t.longest[words[0]] = max(t.longest[words[0]], len(words))
	}
}

// passage makes a longer text known by any three words of it in a row.
func (t *table) passage(words []string, s *secret) {
	t.phrase(words, s)
	words = words[:min(len(words), maxTextWords)]
	for i := 0; i+3 <= len(words); i++ {
		if key := strings.Join(words[i:i+3], " "); telling(words[i:i+3]) && t.runs[key] == nil {
			t.runs[key] = s
		}
	}
}

// telling reports whether words say something of somebody: a sentence of the
// report may hold the others by itself.
func telling(words []string) bool {
	size := 0
	for _, w := range words {
		switch {
		case number(w):
			size += len(w)
		case vocabulary()[w]:
		case utf8.RuneCountInString(w) >= 3:
			return true
		default:
			size += len(w)
		}
	}
	return size >= 5
}

func number(w string) bool { return strings.Trim(w, "0123456789") == "" }

// number gives every secret its pseudonym. One that the report holds by chance
// is passed over.
func (t *table) number() {
	count := map[kind]int{}
	var pairs []string
	for _, p := range t.paths {
		pairs = append(pairs, p, shownPath)
	}
	for _, s := range t.secrets {
		for s.name == "" || t.find(kindUser, s.name) != nil || t.find(kindHost, s.name) != nil ||
			t.phrases[string(s.kind)+" "+strconv.Itoa(count[s.kind])] != nil {
			count[s.kind]++
			s.name = string(s.kind) + "-" + strconv.Itoa(count[s.kind])
		}
		t.names[s.name] = true
	}
	inOrder := func(a, b key) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text)) }
	for _, k := range slices.SortedFunc(maps.Keys(t.known), inOrder) {
		switch s := t.known[k]; k.kind {
		case kindHost:
			if t.o.Domains && s.after != "" {
				s.after = "." + t.name(s.after[1:])
			}
		case kindServer:
			pairs = append(pairs, k.text, s.name)
		}
	}
	t.literal = strings.NewReplacer(pairs...)
	t.numberAddresses()
}

// private reports whether an address means something only inside a network.
func private(ip netip.Addr) bool {
	return ip.IsPrivate() || ip.IsLinkLocalUnicast() || sharedSpace.Contains(ip)
}

var (
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598
	// bases are the blocks as everybody knows them. Their first addresses name
	// the block and nothing in it.
	bases = []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), sharedSpace,
		netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fd00::/8"),
		netip.MustParsePrefix("fe80::/10"),
	}
	documentation4 = netip.MustParsePrefix("192.0.2.0/24")    // RFC 5737
	documentation6 = netip.MustParsePrefix("2001:db8::/32")   // RFC 3849
	benchmark4     = netip.MustParsePrefix("198.18.0.0/15")   // RFC 2544
	benchmark6     = netip.MustParsePrefix("2001:db8:1::/48") // a part of documentation6
)

// hideIP notes an address that is to be hidden.
func (t *table) hideIP(ip netip.Addr) {
	for _, p := range bases {
		if p.Addr() == ip {
			return
		}
	}
	if _, ok := t.ips[ip]; !ok {
		t.ips[ip] = netip.Addr{}
		t.order = append(t.order, ip)
	}
}

// numberAddresses gives every hidden address another one of the same block, so
// that it still reads as what it is: 10.36.82.107 becomes 10.0.0.1. An address
// of a person's own becomes one of those kept for documentation. An address
// that the report holds is passed over.
func (t *table) numberAddresses() {
	next := map[netip.Prefix]netip.Addr{}
	for _, ip := range t.order {
		block := benchmark4
		switch {
		case ip.Is6() && t.o.Domains:
			block = benchmark6
		case ip.Is6():
			block = documentation6
		case !t.o.Domains:
			block = documentation4
		}
		for _, p := range bases {
			if p.Contains(ip) && private(ip) {
				block = p
			}
		}
		to, ok := next[block]
		if !ok {
			to = block.Addr()
		}
		for to = to.Next(); t.seenIP[to] || !block.Contains(to); to = to.Next() {
			if !block.Contains(to) {
				to, block = benchmark4.Addr(), benchmark4
			}
		}
		next[block] = to
		t.ips[ip] = to
	}
}
