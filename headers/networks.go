package headers

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// maxDisclosures bounds what is listed of the inside of networks.
const maxDisclosures = 64

// NATPair is one machine seen from inside and from outside.
type NATPair struct {
	Older, Newer   int // hops: what the machine wrote, and where its client address shows
	Host           string
	Inside, Public netip.Addr
	SameName       bool // both lines use one name for it
}

// NATPairs finds hosts that name a private address for themselves and are seen
// under a public one by the next. Hosts of the large services are left out:
// their inner addresses tell nothing.
func (f *Facts) NATPairs() []NATPair {
	var out []NATPair
	for k := 0; k+1 < len(f.Hops); k++ {
		a, b := &f.Hops[k], &f.Hops[k+1]
		if !a.ByIP.IsValid() || !Private(a.ByIP) || a.ByIP.IsLoopback() || !Public(b.IP) || serviceOf(a.By) != nil {
			continue
		}
		p := NATPair{Older: k, Newer: k + 1, Host: mailname.Host(a.By), Inside: a.ByIP, Public: b.IP}
		for _, n := range b.clientNames() {
			p.SameName = p.SameName || n == p.Host
		}
		if p.Host != "" && (p.SameName || b.Joined && a.Org != "" && (a.Org == hostOrg(b.RDNS) || a.Org == hostOrg(b.Helo))) {
			out = append(out, p)
		}
	}
	return out
}

// Link is a hop between two organisations that does not use the Internet.
type Link struct {
	Hop      int
	From, To string // organisations
}

// Links finds hops whose client is of another organisation and has a private
// address of another block than its server's: a dedicated line or a tunnel. A
// server behind a load balancer looks much the same, so that addresses of one
// block, and hosts to which an MX points, are left out.
func (f *Facts) Links() []Link {
	var out []Link
	for k := range f.Hops {
		h := &f.Hops[k]
		if !h.IP.IsValid() || !Private(h.IP) || h.IP.IsLoopback() || !h.ByIP.IsValid() || !Private(h.ByIP) || h.Auth || h.Local || block(h.IP) == block(h.ByIP) {
			continue
		}
		from := hostOrg(h.Helo)
		if from == "" || h.Org == "" || from == h.Org || serviceNamed(from) != nil || serviceNamed(h.Org) != nil {
			continue
		}
		// The older line must be written by the client: a HELO alone is only
		// its word.
		if k > 0 && f.Hops[k-1].Org != from {
			continue
		}
		if slices.ContainsFunc(f.MX, func(x Exchanger) bool { return x.Host == mailname.Host(h.By) || slices.Contains(x.Addrs, h.ByIP) }) {
			continue
		}
		out = append(out, Link{Hop: k, From: from, To: h.Org})
	}
	return out
}

// block names the block of private addresses that an address is of: the first
// octet tells those of RFC 1918 apart, the first 48 bits those of RFC 4193.
func block(ip netip.Addr) string {
	if ip.Is4() {
		return strconv.Itoa(int(ip.As4()[0]))
	}
	p, _ := ip.Prefix(48)
	return p.String()
}

// Disclosure is one thing that the header tells of the inside of a network.
type Disclosure struct {
	Kind  string // "address", "name", "client", "user", "software"
	Value string
	Field int
	Hop   int // -1 for other fields than Received
}

// clientFields name the machine on which the author wrote.
var clientFields = []string{"X-Originating-IP", "X-ClientProxiedBy", "X-Source-IP"}

// accountFields name an account or a program on the sender's server.
var accountFields = []string{"X-PHP-Originating-Script", "X-Authenticated-Sender", "X-AuthUser"}

// Disclosures lists what the fields written before the recipient's border tell
// of the networks that they were written in. What the recipient's own servers
// write goes nowhere else, and the inner addresses of large services tell
// nothing.
func (f *Facts) Disclosures() []Disclosure {
	var out []Disclosure
	add := func(kind, value string, field, hop int) {
		if value == "" || len(out) == maxDisclosures || slices.ContainsFunc(out, func(d Disclosure) bool { return d.Kind == kind && d.Value == value }) {
			return
		}
		out = append(out, Disclosure{kind, value, field, hop})
	}
	for k := range f.Hops {
		h := &f.Hops[k]
		if f.Observed(k) {
			break
		}
		if serviceOf(h.By) != nil || serviceNamed(h.Org) != nil || h.Fetched {
			continue
		}
		for _, ip := range []netip.Addr{h.ByIP, h.IP} {
			if ip.IsValid() && Private(ip) && !ip.IsLoopback() && !ip.IsUnspecified() {
				add("address", ip.String(), h.Field, k)
			}
		}
		for _, n := range []string{h.By, h.Helo, h.RDNS} {
			n = mailname.Host(n)
			switch {
			case n == "" || n == "localhost" || n == "unknown" || strings.HasPrefix(n, "localhost."):
			case strings.Contains(n, ".") && privateName(n), insideLabel(n):
				add("name", n, h.Field, k)
			case n == mailname.Host(h.By) && !strings.Contains(n, ".") && !strings.Contains(n, ":") && strings.ContainsAny(n, "0123456789-"):
				add("name", n, h.Field, k) // a machine's own name, without domain
			}
		}
		if h.UID != "" {
			add("user", h.UID, h.Field, k)
		}
		if h.Version != "" && h.Product != "" && h.Product != "Exchange Online" {
			add("software", strings.TrimSpace(h.Product+" "+h.Version), h.Field, k)
		}
	}
	below := -1 // fields above the oldest believed line are the recipient's own
	if c := f.Custody.First; c < len(f.Hops) {
		below = f.Hops[c].Field
	}
	for _, name := range clientFields {
		if i := f.Msg.First(name); i > below {
			v := strings.Join(strings.Fields(f.Msg.Value(i)), " ")
			if len(v) > 80 {
				v = v[:80]
			}
			add("client", name+": "+v, i, -1)
		}
	}
	for _, name := range accountFields {
		if i := f.Msg.First(name); i > below {
			add("user", strings.TrimSpace(f.Msg.Value(i)), i, -1)
		}
	}
	return out
}

// insideLabels are labels by which organisations set inner names apart.
var insideLabels = []string{"int", "internal", "corp", "intra", "intranet", "ad", "lan", "local"}

// insideLabel reports whether a public-looking name is one of an inner zone:
// hub1.corp.example.com.
func insideLabel(name string) bool {
	org := mailname.Org(name)
	if org == "" || len(name) <= len(org) {
		return false
	}
	labels := strings.Split(strings.TrimSuffix(name[:len(name)-len(org)], "."), ".")
	for i, l := range labels {
		if i > 0 && slices.Contains(insideLabels, l) {
			return true
		}
	}
	return false
}

// Outdated is software on the path that had no support any more when the
// message passed.
type Outdated struct {
	Hop              int
	Product, Version string
	Ended            time.Time
	Source           string
}

// OutdatedSoftware finds hosts whose own line names software that its maker
// had given up by the time the message passed.
func (f *Facts) OutdatedSoftware() []Outdated {
	var out []Outdated
	for k := range f.Hops {
		h := &f.Hops[k]
		if h.ByShape || h.Product == "" {
			continue
		}
		at := h.Time
		if at.IsZero() {
			at = f.At
		}
		ended, source, ok := received.EndOfSupport(h.Product, h.Version)
		if !ok || at.IsZero() || !at.After(ended.AddDate(0, 0, 1)) {
			continue
		}
		name := h.Product
		if h.Release != "" {
			name = h.Release
		}
		if slices.ContainsFunc(out, func(o Outdated) bool {
			return o.Product == name && mailname.Host(f.Hops[o.Hop].By) == mailname.Host(h.By)
		}) {
			continue
		}
		out = append(out, Outdated{Hop: k, Product: name, Version: h.Version, Ended: ended, Source: source})
	}
	return out
}
