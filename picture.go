package mailtrace

import (
	"net/netip"
	"time"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// Bounds of what a report keeps for views.
const (
	maxSignedFields = 200     // names of one h=
	maxHeaderField  = 4 << 10 // bytes of one field
	maxHeader       = 256 << 10
	maxHeaderFields = 1000
)

// machinesOf writes down the hosts of the path.
func machinesOf(f *headers.Facts) []report.Machine {
	machines := f.Machines()
	if len(machines) == 0 {
		return nil
	}
	out := make([]report.Machine, 0, len(machines))
	for i := range machines {
		m := &machines[i]
		out = append(out, report.Machine{
			Names: listOf(m.Names), Org: m.Org, Role: string(m.Role), Service: m.Service,
			Inside: addrsOf(m.Inside), Outside: addrsOf(m.Outside), Software: listOf(m.Software),
			Wrote: hopsAt(f, m.Wrote), Sent: hopsAt(f, m.Sent),
		})
	}
	return out
}

func listOf(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func addrsOf(ips []netip.Addr) []string {
	out := make([]string, 0, len(ips))
	for _, ip := range ips {
		out = append(out, ip.String())
	}
	return out
}

func hopsAt(f *headers.Facts, at []int) []int {
	out := make([]int, 0, len(at))
	for _, k := range at {
		out = append(out, f.Hops[k].Index)
	}
	return out
}

// linksOf names the hops that are not a plain delivery across the Internet:
// dedicated lines, and those that lead into or out of a hosted service within
// one organisation's part of the path.
func linksOf(f *headers.Facts, machines []report.Machine) []report.Link {
	var out []report.Link
	for _, l := range f.Links() {
		out = append(out, report.Link{Hop: f.Hops[l.Hop].Index, Kind: report.LinkPartner, From: l.From, To: l.To})
	}
	writer := map[int]*report.Machine{} // by the index of the hop
	for i := range machines {
		for _, hop := range machines[i].Wrote {
			writer[hop] = &machines[i]
		}
	}
	for k := 1; k < len(f.Hops); k++ {
		older, newer := writer[f.Hops[k-1].Index], writer[f.Hops[k].Index]
		if older == nil || newer == nil || older.Service == newer.Service || f.RunOf(k) != f.RunOf(k-1) {
			continue
		}
		zone := f.RunOf(k).Name()
		l := report.Link{Hop: f.Hops[k].Index, Kind: report.LinkCloud, From: older.Service, To: newer.Service}
		if l.From == "" {
			l.From = zone
		}
		if l.To == "" {
			l.To = zone
		}
		out = append(out, l)
	}
	return out
}

// softwareOf writes down what runs on the writer of a hop, and how old it is.
func softwareOf(h *headers.Hop) *report.Software {
	s := &report.Software{Product: h.Product, Version: h.Version, Release: h.Release}
	if h.ByShape {
		return s
	}
	if product, _, date := received.ExchangeRelease(h.Version, h.By); product == h.Product {
		s.Released = date
	}
	if ended, _, ok := received.EndOfSupport(h.Product, h.Version); ok {
		s.Supported = ended.Format(time.DateOnly)
	}
	return s
}

// headerOf writes down the header as it came, within bounds. left is the
// number of fields beyond them.
func headerOf(m *message.Message) (out []report.HeaderField, left int) {
	size := 0
	for i := range m.Fields {
		if i == maxHeaderFields || size >= maxHeader {
			return out, len(m.Fields) - i
		}
		text := m.Bytes(i)
		for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
			text = text[:len(text)-1]
		}
		h := report.HeaderField{Field: i, Line: m.Fields[i].Line}
		if len(text) > maxHeaderField {
			h.Cut = len(text) - maxHeaderField
			text = text[:maxHeaderField]
		}
		h.Text = string(text)
		size += len(h.Text)
		out = append(out, h)
	}
	return out, 0
}
