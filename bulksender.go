package mailtrace

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// Profile names a set of rules that a message is held against.
type Profile string

// ProfileBulkSender is the profile that holds a message against the rules of
// large receivers for bulk senders.
const ProfileBulkSender Profile = "bulk-sender"

// States of a rule. Unknown is what neither the message nor the DNS shows.
const (
	rulePass    = "pass"
	ruleFail    = "fail"
	ruleUnknown = "unknown"
)

// BulkSender holds a message against the rules of large receivers for bulk
// senders, at the border that the report names. It asks nothing: what it needs
// is in the report and in the message.
func BulkSender(r *report.Report, m *message.Message) []report.BulkRule {
	judged := map[string]domain.Judged{}
	set := func(id string, state, why string) { judged[id] = domain.Judged{State: state, Why: why} }
	state, why := spfRule(r)
	set(domain.RuleSPF, state, why)
	state, why = dkimRule(r)
	set(domain.RuleDKIM, state, why)
	judged[domain.RuleEither] = domain.Either(judged[domain.RuleSPF], judged[domain.RuleDKIM])
	judged[domain.RuleBoth] = domain.Both(judged[domain.RuleSPF], judged[domain.RuleDKIM])
	state, why = dmarcRule(r)
	set(domain.RuleAligned, state, why)
	state, why = policyRule(r)
	set(domain.RulePolicy, state, why)
	state, why = keySizeRule(r)
	set(domain.RuleKeySize, state, why)
	state, why = ptrRule(r)
	set(domain.RuleReverse, state, why)
	state, why = heloRule(r)
	set(domain.RuleHelo, state, why)
	state, why = tlsRule(r)
	set(domain.RuleTLS, state, why)
	state, why = oneClickRule(r, m)
	set(domain.RuleClick, state, why)
	state, why = formRule(r, m)
	set(domain.RuleForm, state, why)
	set(domain.RuleSpam, ruleUnknown, "only the receiver knows it")
	rows := domain.BulkTable()
	out := make([]report.BulkRule, 0, len(rows))
	for i := range rows {
		row, j := &rows[i], judged[rows[i].ID]
		out = append(out, report.BulkRule{Rule: row.Rule, Receivers: row.Receivers, Scope: row.Scope, State: j.State, Why: j.Why, Source: row.Source, Since: row.Since})
	}
	return out
}

func spfRule(r *report.Report) (state, why string) {
	if r.SPF == nil {
		return ruleUnknown, "SPF was not evaluated"
	}
	why = fmt.Sprintf("SPF is %s for %s from %s", r.SPF.Result, r.SPF.Domain, r.SPF.ClientIP)
	switch r.SPF.Result {
	case "pass":
		return rulePass, why
	case "temperror":
		return ruleUnknown, why
	}
	return ruleFail, why
}

func dkimRule(r *report.Report) (state, why string) {
	if len(r.DKIM) == 0 {
		return ruleFail, "the message is not signed"
	}
	open := false
	for i := range r.DKIM {
		d := &r.DKIM[i]
		if d.Result == "pass" {
			return rulePass, fmt.Sprintf("the signature of %s (selector %s) passes", d.Domain, d.Selector)
		}
		open = open || d.Result == "temperror" || d.BodyHash == report.Unchecked && d.HeaderSignature != report.Mismatch
	}
	switch {
	case r.Verdict.Border.DKIM == "pass":
		// RFC 6376 §6: what counts is the message as it came to the border.
		return rulePass, "a signature passed at the border, and the message was changed behind it"
	case open:
		return ruleUnknown, "not all of the signatures could be checked"
	}
	return ruleFail, fmt.Sprintf("the signature of %s is %s", r.DKIM[0].Domain, r.DKIM[0].Result)
}

func dmarcRule(r *report.Report) (state, why string) {
	d := r.DMARC
	switch {
	case d == nil:
		return ruleUnknown, "DMARC was not evaluated"
	case d.Result == "temperror":
		return ruleUnknown, "DMARC is temperror"
	case d.SPFAligned || d.DKIMAligned:
		by := "SPF and DKIM"
		switch {
		case !d.DKIMAligned:
			by = "SPF"
		case !d.SPFAligned:
			by = "DKIM"
		}
		return rulePass, by + " passes with a domain that aligns with " + d.FromDomain
	case r.Verdict.Border.DMARC == "pass":
		return rulePass, "DMARC passed at the border, and the message was changed behind it"
	case d.Result == "fail":
		return ruleFail, "neither SPF nor DKIM passes with a domain that aligns with " + d.FromDomain
	}
	// Without a policy alignment was not judged.
	return ruleUnknown, "DMARC is " + d.Result
}

func policyRule(r *report.Report) (state, why string) {
	switch d := r.DMARC; {
	case d == nil || d.Result == "temperror":
		return ruleUnknown, "the DMARC record could not be asked for"
	case d.Record == "":
		return ruleFail, "no DMARC record applies to " + d.FromDomain
	case d.Policy == "":
		return ruleFail, "the DMARC record at " + d.RecordDomain + " cannot be used"
	default:
		return rulePass, "the record of " + d.RecordDomain + " says " + d.Policy
	}
}

func keySizeRule(r *report.Report) (state, why string) {
	state, why = ruleUnknown, "no RSA key of a signature is known"
	for i := range r.DKIM {
		d := &r.DKIM[i]
		switch {
		case d.KeyType != "rsa" || d.KeyBits == 0:
		case d.KeyBits < 1024:
			return ruleFail, fmt.Sprintf("the key of %s (selector %s) has %d bits", d.Domain, d.Selector, d.KeyBits)
		case state == ruleUnknown:
			state, why = rulePass, fmt.Sprintf("the key of %s (selector %s) has %d bits", d.Domain, d.Selector, d.KeyBits)
		}
	}
	return state, why
}

// askHelo asks for the addresses of the HELO name at the border, which nothing
// else needs.
func askHelo(ctx context.Context, res dns.Resolver, r *report.Report) {
	ip, ok := client(r)
	if !ok || !strings.Contains(r.Border.Helo, ".") || strings.HasPrefix(r.Border.Helo, "[") {
		return
	}
	kind := dns.TypeA
	if ip.Is6() {
		kind = dns.TypeAAAA
	}
	if _, err := res.Lookup(ctx, r.Border.Helo, kind); err != nil {
		r.Gaps = append(r.Gaps, report.Gap{What: "addresses of the HELO name", Why: err.Error()})
	}
}

// asked finds the answer to a question that the report rests on; nil where it
// was not asked, or not answered.
func asked(r *report.Report, name, kind string) *report.DNSAnswer {
	name = dns.Canonical(name)
	for i := range r.DNS {
		a := &r.DNS[i]
		if a.Type != kind || dns.Canonical(a.Name) != name {
			continue
		}
		switch dns.Status(a.Status) {
		case dns.Success, dns.NoData, dns.NXDomain:
			return a
		}
	}
	return nil
}

// leadsTo says whether a name has an address; known is false where that was not
// asked or not answered.
func leadsTo(r *report.Report, name string, ip netip.Addr) (yes, known bool) {
	kind := "A"
	if ip.Is6() {
		kind = "AAAA"
	}
	a := asked(r, name, kind)
	if a == nil {
		return false, false
	}
	return slices.ContainsFunc(a.Values, func(v string) bool {
		got, err := netip.ParseAddr(v)
		return err == nil && got == ip
	}), true
}

// client is the address that handed the message over at the border.
func client(r *report.Report) (netip.Addr, bool) {
	if r.Border == nil {
		return netip.Addr{}, false
	}
	ip, err := netip.ParseAddr(r.Border.ClientIP)
	return ip.Unmap(), err == nil
}

func ptrRule(r *report.Report) (state, why string) {
	ip, ok := client(r)
	if !ok {
		return ruleUnknown, "the sending address is not known"
	}
	a := asked(r, dns.Reverse(ip), "PTR")
	switch {
	case a == nil:
		return ruleUnknown, fmt.Sprintf("the names of %s were not asked for, or not answered", ip)
	case len(a.Values) == 0:
		return ruleFail, fmt.Sprintf("%s has no name", ip)
	}
	open := false
	for _, name := range a.Values {
		yes, known := leadsTo(r, name, ip)
		if yes {
			return rulePass, fmt.Sprintf("%s is named %s, which has that address", ip, dns.Canonical(name))
		}
		open = open || !known
	}
	if open {
		return ruleUnknown, fmt.Sprintf("the addresses of %s were not asked for, or not answered", dns.Canonical(a.Values[0]))
	}
	return ruleFail, fmt.Sprintf("%s is named %s, which does not have that address", ip, dns.Canonical(a.Values[0]))
}

func heloRule(r *report.Report) (state, why string) {
	ip, ok := client(r)
	if !ok || r.Border.Helo == "" {
		return ruleUnknown, "the HELO name is not known"
	}
	helo := r.Border.Helo
	if literal := strings.TrimPrefix(strings.Trim(helo, "[]"), "IPv6:"); literal != helo {
		if got, err := netip.ParseAddr(literal); err == nil && got.Unmap() == ip {
			return rulePass, "it is the address itself, " + helo
		}
	}
	if !strings.Contains(strings.Trim(helo, "."), ".") {
		return ruleFail, helo + " is not a full name"
	}
	switch yes, known := leadsTo(r, helo, ip); {
	case yes:
		return rulePass, fmt.Sprintf("%s has the address %s", helo, ip)
	case known:
		return ruleFail, fmt.Sprintf("%s does not have the address %s", helo, ip)
	}
	return ruleUnknown, "the addresses of " + helo + " were not asked for, or not answered"
}

func tlsRule(r *report.Report) (state, why string) {
	if r.Border == nil {
		return ruleUnknown, "where the receiver took the message over is not known"
	}
	for i := range r.Hops {
		h := &r.Hops[i]
		if h.Index != r.Border.Hop {
			continue
		}
		if h.TLS != nil {
			version := h.TLS.Version
			if version == "" {
				version = "TLS"
			}
			return rulePass, fmt.Sprintf("%s at hop %d", version, h.Index)
		}
		switch p := strings.ToUpper(h.Protocol); p {
		case "ESMTPS", "ESMTPSA", "LMTPS", "LMTPSA", "UTF8SMTPS", "UTF8SMTPSA": // RFC 3848, RFC 6531
			return rulePass, fmt.Sprintf("with %s at hop %d", p, h.Index)
		}
		for j := range r.Findings {
			if f := &r.Findings[j]; f.Code == "unencrypted-hop" && f.Hop != nil && *f.Hop == h.Index {
				return ruleFail, fmt.Sprintf("hop %d was not encrypted", h.Index)
			}
		}
		// Not all servers say so.
		return ruleUnknown, fmt.Sprintf("the field of hop %d does not show TLS", h.Index)
	}
	return ruleUnknown, "the hop at the border is not known"
}

// formRule reads what Gmail demands of the form: the fields that RFC 5322 §3.6
// wants once.
func formRule(r *report.Report, m *message.Message) (state, why string) {
	for _, name := range [...]string{"From", "Date", "Message-ID"} {
		switch n := len(m.All(name)); {
		case n == 0:
			return ruleFail, "there is no " + name + " field"
		case n > 1:
			return ruleFail, fmt.Sprintf("there are %d %s fields", n, name)
		}
	}
	if n := len(r.Message.From); n != 1 {
		return ruleFail, fmt.Sprintf("there are %d addresses in From", n)
	}
	return rulePass, "all are there once"
}

// oneClickRule reads RFC 8058: an https address in List-Unsubscribe (§3.1), the
// field List-Unsubscribe-Post with its one value, and a valid signature over
// both (§4).
func oneClickRule(r *report.Report, m *message.Message) (state, why string) {
	const fieldA, fieldB = "List-Unsubscribe", "List-Unsubscribe-Post"
	a, b := m.All(fieldA), m.All(fieldB)
	switch {
	case len(a) == 0:
		return ruleFail, "there is no " + fieldA + " field; only mail that nobody subscribed to, such as a receipt, needs none"
	case len(a) > 1 || len(b) > 1:
		return ruleFail, "a field stands twice"
	case !hasHTTPS(m.Value(a[0])):
		return ruleFail, fieldA + " has no https: address"
	case len(b) == 0:
		return ruleFail, "there is no " + fieldB + " field"
	case !strings.EqualFold(strings.Join(strings.Fields(m.Value(b[0])), ""), "List-Unsubscribe=One-Click"):
		return ruleFail, fieldB + " is not List-Unsubscribe=One-Click"
	}
	covered, open := false, false
	for i := range r.DKIM {
		d := &r.DKIM[i]
		if d.Field < 0 || d.Field >= len(m.Fields) || !signs(m.Value(d.Field), fieldA, fieldB) {
			continue
		}
		covered = true
		switch {
		case d.Result == "pass":
			return rulePass, "both fields are there, and signed by " + d.Domain
		case d.Result == "temperror", d.BodyHash == report.Unchecked && d.HeaderSignature != report.Mismatch,
			d.Aligned && r.Verdict.Border.DKIM == "pass":
			open = true
		}
	}
	switch {
	case open:
		return ruleUnknown, "both fields are there; whether the signature over them held could not be checked"
	case covered:
		return ruleFail, "the signature over the fields does not pass"
	}
	return ruleFail, "no signature covers both fields (h=)"
}

// hasHTTPS finds an https address between the angle brackets of
// List-Unsubscribe (RFC 2369 §2).
func hasHTTPS(value string) bool {
	for part := range strings.SplitSeq(value, "<") {
		uri, _, closed := strings.Cut(part, ">")
		if uri = strings.TrimSpace(uri); closed && len(uri) > len("https://") && strings.EqualFold(uri[:len("https://")], "https://") {
			return true
		}
	}
	return false
}

// signs says whether a DKIM-Signature lists all the fields in its h=.
func signs(signature string, fields ...string) bool {
	tags, _ := dkim.ParseTags(signature)
	value, _ := dkim.TagValue(tags, "h")
	for _, f := range fields {
		found := false
		for name := range strings.SplitSeq(value, ":") {
			found = found || strings.EqualFold(strings.TrimSpace(name), f)
		}
		if !found {
			return false
		}
	}
	return true
}
