package headers

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/mailtrace/mailtrace/dns"
)

// maxSecured bounds the record names that are remembered.
const maxSecured = 64

// Secured is a name whose TXT records decided about the message, and whether
// the resolver validated them by DNSSEC.
type Secured struct {
	Name          string
	Authenticated bool
}

// watcher passes questions on and remembers the AD bit of the answers.
type watcher struct {
	dns.Resolver
	mu   sync.Mutex
	seen []Secured
	// validates is set once any answer had the AD bit: only then does its
	// absence mean something.
	validates bool
}

func (w *watcher) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	a, err := w.Resolver.Lookup(ctx, name, t)
	if err != nil {
		return a, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.validates = w.validates || a.Authenticated
	if t == dns.TypeTXT && len(a.Records) > 0 && len(w.seen) < maxSecured {
		if s := (Secured{strings.ToLower(a.Name), a.Authenticated}); !slices.Contains(w.seen, s) {
			w.seen = append(w.seen, s)
		}
	}
	return a, nil
}

// AtOnce tells [dns.AtOnce].
func (w *watcher) AtOnce() bool { return dns.AtOnce(w.Resolver) }

// readSecured copies what was seen, nothing where the resolver never said that
// it validates.
func (f *Facts) readSecured(w *watcher) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.validates {
		f.Secured = w.seen
	}
}
