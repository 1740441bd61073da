package headers

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// maxMachines bounds the machines of one message.
const maxMachines = 2 * MaxHops

// Machine is one host of the path, put together from all lines that name it:
// as the writer of its own, and as the client of the next.
type Machine struct {
	Names    []string // best known first
	Org      string
	Role     Role
	Service  string       // the hosted service whose name it has, "" for none
	Inside   []netip.Addr // private addresses
	Outside  []netip.Addr // public ones
	Software []string     // products with versions, as its lines say
	Wrote    []int        // hops that it wrote
	Sent     []int        // hops at which it was the client
}

// Machines lists the hosts of the path, oldest first: the nodes of a map, of
// which the hops are the edges. Two mentions are one machine where they share
// a name, or an address other than a loopback one, or where the newer of two
// neighbouring hops was handed over by the writer of the older.
func (f *Facts) Machines() []Machine {
	if len(f.Hops) == 0 {
		return nil
	}
	out := make([]Machine, 0, len(f.Hops)+1)
	prev := -1 // machine that wrote the next older hop
	for k := range f.Hops {
		h := &f.Hops[k]
		client := -1
		names := h.clientNames()
		if k > 0 && h.Joined {
			client = prev
		}
		if client < 0 {
			client = find(out, names, h.IP)
		}
		if client < 0 && (len(names) > 0 || h.IP.IsValid()) && !h.IP.IsLoopback() && len(out) < maxMachines {
			m := Machine{Role: UnknownRole}
			if k > 0 || f.RunOf(k) != nil && f.RunOf(k).Border == k {
				m.Org = hostOrg(firstOf(names))
			} else {
				m.Org, m.Role = h.Org, f.RunOf(k).Role
			}
			out = append(out, m)
			client = len(out) - 1
		}
		if client >= 0 && !h.IP.IsLoopback() {
			out[client].learn(names, h.IP)
			out[client].Sent = append(out[client].Sent, k)
		}
		by := mailname.Host(h.By)
		writer := find(out, nonEmpty(by), h.ByIP)
		if writer < 0 {
			if len(out) == maxMachines {
				break
			}
			out = append(out, Machine{Org: h.Org, Role: UnknownRole})
			writer = len(out) - 1
		}
		w := &out[writer]
		w.learn(nonEmpty(by), h.ByIP)
		w.Wrote = append(w.Wrote, k)
		if r := f.RunOf(k); r != nil {
			w.Role = r.Role
		}
		if w.Org == "" {
			w.Org = h.Org
		}
		if h.Product != "" && !h.ByShape {
			s := h.Product
			if h.Version != "" {
				s += " " + h.Version
			}
			if !slices.Contains(w.Software, s) {
				w.Software = append(w.Software, s)
			}
		}
		prev = writer
	}
	for i := range out {
		for _, n := range out[i].Names {
			if s := ServiceOf(n); s != "" {
				out[i].Service = s
				break
			}
		}
	}
	return out
}

// ServiceOf names the hosted service whose host this is, "" where it is none
// that is known.
func ServiceOf(name string) string {
	s := serviceOf(name)
	if s == nil {
		return ""
	}
	return cmp.Or(s.Title, s.Org())
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func firstOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// find returns the machine that has one of these names or the address, -1
// where there is none. A bare "localhost" names nobody.
func find(ms []Machine, names []string, ip netip.Addr) int {
	for i := range ms {
		for _, n := range names {
			if n != "localhost" && slices.Contains(ms[i].Names, n) {
				return i
			}
		}
		if ip.IsValid() && !ip.IsLoopback() && (slices.Contains(ms[i].Inside, ip) || slices.Contains(ms[i].Outside, ip)) {
			return i
		}
	}
	return -1
}

func (m *Machine) learn(names []string, ip netip.Addr) {
	for _, n := range names {
		if !slices.Contains(m.Names, n) {
			m.Names = append(m.Names, n)
		}
	}
	switch {
	case !ip.IsValid() || ip.IsLoopback() || ip.IsUnspecified():
	case Private(ip):
		if !slices.Contains(m.Inside, ip) {
			m.Inside = append(m.Inside, ip)
		}
	case !slices.Contains(m.Outside, ip):
		m.Outside = append(m.Outside, ip)
	}
}
