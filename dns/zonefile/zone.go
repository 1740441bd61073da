// Package zonefile answers DNS questions from a master file (RFC 1035 §5).
//
// Stable: Parse stays from 1.0 on.
package zonefile

import (
	"context"
	"errors"
	"math"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"
)

// Zone answers from a master file and knows nothing else: a name that is not
// in it does not exist. It ignores zone cuts; the file may hold records of any
// number of domains. It is made by [Parse].
type Zone struct {
	server   string
	nodes    map[string]*node
	faults   map[string]dns.Failure
	warnings []string
}

// node is a name that exists. One without sets is an empty non-terminal: a
// name that exists because names below it do (RFC 8020).
type node struct {
	sets        []rrset
	negativeTTL uint32 // of a node with an SOA record
}

type rrset struct {
	typ     dns.Type
	records []dns.Record
}

func (n *node) get(t dns.Type) []dns.Record {
	for i := range n.sets {
		if n.sets[i].typ == t {
			return n.sets[i].records
		}
	}
	return nil
}

// Warnings lists what the file says validly but probably does not mean, each
// as "FILE:LINE: text".
func (z *Zone) Warnings() []string { return z.warnings }

// Has reports whether the zone has something to say about a name: records of
// any type, a wildcard that covers it, or a fault. An empty non-terminal is
// not enough: a file that holds only _dmarc.example.com says nothing about
// example.com when another source can be asked.
func (z *Zone) Has(name string) bool {
	name = dns.Canonical(name)
	if _, ok := z.fault(name); ok {
		return true
	}
	n, _ := z.find(name)
	return n != nil && len(n.sets) > 0
}

// fault finds a SERVFAIL or TIMEOUT line for a name or one above it.
func (z *Zone) fault(name string) (dns.Failure, bool) {
	if len(z.faults) == 0 {
		return "", false
	}
	for {
		if f, ok := z.faults[name]; ok {
			return f, true
		}
		up, ok := names.Parent(name)
		if !ok {
			return "", false
		}
		name = up
	}
}

// find returns the node that answers for a name, nil if there is none. Where
// the name itself does not exist that is the wildcard below its closest
// encloser, the longest name above it that does (RFC 4592 §3.3.1).
func (z *Zone) find(name string) (n *node, wildcard bool) {
	if n := z.nodes[name]; n != nil {
		return n, false
	}
	for {
		up, ok := names.Parent(name)
		if !ok {
			return nil, false
		}
		name = up
		if z.nodes[name] == nil {
			continue
		}
		if name == "" {
			return z.nodes["*"], true
		}
		return z.nodes["*."+name], true
	}
}

// Lookup answers from the file. CNAME records are followed inside it.
func (z *Zone) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	name, bad := dns.CheckName(name, t)
	if bad != nil {
		return dns.Answer{}, bad
	}
	if err := ctx.Err(); err != nil {
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.Cancelled, Err: err}
	}
	a := dns.Answer{Name: name, Type: t, TTL: math.MaxUint32, Server: z.server}
	for target := name; ; {
		if f, ok := z.fault(target); ok {
			e := &dns.Error{Name: name, Type: t, Failure: f, Server: z.server}
			if target != name {
				e.Err = errors.New("asked for the CNAME target " + target)
			}
			return dns.Answer{}, e
		}
		n, wildcard := z.find(target)
		if n == nil {
			a.Status, a.TTL = dns.NXDomain, min(a.TTL, z.negativeTTL(target))
			return a, nil
		}
		// A CNAME speaks for every type but its own (RFC 1034 §4.3.2 step 3a).
		cname := n.get(dns.TypeCNAME)
		if len(cname) == 0 || t == dns.TypeCNAME {
			records := n.get(t)
			if len(records) == 0 {
				a.Status, a.TTL = dns.NoData, min(a.TTL, z.negativeTTL(target))
				return a, nil
			}
			a.Status = dns.Success
			a.Records = records[:len(records):len(records)]
			if wildcard {
				a.Records = renamed(records, target)
			}
			for _, r := range records {
				a.TTL = min(a.TTL, r.TTL)
			}
			return a, nil
		}
		a.TTL = min(a.TTL, cname[0].TTL)
		target = cname[0].Host
		if err := a.Follow(target); err != nil {
			err.Server = z.server
			return dns.Answer{}, err
		}
	}
}

// AtOnce tells [dns.AtOnce].
func (z *Zone) AtOnce() bool { return true }

// renamed gives the records of a wildcard the name that was asked for
// (RFC 4592 §2.2.1).
func renamed(records []dns.Record, name string) []dns.Record {
	out := make([]dns.Record, len(records))
	for i, r := range records {
		r.Name = name
		out[i] = r
	}
	return out
}

// negativeTTL is that of the SOA record at or above a name, zero without one.
func (z *Zone) negativeTTL(name string) uint32 {
	for {
		if n := z.nodes[name]; n != nil && len(n.get(dns.TypeSOA)) > 0 {
			return n.negativeTTL
		}
		up, ok := names.Parent(name)
		if !ok {
			return 0
		}
		name = up
	}
}
