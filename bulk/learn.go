package bulk

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/mailtrace/mailtrace/headers"
)

// maxLearnt bounds what is kept of one kind. An organisation has fewer; what
// comes beyond is counted.
const maxLearnt = 10_000

// Network adds up what many messages show of an organisation's own mail network.
// The zero value is ready; parts add up in any order.
type Network struct {
	Messages int // that were read
	owners   map[string]*sights
	strange  map[netip.Addr]int
	Beyond   int // sightings that found no room
}

// sights are what the messages show that one organisation received.
type sights struct {
	messages   int
	hosts      map[string]*Host
	nat        map[nat]int
	ids        map[string]int
	forwarders map[forwarder]int
}

type nat struct {
	host           string
	inside, public netip.Addr
}

type forwarder struct {
	org  string
	addr netip.Addr
}

// Add counts what one message shows. Each thing counts once a message.
func (n *Network) Add(s *headers.Sighting) {
	n.Messages++
	if n.owners == nil {
		n.owners, n.strange = map[string]*sights{}, map[netip.Addr]int{}
	}
	for _, a := range s.Strangers {
		if len(n.strange) < 100*maxLearnt {
			n.strange[a]++
		} else {
			n.Beyond++
		}
	}
	if s.Owner == "" {
		return
	}
	o := n.owners[s.Owner]
	if o == nil {
		if len(n.owners) == maxLearnt {
			n.Beyond++
			return
		}
		o = &sights{hosts: map[string]*Host{}, nat: map[nat]int{}, ids: map[string]int{}, forwarders: map[forwarder]int{}}
		n.owners[s.Owner] = o
	}
	o.messages++
	for _, h := range s.Hosts {
		have := o.hosts[h.Name]
		if have == nil {
			if len(o.hosts) == maxLearnt {
				n.Beyond++
				continue
			}
			have = &Host{Name: h.Name, addrs: map[netip.Addr]int{}}
			o.hosts[h.Name] = have
		}
		have.Messages++
		if h.Border {
			have.Border++
		}
		slices.SortFunc(h.Addrs, netip.Addr.Compare)
		for _, a := range slices.Compact(h.Addrs) {
			count(n, have.addrs, a)
		}
	}
	for _, p := range s.NAT {
		count(n, o.nat, nat{p.Host, p.Inside, p.Public})
	}
	for _, id := range s.IDs {
		count(n, o.ids, id)
	}
	if f := s.Forwarder; f != nil {
		count(n, o.forwarders, forwarder{f.Org, f.Addr})
	}
}

func count[K comparable](n *Network, m map[K]int, k K) {
	if _, ok := m[k]; !ok && len(m) == maxLearnt {
		n.Beyond++
		return
	}
	m[k]++
}

// Host is a server of the organisation.
type Host struct {
	Name     string
	Messages int // that show it
	Border   int // of them, those that it received from outside
	addrs    map[netip.Addr]int
	Addrs    []Addr // the commonest first
}

// Addr is an address with how many messages show it.
type Addr struct {
	Addr     netip.Addr
	Messages int
}

// Learnt is what an organisation's messages show, the commonest first.
type Learnt struct {
	Owner    string
	Messages int    // that it received
	Relays   []Host // servers that wrote believed lines
	Exits    []Host // those that other own servers see under a public address: Addrs
	NAT      []NAT
	IDs      []ID
	// Forwarders are others, who send on to the organisation. They are not its
	// own.
	Forwarders []Forwarder
	// Doubtful are addresses that were seen for a server of the organisation and for a stranger:
	// something between replaces them. They are in none of the lists.
	Doubtful []Addr
}

// NAT is a machine under two addresses.
type NAT struct {
	Host           string
	Inside, Public netip.Addr
	Messages       int
}

// ID is an authserv-id.
type ID struct {
	ID       string
	Messages int
}

// Forwarder is who sends on.
type Forwarder struct {
	Org      string
	Addr     netip.Addr
	Messages int
}

// Owners are the organisations that received the messages, with how many, the
// commonest first.
func (n *Network) Owners() []ID {
	var out []ID
	for org, s := range n.owners {
		out = append(out, ID{org, s.messages})
	}
	slices.SortFunc(out, func(a, b ID) int { return cmp.Or(b.Messages-a.Messages, cmp.Compare(a.ID, b.ID)) })
	return out
}

// Learnt is what at least least messages show of an organisation.
func (n *Network) Learnt(owner string, least int) Learnt {
	l := Learnt{Owner: owner}
	s := n.owners[owner]
	if s == nil {
		return l
	}
	l.Messages = s.messages
	doubtful := map[netip.Addr]int{}
	own := func(a netip.Addr, messages int) bool {
		if n.strange[a] > 0 {
			doubtful[a] = messages + n.strange[a]
			return false
		}
		return messages >= least
	}
	for _, h := range s.hosts {
		relay, exit := Host{Name: h.Name, Messages: h.Messages, Border: h.Border}, Host{Name: h.Name}
		for a, m := range h.addrs {
			switch {
			case !own(a, m):
			case headers.Public(a):
				exit.Addrs = append(exit.Addrs, Addr{a, m})
				exit.Messages += m
			default:
				relay.Addrs = append(relay.Addrs, Addr{a, m})
			}
		}
		byCount(relay.Addrs)
		byCount(exit.Addrs)
		if relay.Messages >= least {
			l.Relays = append(l.Relays, relay)
		}
		if len(exit.Addrs) > 0 {
			l.Exits = append(l.Exits, exit)
		}
	}
	hosts := func(a, b Host) int { return cmp.Or(b.Messages-a.Messages, cmp.Compare(a.Name, b.Name)) }
	slices.SortFunc(l.Relays, hosts)
	slices.SortFunc(l.Exits, hosts)
	for k, m := range s.nat {
		if own(k.inside, m) && own(k.public, m) {
			l.NAT = append(l.NAT, NAT{k.host, k.inside, k.public, m})
		}
	}
	slices.SortFunc(l.NAT, func(a, b NAT) int {
		return cmp.Or(b.Messages-a.Messages, cmp.Compare(a.Host, b.Host), a.Inside.Compare(b.Inside), a.Public.Compare(b.Public))
	})
	for id, m := range s.ids {
		if m >= least {
			l.IDs = append(l.IDs, ID{id, m})
		}
	}
	slices.SortFunc(l.IDs, func(a, b ID) int { return cmp.Or(b.Messages-a.Messages, cmp.Compare(a.ID, b.ID)) })
	for f, m := range s.forwarders {
		if m >= least {
			l.Forwarders = append(l.Forwarders, Forwarder{f.org, f.addr, m})
		}
	}
	slices.SortFunc(l.Forwarders, func(a, b Forwarder) int {
		return cmp.Or(b.Messages-a.Messages, cmp.Compare(a.Org, b.Org), a.Addr.Compare(b.Addr))
	})
	for a, m := range doubtful {
		l.Doubtful = append(l.Doubtful, Addr{a, m})
	}
	byCount(l.Doubtful)
	return l
}

func byCount(list []Addr) {
	slices.SortFunc(list, func(a, b Addr) int { return cmp.Or(b.Messages-a.Messages, a.Addr.Compare(b.Addr)) })
}
