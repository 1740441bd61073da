package spf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Check is check_host of RFC 7208 §4.
//
// Whatever is wrong with records or names is a result. A question that a
// server was asked and did not answer is TempError (§2.6.6). An error comes
// back where no verdict can be drawn: the query has no client address, or a
// question could not be put at all ((*dns.Error).Asked is false: cancelled,
// not recorded, switched off). The evaluation is then what was found so far,
// without Result; it is nil only where the query was unusable.
func Check(ctx context.Context, res dns.Resolver, q Query, o Options) (*Evaluation, error) {
	if !q.IP.IsValid() {
		return nil, errors.New("spf: the query has no client address")
	}
	e := newEvaluator(ctx, res, q, o)
	ev := e.out

	v := e.checkHost(canonical(ev.Domain), 0, nil)
	ev.Lookups, ev.VoidLookups = e.lookups, e.voids
	if e.cut && ev.Tree != nil {
		ev.Tree.Note = strings.TrimPrefix(ev.Tree.Note+fmt.Sprintf("; the tree ends at %d nodes", MaxNodes), "; ")
	}
	if v.err != nil {
		ev.Reason = v.err.Error()
		return ev, fmt.Errorf("spf: %s cannot be evaluated: %w", ev.Domain, v.err)
	}
	ev.Result, ev.Code, ev.Matched = v.result, v.code, v.matched
	ev.Reason = v.text(e)
	if v.result == TempError || v.result == PermError {
		ev.Problem = v.problem
	}
	if v.result == Fail && o.Explain {
		e.explain(v)
	}
	ev.Traits = e.traits | e.vals.met
	if o.Lint {
		l := Lint(ctx, res, ev.Domain, o)
		ev.Lint, ev.LintGaps = l.Notes, l.Gaps
		ev.TotalLookups, ev.TotalVoids = l.Lookups, l.Voids
	}
	return ev, nil
}

// evaluator is one run of check_host, with its includes and redirects.
type evaluator struct {
	ctx  context.Context
	res  dns.Resolver
	opt  Options
	out  *Evaluation
	vals values

	maxLookups, maxVoids int // maxVoids < 0: no bound
	lookups, voids       int
	nodes                int
	current              *Node // of the term being evaluated
	cut                  bool  // nodes were left out

	names     []string // validated names of the client (§5.5)
	namesDone bool
	traits    Traits
	path      []around // the records being evaluated, from the first in
}

func newEvaluator(ctx context.Context, res dns.Resolver, q Query, o Options) *evaluator {
	ip := q.IP.Unmap().WithZone("") // §5: an IPv4-mapped client is IPv4
	e := &evaluator{ctx: ctx, res: dns.OrOff(res), opt: o}
	e.maxLookups, e.maxVoids = o.limits()
	if e.maxLookups != DefaultMaxLookups || e.maxVoids != DefaultMaxVoids {
		e.traits |= TraitLimits
	}

	identity, local, domain := identify(q)
	if local == "" { // §4.3
		local = "postmaster"
		e.vals.filled = true
	}
	origin, _ := mailname.ASCII(domain)
	if origin != domain {
		e.traits |= TraitIDN
	}
	if identity == MailFrom && strings.Count(q.MailFrom, "@") != 1 {
		e.traits |= TraitSender
	}
	e.vals = values{
		ip: ip, sender: local + "@" + origin, local: local, origin: origin, helo: q.Helo,
		receiver: o.Receiver, time: o.Time, validated: e.validated, filled: e.vals.filled,
	}
	if e.vals.receiver == "" {
		e.vals.receiver = "unknown" // §7.3
	}
	e.out = &Evaluation{
		Identity: identity, Domain: canonical(origin), Sender: e.vals.sender, IP: ip,
	}
	return e
}

// checkHost evaluates the record of a domain (§4). parent is the node of the
// include or redirect that led here.
func (e *evaluator) checkHost(domain string, depth int, parent *Node) verdict {
	node := e.node(parent, Node{Kind: "record", Domain: domain})
	if depth == 0 {
		e.out.Tree = node
	}
	v := e.evaluate(domain, depth, node)
	if v.domain == "" { // else the target of a redirect decided
		v.domain = domain
	}
	node.set(string(v.result), e)
	if node == nil {
		return v
	}
	node.Lookups = e.lookups
	switch {
	case v.err != nil:
		node.Outcome = "error"
	case !v.atTerm && v.code != ReasonMatch && v.code != ReasonDNS && v.domain == domain:
		node.note(v.text(e))
	}
	return v
}

func (e *evaluator) evaluate(domain string, depth int, node *Node) verdict {
	if !checkable(domain) { // §4.3
		return verdict{result: None, code: ReasonNoDomain, detail: notDomain(domain)}
	}
	if depth > MaxDepth {
		return permError(ReasonDepth, domain, fmt.Sprintf("%s is included or redirected to at depth %d; the bound is %d", domain, depth, MaxDepth))
	}
	ans, bad, end := e.ask(domain, dns.TypeTXT)
	if node != nil {
		node.Question = domain + " TXT"
		node.Answer = answerLine(ans, end)
	}
	switch {
	case end != nil: // §4.4
		return *end
	case bad:
		return verdict{result: None, code: ReasonNoDomain, detail: notDomain(domain)}
	case ans.Status == dns.NXDomain: // §4.3
		e.void(depth)
		return verdict{result: None, code: ReasonNXDomain}
	case len(ans.Records) == 0:
		e.void(depth)
	}

	text, records := "", 0
	for i := range ans.Records { // §4.5
		if t := ans.Records[i].Text; IsRecord(t) {
			text = t
			records++
		}
	}
	switch {
	case records == 0:
		return verdict{result: None, code: ReasonNoRecord}
	case records > 1:
		if depth == 0 {
			for i := range ans.Records {
				if t := ans.Records[i].Text; IsRecord(t) && len(e.out.Records) < MaxNotes {
					e.out.Records = append(e.out.Records, t)
				}
			}
		}
		return permError(ReasonMultiple, domain, fmt.Sprintf("%s has %d SPF records; only one is allowed", domain, records))
	}
	if depth == 0 {
		e.out.Record = text
	}
	if node != nil {
		node.Term = text
	}
	if len(text) > MaxRecord {
		return permError(ReasonRecordTooLong, domain, fmt.Sprintf("the record of %s has %d bytes; the bound is %d", domain, len(text), MaxRecord))
	}

	rec, errs := parsed(text)
	if len(errs) > 0 { // §4.6: an error anywhere, before anything is evaluated
		e.termNodes(node, rec, 0, errs)
		first := errs[0]
		return permError(ReasonSyntax, domain, fmt.Sprintf("syntax error in the record of %s at byte %d, %q: %s", domain, first.Position, first.Term, first.Text))
	}
	e.path = append(e.path, around{domain, text})
	defer func() { e.path = e.path[:len(e.path)-1] }()
	return e.terms(rec, domain, depth, node)
}

func notDomain(domain string) string {
	switch {
	case domain == "":
		return "there is no domain to check"
	case !strings.Contains(domain, ".") && askable(domain):
		return fmt.Sprintf("%q is a single label", domain)
	}
	return fmt.Sprintf("%.80q is not a domain name", domain)
}

// terms evaluates the mechanisms in order, then the redirect (§4.6.2, §4.7,
// §6.1).
func (e *evaluator) terms(rec *Record, domain string, depth int, parent *Node) verdict {
	for i := range rec.Terms {
		t := &rec.Terms[i]
		if t.Modifier {
			e.termNode(parent, t, "not evaluated")
			continue
		}
		node := e.termNode(parent, t, "no match")
		o := e.match(t, domain, depth, node)
		if !o.hit && o.end == nil {
			node.set("no match", e)
			continue
		}
		if o.end != nil {
			node.set("error", e)
			e.stopped(node, o.end)
			e.termNodes(parent, rec, i+1, nil)
			return *o.end
		}
		node.set("match", e)
		node.note(o.detail)
		e.termNodes(parent, rec, i+1, nil)
		v := verdict{result: t.Result(), code: ReasonMatch, matched: t.Text, detail: o.detail}
		v.byAll = t.Kind == "all"
		if o.inner != "" {
			v.matched += " > " + o.inner
		}
		e.useExp(&v, rec, domain, parent)
		return v
	}

	t := rec.Redirect()
	if t == nil || rec.All() != nil { // §5.1: redirect is ignored where there is an all
		v := verdict{result: Neutral, code: ReasonDefault} // §4.7
		return v
	}
	node := parent.child(t)
	e.current = node
	end := e.count(t, domain)
	if end == nil {
		var target string
		target, _, end = e.target(t, domain)
		if end == nil {
			if node != nil {
				node.Domain = target
			}
			v := e.checkHost(target, depth+1, node)
			switch {
			case v.err != nil, v.result == TempError, v.result == PermError:
				end = &v
			case v.result == None: // §6.1
				p := permError(ReasonRedirectNone, target, fmt.Sprintf("%s redirects to %s: %s", domain, target, v.text(e)))
				end = &p
			default:
				node.set("match", e)
				if v.matched != "" {
					v.matched = t.Text + " > " + v.matched
				}
				return v
			}
		}
	}
	node.set("error", e)
	e.stopped(node, end)
	return *end
}

// stopped notes an error at the term that ran into it, not at those around it.
func (e *evaluator) stopped(node *Node, end *verdict) {
	if !end.atTerm && end.code != ReasonSyntax && end.code != ReasonMultiple {
		if end.err != nil {
			node.note(end.err.Error())
		} else {
			node.note(end.detail)
		}
	}
	end.atTerm = true
}

// count counts a term that causes lookups (§4.6.4). The one over the limit is
// counted and not evaluated.
func (e *evaluator) count(t *Term, domain string) *verdict {
	e.lookups++
	if e.current != nil {
		e.current.Lookups = e.lookups
	}
	if e.lookups <= e.maxLookups {
		return nil
	}
	why := loop(e.path)
	v := permError(ReasonLookupLimit, domain,
		fmt.Sprintf("%s of %s is lookup %d; the limit is %d%s", t.Text, domain, e.lookups, e.maxLookups, why))
	return &v
}

// around is a record that is being evaluated.
type around struct{ domain, text string }

// loop says that the last of some records stands around itself, "" where it
// does not.
func loop(path []around) string {
	n := len(path)
	for i := range path[:max(n-1, 0)] {
		if path[i].text != path[n-1].text {
			continue
		}
		if path[i].domain == path[n-1].domain {
			return "; a loop: " + path[i].domain + " includes itself"
		}
		return "; a loop: a wildcard gives " + path[n-1].domain + " the record of " + path[i].domain + ", which so includes itself without end"
	}
	return ""
}

// void counts a void lookup of a term. That of the domain itself is none.
func (e *evaluator) void(depth int) {
	if depth > 0 {
		e.voids++
	}
}

// voidLookup counts a void lookup and checks the limit (§4.6.4). name is what
// was asked for.
func (e *evaluator) voidLookup(name string, t dns.Type) *verdict {
	e.voids++
	if e.maxVoids < 0 || e.voids <= e.maxVoids {
		return nil
	}
	v := permError(ReasonVoidLimit, e.vals.domain,
		fmt.Sprintf("%s %s, asked for by %s, is void lookup %d; the limit is %d", name, t, e.vals.domain, e.voids, e.maxVoids))
	return &v
}

// target is the name that a term asks for. ok is false where it cannot be
// asked for.
func (e *evaluator) target(t *Term, domain string) (name string, ok bool, end *verdict) {
	if t.Spec == "" {
		return domain, true, nil
	}
	if strings.ContainsAny(t.Spec, "/:") {
		e.traits |= TraitOddName
	}
	e.vals.domain = domain
	s, ok, err := e.vals.expand(t.Spec)
	if err != nil {
		return "", false, &verdict{err: err}
	}
	if !ok {
		return "", false, nil
	}
	name = targetName(s)
	if len(name)+1 < len(s) {
		e.traits |= TraitTruncated
	}
	return escaped(name), askable(name), nil
}

// clientType is the type of the client's address records (§5.3).
func (e *evaluator) clientType() dns.Type {
	if e.vals.ip.Is4() {
		return dns.TypeA
	}
	return dns.TypeAAAA
}

// contains reports whether the client is in the network of the given length
// around addr.
func (e *evaluator) contains(addr netip.Addr, t *Term) bool {
	addr = addr.Unmap()
	bits := t.Bits4
	if addr.Is6() {
		bits = t.Bits6
	}
	return netip.PrefixFrom(addr, bits).Contains(e.vals.ip)
}
