package findings

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
)

// FuzzJudge runs all rules on whatever message and zone: none panics, and every
// finding stays within the message that it is about.
func FuzzJudge(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.txt"))
	for _, path := range files {
		for _, e := range examples(f, path) {
			f.Add([]byte(e.eml), []byte(e.zone))
		}
	}
	f.Fuzz(func(t *testing.T, eml, zone []byte) {
		var o headers.Options
		if z, err := zonefile.Parse("fuzz.zone", zone); err == nil && len(zone) > 0 {
			o.Resolver = z
		}
		facts := headers.Examine(context.Background(), message.Parse(eml), o)
		found, v := Judge(facts)
		for _, x := range found {
			if x.Hop != nil && (*x.Hop < 1 || *x.Hop > len(facts.Hops)) {
				t.Errorf("%s: hop %d of %d", x.Code, *x.Hop, len(facts.Hops))
			}
			for _, ev := range x.Evidence {
				if ev.Field != nil && (*ev.Field < 0 || *ev.Field >= len(facts.Msg.Fields)) {
					t.Errorf("%s: evidence points at field %d of %d", x.Code, *ev.Field, len(facts.Msg.Fields))
				}
			}
			if !slices.Contains(confidences, x.Confidence) {
				t.Errorf("%s: confidence %q", x.Code, x.Confidence)
			}
		}
		if v.Status == "" {
			t.Error("a verdict without status")
		}
	})
}
