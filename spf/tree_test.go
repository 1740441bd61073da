package spf

import (
	"flag"
	"net/netip"
	"os"
	"strings"
	"testing"

	"context"
)

var update = flag.Bool("update", false, "write testdata/trees.txt again")

// TestTrees holds printed trees against testdata/trees.txt. Read the difference
// before -update: the file is the specification of the tree.
func TestTrees(t *testing.T) {
	const file = "testdata/trees.txt"
	z := zone{
		"p.example TXT": {"v=spf1 exists:%{p}.ok.example ptr:p.example -all"}, "mail.p.example A": {"192.0.2.1"},
		"1.2.0.192.in-addr.arpa PTR": {"mail.p.example", "forged.p.example"}, "forged.p.example A": {"192.0.2.2"},
		"odd.example TXT": {"v=spf1 a:%{l}.odd.example a:x..odd.example -all"},
	}
	for k, v := range house {
		z[k] = v
	}
	var b strings.Builder
	for _, c := range []struct{ ip, from string }{
		{"198.51.100.1", "a@example.com"},    // nested include
		{"203.0.113.102", "a@moved.example"}, // redirect, mx
		{"2001:db8::1", "a@example.com"},     // nothing but ~all
		{"203.0.113.9", "a@strict.example"},  // explanation
		{"192.0.2.1", "a@broken.example"},    // syntax
		{"192.0.2.1", "a@twice.example"},     // two records
		{"192.0.2.1", "a@loop.example"},      // lookup limit
		{"192.0.2.1", "a@voids.example"},     // void limit
		{"192.0.2.2", "a@viasick.example"},   // temperror
		{"192.0.2.1", "a@vianone.example"},   // include of none
		{"192.0.2.1", "a@tonone.example"},    // redirect to none
		{"192.0.2.1", "a@manymx.example"},    // mx limit
		{"192.0.2.1", "a@p.example"},         // ptr
		{"192.0.2.1", "a\x1b[31m@odd.example"},
		{"192.0.2.1", "a@nowhere.example"},
	} {
		ev, err := Check(context.Background(), z, Query{IP: netip.MustParseAddr(c.ip), Helo: "mail.example.org", MailFrom: c.from}, Options{Tree: true, Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("== " + c.ip + " " + printable(c.from) + "\n" + ev.Tree.String())
		b.WriteString("-- " + string(ev.Result) + " " + string(ev.Code) + ": " + printable(ev.Reason) + "\n\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		got := strings.Split(b.String(), "\n")
		for i, line := range strings.Split(string(want), "\n") {
			if i >= len(got) || got[i] != line {
				t.Fatalf("line %d of %s is %q, now\n%s", i+1, file, line, strings.Join(got[min(i, len(got)):min(i+3, len(got))], "\n"))
			}
		}
		t.Fatal("more lines than in " + file)
	}
}
