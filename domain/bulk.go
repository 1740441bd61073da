package domain

import (
	"fmt"

	"github.com/mailtrace/mailtrace/report"
)

// States of a rule.
const (
	rulePass    = "pass"
	ruleFail    = "fail"
	ruleUnknown = "unknown"
)

// The receivers that publish rules, where they stand, and since when they are
// in force.
const (
	gmail   = "Gmail"
	yahoo   = "Yahoo"
	outlook = "Outlook.com"

	sourceGmail   = "Google, Email sender guidelines (support.google.com/a/answer/81126)"
	sourceYahoo   = "Yahoo, Sender requirements (senders.yahooinc.com/best-practices)"
	sourceOutlook = "Microsoft, Outlook's new requirements for high-volume senders (techcommunity.microsoft.com, 2 April 2025)"

	since2024     = "2024-02-01"
	sinceOneClick = "2024-06-01" // until when senders had time for one-click unsubscription
	since2025     = "2025-05-05"
)

const (
	scopeAll  = "all"
	scopeBulk = "bulk" // 5,000 messages a day and more to the receiver
)

// bulkRules holds what is published against the rules of large receivers. What
// only messages or connections show stays unknown.
func bulkRules(r *Result) []report.BulkRule {
	spf, spfWhy := ruleSPF(r)
	dkim, dkimWhy := ruleDKIM(r)
	either, eitherWhy := ruleUnknown, spfWhy+"; "+dkimWhy
	switch {
	case spf == rulePass || dkim == rulePass:
		either = rulePass
	case spf == ruleFail && dkim == ruleFail:
		either = ruleFail
	}
	dmarc, dmarcWhy := ruleDMARC(r)
	mx, mxWhy := ruleReceives(r)
	size, sizeWhy := ruleKeySize(r)
	rdns, rdnsWhy := ruleReverse(r)
	message := "only messages show it"
	return []report.BulkRule{
		{Rule: "SPF or DKIM is set up", Receivers: []string{gmail, yahoo}, Scope: scopeAll, State: either, Why: eitherWhy, Source: sourceGmail, Since: since2024},
		{Rule: "SPF is set up", Receivers: []string{gmail, yahoo}, Scope: scopeBulk, State: spf, Why: spfWhy, Source: sourceGmail, Since: since2024},
		{Rule: "DKIM is set up", Receivers: []string{gmail, yahoo}, Scope: scopeBulk, State: dkim, Why: dkimWhy, Source: sourceGmail, Since: since2024},
		{Rule: "DMARC is published, p=none at least", Receivers: []string{gmail, yahoo}, Scope: scopeBulk, State: dmarc, Why: dmarcWhy, Source: sourceGmail, Since: since2024},
		{Rule: "SPF passes", Receivers: []string{outlook}, Scope: scopeBulk, State: spf, Why: spfWhy, Source: sourceOutlook, Since: since2025},
		{Rule: "DKIM passes", Receivers: []string{outlook}, Scope: scopeBulk, State: dkim, Why: dkimWhy, Source: sourceOutlook, Since: since2025},
		{Rule: "DMARC is published, p=none at least", Receivers: []string{outlook}, Scope: scopeBulk, State: dmarc, Why: dmarcWhy, Source: sourceOutlook, Since: since2025},
		{Rule: "The From domain aligns with SPF or DKIM", Receivers: []string{gmail, yahoo, outlook}, Scope: scopeBulk, State: ruleUnknown, Why: message, Source: sourceGmail, Since: since2024},
		{Rule: "DKIM keys have 1024 bits at least", Receivers: []string{gmail, yahoo}, Scope: scopeAll, State: size, Why: sizeWhy, Source: sourceGmail, Since: since2024},
		{Rule: "Sending addresses have forward and reverse DNS", Receivers: []string{gmail, yahoo}, Scope: scopeAll, State: rdns, Why: rdnsWhy, Source: sourceGmail, Since: since2024},
		{Rule: "The sender's domain can be answered", Receivers: []string{yahoo, outlook}, Scope: scopeBulk, State: mx, Why: mxWhy, Source: sourceYahoo, Since: since2024},
		{Rule: "Mail is sent over TLS", Receivers: []string{gmail}, Scope: scopeAll, State: ruleUnknown, Why: message, Source: sourceGmail, Since: since2024},
		{Rule: "Subscribed mail has one-click unsubscription (RFC 8058)", Receivers: []string{gmail, yahoo}, Scope: scopeBulk, State: ruleUnknown, Why: message, Source: sourceGmail, Since: sinceOneClick},
		{Rule: "The rate of spam reports stays under 0.3 %", Receivers: []string{gmail, yahoo}, Scope: scopeAll, State: ruleUnknown, Why: "only the receiver knows it", Source: sourceGmail, Since: since2024},
	}
}

func ruleSPF(r *Result) (state, why string) {
	c := &r.SPF.DomainCheck
	switch {
	case c.State == report.StateUnknown:
		return ruleUnknown, "the DNS did not answer for SPF"
	case c.State == report.StateAbsent:
		return ruleFail, "there is no SPF record"
	case r.SPF.Parsed == nil:
		return ruleFail, "there are several SPF records"
	}
	for i := range r.SPF.Parsed.Mechanisms {
		if r.SPF.Parsed.Mechanisms[i].Error != "" {
			return ruleFail, "the SPF record has a syntax error"
		}
	}
	a := r.SPF.Authorized
	switch {
	case len(a.IPv4.Ranges)+len(a.IPv6.Ranges)+len(a.Open) > 0:
		return rulePass, "the SPF record lets hosts send"
	case !a.Complete:
		return ruleUnknown, "not all of the SPF record could be asked for"
	}
	return ruleFail, "the SPF record lets nobody send"
}

func ruleDKIM(r *Result) (state, why string) {
	for i := range r.DKIM.Keys {
		if k := &r.DKIM.Keys[i]; holds(k.Valid) && !k.Testing {
			return rulePass, "there is a key at selector " + k.Selector
		}
	}
	return ruleUnknown, "no usable DKIM key is known"
}

func ruleDMARC(r *Result) (state, why string) {
	c := &r.DMARC.DomainCheck
	switch {
	case c.State == report.StateUnknown:
		return ruleUnknown, "the DNS did not answer for DMARC"
	case c.State == report.StateAbsent:
		return ruleFail, "there is no DMARC record"
	}
	for i := range r.DMARC.Discovery {
		if d := &r.DMARC.Discovery[i]; d.Policy != "" {
			return rulePass, fmt.Sprintf("the record at _dmarc.%s applies (%s)", d.RecordDomain, d.Method)
		}
	}
	return ruleFail, "the DMARC record cannot be used"
}

func ruleReceives(r *Result) (state, why string) {
	m := &r.MX
	switch {
	case m.State == report.StateUnknown:
		return ruleUnknown, "the DNS did not answer for MX"
	case m.Null:
		return ruleFail, "the domain declares that it takes no mail"
	}
	for i := range m.Hosts {
		if m.Hosts[i].State == report.StatePresent {
			return rulePass, m.Hosts[i].Hostname + " takes mail"
		}
		if m.Hosts[i].State == report.StateUnknown {
			return ruleUnknown, "the DNS did not answer for " + m.Hosts[i].Hostname
		}
	}
	return ruleFail, "no host takes mail for the domain"
}

func ruleKeySize(r *Result) (state, why string) {
	state, why = ruleUnknown, "no DKIM key is known"
	for i := range r.DKIM.Keys {
		k := &r.DKIM.Keys[i]
		switch {
		case k.Type != "rsa" || k.Bits == 0 || k.Revoked:
		case k.Bits < 1024:
			return ruleFail, fmt.Sprintf("the key at selector %s has %d bits", k.Selector, k.Bits)
		default:
			state, why = rulePass, fmt.Sprintf("the key at selector %s has %d bits", k.Selector, k.Bits)
		}
	}
	return state, why
}

// ruleReverse never passes: the MX hosts need not be those that send.
func ruleReverse(r *Result) (state, why string) {
	for i := range r.MX.Hosts {
		for _, a := range r.MX.Hosts[i].Addresses {
			if a.Confirmed != nil && !*a.Confirmed {
				return ruleUnknown, fmt.Sprintf("which hosts send is not known; names and address of the MX host %s (%s) do not confirm each other", r.MX.Hosts[i].Hostname, a.Address)
			}
		}
	}
	return ruleUnknown, "which hosts send is not known"
}
