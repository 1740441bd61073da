package findings

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

const (
	// loopPasses is how often the same two hosts must meet. Filters and
	// centralised transport make it two.
	loopPasses = 3
	// loopHops is more Received fields than any path has; servers give up
	// between 25 and 100 (RFC 5321 §6.3).
	loopHops = 50
)

var mailLoop = &Rule{
	Code:     "mail-loop",
	RestsOn:  wholeHeader,
	Group:    GroupPath,
	Title:    "Message passed the same host or mailbox repeatedly",
	Severity: report.High,
	Since:    "0.1",
	Refs:     []string{"RFC 5321 §6.3", "RFC 3463 §3.5"},
	Doc: `
## What happened
The message goes round in circles: mailboxes or hosts forward it to each other.

## How it is proved
The same mailbox delivered it twice with another mailbox in between; or the same server received it three times from the same public
address; or there are more Received fields than any path has; or a server refused it because of a loop (5.4.6, 5.4.14). A weaker sign is a mark
(X-Loop, X-MS-Exchange-Inbox-Rules-Loop) of the mailbox to which it comes, that it already brought along.

## What looks like it
Content filters hand a message back to their own server, and a tenant with centralised transport sees it twice: both are ordinary. A robot's
X-Loop field is its guard against loops, no sign of one in another's mailbox.

## What to do
Owner of the mailboxes: remove one of the forwarding rules.
`,
	Find: func(f *Facts) []report.Finding {
		for _, find := range []func(*Facts) (report.Finding, bool){loopRefused, mailboxTwice, hostsAgain, tooManyHops, loopMarked} {
			if x, ok := find(f); ok {
				return []report.Finding{x}
			}
		}
		return nil
	},
}

// loopRefused: a server said so.
func loopRefused(f *Facts) (report.Finding, bool) {
	for _, r := range f.Replies {
		text := strings.ToLower(r.Text)
		code := strings.HasSuffix(r.Status, ".4.6") || strings.HasSuffix(r.Status, ".4.14")
		if !code && !strings.Contains(text, "loop") && !strings.Contains(text, "too many hops") && !strings.Contains(text, "hop count exceeded") {
			continue
		}
		if !code && !strings.Contains(text, "mail") && !strings.Contains(text, "hop") {
			continue
		}
		return report.Finding{
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleUnknown, Host: r.Host},
			Parts:       report.Say("%s refused the message because it goes round in circles: %s", cmp.Or(r.Host, "a server"), r.Text),
			AdviceParts: report.Words("owner of the recipient's mailbox: remove the forwarding rule that sends the message back"),
			Evidence:    []report.Evidence{replied(r.Text, "RFC 3463 §3.5")},
		}, true
	}
	return report.Finding{}, false
}

// mailboxTwice: Delivered-To A, B, A, with hops between them.
func mailboxTwice(f *Facts) (report.Finding, bool) {
	all := f.Msg.All("Delivered-To")
	if len(all) > headers.MaxHops {
		all = all[:headers.MaxHops]
	}
	last := map[string]int{} // address: position in all
	for n, i := range all {
		addr := strings.ToLower(strings.Trim(strings.TrimSpace(f.Msg.Value(i)), "<>"))
		if !strings.Contains(addr, "@") {
			continue
		}
		prev, again := last[addr]
		last[addr] = n
		// Another mailbox in between, and the message travelled between them.
		if !again || n-prev < 2 || !hopBetween(f, all[prev], i) {
			continue
		}
		other := ""
		for _, o := range all[prev+1 : n] {
			if v := strings.ToLower(strings.TrimSpace(f.Msg.Value(o))); v != addr {
				other = v
			}
		}
		if other == "" {
			continue
		}
		return report.Finding{
			Hop:         index(f, len(f.Hops)-1),
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleRecipient, Host: domainPart(addr)},
			Parts:       report.Say("the message was delivered to %s, went on to %s and came back to %s", addr, other, addr),
			AdviceParts: report.Say("owners of %s and %s: remove one of the two forwarding rules", addr, other),
			Evidence:    []report.Evidence{field(f, all[prev]), field(f, all[n-1]), field(f, i)},
		}, true
	}
	return report.Finding{}, false
}

func hopBetween(f *Facts, a, b int) bool {
	for k := range f.Hops {
		if p := f.Hops[k].Field; p > a && p < b {
			return true
		}
	}
	return false
}

// hostsAgain: one server received it from one public address again and again.
func hostsAgain(f *Facts) (report.Finding, bool) {
	type pair struct {
		by string
		ip netip.Addr
	}
	seen := map[pair][]int{}
	for k := range f.Hops {
		h := &f.Hops[k]
		if !headers.Public(h.IP) || h.OwnHost || h.By == "" || strings.EqualFold(h.By, h.Helo) || strings.EqualFold(h.By, h.RDNS) {
			continue
		}
		p := pair{byName(f, k), h.IP}
		seen[p] = append(seen[p], k)
		if len(seen[p]) < loopPasses {
			continue
		}
		x := report.Finding{
			Hop:         index(f, k),
			Confidence:  report.Proved,
			AtFault:     operatorOf(f, k),
			Parts:       report.Say("%s received the message %d times from %s", p.by, len(seen[p]), p.ip),
			AdviceParts: report.Say("operators of %s and %v: remove the rule or route that sends the message back", p.by, report.HostRef(fromHost(f, k))),
		}
		for _, n := range seen[p] {
			x.Evidence = append(x.Evidence, hop(f, n))
		}
		return x, true
	}
	return report.Finding{}, false
}

func tooManyHops(f *Facts) (report.Finding, bool) {
	if len(f.Hops) <= loopHops {
		return report.Finding{}, false
	}
	last := len(f.Hops) - 1
	return report.Finding{
		Hop:         index(f, last),
		Confidence:  report.Likely,
		AtFault:     operatorOf(f, last),
		Parts:       report.Say("%d Received fields: the message goes round in circles", f.Hops[last].Index),
		AdviceParts: report.Words("owner of the recipient's mailbox: remove the forwarding rule that sends the message back"),
		Evidence:    []report.Evidence{hop(f, last), computed("RFC 5321 §6.3", "%d Received fields; servers give up between 25 and 100", f.Hops[last].Index)},
	}, true
}

// loopMarked: the message brings along the mark of a forwarding rule of the
// very mailbox to which it comes.
func loopMarked(f *Facts) (report.Finding, bool) {
	b := borderHop(f)
	rcpt := ""
	if r := f.LastRun(); r != nil {
		rcpt = r.Rcpt
	}
	if b < 0 || rcpt == "" {
		return report.Finding{}, false
	}
	for _, name := range []string{"X-MS-Exchange-Inbox-Rules-Loop", "X-Loop"} {
		for _, i := range f.Msg.All(name) {
			addr := strings.Trim(strings.TrimSpace(f.Msg.Value(i)), "<>")
			// The author's own mark on mail to the own mailbox is not a loop.
			if i < f.Hops[b].Field || !strings.EqualFold(addr, rcpt) || len(f.From) != 1 || strings.EqualFold(f.From[0].Address, rcpt) {
				continue
			}
			return report.Finding{
				Severity:    report.Low,
				Hop:         index(f, b),
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: report.RoleRecipient, Host: domainPart(rcpt)},
				Parts:       report.Say("the message comes to %s and brings along the mark of a rule of that mailbox: it has been there before", rcpt),
				AdviceParts: report.Say("owner of %v: look for a forwarding rule whose target sends mail back", rcpt),
				Evidence:    []report.Evidence{field(f, i), hop(f, b)},
			}, true
		}
	}
	return report.Finding{}, false
}
