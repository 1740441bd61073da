package spf

import (
	"fmt"
	"strconv"

	"github.com/mailtrace/mailtrace/dns"
)

// useExp notes the exp of the record whose directive decided. That of an
// include is not used, and with redirect that of the target is (RFC 7208
// §6.2): include drops the inner verdict, redirect passes it on.
func (e *evaluator) useExp(v *verdict, rec *Record, domain string, record *Node) {
	if t := rec.Exp(); t != nil && v.result == Fail {
		v.exp, v.expDomain, v.expNode = t, domain, record.child(t)
	}
}

// explain gets the explanation of a fail. It never changes the result: what
// goes wrong leaves the explanation out (RFC 7208 §6.2) and is said in
// NoExplanation. Its lookup counts for no limit (§4.6.4).
func (e *evaluator) explain(v verdict) {
	if v.exp == nil {
		return
	}
	e.current = v.expNode
	text, problem := e.explanation(&v)
	e.out.Explanation, e.out.NoExplanation = text, problem
	v.expNode.set("match", e)
	if problem != "" {
		v.expNode.set("no match", e)
		v.expNode.note(problem)
	}
}

func (e *evaluator) explanation(v *verdict) (text, problem string) {
	name, ok, end := e.target(v.exp, v.expDomain)
	if end != nil {
		return "", v.exp.Text + ": " + end.err.Error()
	}
	if v.expNode != nil {
		v.expNode.Domain = name
	}
	if !ok {
		return "", v.exp.Text + ": the name cannot be asked for"
	}
	ans, _, end := e.ask(name, dns.TypeTXT)
	v.expNode.asked(name, dns.TypeTXT, ans, end)
	switch {
	case end != nil && end.err != nil:
		return "", name + " TXT: " + why(end.err)
	case end != nil:
		return "", end.detail
	case len(ans.Records) != 1:
		return "", fmt.Sprintf("%s has %d TXT records, not one", name, len(ans.Records))
	}
	raw := ans.Records[0].Text
	if v.expNode != nil {
		v.expNode.Answer = strconv.Quote(raw[:min(len(raw), MaxMacroValue)])
	}
	if len(raw) > MaxExpansion {
		return "", fmt.Sprintf("the text at %s has %d bytes; the bound is %d", name, len(raw), MaxExpansion)
	}
	if problem, at, _ := checkMacros(raw, inExplain); problem != "" {
		return "", fmt.Sprintf("the text at %s is wrong at byte %d: %s", name, at, problem)
	}
	e.vals.domain = v.expDomain
	text, ok, err := e.vals.expand(raw)
	switch {
	case err != nil:
		return "", err.Error()
	case !ok:
		return "", fmt.Sprintf("the text at %s grows beyond %d bytes", name, MaxExpansion)
	}
	return text, ""
}
