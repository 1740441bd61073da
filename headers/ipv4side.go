package headers

import (
	"net/netip"
	"slices"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// Bounds on the questions about the IPv4 side of a client.
const (
	maxTwinNames = 3
	maxTwinAddrs = 3 // of all names together
)

// Twin is an IPv4 address of the host that came by IPv6.
type Twin struct {
	Name string // the name that both addresses have
	IP   netip.Addr
	SPF  *spf.Evaluation // of the envelope sender, for IP
}

// findTwin looks for an IPv4 address of the border's IPv6 client for which SPF
// passes, where it does not for the client itself. The names are those that
// reverse DNS gives and that point back, and the HELO name where it does.
func (f *Facts) findTwin() {
	ip := f.ClientIP(f.LastRun())
	if !ip.Is6() || f.SPF == nil || f.MailFrom == nil {
		return
	}
	switch f.SPF.Result {
	case spf.Fail, spf.SoftFail, spf.Neutral:
	default:
		return
	}
	const what = "IPv4 addresses of the border's client"
	names := slices.Clone(f.BorderNames)
	if h := mailname.Host(f.Helo); h != "" && !slices.Contains(names, h) && !privateName(h) {
		if yes, _ := f.ask.pointsTo(what, h, ip); yes {
			names = append(names, h)
		}
	}
	asked := 0
	for n, name := range names {
		if n == maxTwinNames {
			return
		}
		addrs, _ := f.ask.addrs(what, name)
		for _, a := range addrs {
			if !a.Is4() {
				continue
			}
			if asked == maxTwinAddrs {
				f.ask.addGap(Gap{what, "there are more than are tried"})
				return
			}
			asked++
			q := spfQuery(*f.MailFrom, f.Helo)
			q.IP = a
			if e := f.ask.check(q); e != nil && e.Result == spf.Pass {
				f.Twin = &Twin{Name: name, IP: a, SPF: e}
				return
			}
		}
	}
}
