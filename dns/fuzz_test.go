package dns

import (
	"bytes"
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"

	mdns "github.com/miekg/dns"
)

func FuzzParseZone(f *testing.F) {
	f.Add([]byte(worldZone))
	f.Add([]byte("$ORIGIN a.\n@ SOA ns root ( 1\n2 3 4 5 ) ; c\n TXT ( \"a\\\"\" \\195 )\n* CNAME @\n"))
	f.Add([]byte("; TIMEOUT .\na. TXT \"open\nb. TYPE1 \\# 4 c0000201\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		z, err := ParseZone("z", text)
		if (z == nil) == (err == nil) {
			t.Fatalf("zone %v, error %v", z, err)
		}
		if z == nil {
			if err.Error() == "" {
				t.Fatal("an error without text")
			}
			return
		}
		rec := &Recorder{Resolver: z}
		for _, name := range slices.Sorted(maps.Keys(z.nodes)) {
			n := z.nodes[name]
			if Canonical(name) != name || badName(name) != "" {
				t.Fatalf("bad node %q", name)
			}
			for _, s := range n.sets {
				rec.Lookup(context.Background(), name, s.typ)
			}
			rec.Lookup(context.Background(), "x."+name, TypeTXT)
		}
		roundTrip(t, rec)
	})
}

// roundTrip writes a recording, reads it and compares.
func roundTrip(t *testing.T, rec *Recorder) {
	t.Helper()
	var b bytes.Buffer
	if _, err := rec.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	replay, err := ParseReplay("r", b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	for _, want := range rec.Answers() {
		if want.Err != nil && !want.Err.Asked() {
			continue
		}
		a, err := replay.Lookup(context.Background(), want.Name, want.Type)
		if (err != nil) != (want.Err != nil) {
			t.Fatalf("%s %s: %v, want %v", want.Name, want.Type, err, want.Err)
		}
		if err == nil {
			a.Server = want.Answer.Server
			if !reflect.DeepEqual(a, want.Answer) {
				t.Fatalf("%s %s:\n got %+v\nwant %+v", want.Name, want.Type, a, want.Answer)
			}
		}
	}
}

func FuzzParseReplay(f *testing.F) {
	f.Add([]byte(recordingHeader + "\n#\nx.y. TXT noerror ttl=5 ad cname=z. from=\"a\"\n\tz. 5 TXT \"a\\\"\\000\" \"\"\nx. A servfail text=\"b\"\n"))
	f.Add([]byte(recordingHeader + "\n. MX noerror\n\t. 1 MX 0 .\n\t. 1 A 192.0.2.1\n"))
	f.Add([]byte(`{"a.b": {"TXT": [["a"], "b"], "MX": [{"exchange": "c", "priority": 1}], "A": ["192.0.2.1"], "CNAME": ["d"]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseReplay("r", text)
		if (r == nil) == (err == nil) {
			t.Fatalf("replay %v, error %v", r, err)
		}
		if r == nil {
			return
		}
		rec := &Recorder{Resolver: r}
		for q := range r.outcomes {
			rec.Lookup(context.Background(), q.name, q.typ)
		}
		for name := range r.closed {
			rec.Lookup(context.Background(), name, TypeTXT)
		}
		roundTrip(t, rec)
	})
}

// FuzzReply feeds messages of a hostile server.
func FuzzReply(f *testing.F) {
	l := NewLive(LiveOptions{})
	seed := func(t Type, rcode int, records ...string) {
		q, err := l.query("example.org", t, true)
		if err != nil {
			f.Fatal(err)
		}
		ask := new(mdns.Msg)
		if err := ask.Unpack(q.packet); err != nil {
			f.Fatal(err)
		}
		m := new(mdns.Msg).SetRcode(ask, rcode)
		for _, s := range records {
			rr, err := mdns.NewRR(s)
			if err != nil {
				f.Fatal(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[2:], uint16(t))
	}
	seed(TypeTXT, 0, `example.org. 5 TXT "a\"\000" "" "\195"`, "example.org. 5 A 192.0.2.1")
	seed(TypeMX, 0, "example.org. 5 CNAME a\\.b.example.", "a\\.b.example. 5 MX 1 .")
	seed(TypeA, 3)
	seed(TypeA, 2)
	f.Fuzz(func(t *testing.T, tail []byte, typ uint16) {
		q, err := l.query("example.org", Type(typ), false)
		if err != nil {
			t.Skip()
		}
		packet := append(append([]byte(nil), q.packet[:2]...), tail...)
		m, cut, err := readMessage(packet, q)
		if m == nil {
			if err == nil && !cut {
				t.Fatal("neither message nor error")
			}
			return
		}
		r, p := readReply(m, q.name, q.typ)
		if p != nil {
			if (&Error{Failure: p.failure}).Asked() == false {
				t.Fatalf("failure %q", p.failure)
			}
			return
		}
		if len(r.cnames) > MaxCNAMEs {
			t.Fatalf("%d CNAMEs", len(r.cnames))
		}
		at := q.name
		if len(r.cnames) > 0 {
			at = r.cnames[len(r.cnames)-1]
		}
		for _, rec := range r.records {
			if rec.Name != at || rec.Type != q.typ || (rec.Type == TypeTXT && len(rec.Text) > 65535) {
				t.Fatalf("%+v is not about %s %s", rec, at, q.typ)
			}
		}
		if r.next != "" {
			return
		}
		recorder := &Recorder{Resolver: Chain(fixed{Answer{Name: q.name, Type: q.typ, Status: r.status, Records: r.records, CNAMEs: r.cnames, TTL: r.ttl}})}
		recorder.Lookup(context.Background(), q.name, q.typ)
		roundTrip(t, recorder)
	})
}

type fixed struct{ a Answer }

func (f fixed) Lookup(context.Context, string, Type) (Answer, error) { return f.a, nil }
