package findings

import (
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var receivedGap = &Rule{
	Code:      "received-gap",
	RestsOn:   wholeHeader,
	Group:     GroupPath,
	Title:     "Chain is discontinuous",
	Severity:  report.Medium,
	Since:     "0.1",
	Quiet:     true,
	SymptomOf: []*Rule{receivedForged, spfCheckedBehindNAT, spfCheckedOnFetchedMail},
	Refs:      []string{"RFC 5321 §4.4", "RFC 5321 §3.7.2"},
	Doc: `
## What happened
Two neighbouring Received fields do not meet: the older was written by a host that is not the client of the newer, by no name and no
address. A host in between wrote nothing, or its field was taken out.

## How it is proved
Neither the name nor the address nor the organisation of the older line's server appears as the client of the newer. A second fact supports
it: a trusted verdict names an address that no hop has, or the time stamps can't follow each other. Without one the gap is only a note.

## What looks like it
NAT, and hosts that introduce themselves by an alias. Sending services that use the customer's name in HELO. Exchange servers that strip Received
fields at the border (header firewall), submission servers that hide the author's client, load balancers. An older part that was invented.

## What to do
Operator of the newer host: keep all Received fields, and look in its log for the connection. To this program, known aliases can be named by --trust.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for k := 1; k < len(f.Hops); k++ {
			older, newer := &f.Hops[k-1], &f.Hops[k]
			if newer.Joined || !meetable(f, k) {
				continue
			}
			x := report.Finding{
				Severity:    report.Info,
				Hop:         index(f, k),
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: report.RoleUnknown, Host: fromHost(f, k)},
				Parts:       report.Say("%v was written by %v, but the client of %v is %v: a host in between is missing, or has another name", report.HopRef(older.Index), report.HostRef(byName(f, k-1)), report.HopRef(newer.Index), clientRef(f, k)),
				AdviceParts: report.Say("operator of %v: look in the log for where the message came from", report.HostRef(byName(f, k))),
				Evidence:    []report.Evidence{hop(f, k), hop(f, k-1)},
			}
			if c := verdictInGap(f, k); c != nil {
				x.Severity, x.Confidence = "", report.Strong
				x.Parts = x.Parts.Add(report.Say("; a verdict names %s, which no hop shows", c.IP)...)
				x.Evidence = append(x.Evidence, claim(f, c))
			}
			if c := f.ClockOf(k - 1); c != nil && c.Irregular {
				x.Severity, x.Confidence = "", report.Strong
				x.Parts = x.Parts.Add(report.Words("; and its time stamps can't be right")...)
			}
			out = append(out, x)
		}
		return out
	},
}

// meetable reports whether the two hops name enough for it to mean something
// that they do not meet, and nothing explains it.
func meetable(f *Facts, k int) bool {
	older, newer := &f.Hops[k-1], &f.Hops[k]
	client := fromHost(f, k)
	switch {
	case mailname.Org(older.By) == "" || sameLabel(older.By, fromHost(f, k)) || !newer.IP.IsValid() || !headers.Public(newer.IP) || client == "":
		return false
	case older.Local || older.OwnHost || newer.OwnHost || newer.Fetched || older.Fetched:
		return false
	case f.RunOf(k-1) != nil && f.RunOf(k-1).Contradicted != "":
		return false // received-forged says so
	}
	// The client that the records of the envelope sender allow is the sender's,
	// whatever it is called: a service that uses the customer's name.
	for i := range f.Matrix {
		if c := &f.Matrix[i]; c.Hop == k && c.Eval != nil && c.Eval.Result == spf.Pass {
			return false
		}
	}
	for c := range claims(f, "spf", trusted) {
		if c.IP == newer.IP && c.Normal == "pass" {
			return false
		}
	}
	// The same without answers: the client is called after the sender.
	for _, d := range append([]string{f.FromDomain}, mailFromDomain(f)) {
		if org := mailname.Org(d); org != "" && (mailname.Org(client) == org || older.Org == org) {
			return false
		}
	}
	return true
}

// sameLabel reports whether two organisations differ in their suffix only, as
// gmx.com and gmx.net do. The names that are reserved for documentation (RFC
// 2606 §3) stand for different ones.
func sameLabel(a, b string) bool {
	x, _, _ := strings.Cut(mailname.Org(a), ".")
	y, _, _ := strings.Cut(mailname.Org(b), ".")
	return x != "" && x == y && x != "example"
}

func mailFromDomain(f *Facts) string {
	if f.MailFrom == nil {
		return ""
	}
	return domainPart(*f.MailFrom)
}

// verdictInGap is a trusted verdict of the newer hop's server about a client
// that no hop shows.
func verdictInGap(f *Facts, k int) *headers.Claim {
	for c := range claims(f, "") {
		if c.Hop != k || c.Trust != headers.Trusted || !c.IP.IsValid() || c.IPBasis != "explicit" {
			continue
		}
		if !hasClient(f, c.IP) {
			return c
		}
	}
	return nil
}

func hasClient(f *Facts, ip netip.Addr) bool {
	for k := range f.Hops {
		if f.Hops[k].IP == ip || f.Hops[k].ByIP == ip {
			return true
		}
	}
	return false
}
