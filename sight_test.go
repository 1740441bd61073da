package mailtrace_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers"
)

func sight(t *testing.T, zone, message string) *headers.Sighting {
	t.Helper()
	o := mailtrace.Options{TimeLimit: -1}
	if zone != "" {
		z, err := zonefile.Parse("zone", []byte("$TTL 300\n"+zone))
		if err != nil {
			t.Fatal(err)
		}
		o.Resolver = z
	}
	s, err := mailtrace.Sight(context.Background(), []byte(message), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What a sender wrote is never learnt as the reader's own: whatever a stranger
// calls himself, whatever lines and verdicts he puts below, in every dialect and
// with every answer of the DNS that he has in hand.
func TestNoForgeryIsLearnt(t *testing.T) {
	stranger := netip.MustParseAddr("198.51.100.77")
	helos := []string{"out.kelp.example", "mx.meadow.example", "relay.meadow.example", "localhost", "[10.0.0.1]", "relay.int.meadow.local"}
	lowers := []string{"mx.meadow.example", "relay.meadow.example", "evil.meadow.example", "localhost", "out.kelp.example"}
	count := 0
	for _, k := range knowledge {
		var n bulk.Network
		for _, w := range writersOf {
			for _, helo := range helos {
				for _, lower := range lowers {
					forged := "Authentication-Results: " + lower + "; spf=pass smtp.mailfrom=a@lindenbank.example\n" +
						"Authentication-Results: forged.meadow.example; dmarc=pass header.from=lindenbank.example\n"
					m := "Return-Path: <service@lindenbank.example>\n" +
						field(w.line(helo, "", stranger.String(), "mx.meadow.example", "A1B2C3D4E5", reader), "Thu, 26 Nov 2026 10:00:06 +0000") + forged +
						"Received: from nat.meadow.example (nat.meadow.example [192.0.2.99]) by " + lower + " (Postfix, [10.9.9.9]) with ESMTP id X1 for <" + reader + ">; Thu, 26 Nov 2026 10:00:05 +0000\n" +
						"Received: from inner.meadow.example (inner.meadow.example [10.8.8.8]) by nat.meadow.example ([10.9.9.8]) with ESMTP id X2 for <" + reader + ">; Thu, 26 Nov 2026 10:00:04 +0000\n" + body
					n.Add(sight(t, k.zone, m))
					count++
				}
			}
		}
		for _, o := range n.Owners() {
			if o.ID != "meadow.example" {
				t.Errorf("%s: learnt of %s", k.name, o.ID)
			}
			l := n.Learnt(o.ID, 1)
			for _, h := range l.Relays {
				if h.Name != "mx.meadow.example" || len(h.Addrs) > 0 {
					t.Errorf("%s: relay %+v", k.name, h)
				}
			}
			if len(l.Exits)+len(l.NAT)+len(l.Forwarders) > 0 {
				t.Errorf("%s: %+v", k.name, l)
			}
			for _, id := range l.IDs {
				t.Errorf("%s: authserv-id %s", k.name, id.ID)
			}
		}
	}
	t.Logf("%d forgeries", count)
}

// A network with an inner relay, a backup MX and a store is learnt as it is,
// beside forgeries, spam to nowhere and mail that others received.
func TestLearn(t *testing.T) {
	var n bulk.Network
	const day = "Thu, 26 Nov 2026 10:00:0"
	arrive := func(by, id string) string {
		return "Authentication-Results: " + by + "; spf=pass smtp.mailfrom=service@lindenbank.example\n" +
			field(writersOf[0].line("out.lindenbank.example", "out.lindenbank.example", "192.0.2.20", by, id, reader), day+"5 +0000")
	}
	for i := range 20 {
		id := fmt.Sprintf("ABC%d", i)
		n.Add(sight(t, meadowZone, "Delivered-To: "+reader+"\n"+field(writersOf[0].line("mx.meadow.example", "mx.meadow.example", "10.0.0.2", "store.meadow.example", id, reader), day+"7 +0000")+arrive("mx.meadow.example", id)+body))
		n.Add(sight(t, meadowZone, "Delivered-To: "+reader+"\n"+field(writersOf[0].line("mx2.meadow.example", "mx2.meadow.example", "203.0.113.26", "store.meadow.example", id, reader), day+"7 +0000")+arrive("mx2.meadow.example", id)+body))
	}
	// Received elsewhere.
	n.Add(sight(t, meadowZone, field(writersOf[0].line("a.example", "", "192.0.2.9", "mx.kelp.example", "Q1", "x@kelp.example"), day+"7 +0000")+body))
	if owners := n.Owners(); len(owners) != 2 || owners[0] != (bulk.ID{ID: "meadow.example", Messages: 40}) {
		t.Fatalf("%+v", owners)
	}
	l := n.Learnt("meadow.example", 2)
	var got []string
	for _, h := range l.Relays {
		got = append(got, fmt.Sprint(h.Name, " ", h.Messages, " ", h.Border, " ", h.Addrs))
	}
	for _, h := range l.Exits {
		got = append(got, fmt.Sprint("exit ", h.Name, " ", h.Addrs))
	}
	for _, id := range l.IDs {
		got = append(got, fmt.Sprint("id ", id.ID, " ", id.Messages))
	}
	want := []string{"store.meadow.example 40 0 []", "mx.meadow.example 20 20 [{10.0.0.2 20}]", "mx2.meadow.example 20 20 []",
		"exit mx2.meadow.example [{203.0.113.26 20}]", "id mx.meadow.example 20", "id mx2.meadow.example 20"}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	// An address that a stranger has in another message is nobody's.
	n.Add(sight(t, meadowZone, "Delivered-To: "+reader+"\n"+field(writersOf[0].line("out.kelp.example", "", "10.0.0.2", "mx.meadow.example", "Q2", reader), day+"7 +0000")+
		field(writersOf[0].line("x.kelp.example", "", "192.0.2.77", "out.kelp.example", "Q3", reader), day+"6 +0000")+body))
	l = n.Learnt("meadow.example", 2)
	for _, h := range l.Relays {
		if len(h.Addrs) > 0 {
			t.Errorf("%+v, although a stranger had that address", h)
		}
	}
	if len(l.Doubtful) != 1 || l.Doubtful[0].Addr.String() != "10.0.0.2" {
		t.Errorf("doubtful: %+v", l.Doubtful)
	}
	if l := n.Learnt("meadow.example", 30); len(l.Relays) != 1 || len(l.IDs) != 0 {
		t.Errorf("%+v", l)
	}
}
