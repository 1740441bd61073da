package dnssec

import (
	"context"
	"encoding/base64"
	"reflect"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
)

func base64String(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func mustBase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fuzzTree is small, as each input runs through it.
func fuzzTree(t testing.TB) *world {
	return newWorld(t,
		&testZone{apex: ""},
		&testZone{apex: "test", nsec3: true, optOut: true},
		&testZone{apex: "ok.test", text: site},
		&testZone{apex: "n3.test", nsec3: true, text: site},
		&testZone{apex: "plain.test", unsigned: true, text: site},
	)
}

// FuzzValidate puts arbitrary messages in the place of one on the way. What is
// called secure must be what the zones hold.
func FuzzValidate(f *testing.F) {
	w := fuzzTree(f)
	src := &memo{RawSource: w}
	cases := []dns.Question{{Name: "mail.ok.test", Type: dns.TypeA}, {Name: "any.wild.ok.test", Type: dns.TypeTXT}, {Name: "nope.ok.test", Type: dns.TypeA}, {Name: "nope.n3.test", Type: dns.TypeTXT}, {Name: "any.wild.n3.test", Type: dns.TypeTXT}, {Name: "mail.plain.test", Type: dns.TypeA}, {Name: "alias.ok.test", Type: dns.TypeA}}
	type stepQ struct {
		c    int
		q    dns.Question
		want *Validation
	}
	var steps []stepQ
	for i, c := range cases {
		a := &asking{RawSource: src}
		want, err := validator(a, w).Validate(context.Background(), c.Name, c.Type)
		if err != nil || want.Security == Bogus || want.Security == Indeterminate {
			f.Fatalf("%+v, %v", want, err)
		}
		for _, q := range a.list {
			raw, _ := src.LookupRaw(context.Background(), q.Name, q.Type)
			f.Add(uint8(len(steps)), raw.Message)
			steps = append(steps, stepQ{i, q, want})
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, packet []byte) {
		if len(packet) > 65535 {
			t.Skip()
		}
		s := steps[int(n)%len(steps)]
		questions := 0
		bad := tampered{src, func(name string, typ dns.Type, original []byte) []byte {
			if questions++; questions > DefaultMaxQuestions {
				t.Fatalf("%d questions", questions)
			}
			if name == s.q.Name && typ == s.q.Type {
				return packet
			}
			return original
		}}
		got, err := validator(bad, w).Validate(context.Background(), cases[s.c].Name, cases[s.c].Type)
		if err != nil {
			t.Fatal(err)
		}
		if (got.Reason == "") != (got.Security == Secure) {
			t.Fatalf("%s: %q", got.Security, got.Reason)
		}
		if len(got.Answer.CNAMEs) > dns.MaxCNAMEs || len(got.Chain) > 128 {
			t.Fatalf("%d CNAMEs, %d links", len(got.Answer.CNAMEs), len(got.Chain))
		}
		switch got.Security {
		case Secure:
			if s.want.Security != Secure || !reflect.DeepEqual(honest(got.Answer), honest(s.want.Answer)) {
				t.Fatalf("secure: %+v\nbut the zone has %+v", got.Answer, s.want.Answer)
			}
		case Insecure:
			if s.want.Security == Secure {
				t.Fatalf("a secure answer became insecure: %s", got.Reason)
			}
		}
	})
}

func benchmark(b *testing.B, name string, t dns.Type, cold bool) {
	w := tree(b)
	src := &memo{RawSource: w}
	v := validator(src, w)
	if got, err := v.Validate(context.Background(), name, t); err != nil || got.Security != Secure {
		b.Fatalf("%+v, %v", got, err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if cold {
			v = validator(src, w)
		}
		got, err := v.Validate(context.Background(), name, t)
		if err != nil || got.Security != Secure {
			b.Fatalf("%+v, %v", got, err)
		}
	}
}

// BenchmarkValidate validates ready messages, with the keys of the zones known
// (warm) and not (cold: root and top-level domain by RSA/SHA-256 of 2048 bits).
func BenchmarkValidate(b *testing.B) {
	for _, c := range []struct {
		what, name string
		typ        dns.Type
	}{
		{"address/P-256", "mail.ok.test", dns.TypeA},
		{"address/Ed25519", "mail.ed.test", dns.TypeA},
		{"address/RSA-2048", "mail.rsa.test", dns.TypeA},
		{"nxdomain/NSEC", "nope.ok.test", dns.TypeA},
		{"nxdomain/NSEC3", "nope.n3.test", dns.TypeA},
	} {
		b.Run(c.what+"/warm", func(b *testing.B) { benchmark(b, c.name, c.typ, false) })
		b.Run(c.what+"/cold", func(b *testing.B) { benchmark(b, c.name, c.typ, true) })
	}
}

// BenchmarkSignature is one signature check without anything else: the floor.
func BenchmarkSignature(b *testing.B) {
	w := tree(b)
	for _, apex := range []string{"ok.test", "ed.test", "rsa.test"} {
		z := w.zones[apex]
		q := dns.Question{Name: "mail." + apex, Type: dns.TypeA}
		sig := z.sigs[q][0].(*mdns.RRSIG)
		b.Run(algorithmName(sig.Algorithm), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := sig.Verify(z.zsk.rr, z.sets[q]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
