package headers

import (
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// pathOf parses the Received fields, oldest first.
func pathOf(c Facts) Path {
	f, m := &c, c.Msg
	fields := m.All("Received")
	if len(fields) > MaxHops {
		f.ask.addGap(Gap{
			What: "path",
			Why:  "only the newest " + strconv.Itoa(MaxHops) + " of " + strconv.Itoa(len(fields)) + " Received fields were traced",
		})
		fields = fields[:MaxHops]
	}
	f.Hops = make([]Hop, len(fields))
	unread := 0
	for i, field := range fields {
		h := &f.Hops[len(fields)-1-i]
		h.Received = h.readMasked(m.Value(field))
		h.Field, h.Line = field, m.Fields[field].Line
		h.Index = len(fields) - i
		if h.Dialect == "unparsed" {
			unread++
		}
	}
	if unread > 0 {
		f.ask.addGap(Gap{What: "path", Why: strconv.Itoa(unread) + " of " + strconv.Itoa(len(fields)) + " Received fields could not be read whole"})
	}
	f.unmask()
	for i := range f.Hops {
		h := &f.Hops[i]
		h.Org = hopOrg(f.Hops, i)
		if i > 0 {
			older := &f.Hops[i-1]
			h.Joined = joined(older, h)
			if !older.Time.IsZero() && !h.Time.IsZero() {
				d := h.Time.Sub(older.Time)
				h.Delay = &d
			}
		}
	}
	return f.Path
}

// writer is the host that wrote a hop, in lower case: what it calls itself where
// it says "by localhost".
func (h *Hop) writer() string {
	if by := mailname.Host(h.By); by != "localhost" || h.ByName == "" {
		return by
	}
	return mailname.Host(h.ByName)
}

// hopOrg is the organisation of the host that wrote hop i. Where its own name
// does not tell ("by localhost", "by 10.197.0.4"), the next newer hop saw it as
// its client.
func hopOrg(hops []Hop, i int) string {
	if org := hostOrg(hops[i].writer()); org != "" {
		return org
	}
	if i+1 < len(hops) {
		newer := &hops[i+1]
		if org := hostOrg(newer.RDNS); org != "" {
			return org
		}
		return hostOrg(newer.Helo)
	}
	return ""
}

// hostOrg is Org for a host that may belong to a service with several domains.
func hostOrg(name string) string {
	if p := serviceOf(name); p != nil {
		return p.Org()
	}
	if privateName(name) {
		return ""
	}
	return mailname.Org(name)
}

// joined reports whether the client of newer is the host that wrote older:
// same name, same address, or a private hand-over between names that are not
// public anyway.
func joined(older, newer *Hop) bool {
	by := mailname.Host(older.By)
	switch {
	case by != "" && (by == mailname.Host(newer.Helo) || by == mailname.Host(newer.RDNS)):
		return true
	case older.ByIP.IsValid() && older.ByIP == newer.IP:
		return true
	case newer.IP.IsLoopback(), newer.Local, newer.Fetched:
		return true
	}
	org := hostOrg(by)
	if org != "" && (org == hostOrg(newer.RDNS) || org == hostOrg(newer.Helo)) {
		return true
	}
	return newer.IP.IsValid() && Private(newer.IP) && !older.IP.IsLoopback()
}

// clientNames are the names under which a hop's client is known, with those
// that the server itself confirmed first.
func (h *Hop) clientNames() []string {
	var names []string
	for _, n := range []string{h.RDNS, h.Helo} {
		n = mailname.Host(n)
		if n != "" && !strings.EqualFold(n, "unknown") {
			names = append(names, n)
		}
	}
	return names
}

// confirmedName is the client's name as far as the server confirmed it from
// the DNS, "" otherwise.
func (h *Hop) confirmedName() string {
	if h.RDNSKind == received.RDNSConfirmed {
		return mailname.Host(h.RDNS)
	}
	return ""
}
