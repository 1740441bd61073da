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

// Rules of large receivers, by what they are about.
const (
	RuleEither  = "spf-or-dkim"
	RuleSPF     = "spf"
	RuleDKIM    = "dkim"
	RuleBoth    = "spf-and-dkim"
	RulePolicy  = "dmarc-published"
	RuleAligned = "aligned"
	RuleKeySize = "key-size"
	RuleReverse = "reverse-dns"
	RuleHelo    = "helo"
	RuleTLS     = "tls"
	RuleForm    = "form"
	RuleClick   = "one-click"
	RuleSpam    = "spam-rate"
)

// BulkRow is a rule that receivers publish for those who send to them.
type BulkRow struct {
	ID        string
	Rule      string // of a message
	Published string // of what a domain publishes; "" where only messages show it
	Receivers []string
	Scope     string // "all" senders, or "bulk": 5,000 messages a day and more to the receiver
	Source    string
	Since     string // date in force
}

// BulkTable is the one table of these rules, for messages and for domains. It is
// settled from the receivers' own pages as they stood in November 2026. Outlook.com
// demands SPF and DKIM both, and DMARC by either, since 5 May 2025; that From and
// Reply-To take answers is a recommendation there, and is not a row.
func BulkTable() []BulkRow { return append([]BulkRow(nil), bulkTable[:]...) }

const (
	sourceGmail   = "Google, Email sender guidelines (support.google.com/a/answer/81126)"
	sourceYahoo   = "Yahoo, Sender requirements (senders.yahooinc.com/best-practices)"
	sourceOutlook = "Microsoft, Outlook's new requirements for high-volume senders (techcommunity.microsoft.com, 2 April 2025)"

	since2024     = "2024-02-01"
	sinceOneClick = "2024-06-01" // until when senders had time for one-click unsubscription
	since2025     = "2025-05-05"

	scopeAll  = "all"
	scopeBulk = "bulk"
)

var (
	gmail      = []string{"Gmail"}
	gmailYahoo = []string{"Gmail", "Yahoo"}
	outlook    = []string{"Outlook.com"}
)

var bulkTable = [...]BulkRow{
	{RuleEither, "SPF or DKIM passes", "SPF or DKIM is set up", gmailYahoo, scopeAll, sourceGmail + "; " + sourceYahoo, since2024},
	{RuleSPF, "SPF passes", "SPF is set up", gmailYahoo, scopeBulk, sourceGmail + "; " + sourceYahoo, since2024},
	{RuleDKIM, "DKIM passes", "DKIM is set up", gmailYahoo, scopeBulk, sourceGmail + "; " + sourceYahoo, since2024},
	{RuleBoth, "SPF and DKIM pass", "SPF and DKIM are set up", outlook, scopeBulk, sourceOutlook, since2025},
	{RulePolicy, "DMARC is published, p=none at least", "DMARC is published, p=none at least", gmailYahoo, scopeBulk, sourceGmail + "; " + sourceYahoo, since2024},
	{RulePolicy, "DMARC is published, p=none at least", "DMARC is published, p=none at least", outlook, scopeBulk, sourceOutlook, since2025},
	{RuleAligned, "The From domain aligns with SPF or DKIM", "The From domain aligns with SPF or DKIM", gmailYahoo, scopeBulk, sourceGmail + "; " + sourceYahoo, since2024},
	{RuleAligned, "The From domain aligns with SPF or DKIM", "The From domain aligns with SPF or DKIM", outlook, scopeBulk, sourceOutlook, since2025},
	{RuleKeySize, "DKIM keys have 1024 bits at least", "DKIM keys have 1024 bits at least", gmail, scopeAll, sourceGmail, since2024},
	{RuleReverse, "The sending address has forward and reverse DNS", "Sending addresses have forward and reverse DNS", gmailYahoo, scopeAll, sourceGmail + "; " + sourceYahoo, since2024},
	{RuleHelo, "The HELO name leads to the sending address", "", []string{}, scopeAll, "RFC 5321 §2.3.5, §4.1.4", "2008-10-01"},
	{RuleTLS, "Mail is sent over TLS", "Mail is sent over TLS", gmail, scopeAll, sourceGmail, since2024},
	{RuleForm, "The message has one From address, a Date and a Message-ID (RFC 5322)", "", gmailYahoo, scopeAll, sourceGmail + "; " + sourceYahoo, since2024},
	{RuleClick, "Subscribed mail has one-click unsubscription (RFC 8058)", "Subscribed mail has one-click unsubscription (RFC 8058)", gmailYahoo, scopeBulk, sourceGmail + "; " + sourceYahoo, sinceOneClick},
	{RuleSpam, "The rate of spam reports stays under 0.3 %", "The rate of spam reports stays under 0.3 %", gmailYahoo, scopeAll, sourceGmail + "; " + sourceYahoo, since2024},
}

// Judged is the state of a rule, and why.
type Judged struct{ State, Why string }

// Both holds where two rules do.
func Both(a, b Judged) Judged {
	why := a.Why + "; " + b.Why
	switch {
	case a.State == ruleFail || b.State == ruleFail:
		return Judged{ruleFail, why}
	case a.State == rulePass && b.State == rulePass:
		return Judged{rulePass, why}
	}
	return Judged{ruleUnknown, why}
}

// Either holds where one of two rules does.
func Either(a, b Judged) Judged {
	why := a.Why + "; " + b.Why
	switch {
	case a.State == rulePass || b.State == rulePass:
		return Judged{rulePass, why}
	case a.State == ruleFail && b.State == ruleFail:
		return Judged{ruleFail, why}
	}
	return Judged{ruleUnknown, why}
}

// bulkRules holds what is published against the rules of large receivers. What
// only messages or connections show stays unknown.
func bulkRules(r *Result) []report.BulkRule {
	judged := map[string]Judged{}
	set := func(id string, state, why string) { judged[id] = Judged{state, why} }
	state, why := ruleSPF(r)
	set(RuleSPF, state, why)
	state, why = ruleDKIM(r)
	set(RuleDKIM, state, why)
	judged[RuleEither] = Either(judged[RuleSPF], judged[RuleDKIM])
	judged[RuleBoth] = Both(judged[RuleSPF], judged[RuleDKIM])
	state, why = ruleDMARC(r)
	set(RulePolicy, state, why)
	state, why = ruleKeySize(r)
	set(RuleKeySize, state, why)
	state, why = ruleReverse(r)
	set(RuleReverse, state, why)
	set(RuleSpam, ruleUnknown, "only the receiver knows it")
	out := make([]report.BulkRule, 0, len(bulkTable))
	for i := range bulkTable {
		row := &bulkTable[i]
		if row.Published == "" {
			continue
		}
		j, ok := judged[row.ID]
		if !ok {
			j = Judged{ruleUnknown, "only messages show it"}
		}
		out = append(out, report.BulkRule{Rule: row.Published, Receivers: row.Receivers, Scope: row.Scope, State: j.State, Why: j.Why, Source: row.Source, Since: row.Since})
	}
	return out
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
