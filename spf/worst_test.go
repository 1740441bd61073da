package spf

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// The worst records that the bounds allow: ten includes of MaxRecord bytes each
// whose networks alternate in qualifier, and macros over long senders.
func worst() zone {
	z := zone{"x.example TXT": {"v=spf1"}}
	for i := range DefaultMaxLookups {
		z["x.example TXT"][0] += fmt.Sprintf(" include:n%d.example", i)
		var b strings.Builder
		b.WriteString(version)
		for j := 0; b.Len() < MaxRecord-20; j++ {
			fmt.Fprintf(&b, " %sip4:%d.%d.%d.0/25", []string{"", "-"}[j%2], 1+i, j/200, j%200)
		}
		z[fmt.Sprintf("n%d.example TXT", i)] = []string{b.String()}
	}
	macros := strings.Repeat("%{l1000r.-+}", MaxRecord/12/11-10)
	z["m.example TXT"] = []string{version + strings.Repeat(" exists:"+macros+".m.example", 10) + " -all"}
	return z
}

func BenchmarkWorst(b *testing.B) {
	z := instant{}
	for key, texts := range worst() {
		name, _, _ := strings.Cut(key, " ")
		a, err := zone{key: texts}.Lookup(context.Background(), name, zoneTypes["TXT"])
		if err != nil {
			b.Fatal(err)
		}
		z[question{name, zoneTypes["TXT"]}] = a
	}
	q := Query{IP: netip.MustParseAddr("203.0.113.1"), MailFrom: "a@x.example"}
	b.Run("Check", func(b *testing.B) {
		for b.Loop() {
			if ev, err := Check(context.Background(), z, q, Options{Tree: true}); err != nil || ev.Result != Neutral {
				b.Fatal(ev, err)
			}
		}
	})
	b.Run("Macros", func(b *testing.B) {
		q := Query{IP: q.IP, MailFrom: strings.Repeat("a.", MaxMacroValue/2-20) + "@m.example"}
		for b.Loop() {
			if ev, err := Check(context.Background(), z, q, Options{MaxVoids: -1}); err != nil || ev.Result != Fail {
				b.Fatal(ev, err)
			}
		}
	})
	b.Run("Lint", func(b *testing.B) {
		for b.Loop() {
			if l := Lint(context.Background(), z, "x.example", Options{}); l.Lookups != DefaultMaxLookups {
				b.Fatal(l)
			}
		}
	})
	b.Run("Ranges", func(b *testing.B) {
		for b.Loop() {
			if a, err := Ranges(context.Background(), z, "x.example", Options{}); err != nil || a.Count4 == 0 {
				b.Fatal(a, err)
			}
		}
	})
}
