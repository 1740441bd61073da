package findings

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfOverbroadPass = &Rule{
	Code:     "spf-overbroad-pass",
	Group:    GroupSPF,
	Title:    "SPF pass proves little: the record allows too much",
	Severity: report.Medium,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 310, Status: report.SenderMisconfigured, When: func(f *Facts) bool { return openToAll(f) || spfMends(f) }}},
	Refs:     []string{"RFC 7208 §5.1", "RFC 7208 §5.5", "RFC 7208 §11.4"},
	Doc: `
## What happened
SPF passes, but by a term that allows far more than the sender's own servers: +all allows every address on the Internet, a network of more than 65,536
addresses allows many that are not the sender's, ptr trusts whoever controls a reverse zone.

## How it is proved
The term of the record that matched, with the number of addresses that it covers.

## What looks like it
Large mail services own large networks and name them in a record of their own, which their customers include. That is not held against
the customers here. ~all and ?all allow nobody.

## What to do
Owner of the domain: name the servers that send, and nothing else; sign with DKIM and do not rely on SPF.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		if !ok || s.eval == nil || s.eval.Result != spf.Pass {
			return nil
		}
		why, grave := overbroad(s.eval)
		if why == "" {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleSender, Host: s.domain},
			Parts:       report.Say("SPF of %v passes by %s, which %s", report.DomainRef(s.domain), s.eval.Matched, why),
			AdviceParts: report.Say("owner of %v: replace %s by the addresses of the servers that send, and sign with DKIM", report.DomainRef(s.domain), lastTerm(s.eval)),
			Evidence:    s.evidence(f),
		}
		byDKIM := f.DMARC != nil && f.DMARC.DKIMAligned
		switch {
		case grave && !byDKIM:
			x.Severity = report.Critical
		case !grave && byDKIM:
			x.Severity = report.Low
		}
		return []report.Finding{x}
	},
}

// lastTerm is the term that matched, without the includes that led to it.
func lastTerm(e *spf.Evaluation) string {
	_, last, found := cutLast(e.Matched, " > ")
	if !found {
		return e.Matched
	}
	return last
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Networks above these sizes are more than one organisation's mail servers:
// 2^16 addresses of IPv4, a provider's whole allocation of IPv6.
const (
	wideIPv4 = 16
	wideIPv6 = 32
	// hugeIPv4 is what no mail service has either.
	hugeIPv4 = 8
)

// overbroad says what is wrong with the term that matched, "" where nothing is;
// grave where it lets anybody in.
func overbroad(e *spf.Evaluation) (why string, grave bool) {
	if e.Matched == "" {
		return "", false
	}
	term := lastTerm(e)
	included := strings.Contains(e.Matched, "include:")
	rec, _ := spf.Parse("v=spf1 " + term)
	if len(rec.Terms) != 1 || rec.Terms[0].Bad {
		return "", false
	}
	t := &rec.Terms[0]
	switch t.Kind {
	case "all":
		return "allows every address on the Internet", true
	case "ptr":
		return "trusts the reverse DNS of the client and is not to be used (RFC 7208 §5.5)", false
	case "exists":
		if !strings.Contains(t.Spec, "%{") {
			return "does not depend on the client: it allows every address on the Internet", true
		}
	case "ip4", "ip6":
		return wideNetwork(t.Prefix, included)
	case "a", "mx":
		bits, wide := t.Bits4, wideIPv4
		if e.IP.Is6() {
			bits, wide = t.Bits6, wideIPv6
		}
		if bits < wide {
			return fmt.Sprintf("covers a network of /%d around each host", bits), false
		}
	}
	return "", false
}

func wideNetwork(p netip.Prefix, included bool) (string, bool) {
	switch {
	case p.Bits() <= 1:
		return "allows every address, or every second one, on the Internet", true
	case p.Addr().Is4() && (p.Bits() <= hugeIPv4 || p.Bits() < wideIPv4 && !included):
		return fmt.Sprintf("covers %d addresses", uint64(1)<<(32-p.Bits())), false
	case p.Addr().Is6() && p.Bits() < wideIPv6 && !included:
		return fmt.Sprintf("covers a network of /%d, more than one provider has", p.Bits()), false
	}
	return "", false
}
