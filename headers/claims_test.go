package headers

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/message"
)

// bind is a binder of a header, as claimsOf makes it.
func bind(header string) *binder {
	m := message.Parse([]byte(header + "\nx\n"))
	f := Facts{Msg: m, ask: newAsker(context.Background(), nil), trust: newTrustList(nil), verdicts: authres.All(m), lazy: new(lazy)}
	f.Path = pathOf(f)
	f.Custody = custodyOf(f)
	b := &binder{m: m, hops: f.Hops, custody: &f.Custody, trust: f.trust, marks: readMarks(m), sealers: readSealers(m), verdictField: map[int]bool{}, all: statements(f.verdicts)}
	for i := range f.verdicts {
		b.verdictField[f.verdicts[i].Field] = true
	}
	return b
}

// What stands next to a line, and what does not: filters put marks and sets of
// ARC between, a sender anything; the search has an end.
func TestNextToTheLine(t *testing.T) {
	const received = "Received: from a.example ([192.0.2.1]) by mx.example.org (Postfix) with ESMTP id 4Xa1b2C3; Mon, 1 Jun 2026 10:00:00 +0000\n"
	const mark = "DKIM-Filter: OpenDKIM Filter v2.11.0 mx.example.org 4Xa1b2C3\n"
	const results = "Authentication-Results: mx.example.org; dkim=pass header.d=a.example\n"
	const set = "ARC-Seal: i=1; d=a.example; s=s; cv=none; b=AA\n"
	test := func(header string, first, beside bool) {
		t.Helper()
		b := bind(header)
		field := strings.Count(header[:strings.LastIndex(header, "Authentication-Results")], "\n")
		above, _, _ := strings.Cut(header, "Received:")
		at := strings.Count(above, "\n")
		if got := b.firstUnderReceived(field); got != first {
			t.Errorf("first under the line: %v\n%s", got, header)
		}
		if got := b.beside(at, field); got != beside {
			t.Errorf("beside the line: %v\n%s", got, header)
		}
		if b.beside(field, at) != b.beside(at, field) {
			t.Errorf("the order of the two counts\n%s", header)
		}
	}
	test(received+results, true, true)
	test(received+mark+results, true, true)
	test(received+set+mark+results, true, true)
	test(received+results+results, false, true)
	test(received+"X-Note: 1\n"+results, false, false)
	test("Subject: x\n"+results+received, false, true) // no line above
	test(received+strings.Repeat(mark, 23)+results, true, true)
	test(received+strings.Repeat(mark, 24)+results, false, false)
}

// Of a set of ARC in the reader's name only his own side's seal makes it his.
func TestSealedByOthers(t *testing.T) {
	const received = "Received: from a.example ([192.0.2.1]) by mx.example.org (Postfix) with ESMTP id 4Xa1b2C3 for <b@example.org>; Mon, 1 Jun 2026 10:00:00 +0000\n"
	set := func(i int, d string) string {
		return fmt.Sprintf("ARC-Seal: i=%d; d=%s; s=s; cv=none; b=AA\nARC-Authentication-Results: i=%d; mx.example.org; dkim=pass header.d=a.example\n", i, d, i)
	}
	test := func(want bool, header string) {
		t.Helper()
		b := bind(header)
		got, some := false, false
		for i := range b.all {
			if b.all[i].verdicts[0].Instance > 0 {
				got, some = got || b.sealedByOthers(&b.all[i]), true
			}
		}
		if !some || got != want {
			t.Errorf("sealed by others: %v (a set: %v)\n%s", got, some, header)
		}
	}
	test(true, received+set(1, "a.example"))
	test(false, received+set(1, "example.org"))
	test(false, received+set(1, "mx.example.org"))
	test(false, set(1, "a.example")+received) // written above the line: the reader's side put it there
	test(true, received+set(1, "example.org")+set(2, "a.example"))
	test(false, received+"ARC-Authentication-Results: i=1; mx.example.org; dkim=pass header.d=a.example\n") // no seal says whose
	many := received
	for i := 1; i <= 50; i++ {
		many += set(i, "example.org")
	}
	test(false, many+set(51, "a.example")) // no chain has more than 50 (RFC 8617 §4.2.1)
}

// A mark of rspamd speaks for what stands in its block.
func TestAppended(t *testing.T) {
	for _, x := range []struct {
		field, mark int
		want        bool
	}{{10, 10, true}, {16, 10, true}, {17, 10, false}, {10, 16, true}, {10, 17, false}} {
		if got := appended(&statement{field: x.field}, &mark{field: x.mark}); got != x.want {
			t.Errorf("field %d, mark %d: %v", x.field, x.mark, got)
		}
	}
}
