package findings

import (
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var unencryptedHop = &Rule{
	Code:     "unencrypted-hop",
	Group:    GroupPath,
	Title:    "A public hop had no TLS, or obsolete TLS",
	Severity: report.Low,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 3207 §4", "RFC 8996 §2", "RFC 8314 §3"},
	Doc: `
## What happened
The message crossed the Internet in clear, or under a version of TLS that is no longer held to be safe.

## How it is proved
Servers of this kind write TLS down where there is some, and this one's Received field shows none, or shows TLS 1.0, 1.1 or SSL after
March 2021, or a cipher without authentication or strength.

## What looks like it
Servers that never write TLS down: they are not counted. Hops between private addresses and to the own filter.

## What to do
Sender: use STARTTLS wherever it is offered. Receiver: offer it, and publish MTA-STS or DANE, so that senders can insist.
`,
	Find: func(f *Facts) []report.Finding {
		var clear, weak []report.Text
		var ev []report.Evidence
		first := -1
		for k := range f.Hops {
			problem := tlsProblem(f, k)
			if problem == "" {
				continue
			}
			where := report.Say("%v (%v to %v)", report.HopRef(f.Hops[k].Index), clientRef(f, k), report.HostRef(byName(f, k)))
			if problem == "none" {
				clear = append(clear, where)
			} else {
				weak = append(weak, where.Add(report.Words(" with "+problem)...))
			}
			if first < 0 || f.Observed(k) && !f.Observed(first) {
				first = k
			}
			ev = append(ev, hop(f, k))
		}
		if first < 0 {
			return nil
		}
		var parts []report.Text
		if len(clear) > 0 {
			parts = append(parts, report.Say("without TLS on %v", someTexts(clear)))
		}
		if len(weak) > 0 {
			parts = append(parts, report.Say("with obsolete TLS on %v", someTexts(weak)))
		}
		return []report.Finding{{
			Hop:         index(f, first),
			Confidence:  told(f, first, report.Strong),
			AtFault:     report.Party{Role: report.RoleUnknown, Host: fromHost(f, first)},
			Parts:       report.Say("the message crossed the Internet %v", report.List(parts...)),
			AdviceParts: report.Say("operator of %v: use STARTTLS; operator of %v: offer it, and publish MTA-STS or DANE", report.HostRef(fromHost(f, first)), report.HostRef(byName(f, first))),
			Evidence:    ev[:min(len(ev), 8)],
		}}
	},
}

// tls10Ended is when TLS 1.0 and 1.1 were given up (RFC 8996).
var tls10Ended = time.Date(2021, time.March, 1, 0, 0, 0, 0, time.UTC)

// weakCiphers are parts of the names of cipher suites that give no protection:
// no authentication of the server, no or broken encryption.
var weakCiphers = []string{"RC4", "ARCFOUR", "3DES", "DES-CBC", "NULL", "EXPORT", "EXP-", "AECDH", "ADH", "DH_ANON", "DH-ANON"}

// plainVersion brings the spellings of a version of TLS together.
var plainVersion = strings.NewReplacer("_", ".", " ", "", "V", "", "v", "")

// tlsProblem says what is wrong with the encryption of a hop that crossed the
// Internet: "none" where there was none, the obsolete version or cipher, or ""
// where nothing is or nothing is known.
func tlsProblem(f *Facts, k int) string {
	h := &f.Hops[k]
	r := f.RunOf(k)
	if !headers.Public(h.IP) || r == nil || r.Border != k || h.Local || h.OwnHost || h.Fetched || h.IP == h.ByIP {
		return ""
	}
	if !h.TLS {
		if h.TLSShown && !strings.EqualFold(h.By, h.Helo) {
			return "none"
		}
		return ""
	}
	version := strings.ToUpper(plainVersion.Replace(h.TLSVersion))
	switch {
	case strings.HasPrefix(version, "SSL"), version == "SSL2", version == "SSL3":
		return h.TLSVersion
	case version == "TLS1" || version == "TLS1.0" || version == "TLS1.1":
		if at := h.Time; at.IsZero() || at.After(tls10Ended) {
			return h.TLSVersion
		}
	}
	cipher := strings.ToUpper(h.TLSCipher)
	for _, w := range weakCiphers {
		if strings.Contains(cipher, w) {
			return h.TLSCipher
		}
	}
	return ""
}
