package spf

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// outcome is what a mechanism says of the client.
type outcome struct {
	hit    bool
	inner  string   // for an include: the term in it that matched
	detail string   // for people
	end    *verdict // the evaluation ends with an error
}

// match evaluates one mechanism (RFC 7208 §5).
func (e *evaluator) match(t *Term, domain string, depth int, node *Node) outcome {
	switch t.Kind {
	case "all": // §5.1
		return outcome{hit: true}
	case "ip4", "ip6": // §5.6
		if t.Prefix.Addr().Is4In6() {
			e.traits |= TraitMapped
		}
		if t.Prefix.Contains(e.vals.ip) {
			return outcome{hit: true}
		}
		return outcome{}
	}

	e.vals.domain = domain
	e.current = node
	if end := e.count(t, domain); end != nil {
		return outcome{end: end}
	}
	name, ok, end := e.target(t, domain)
	if end != nil {
		return outcome{end: end}
	}
	if node != nil {
		node.Domain = name
	}
	if t.Kind == "include" {
		return e.include(name, depth, node)
	}
	if !ok {
		// §4.8 leaves a name that cannot be asked for undefined. It is treated
		// as one without records; nothing was asked, so nothing was void.
		e.traits |= TraitBadName
		node.note("the name cannot be asked for")
		return outcome{}
	}
	switch t.Kind {
	case "a":
		return e.a(t, name, node)
	case "mx":
		return e.mx(t, name, node)
	case "exists":
		return e.exists(name, node)
	}
	return e.ptr(name, node)
}

// include is §5.2, with its table.
func (e *evaluator) include(name string, depth int, node *Node) outcome {
	v := e.checkHost(name, depth+1, node)
	switch {
	case v.err != nil:
		return outcome{end: &v}
	case v.result == Pass:
		return outcome{hit: true, inner: v.matched, detail: v.detail}
	case v.result == None:
		end := permError(ReasonIncludeNone, name, "include of "+name+": "+v.text(e))
		return outcome{end: &end}
	case v.result == PermError, v.result == TempError:
		return outcome{end: &v}
	}
	return outcome{}
}

// lookup asks for the target of a term and counts a void answer.
func (e *evaluator) lookup(name string, t dns.Type, node *Node) (ans dns.Answer, end *verdict) {
	ans, bad, end := e.ask(name, t)
	if node != nil {
		node.Question = name + " " + t.String()
		node.Answer = answerLine(ans, end)
	}
	if bad {
		e.traits |= TraitBadName
		node.note("the name cannot be asked for")
	} else if end == nil && len(ans.Records) == 0 {
		e.traits |= TraitVoid
		if t != dns.TypeMX {
			e.traits |= TraitNoAddress
		}
		end = e.voidLookup(name, t)
	}
	return ans, end
}

// a is §5.3.
func (e *evaluator) a(t *Term, name string, node *Node) outcome {
	ans, end := e.lookup(name, e.clientType(), node)
	if end != nil {
		return outcome{end: end}
	}
	for i := range ans.Records {
		if addr := ans.Records[i].Addr; addr.IsValid() && e.contains(addr, t) {
			return outcome{hit: true, detail: e.near(name, addr, t)}
		}
	}
	return outcome{}
}

// near says how an address record matched: "mail.example.com is 192.0.2.1/24".
func (e *evaluator) near(name string, addr netip.Addr, t *Term) string {
	s := name + " is " + addr.String()
	switch {
	case addr.Is4() && t.Bits4 < 32:
		s += fmt.Sprintf("/%d", t.Bits4)
	case addr.Is6() && t.Bits6 < 128:
		s += fmt.Sprintf("/%d", t.Bits6)
	}
	return s
}

// mx is §5.4. Without MX records it does not fall back to the name itself.
func (e *evaluator) mx(t *Term, name string, node *Node) outcome {
	ans, end := e.lookup(name, dns.TypeMX, node)
	if end != nil {
		return outcome{end: end}
	}
	if len(ans.Records) > MaxMX { // §4.6.4
		v := permError(ReasonMXLimit, name, fmt.Sprintf("%s has %d MX records; mx may use %d", name, len(ans.Records), MaxMX))
		return outcome{end: &v}
	}
	hosts := ans.Records
	if len(hosts) > 1 && !slices.IsSortedFunc(hosts, byPref) {
		hosts = slices.Clone(hosts)
		slices.SortStableFunc(hosts, byPref)
	}
	for i := range hosts {
		host := hosts[i].Host
		if host == "" {
			continue // null MX, RFC 7505
		}
		n := e.name(node, host)
		addrs, bad, end := e.ask(host, e.clientType())
		n.asked(host, e.clientType(), addrs, end)
		n.set("no match", e)
		if end != nil { // §5
			n.set("error", e)
			return outcome{end: end}
		}
		if bad {
			n.note("the name cannot be asked for")
		}
		if len(addrs.Records) == 0 {
			e.traits |= TraitNoAddress
		}
		for j := range addrs.Records {
			if addr := addrs.Records[j].Addr; addr.IsValid() && e.contains(addr, t) {
				n.set("match", e)
				return outcome{hit: true, detail: e.near(host, addr, t)}
			}
		}
	}
	return outcome{}
}

// name adds the node of a host that a term led to.
func (e *evaluator) name(parent *Node, host string) *Node {
	if parent == nil {
		return nil
	}
	return e.node(parent, Node{Kind: "name", Term: host, Domain: host, Outcome: "no match", Lookups: e.lookups})
}

func byPref(a, b dns.Record) int { return int(a.Pref) - int(b.Pref) }

// exists is §5.7: always an A lookup.
func (e *evaluator) exists(name string, node *Node) outcome {
	ans, end := e.lookup(name, dns.TypeA, node)
	if end != nil {
		return outcome{end: end}
	}
	if len(ans.Records) > 0 {
		return outcome{hit: true, detail: name + " exists"}
	}
	return outcome{}
}

// ptr is §5.5. It depends on the client's reverse zone, so DNS errors there
// do not match.
func (e *evaluator) ptr(domain string, node *Node) outcome {
	if !e.namesDone {
		void, err := e.clientNames(node, node)
		if err != nil {
			return outcome{end: &verdict{err: err}}
		}
		if void {
			e.traits |= TraitVoid
			if end := e.voidLookup(dns.Reverse(e.vals.ip), dns.TypePTR); end != nil {
				return outcome{end: end}
			}
		}
	} else {
		node.note("the names of the client are known already")
	}
	for _, name := range e.names {
		if mailname.Within(name, domain) {
			return outcome{hit: true, detail: "the client is " + name}
		}
	}
	return outcome{}
}

// clientNames finds the validated names of the client (§5.5): those of its
// first MaxPTR PTR records that have its address. It asks once an evaluation.
// parent is the node of the term, own that of the PTR question: for %{p} it is
// nil, as the term has a question of its own, and becomes a child.
func (e *evaluator) clientNames(parent, own *Node) (void bool, err error) {
	e.namesDone = true
	reverse := dns.Reverse(e.vals.ip)
	node := own
	if node == nil && parent != nil {
		node = e.name(parent, reverse)
	}
	ans, _, end := e.ask(reverse, dns.TypePTR)
	node.asked(reverse, dns.TypePTR, ans, end)
	if end != nil {
		return false, end.err // a server's failure: no names
	}
	for i := range ans.Records {
		if i == MaxPTR { // §4.6.4
			node.note(fmt.Sprintf("only the first %d of %d names are looked at", MaxPTR, len(ans.Records)))
			break
		}
		host := ans.Records[i].Host
		n := e.name(node, host)
		addrs, _, end := e.ask(canonical(host), e.clientType())
		n.asked(host, e.clientType(), addrs, end)
		n.set("no match", e)
		if end != nil {
			n.set("error", e)
			if end.err != nil {
				return false, end.err
			}
			continue // §5.5: the name is skipped
		}
		for j := range addrs.Records {
			if addrs.Records[j].Addr.Unmap() == e.vals.ip {
				n.set("match", e)
				e.names = append(e.names, canonical(host))
				break
			}
		}
	}
	return len(ans.Records) == 0, nil
}

// validated is %{p} (§7.3): the domain itself, else a name below it, else any
// validated name, else "unknown".
func (e *evaluator) validated(domain string) (string, error) {
	e.traits |= TraitP
	if !e.namesDone {
		if _, err := e.clientNames(e.current, nil); err != nil {
			return "", err
		}
	}
	best := "unknown"
	for i, name := range e.names {
		switch {
		case name == domain:
			return name, nil
		case i == 0 || !mailname.Within(best, domain) && mailname.Within(name, domain):
			best = name
		}
	}
	return best, nil
}
