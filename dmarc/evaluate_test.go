package dmarc

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// ids reads identifiers: "example.com" passed, "example.com?" ended in
// temperror, "example.com!" failed.
func ids(s string) []Identifier {
	var out []Identifier
	for _, f := range strings.Fields(s) {
		name := strings.TrimRight(f, "?!")
		out = append(out, Identifier{Domain: name, Pass: name == f, Temp: strings.HasSuffix(f, "?")})
	}
	return out
}

// verdict writes an evaluation in one line.
func verdict(e *Evaluation) string {
	s := fmt.Sprintf("%s %s=%s ask=%s", e.Result, e.PolicyTag, e.Policy, e.Disposition)
	if e.SPFAligned {
		s += " spf=" + e.SPFDomain
	}
	if e.DKIMAligned {
		s += " dkim=" + e.DKIMDomain
	}
	if len(e.StrictOnly) > 0 {
		s += " strict=" + strings.Join(e.StrictOnly, ",")
	}
	return s
}

func TestEvaluate(t *testing.T) {
	test := func(z *zone, m Method, from, spf, dkim, want string) {
		t.Helper()
		got, err := Evaluate(t.Context(), z, Input{From: from, SPF: ids(spf), DKIM: ids(dkim)}, m)
		if err != nil {
			t.Errorf("%s: %v", from, err)
			return
		}
		if v := verdict(got); v != want {
			t.Errorf("%s %s spf=%q dkim=%q\n got %s (%s)\nwant %s", m, from, spf, dkim, v, got.Reason, want)
		}
		if got.Reason == "" {
			t.Errorf("%s: no reason", from)
		}
	}
	reject := newZone("_dmarc.example.com", "v=DMARC1; p=reject")
	for _, m := range []Method{RFC9989, RFC7489} {
		test(reject, m, "example.com", "example.com", "", "pass p=reject ask=none spf=example.com")
		test(reject, m, "Example.COM.", "example.com", "EXAMPLE.com", "pass p=reject ask=none spf=example.com dkim=example.com")
		test(reject, m, "example.com", "bounce.example.com", "", "pass p=reject ask=none spf=bounce.example.com")
		test(reject, m, "a.example.com", "", "example.com", "pass p=reject ask=none dkim=example.com")
		test(reject, m, "a.example.com", "b.example.com", "", "pass p=reject ask=none spf=b.example.com")
		test(reject, m, "example.com", "example.com!", "example.com!", "fail p=reject ask=reject")
		test(reject, m, "example.com", "example.net", "esp.example.net", "fail p=reject ask=reject")
		test(reject, m, "example.com", "other.com", "", "fail p=reject ask=reject")
		test(reject, m, "example.com", "notexample.com", "", "fail p=reject ask=reject")
		test(reject, m, "example.net", "example.net", "", "none = ask=none")
		// A mechanism that did not come to an end.
		test(reject, m, "example.com", "example.com?", "", "temperror p=reject ask=none")
		test(reject, m, "example.com", "example.net?", "", "fail p=reject ask=reject")
		test(reject, m, "example.com", "example.com?", "example.com", "pass p=reject ask=none dkim=example.com")
		// No single domain.
		test(reject, m, "", "example.com", "", "permerror = ask=none")
		test(reject, m, "[192.0.2.1]", "", "", "permerror = ask=none")
		test(reject, m, "a..example.com", "example.com", "", "permerror = ask=none")
		test(reject, m, strings.Repeat("a", 64)+".com", "", "", "permerror = ask=none")

		test(newZone("_dmarc.example.com", "SERVFAIL"), m, "example.com", "example.com", "", "temperror = ask=none")
		test(newZone("_dmarc.example.com", "SERVFAIL"), m, "a.example.com", "a.example.com", "", "temperror = ask=none")
		strict := newZone("_dmarc.example.com", "v=DMARC1; p=quarantine; aspf=s; adkim=s")
		test(strict, m, "example.com", "b.example.com", "c.example.com", "fail p=quarantine ask=quarantine strict=b.example.com,c.example.com")
		test(strict, m, "example.com", "b.example.com", "example.com", "pass p=quarantine ask=none dkim=example.com")
		test(strict, m, "example.com", "example.net", "", "fail p=quarantine ask=quarantine")
		test(strict, m, "example.com", "b.example.com?", "", "fail p=quarantine ask=quarantine")

		sub := newZone("_dmarc.example.com", "v=DMARC1; p=reject; sp=none", "_dmarc.a.example.com", "v=DMARC1; p=quarantine; sp=reject")
		test(sub, m, "b.example.com", "", "", "fail sp=none ask=none")
		test(sub, m, "a.example.com", "", "", "fail p=quarantine ask=quarantine")

		test(newZone("_dmarc.example.com", "v=DMARC1; p=bad"), m, "example.com", "example.com", "", "permerror = ask=none")
		test(newZone("_dmarc.example.com", "v=DMARC1; p=bad; rua=mailto:a@example.com"), m, "example.com", "", "", "fail p=none ask=none")
		test(newZone("_dmarc.example.com", "v=DMARC1; p=none", "_dmarc.example.com", "v=DMARC1; p=reject"), m, "example.com", "example.com", "", "none = ask=none")
		test(newZone("_dmarc.example.com", "hello", "_dmarc.example.com", "v=DMARC1; p=none"), m, "example.com", "example.com", "", "pass p=none ask=none spf=example.com")
		test(newZone("_dmarc.xn--mller-kva.example", "v=DMARC1; p=none"), m, "müller.example", "MÜLLER.example", "", "pass p=none ask=none spf=xn--mller-kva.example")
	}

	// RFC 9989: np for a name that does not exist, sp for one that does.
	np := newZone("_dmarc.example.com", "v=DMARC1; p=none; sp=quarantine; np=reject", "there.example.com", "EXISTS", "broken.example.com", "SERVFAIL")
	test(np, RFC9989, "there.example.com", "", "", "fail sp=quarantine ask=quarantine")
	test(np, RFC9989, "gone.example.com", "", "", "fail np=reject ask=reject")
	test(np, RFC9989, "example.com", "", "", "fail p=none ask=none")
	test(np, RFC9989, "broken.example.com", "", "", "temperror sp=quarantine ask=none")
	test(np, RFC9989, "broken.example.com", "example.com", "", "pass sp=quarantine ask=none spf=example.com")
	test(np, RFC7489, "gone.example.com", "", "", "fail sp=quarantine ask=quarantine")
	npOnly := newZone("_dmarc.example.com", "v=DMARC1; p=none; np=reject", "there.example.com", "EXISTS")
	test(npOnly, RFC9989, "there.example.com", "", "", "fail p=none ask=none")
	test(npOnly, RFC9989, "gone.example.com", "", "", "fail np=reject ask=reject")

	// t= and pct=, each heeded by one standard.
	soft := newZone("_dmarc.example.com", "v=DMARC1; p=reject; t=y; pct=0")
	test(soft, RFC9989, "example.com", "", "", "fail p=reject ask=quarantine")
	test(soft, RFC7489, "example.com", "", "", "fail p=reject ask=quarantine")
	test(newZone("_dmarc.example.com", "v=DMARC1; p=quarantine; t=y"), RFC9989, "example.com", "", "", "fail p=quarantine ask=none")
	test(newZone("_dmarc.example.com", "v=DMARC1; p=reject; t=y"), RFC7489, "example.com", "", "", "fail p=reject ask=reject")
	test(newZone("_dmarc.example.com", "v=DMARC1; p=reject; pct=30"), RFC9989, "example.com", "", "", "fail p=reject ask=reject")
	test(newZone("_dmarc.example.com", "v=DMARC1; p=reject; pct=30"), RFC7489, "example.com", "", "", "fail p=reject ask=reject")

	// p= may be missing in RFC 9989, np= is not a tag of RFC 7489.
	test(newZone("_dmarc.example.com", "v=DMARC1"), RFC9989, "example.com", "", "", "fail p=none ask=none")
	test(newZone("_dmarc.example.com", "v=DMARC1"), RFC7489, "example.com", "", "", "permerror = ask=none")
	test(newZone("_dmarc.example.com", "v=DMARC1; p=reject; np=x"), RFC9989, "example.com", "", "", "permerror = ask=none")
	test(newZone("_dmarc.example.com", "v=DMARC1; p=reject; np=x"), RFC7489, "example.com", "", "", "fail p=reject ask=reject")

	// Several records: RFC 9989 goes on to the parent, RFC 7489 §6.6.3 stops.
	several := newZone("_dmarc.a.example.com", "v=DMARC1; p=none", "_dmarc.a.example.com", "v=DMARC1; p=none", "_dmarc.example.com", "v=DMARC1; p=reject")
	test(several, RFC9989, "a.example.com", "", "", "fail p=reject ask=reject")
	test(several, RFC7489, "a.example.com", "", "", "none = ask=none")

	// A parent without record: one organisation by the list, two by the walk.
	parentless := newZone("_dmarc.dept.example.com", "v=DMARC1; p=reject")
	test(parentless, RFC9989, "dept.example.com", "", "example.com", "fail p=reject ask=reject")
	test(parentless, RFC7489, "dept.example.com", "", "example.com", "pass p=reject ask=none dkim=example.com")

	// psd=n cuts an organisation in two, psd=y puts the border below it.
	cut := newZone("_dmarc.example.com", "v=DMARC1; p=reject", "_dmarc.a.example.com", "v=DMARC1; p=quarantine; psd=n")
	test(cut, RFC9989, "x.a.example.com", "example.com", "", "fail p=quarantine ask=quarantine")
	test(cut, RFC9989, "x.a.example.com", "y.a.example.com", "", "pass p=quarantine ask=none spf=y.a.example.com")
	test(cut, RFC7489, "x.a.example.com", "example.com", "", "pass p=reject ask=none spf=example.com")
	bank := newZone("_dmarc.bank.example", "v=DMARC1; p=reject; psd=y; np=none; sp=quarantine", "mega.bank.example", "EXISTS")
	test(bank, RFC9989, "mega.bank.example", "other.bank.example", "", "fail sp=quarantine ask=quarantine")
	test(bank, RFC9989, "mega.bank.example", "x.mega.bank.example", "", "pass sp=quarantine ask=none spf=x.mega.bank.example")
	test(bank, RFC9989, "bank.example", "bank.example", "", "pass p=reject ask=none spf=bank.example")
	// A record between the organisational domain and the author is nobody's.
	test(newZone("_dmarc.b.example.com", "v=DMARC1; p=none", "_dmarc.example.com", "v=DMARC1; p=reject"), RFC9989, "a.b.example.com", "", "", "fail p=reject ask=reject")

	// A server that fails on the walk for alignment.
	halfway := newZone("_dmarc.example.com", "v=DMARC1; p=reject", "_dmarc.com", "SERVFAIL")
	test(halfway, RFC9989, "example.com", "a.example.com", "", "temperror p=reject ask=none")
	test(halfway, RFC9989, "example.com", "a.example.com", "example.com", "pass p=reject ask=none dkim=example.com")
	test(halfway, RFC9989, "example.com", "example.net", "", "fail p=reject ask=reject")
	test(halfway, RFC7489, "example.com", "a.example.com", "", "pass p=reject ask=none spf=a.example.com")
}

func TestEvaluateCannotAsk(t *testing.T) {
	for _, m := range []Method{RFC9989, RFC7489} {
		e, err := Evaluate(t.Context(), newZone("_dmarc.example.com", "OFF"), Input{From: "example.com", SPF: ids("example.com")}, m)
		if err == nil || e != nil {
			t.Errorf("%s: %+v, %v", m, e, err)
		}
	}
	z := newZone("_dmarc.example.com", "v=DMARC1; p=reject", "_dmarc.com", "OFF")
	if _, err := Evaluate(t.Context(), z, Input{From: "example.com", SPF: ids("a.example.com")}, RFC9989); err == nil {
		t.Error("a question that could not be asked gave a verdict")
	}
	if _, err := Evaluate(t.Context(), z, Input{From: "example.com", SPF: ids("example.com")}, RFC9989); err != nil {
		t.Errorf("a question that was not needed stopped the evaluation: %v", err)
	}
}

func TestQuestions(t *testing.T) {
	test := func(z *zone, m Method, from, spf string, want ...string) {
		t.Helper()
		if _, err := Evaluate(t.Context(), z, Input{From: from, SPF: ids(spf), DKIM: ids(spf)}, m); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(z.asked, want) {
			t.Errorf("%s from %s with %s asked\n     %q\nwant %q", m, from, spf, z.asked, want)
		}
	}
	z := func() *zone { return newZone("_dmarc.example.com", "v=DMARC1; p=reject") }
	// RFC 9989 §4.10.2: equal names with a record need no walk.
	test(z(), RFC9989, "example.com", "example.com", "_dmarc.example.com")
	test(z(), RFC9989, "example.com", "example.net", "_dmarc.example.com")
	test(z(), RFC9989, "example.com", "a.example.com", "_dmarc.example.com", "_dmarc.com", "_dmarc.a.example.com")
	test(z(), RFC9989, "example.com", "example.org.com", "_dmarc.example.com", "_dmarc.com")
	test(z(), RFC9989, "a.example.com", "a.example.com", "_dmarc.a.example.com", "_dmarc.example.com", "_dmarc.com")
	test(z(), RFC7489, "a.b.example.com", "c.example.com", "_dmarc.a.b.example.com", "_dmarc.example.com")
	strict := newZone("_dmarc.example.com", "v=DMARC1; p=reject; aspf=s; adkim=s")
	test(strict, RFC9989, "example.com", "example.com", "_dmarc.example.com")
	// 32 domains that fail together are asked for once each.
	many := newZone("_dmarc.example.com", "v=DMARC1; p=reject", "_dmarc.com", "SERVFAIL")
	test(many, RFC9989, "example.com", "a.com b.com c.com", "_dmarc.example.com", "_dmarc.com")
}

func TestManyIdentifiers(t *testing.T) {
	var dkim []Identifier
	for i := range 1000 {
		dkim = append(dkim, Identifier{Domain: fmt.Sprintf("d%d.com", i), Pass: true})
	}
	z := newZone("_dmarc.example.com", "v=DMARC1; p=reject")
	e, err := Evaluate(t.Context(), z, Input{From: "example.com", DKIM: dkim}, RFC9989)
	if err != nil || e.Result != Fail || !strings.Contains(e.Reason, "only the first 32 domains") {
		t.Errorf("%+v, %v", e, err)
	}
	if most := MaxQueries * (MaxIdentifiers + 1); len(z.asked) > most {
		t.Errorf("%d questions", len(z.asked))
	}
}

func TestDiscoverLongName(t *testing.T) {
	name := strings.Repeat(strings.Repeat("a", 60)+".", 4) + "com"
	z := newZone("_dmarc.com", "v=DMARC1; p=none")
	d, err := Discover(t.Context(), z, name, RFC9989)
	if err != nil || d.Domain != "com" || !strings.HasPrefix(d.Queries[0].Answer, "not asked") {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestExternalReports(t *testing.T) {
	z := newZone("_dmarc.example.com", "v=DMARC1; p=none",
		"example.com._report._dmarc.reports.example.net", "v=DMARC1",
		"example.com._report._dmarc.broken.example", "SERVFAIL",
		"example.com._report._dmarc.spf.example", "v=spf1 -all")
	rec := ParseRecord("v=DMARC1; p=none; rua=mailto:a@reports.example.net,mailto:b@in.example.com,mailto:c@no.example," +
		"mailto:d@broken.example,mailto:e@spf.example; ruf=mailto:f@reports.example.net")
	for _, m := range []Method{RFC9989, RFC7489} {
		got, err := ExternalReports(t.Context(), z, "example.com", rec, m)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, r := range got {
			lines = append(lines, fmt.Sprintf("%s %v %v %d %s", r.Domain, r.Authorized, r.Temp, len(r.URIs), r.Answer))
		}
		want := []string{
			"reports.example.net true false 2 v=DMARC1",
			"no.example false false 1 no such name",
			"broken.example false true 1 no answer: servfail",
			"spf.example false false 1 TXT records, but none begins with v=DMARC1",
		}
		if !reflect.DeepEqual(lines, want) {
			t.Errorf("%s\n got %q\nwant %q", m, lines, want)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	z := newZone("_dmarc.example.com", "v=DMARC1; p=reject; sp=quarantine; rua=mailto:dmarc@example.com; ruf=mailto:dmarc@example.com; fo=1")
	for _, c := range []struct {
		name string
		in   Input
	}{
		{"equal", Input{From: "example.com", SPF: ids("example.com"), DKIM: ids("example.com")}},
		{"walk", Input{From: "a.example.com", SPF: ids("bounce.example.com"), DKIM: ids("esp.example.net example.com")}},
	} {
		for _, m := range []Method{RFC9989, RFC7489} {
			b.Run(c.name+"/"+string(m), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					z.asked = z.asked[:0]
					if _, err := Evaluate(context.Background(), z, c.in, m); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkParseRecord(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseRecord("v=DMARC1; p=reject; sp=quarantine; rua=mailto:dmarc@example.com; ruf=mailto:dmarc@example.com; fo=1")
	}
}
