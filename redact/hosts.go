package redact

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

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

// insideName reports whether a name with dots shows by its form that it means
// something only inside a network.
func insideName(s string) bool {
	n := hostName(s)
	if nobody[n] {
		return false
	}
	return mailname.HasPrivateSuffix(n) || strings.IndexByte(n, '.') >= 0 && privateInName(n)
}

// privateInName finds a private address written with hyphens, "ip-10-1-2-3".
func privateInName(n string) bool {
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

// reversed finds an address that is written label by label in a name, as the
// reverse zones and the macro %{ir} of SPF write it: 4.3.2.1.in-addr.arpa. at
// is the number of labels before it, and n is how many it takes.
func reversed(labels []string) (ip netip.Addr, at [2]int, ok bool) {
	for i := 0; i < len(labels); i++ {
		n := 0
		for i+n < len(labels) && len(labels[i+n]) > 0 && len(labels[i+n]) <= 3 && number(labels[i+n]) {
			n++
		}
		if n == 4 {
			l := labels[i : i+4]
			back, err := netip.ParseAddr(l[3] + "." + l[2] + "." + l[1] + "." + l[0])
			if err == nil {
				if ahead, err := netip.ParseAddr(strings.Join(l, ".")); err == nil && private(ahead) && !private(back) {
					back = ahead
				}
				return back, [2]int{i, 4}, true
			}
		}
		if n = nibbles(labels[i:]); n == 32 {
			var b strings.Builder
			for k := 31; k >= 0; k-- {
				b.WriteString(labels[i+k])
				if k%4 == 0 && k > 0 {
					b.WriteByte(':')
				}
			}
			if ip, err := netip.ParseAddr(b.String()); err == nil {
				return ip, [2]int{i, 32}, true
			}
		}
		i += max(n-1, 0)
	}
	return netip.Addr{}, [2]int{}, false
}

func nibbles(labels []string) int {
	n := 0
	for n < len(labels) && n < 32 && len(labels[n]) == 1 && isHex(labels[n][0]) {
		n++
	}
	return n
}

// inLabels writes an address as labels; back to front for a reverse zone.
func inLabels(ip netip.Addr, back bool) []string {
	var out []string
	if ip.Is4() {
		for _, b := range ip.As4() {
			out = append(out, strconv.Itoa(int(b)))
		}
	} else {
		for _, b := range ip.As16() {
			out = append(out, strconv.FormatInt(int64(b>>4), 16), strconv.FormatInt(int64(b&15), 16))
		}
	}
	if back {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return out
}

// hostFacts is what the report shows of a host.
type hostFacts struct {
	public, private, person bool
}

// hostFacts collects with which addresses host names appear.
func (t *table) hostFacts(r *report.Report, facts map[string]*hostFacts) {
	of := func(name string) *hostFacts {
		n := hostName(name)
		f := facts[n]
		if f == nil {
			f = &hostFacts{}
			facts[n] = f
		}
		return f
	}
	note := func(name, addr string) {
		ip, err := netip.ParseAddr(addr)
		if err != nil || name == "" || ip.IsLoopback() {
			return
		}
		if private(ip.Unmap()) {
			of(name).private = true
		} else {
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
		note(h.By.Name, h.By.IP)
		if h.By.IP == "" {
			note(h.By.Name, h.From.IP)
		}
		// Whoever logs in, or writes in a browser, does so from where he is.
		person := h.Auth != "" || len(h.Protocol) >= 4 && strings.EqualFold(h.Protocol[:4], "http")
		if ip, err := netip.ParseAddr(h.From.IP); err == nil && person && !borders[h.From.IP] && !ip.IsLoopback() {
			t.hideIP(ip.Unmap())
			for _, n := range []string{h.From.Helo, h.From.RDNS} {
				if n != "" {
					of(n).person = true
				}
			}
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

// innerHosts notes the hosts that only those inside know: of one label, or
// never seen but with private addresses.
func (t *table) innerHosts(r *report.Report, facts map[string]*hostFacts) {
	each(r, func(r *report.Report) {
		consider := func(names ...string) {
			for _, n := range names {
				f := facts[hostName(n)]
				if f != nil && !t.kept[hostName(n)] && (f.person || f.private && !f.public) {
					t.addHost(n)
				} else {
					t.addOneLabel(n)
				}
			}
		}
		consider(r.Message.Helo)
		for i := range r.Hops {
			h := &r.Hops[i]
			consider(h.From.Helo, h.From.RDNS, h.By.Name, h.Zone)
		}
		for _, z := range r.Zones {
			consider(z.Name)
		}
		for _, b := range r.Borders {
			consider(b.Helo)
		}
		for i := range r.Claims {
			consider(r.Claims[i].Writer, r.Claims[i].AuthservID)
		}
		if r.DSN != nil {
			consider(r.DSN.ReportingMTA)
			for _, x := range r.DSN.Recipients {
				consider(x.RemoteMTA)
			}
		}
		for i := range r.Findings {
			consider(r.Findings[i].AtFault.Host)
		}
	})
}

// addOneLabel notes a host name without a dot.
func (t *table) addOneLabel(s string) {
	if n := hostName(s); !strings.Contains(n, ".") && !strings.ContainsAny(n, " :") {
		t.addHost(s)
	}
}

// addHost notes the name of a host inside. Of its name the domain stays that
// stays elsewhere.
func (t *table) addHost(name string) {
	n := hostName(name)
	if n == "" || len(n) > maxName || nobody[n] || t.hosts[n] != nil || strings.ContainsAny(n, " @") {
		return
	}
	if _, err := netip.ParseAddr(strings.TrimPrefix(n, "ipv6:")); err == nil {
		return
	}
	s := t.add(t.hosts, n, kindHost)
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

// keptSuffix returns where the longest domain that stays begins in a name, -1
// where there is none.
func (t *table) keptSuffix(n string) int {
	if len(n) > maxName {
		return -1
	}
	for i := 0; ; {
		if t.kept[n[i:]] {
			return i
		}
		k := strings.IndexByte(n[i:], '.')
		if k < 0 {
			return -1
		}
		i += k + 1
	}
}

// macros notes what an SPF macro put into a name (RFC 7208 §7): labels that
// are neither in the term nor in a domain that stays.
func (t *table) macros(r *report.Report) {
	each(r, func(r *report.Report) {
		if r.SPF == nil {
			return
		}
		var walk func(n *report.SPFNode, depth int)
		walk = func(n *report.SPFNode, depth int) {
			if n == nil || depth > maxTree {
				return
			}
			if strings.Contains(n.Term, "%{") && n.Kind != "record" {
				t.expanded(n)
			}
			for _, c := range n.Children {
				walk(c, depth+1)
			}
		}
		walk(r.SPF.Tree, 0)
	})
}

// maxTree bounds the depth to which the tree of a saved report is followed. An
// evaluation stays below 11 (RFC 7208 §4.6.4).
const maxTree = 64

func (t *table) expanded(n *report.SPFNode) {
	low := strings.ToLower(n.Term)
	if !strings.Contains(low, "%{l") && !strings.Contains(low, "%{s") {
		return
	}
	fixed := map[string]bool{}
	for l := range strings.FieldsFuncSeq(low, func(c rune) bool { return c == '.' || c == ':' || c == '=' }) {
		fixed[l] = true
	}
	name := hostName(n.Domain)
	if i := t.keptSuffix(name); i > 0 {
		name = name[:i-1]
	}
	for l := range strings.SplitSeq(name, ".") {
		if !fixed[l] && !number(l) && !t.labels[l] {
			t.addLocal(l, kindUser)
		}
	}
}
