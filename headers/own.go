package headers

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Sighting is what one message shows of the network of its reader: of the
// believed lines only, as far as each step down to them is at least strong.
// Nothing that a sender wrote is in it, nor what its own side did with the
// message.
type Sighting struct {
	// Owner is the organisation whose server wrote the newest line, "" where
	// nothing can be learnt from the message.
	Owner string
	Hosts []OwnHost
	NAT   []NATPair // Older and Newer are both believed
	// IDs are the authserv-ids of trusted verdicts.
	IDs []string
	// Strangers are addresses that a believed line shows for a client that does
	// not belong inside: what one message shows as own and another as a
	// stranger's is not a property of the network.
	Strangers []netip.Addr
	// Forwarder is who sent the message on to the reader, with proof, and whose
	// client the border's server saw; nil for none.
	Forwarder *Forwarded
}

// OwnHost is a server that wrote a believed line.
type OwnHost struct {
	Name   string
	Addrs  []netip.Addr // under which the next believed line saw it
	Border bool         // it received the message from outside
}

// Forwarded is a forwarder.
type Forwarded struct {
	Org   string
	Addr  netip.Addr // of the client at the border
	Proof string
}

// Sight reads off what the message shows of its reader's network. A message
// whose path can be read in two ways shows nothing.
func (f *Facts) Sight() Sighting {
	var s Sighting
	c := &f.Custody
	top := len(f.Hops) - 1
	if top < 0 || c.Above || c.Other != nil || c.First > top {
		return s
	}
	// Down as long as each client is inside beyond doubt, and not in the mailbox
	// of another provider.
	lowest := top
	for _, step := range c.Steps {
		if step.Hop != lowest || step.Grade > Strong || step.Row == "f" || lowest == 0 || lowest == c.First {
			break
		}
		lowest--
	}
	for k := top; k >= lowest && s.Owner == ""; k-- {
		if !ofService(f.Hops[k].By) {
			s.Owner = mailname.Org(f.Hops[k].By)
		}
	}
	if s.Owner == "" && len(c.Domains) > 0 && c.Basis != "" && !c.ByTo {
		s.Owner = mailname.Org(c.Domains[0])
	}
	if s.Owner == "" {
		return s
	}
	for k := top; k >= lowest; k-- {
		h := &f.Hops[k]
		name := mailname.Host(h.By)
		if name == "" || name == "localhost" || strings.HasPrefix(name, "localhost.") || ofService(name) || h.Local || unreadable(h) || isAddress(name) {
			continue
		}
		own := OwnHost{Name: name, Border: k == c.Border}
		// The believed line above shows the machine that wrote this one, where
		// names tie them together.
		if k < top && f.Hops[k+1].Joined && f.Hops[k+1].IP.IsValid() && !f.Hops[k+1].IP.IsLoopback() {
			own.Addrs = append(own.Addrs, f.Hops[k+1].IP)
		}
		i := slices.IndexFunc(s.Hosts, func(o OwnHost) bool { return o.Name == name })
		if i < 0 {
			s.Hosts = append(s.Hosts, own)
			continue
		}
		s.Hosts[i].Addrs, s.Hosts[i].Border = append(s.Hosts[i].Addrs, own.Addrs...), s.Hosts[i].Border || own.Border
	}
	for _, p := range f.NATPairs() {
		if p.Older >= lowest {
			s.NAT = append(s.NAT, p)
		}
	}
	for n := range f.Claims {
		x := &f.Claims[n]
		id := mailname.Host(x.AuthservID)
		if x.Trust == Trusted && x.Hop >= lowest && id != "" && !ofService(id) && c.Own(id) && !slices.Contains(s.IDs, id) && f.aboveBorder(x.Field, lowest) {
			s.IDs = append(s.IDs, id)
		}
	}
	if c.Border >= 0 && f.Hops[c.Border].IP.IsValid() {
		s.Strangers = append(s.Strangers, f.Hops[c.Border].IP)
	}
	if lowest > c.First && f.Hops[lowest].IP.IsValid() {
		s.Strangers = append(s.Strangers, f.Hops[lowest].IP) // inside at most likely
	}
	s.Forwarder = f.forwardedBy(lowest)
	return s
}

// aboveBorder reports whether a field stands above the oldest line that is
// learnt from: below it a message's own fields begin.
func (f *Facts) aboveBorder(field, lowest int) bool { return field < f.Hops[lowest].Field }

// forwardedBy is the forwarder that handed the message to the reader's border.
// Its own lines are its word; that the border's server saw its host is not.
func (f *Facts) forwardedBy(lowest int) *Forwarded {
	c := &f.Custody
	if c.Border < 0 || c.Border != lowest || c.NAT || !c.Client.IsValid() || len(f.Runs) < 2 {
		return nil
	}
	r := &f.Runs[1]
	if r.Role != Intermediary || r.Forwards == "" || r.Contradicted != "" || r.Apart {
		return nil
	}
	org := hostOrg(f.Hops[c.Border].confirmedName())
	if org == "" || !slices.Contains(r.Orgs, org) {
		return nil
	}
	return &Forwarded{Org: org, Addr: c.Client, Proof: r.Forwards}
}
