package headers

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// Bounds on what one message may make us ask. The protocol engines have their
// own.
const (
	maxMXHosts  = 10 // MX hosts of a domain whose addresses are asked for
	maxPTRNames = 10 // PTR names that are confirmed; the number of RFC 7208 §5.5
	maxMatrix   = 64 // SPF evaluations over hops and envelope domains
)

// asker asks the questions of the trace, remembers the answers and writes down
// what got none.
type asker struct {
	ctx  context.Context
	res  dns.Resolver
	gaps []Gap
	seen map[Gap]bool
	spf  []spfAnswer // few
	mx   map[string]mxAnswer
	ptr  map[netip.Addr]ptrAnswer
	addr map[string]addrAnswer
	// watch is res, where it can be asked at all.
	watch *watcher
	lean  bool // Options.Lean
	off   bool // the DNS is switched off: no question is ever answered
}

type spfAnswer struct {
	query spf.Query
	eval  *spf.Evaluation
}

type mxAnswer struct {
	list  []Exchanger
	known bool
}

type ptrAnswer struct {
	names []string
	state PTRState
}

type addrAnswer struct {
	addrs []netip.Addr
	known bool
}

func newAsker(ctx context.Context, res dns.Resolver) *asker {
	var watch *watcher
	if res == nil {
		res = dns.Disabled{}
	} else {
		watch = &watcher{Resolver: res}
		res = watch
	}
	return &asker{
		ctx: ctx, res: res, watch: watch, mx: map[string]mxAnswer{}, ptr: map[netip.Addr]ptrAnswer{}, addr: map[string]addrAnswer{},
	}
}

// gap writes down what could not be checked, once.
func (a *asker) gap(what string, err error) {
	why := err.Error()
	var de *dns.Error
	if errors.As(err, &de) {
		switch de.Failure {
		case dns.Off:
			// One gap for all: every question fails the same way.
			a.off = true
			what, why = "DNS", "not asked: switched off"
		case dns.Cancelled:
			what, why = "DNS", "not asked: cancelled before all was checked"
			switch {
			case errors.Is(err, context.DeadlineExceeded):
				why = "the time limit was reached before all was answered"
			case de.Err != nil && !errors.Is(err, context.Canceled):
				why = de.Err.Error() // a bound of the message
			}
		case dns.NotRecorded:
			why = de.Name + " " + de.Type.String() + " is not in the recording"
		default:
			why = de.Name + " " + de.Type.String() + ": " + string(de.Failure)
		}
	}
	a.addGap(Gap{What: what, Why: why})
}

func (a *asker) addGap(g Gap) {
	if !a.seen[g] && len(a.gaps) < 256 {
		if a.seen == nil {
			a.seen = map[Gap]bool{}
		}
		a.seen[g] = true
		a.gaps = append(a.gaps, g)
	}
}

// lookup asks one question. ok is false where there was no answer, and that is
// a gap, never "no such record".
func (a *asker) lookup(what, name string, t dns.Type) (dns.Answer, bool) {
	ans, err := a.res.Lookup(a.ctx, name, t)
	if err != nil {
		var de *dns.Error
		if errors.As(err, &de) && de.Failure == dns.BadName {
			return dns.Answer{Name: name, Type: t, Status: dns.NXDomain}, true
		}
		a.gap(what, err)
		return dns.Answer{}, false
	}
	return ans, true
}

// addrs returns the addresses of a host and whether both families were
// answered.
func (a *asker) addrs(what, name string) ([]netip.Addr, bool) {
	name = mailname.Host(name)
	if got, ok := a.addr[name]; ok {
		return got.addrs, got.known
	}
	v4, ok4 := a.lookup(what, name, dns.TypeA)
	v6, ok6 := a.lookup(what, name, dns.TypeAAAA)
	got := addrAnswer{addrs: append(v4.Addrs(), v6.Addrs()...), known: ok4 && ok6}
	a.addr[name] = got
	return got.addrs, got.known
}

// pointsTo reports whether one of the addresses of name is ip. known is false
// where that could not be asked.
func (a *asker) pointsTo(what, name string, ip netip.Addr) (yes, known bool) {
	name = mailname.Host(name)
	ans, ok := a.lookup(what, name, addressType(ip))
	if !ok {
		return false, false
	}
	for _, got := range ans.Addrs() {
		if got == ip {
			return true, true
		}
	}
	return false, true
}

// exchangers returns the MX hosts of a domain with their addresses, in order
// of preference. A domain without MX is its own (RFC 5321 §5.1).
func (a *asker) exchangers(domain string) []Exchanger {
	list, _ := a.exchangersOf(domain)
	return list
}

// isExchanger reports whether a host, by its name as mailname.Host has it, is one
// of the exchangers of a domain. known is false where not all could be asked.
func (a *asker) isExchanger(host, domain string) (yes, known bool) {
	list, known := a.exchangersOf(domain)
	return slices.ContainsFunc(list, func(x Exchanger) bool { return x.Host == host }), known
}

// exchangersOf is exchangers; known is false where not all could be asked.
func (a *asker) exchangersOf(domain string) (list []Exchanger, known bool) {
	domain = mailname.Host(domain)
	if domain == "" {
		return nil, true
	}
	if got, ok := a.mx[domain]; ok {
		return got.list, got.known
	}
	const what = "mail exchangers of the recipient's domain"
	var out []Exchanger
	ans, ok := a.lookup(what, domain, dns.TypeMX)
	known = ok
	if ok {
		for _, r := range ans.Records {
			if r.Type != dns.TypeMX || r.Host == "" || len(out) == maxMXHosts {
				continue
			}
			addrs, ok := a.addrs(what, r.Host)
			known = known && ok
			out = append(out, Exchanger{Pref: r.Pref, Host: mailname.Host(r.Host), Addrs: addrs})
		}
		if len(ans.Records) == 0 && ans.Status == dns.NoData {
			if addrs, _ := a.addrs(what, domain); len(addrs) > 0 {
				out = append(out, Exchanger{Host: domain, Addrs: addrs})
			}
		}
	}
	sortExchangers(out)
	a.mx[domain] = mxAnswer{out, known}
	return out, known
}

func sortExchangers(mx []Exchanger) {
	for i := 1; i < len(mx); i++ {
		for j := i; j > 0 && mx[j].Pref < mx[j-1].Pref; j-- {
			mx[j], mx[j-1] = mx[j-1], mx[j]
		}
	}
}

// names returns the forward-confirmed names of an address.
func (a *asker) names(ip netip.Addr) ([]string, PTRState) {
	if !Public(ip) {
		return nil, PTRUnknown
	}
	if got, ok := a.ptr[ip]; ok {
		return got.names, got.state
	}
	const what = "reverse DNS of a client"
	got := ptrAnswer{}
	if ans, ok := a.lookup(what, dns.Reverse(ip), dns.TypePTR); ok {
		got.state = PTRNone
		all := true
		for i, name := range ans.Hosts() {
			if i == maxPTRNames {
				break
			}
			yes, known := a.pointsTo(what, name, ip)
			if yes {
				got.names = append(got.names, mailname.Host(name))
			}
			got.state, all = PTRUnconfirmed, all && known
		}
		switch {
		case len(got.names) > 0:
			got.state = PTRConfirmed
		case !all:
			got.state = PTRUnknown
		}
	}
	a.ptr[ip] = got
	return got.names, got.state
}

// ptrNames returns the names that reverse DNS gives an address, confirmed or not:
// to know who runs a host whose address is known from elsewhere.
func (a *asker) ptrNames(ip netip.Addr) (names []string, known bool) {
	if !Public(ip) {
		return nil, false
	}
	if got, ok := a.ptr[ip]; ok && got.state == PTRConfirmed {
		return got.names, true
	}
	ans, ok := a.lookup("reverse DNS of a mail exchanger", dns.Reverse(ip), dns.TypePTR)
	if !ok {
		return nil, false
	}
	for i, n := range ans.Hosts() {
		if i == maxPTRNames {
			break
		}
		names = append(names, mailname.Host(n))
	}
	return names, true
}

// check evaluates SPF once for each question; nil where it could not be asked.
func (a *asker) check(q spf.Query) *spf.Evaluation {
	if !q.IP.IsValid() || (q.MailFrom == "" && q.Helo == "") {
		return nil
	}
	for i := range a.spf {
		if a.spf[i].query == q {
			return a.spf[i].eval
		}
	}
	if len(a.spf) >= maxMatrix {
		a.addGap(Gap{"SPF at every hop", "more hops and envelope domains than are evaluated"})
		return nil
	}
	e, err := spf.Check(a.ctx, a.res, q, spf.Options{Tree: !a.lean, Explain: true})
	if a.lean && err == nil && e.Result == spf.PermError {
		// What the error rests on is in the tree. All was answered already.
		e, err = spf.Check(a.ctx, a.res, q, spf.Options{Tree: true, Explain: true})
	}
	if err != nil {
		a.gap("SPF of "+queryDomain(q)+" for "+q.IP.String(), err)
		e = nil
	}
	a.spf = append(a.spf, spfAnswer{q, e})
	return e
}

func queryDomain(q spf.Query) string {
	if d := mailname.DomainOf(q.MailFrom); d != "" {
		return d
	}
	if q.MailFrom != "" {
		return mailname.Host(q.MailFrom)
	}
	return mailname.Host(q.Helo)
}
