package headers

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

const (
	// skewSlack is how far two clocks may disagree before anything is made of
	// it: stamps have whole seconds, and servers write them at different
	// moments of a session.
	skewSlack = 2 * time.Second
	// maxSkewed bounds the clocks that are set right in one message.
	maxSkewed = 8
	// transit is how long a hand-over may take for an offset still to count as
	// a wrong time zone.
	transit = 30 * time.Second
)

// Clock is a host whose time stamps contradict those of the others.
type Clock struct {
	Host string
	Hops []int // indices into Facts.Hops that it wrote
	// Offset is by how much its clock is ahead, negative where it is behind:
	// the smallest amount that removes the contradiction. 0 where Irregular.
	Offset time.Duration
	// Zone says that Offset is a whole number of half hours, as of a wrong time
	// zone.
	Zone bool
	// Irregular says that no constant offset explains its stamps.
	Irregular bool
	// Peer is the host that may be the wrong one just as well, "" where the
	// others agree against this one.
	Peer string
}

// skew is the search for wrong clocks in one message.
type skew struct {
	f     *Facts
	at    []time.Duration // corrected stamp of each hop, from the oldest known one
	known []bool
	host  []int // of each hop, index into names
	names []string
	// observed and service say of each host that it is the recipient's, and
	// that it is of a large service.
	observed, service []bool
	apart             []bool // apart[a*n+b]: hosts a and b contradict each other
}

// readClocks looks for hosts whose clock is wrong and works out the delays
// without them. A path is passed in order, so a newer stamp that is earlier
// than an older one convicts one of two clocks; the one that contradicts most
// hosts is the wrong one. An offset that removes all its contradictions is its
// skew; where there is none the stamps were not made by a clock.
func readClocks(f *Facts) clockwork {
	w := clockwork{corrected: make([]*time.Duration, len(f.Hops))}
	backwards := false
	for i := range f.Hops {
		h := &f.Hops[i]
		w.corrected[i] = h.Delay
		if h.Delay != nil && *h.Delay < 0 {
			w.corrected[i] = new(time.Duration)
			backwards = backwards || *h.Delay < -skewSlack
		}
	}
	if !backwards && !f.stampsFall() {
		return w
	}
	s := newSkew(f)
	for range maxSkewed {
		c, ok := s.worst()
		if !ok {
			break
		}
		w.clocks = append(w.clocks, s.settle(c))
	}
	s.correct(w.corrected)
	return w
}

// clockwork is what the time stamps of the path tell.
type clockwork struct {
	clocks    []Clock
	corrected []*time.Duration // of each hop
}

// lazy holds what only some rules ask for, once it was worked out.
type lazy struct {
	once  sync.Once
	clock clockwork
}

func (f *Facts) clockwork() *clockwork {
	f.lazy.once.Do(func() { f.lazy.clock = readClocks(f) })
	return &f.lazy.clock
}

// Clocks are hosts whose time stamps contradict the others, worst first.
func (f *Facts) Clocks() []Clock { return f.clockwork().clocks }

// Corrected is the time that the message took to a hop since the next older one,
// with the clocks that are wrong set right: never negative, nil where it is not
// known.
func (f *Facts) Corrected(hop int) *time.Duration { return f.clockwork().corrected[hop] }

// stampsFall reports whether any stamp is earlier than one below it, which
// needs a hop without stamp in between where no delay is negative.
func (f *Facts) stampsFall() bool {
	var newest time.Time
	for i := range f.Hops {
		t := f.Hops[i].Time
		if t.IsZero() {
			continue
		}
		if !newest.IsZero() && t.Before(newest.Add(-skewSlack)) {
			return true
		}
		if t.After(newest) {
			newest = t
		}
	}
	return false
}

func newSkew(f *Facts) *skew {
	n := len(f.Hops)
	s := &skew{f: f, at: make([]time.Duration, n), known: make([]bool, n), host: make([]int, n)}
	var start time.Time
	index := map[string]int{}
	for i := range f.Hops {
		h := &f.Hops[i]
		name := mailname.Host(h.By)
		if name == "" && h.ByIP.IsValid() {
			name = h.ByIP.String()
		}
		if name == "" {
			name = "hop " + strconv.Itoa(h.Index) // not to be taken for another unnamed one
		}
		id, ok := index[name]
		if !ok {
			id = len(s.names)
			index[name] = id
			s.names = append(s.names, name)
			s.observed = append(s.observed, false)
			s.service = append(s.service, serviceOf(name) != nil)
		}
		s.observed[id] = s.observed[id] || f.Observed(i)
		s.host[i] = id
		if h.Time.IsZero() {
			continue
		}
		if start.IsZero() {
			start = h.Time
		}
		s.at[i], s.known[i] = h.Time.Sub(start), true
	}
	s.apart = make([]bool, len(s.names)*len(s.names))
	return s
}

// suspect is a host with what it contradicts.
type suspect struct {
	id       int
	against  int // hosts
	peer     int // the last of them
	lo, hi   time.Duration
	later    bool // stamps of others bound its offset from below
	earlier  bool // and from above
	self     bool // its own stamps fall
	observed bool
	service  bool
}

// worst finds the host whose clock is most likely wrong; ok is false where
// nothing contradicts anything any more.
func (s *skew) worst() (suspect, bool) {
	n := len(s.names)
	clear(s.apart)
	self := make([]bool, n)
	found := false
	for j := range s.at {
		for i := range j {
			if !s.known[i] || !s.known[j] || s.at[i]-s.at[j] <= skewSlack {
				continue
			}
			found = true
			a, b := s.host[i], s.host[j]
			if a == b {
				self[a] = true
				continue
			}
			s.apart[a*n+b], s.apart[b*n+a] = true, true
		}
	}
	if !found {
		return suspect{}, false
	}
	best := suspect{id: -1}
	for id := range n {
		x := suspect{id: id, self: self[id], observed: s.observed[id], service: s.service[id]}
		for b := range n {
			if s.apart[id*n+b] {
				x.against++
				x.peer = b
			}
		}
		if x.against == 0 && !x.self {
			continue
		}
		s.bounds(&x)
		if best.id < 0 || x.worseThan(best) {
			best = x
		}
	}
	return best, true
}

// worseThan orders suspects. Servers of large services keep time, and so, as
// far as one may hope, does the recipient.
func (a suspect) worseThan(b suspect) bool {
	switch {
	case a.self != b.self:
		return a.self
	case a.against != b.against:
		return a.against > b.against
	case a.service != b.service:
		return b.service
	case (a.later && a.earlier) != (b.later && b.earlier):
		return a.later && a.earlier
	case a.observed != b.observed:
		return b.observed
	}
	return a.id < b.id
}

// bounds finds the offsets that would put all stamps of a host between those
// of its neighbours.
func (s *skew) bounds(x *suspect) {
	for i := range s.at {
		if s.host[i] != x.id || !s.known[i] {
			continue
		}
		for k := range s.at {
			if !s.known[k] || s.host[k] == x.id {
				continue
			}
			d := s.at[i] - s.at[k]
			switch {
			case k > i && (!x.later || d > x.lo):
				x.lo, x.later = d, true
			case k < i && (!x.earlier || d < x.hi):
				x.hi, x.earlier = d, true
			}
		}
	}
}

// settle corrects a host's stamps, or leaves them out where no offset does.
func (s *skew) settle(x suspect) Clock {
	c := Clock{Host: s.names[x.id]}
	for i, id := range s.host {
		if id == x.id {
			c.Hops = append(c.Hops, i)
		}
	}
	if x.self || x.later && x.earlier && x.lo > x.hi+skewSlack {
		c.Irregular = true
		for _, i := range c.Hops {
			s.known[i] = false
		}
		return c
	}
	switch {
	case x.later && x.lo > 0:
		c.Offset = x.lo
	case x.earlier && x.hi < 0:
		c.Offset = x.hi
	}
	const half = 30 * time.Minute
	if z := c.Offset.Round(half); z != 0 {
		// The true offset is the near bound plus the time that the hand-over took.
		slow := z - c.Offset
		if c.Offset < 0 {
			slow = -slow
		}
		if slow >= -skewSlack && slow <= transit {
			c.Offset, c.Zone = z, true
		}
	}
	for _, i := range c.Hops {
		s.at[i] -= c.Offset
	}
	if x.against == 1 && !(x.later && x.earlier) {
		c.Peer = s.names[x.peer]
	}
	return c
}

// correct sets the delays by the corrected stamps.
func (s *skew) correct(corrected []*time.Duration) {
	for i := 1; i < len(s.at); i++ {
		corrected[i] = nil
		if s.known[i] && s.known[i-1] {
			d := max(0, s.at[i]-s.at[i-1])
			corrected[i] = &d
		}
	}
}

// ClockOf returns the wrong clock of the host that wrote a hop, nil where its
// stamps agree with the others.
func (f *Facts) ClockOf(hop int) *Clock {
	all := f.Clocks()
	for i := range all {
		if slices.Contains(all[i].Hops, hop) {
			return &all[i]
		}
	}
	return nil
}
