package repair

import "context"

// The budget of a search is counted in work done, never in time, so that the same
// message is searched in the same way everywhere: candidates that are compared, and
// bytes that are hashed or written. Families of edits come in the order of what they
// cost for what they find, each with a share; see BENCH.md.

// Bounds of a quick search.
const (
	QuickMaxHashes  = 2_400
	quickPasses     = 7
	quickBytes      = 2 << 20
	quickHeader     = 1 << 20
	checkEveryBytes = 1 << 18 // bytes of work after which the context is looked at
	checkCandidate  = 1 << 11 // what a candidate counts for in that
)

// budget is the work that a search may still do: one for body and header.
type budget struct {
	ctx    context.Context
	hashes int // candidates left in the phase
	bytes  int // bytes left in the phase
	used   int // candidates compared
	out    bool
	since  int // work since the context was looked at

	most       int // candidates of the whole search
	body, head int // bytes of each
	spent      int // bytes of both
}

func newBudget(ctx context.Context, o Options, body int) *budget {
	w := &budget{ctx: ctx, most: o.MaxHashes, body: max(RepairPasses*body, MinRepairBytes), head: maxHeaderBytes}
	if w.most <= 0 {
		w.most = DefaultMaxHashes
	}
	if o.Effort == Quick {
		w.body, w.head = max(quickPasses*body, quickBytes), quickHeader
		if o.MaxHashes <= 0 {
			w.most = QuickMaxHashes
		}
	}
	return w
}

// forBody begins the search in the body: half of the candidates at most.
func (w *budget) forBody() {
	w.out, w.hashes, w.bytes = false, max(1, w.most/2), w.body
}

// forHeader begins the search in the header with what is left of the whole, and at
// most half of it.
func (w *budget) forHeader() {
	w.out = false
	w.hashes = max(1, min(w.most/2, w.most-w.used))
	w.bytes = min(w.head, w.body+w.head-w.spent)
}

// take asks for the work of n candidates over so many bytes.
func (w *budget) take(n, bytes int) bool {
	if w.out || n > w.hashes || bytes > w.bytes {
		w.out = true
		return false
	}
	if w.since += bytes + n*checkCandidate; w.since >= checkEveryBytes {
		w.since = 0
		if w.ctx.Err() != nil {
			w.out = true
			return false
		}
	}
	w.hashes -= n
	w.bytes -= bytes
	w.used += n
	w.spent += bytes
	return true
}

// pay asks for work that compares nothing.
func (w *budget) pay(bytes int) bool { return w.take(0, bytes) }
