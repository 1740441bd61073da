package findings

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/report"
)

var heloOrRDNSDefect = &Rule{
	Code:     "helo-or-rdns-defect",
	RestsOn:  wholeHeader,
	Group:    GroupPath,
	Title:    "HELO/PTR inconsistent",
	Severity: report.Low,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 5321 §2.3.5", "RFC 5321 §4.1.4", "RFC 1912 §2.1"},
	Doc: `
## What happened
The host that delivered the message to the recipient has names that do not bear each other out: its address has no name, the name does not
lead back to it, or it introduced itself by something that is not a host's name. Many receivers hold that against a message.

## How it is proved
The receiving server wrote down that it found no name, or a false one; the DNS gives no PTR for the address, or one that does not point back; HELO is a bare
word, an address, or the receiver's own name.

## What looks like it
Exchange writes down HELO only. A host with several addresses may introduce itself by the name of another: that is allowed. The DNS
of today may not be that of then: what the server found at the time comes first.

## What to do
Operator of the sending host: give the address a PTR record, the name an address record that leads back, and introduce the host by that name.
`,
	Find: func(f *Facts) []report.Finding {
		b := borderHop(f)
		if b < 0 || f.LastRun().NAT {
			return nil
		}
		h := &f.Hops[b]
		client := f.ClientIP(f.LastRun())
		if !headers.Public(client) || h.Auth || h.Local || h.Fetched || h.OwnHost {
			return nil
		}
		var defects []string
		var shown []report.Evidence
		confidence := report.Proved
		switch {
		case h.RDNSKind == received.RDNSConfirmed:
		case h.RDNSKind == received.RDNSForged:
			defects = append(defects, fmt.Sprintf("the name of %s does not lead back to it", client))
		case f.BorderPTR == headers.PTRConfirmed:
		case f.BorderPTR == headers.PTRNone:
			defects = append(defects, fmt.Sprintf("%s has no name in reverse DNS", client))
			shown = append(shown, computed("RFC 1912 §2.1", "no PTR record for %s", client))
		case f.BorderPTR == headers.PTRUnconfirmed:
			defects = append(defects, fmt.Sprintf("no name of %s in reverse DNS leads back to it", client))
			shown = append(shown, computed("RFC 1912 §2.1", "the PTR names of %s do not point back", client))
		case h.RDNSKind == received.RDNSUnknown:
			defects = append(defects, fmt.Sprintf("%s found no confirmed name for %s", byName(f, b), client))
			confidence = report.Strong
		}
		if d := heloDefect(f, h, client); d != "" {
			defects = append(defects, d)
		}
		if f.HeloState == headers.HeloNone {
			defects = append(defects, "HELO "+f.Helo+" has no address in the DNS")
			shown = append(shown, computed("RFC 5321 §2.3.5", "no A or AAAA record for %v", report.HostRef(f.Helo)))
		}
		if len(defects) == 0 {
			return nil
		}
		return []report.Finding{{
			Hop:         index(f, b),
			Confidence:  confidence,
			AtFault:     senderAt(f),
			Parts:       report.Say("the client of %v (%v): %s", report.HostRef(byName(f, b)), report.HopRef(h.Index), strings.Join(defects, "; ")),
			AdviceParts: report.Say("operator of %s: a PTR record for the address, an address record for that name, and HELO by that name", client),
			Evidence:    append([]report.Evidence{hop(f, b)}, shown...),
		}}
	},
}

// heloDefect says what is wrong with the form of HELO; "" where nothing is.
func heloDefect(f *Facts, h *headers.Hop, client netip.Addr) string {
	helo := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(f.Helo), "."))
	switch {
	case helo == "" || f.Helo != h.Helo && f.Options.Helo == "":
		return ""
	case strings.HasPrefix(helo, "["):
		return "" // an address literal is allowed (RFC 5321 §4.1.3)
	}
	if _, err := netip.ParseAddr(helo); err == nil {
		return "HELO " + helo + " is an address without brackets"
	}
	switch {
	case !strings.Contains(helo, "."):
		return "HELO " + helo + " is not a full name"
	case strings.HasSuffix(helo, ".localdomain"), strings.HasSuffix(helo, ".local"), strings.HasSuffix(helo, ".lan"):
		return "HELO " + helo + " is a name that only means something inside a network"
	case helo == byName(f, borderHop(f)) && !strings.EqualFold(h.RDNS, helo):
		return "HELO " + helo + " is the receiver's own name"
	}
	return ""
}
