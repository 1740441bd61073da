package headers

import (
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/headers/received"
)

// stamped is a path of hosts with the seconds at which each wrote its field,
// oldest first; a negative number leaves the stamp out.
type stamped []struct {
	host string
	at   int
}

func (p stamped) facts() *Facts {
	start := time.Date(2026, time.June, 1, 10, 0, 0, 0, time.UTC)
	f := &Facts{Path: Path{Hops: make([]Hop, len(p))}, Custody: Custody{First: len(p)}, lazy: new(lazy)}
	for i, s := range p {
		h := &f.Hops[i]
		h.Received = received.Received{By: s.host}
		h.Index = i + 1
		if s.at >= 0 {
			h.Time = start.Add(time.Duration(s.at) * time.Second)
		}
		if i > 0 && !h.Time.IsZero() && !f.Hops[i-1].Time.IsZero() {
			d := h.Time.Sub(f.Hops[i-1].Time)
			h.Delay = &d
		}
	}
	return f
}

func TestClocks(t *testing.T) {
	const unknown = -1 * time.Second
	test := func(name string, p stamped, clocks []Clock, delays ...time.Duration) {
		t.Helper()
		f := p.facts()
		if len(f.Clocks()) != len(clocks) {
			t.Errorf("%s: clocks %+v, want %+v", name, f.Clocks(), clocks)
			return
		}
		for i, want := range clocks {
			got := f.Clocks()[i]
			if got.Host != want.Host || got.Offset != want.Offset || got.Zone != want.Zone || got.Irregular != want.Irregular || got.Peer != want.Peer {
				t.Errorf("%s: clock %+v, want %+v", name, got, want)
			}
		}
		for i, want := range delays {
			got := unknown
			if d := f.Corrected(i + 1); d != nil {
				got = *d
			}
			if got != want {
				t.Errorf("%s: delay into hop %d is %s, want %s", name, i+2, got, want)
			}
		}
	}
	const s, min, h = time.Second, time.Minute, time.Hour
	test("in order", stamped{{"a", 0}, {"b", 4}, {"c", 9}}, nil, 4*s, 5*s)
	test("a second is no skew", stamped{{"a", 2}, {"b", 1}, {"c", 3}}, nil, 0, 2*s)
	test("the first is ahead", stamped{{"a", 3485}, {"b", 5}, {"c", 9}}, []Clock{{Host: "a", Offset: 3480 * s}}, 0, 4*s)
	test("one in the middle is behind", stamped{{"a", 1000}, {"b", 500}, {"c", 1004}}, []Clock{{Host: "b", Offset: -500 * s}}, 0, 4*s)
	test("a time zone", stamped{{"a", 0}, {"b", 7203}, {"c", 5}}, []Clock{{Host: "b", Offset: 2 * h, Zone: true}}, 3*s, 2*s)
	test("several hops of one host", stamped{{"a", 0}, {"b", 901}, {"b", 902}, {"c", 4}}, []Clock{{Host: "b", Offset: 898 * s}}, 3*s, s, 0)
	test("two hosts and nothing to decide", stamped{{"a", 900}, {"b", 100}}, []Clock{{Host: "a", Offset: 800 * s, Peer: "b"}}, 0)
	test("a clock that runs backwards", stamped{{"a", 0}, {"b", 900}, {"c", 901}, {"b", 300}, {"d", 902}}, []Clock{{Host: "b", Irregular: true}}, unknown, unknown, unknown, unknown)
	test("a stamp is missing", stamped{{"a", 900}, {"b", -1}, {"c", 100}, {"d", 101}}, []Clock{{Host: "a", Offset: 800 * s}}, unknown, unknown, s)
	test("a long wait is no skew", stamped{{"a", 0}, {"b", 9000}, {"c", 9001}}, nil, 2*h+30*min, s)
	test("two hosts are wrong", stamped{{"a", 5000}, {"b", 10}, {"c", 11}, {"d", 7500}, {"e", 13}, {"f", 14}},
		[]Clock{{Host: "a", Offset: 4990 * s}, {Host: "d", Offset: 7487 * s}}, 0, s, 2*s, 0, s)
}

func BenchmarkClocks(b *testing.B) {
	p := make(stamped, MaxHops)
	for i := range p {
		p[i].host, p[i].at = "host"+string(rune('a'+i%20))+string(rune('a'+i/20)), (i*7919)%5000
	}
	f := p.facts()
	for b.Loop() {
		readClocks(f)
	}
}
