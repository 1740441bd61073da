package domain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/dnssec"
	"github.com/mailtrace/mailtrace/report"
)

// silent is a source of raw answers that gives none.
type silent struct{ asked *[]string }

func (s silent) LookupRaw(_ context.Context, name string, t dns.Type) (dns.Raw, error) {
	*s.asked = append(*s.asked, name+" "+t.String())
	return dns.Raw{}, &dns.Error{Name: name, Type: t, Failure: dns.Timeout}
}

// A validator that gets no answer leaves the status open: it is neither bogus
// nor unsigned.
func TestValidatedWithoutAnswers(t *testing.T) {
	var asked []string
	validate := Validated(dnssec.NewValidator(silent{&asked}, dnssec.ValidatorOptions{Now: func() time.Time { return testTime }}))
	for _, name := range []string{"example.com", "_dmarc.example.com", "s1._domainkey.example.com", "_25._tcp.mx.example.com"} {
		status, reason := validate(context.Background(), name)
		if status != statusUnknown || reason == "" {
			t.Errorf("%s: %s, %q", name, status, reason)
		}
	}
	if len(asked) == 0 {
		t.Error("nothing was asked")
	}
}

func TestTypesOf(t *testing.T) {
	test := func(name, want string) {
		t.Helper()
		if got := fmt.Sprint(typesOf(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	test("_25._tcp.mx.example.com", "[TLSA]")
	test("_dmarc.example.com", "[TXT]")
	test("s1._domainkey.example.com", "[TXT]")
	test("example.com", "[MX TXT A AAAA]")
}

func TestWeaker(t *testing.T) {
	test := func(a, b, want string) {
		t.Helper()
		if weaker(a, b) != want || weaker(b, a) != want {
			t.Errorf("%s and %s: %s, want %s", a, b, weaker(a, b), want)
		}
	}
	test(statusSecure, statusSecure, statusSecure)
	test(statusSecure, statusUnknown, statusUnknown)
	test(statusUnknown, statusInsecure, statusInsecure)
	test(statusInsecure, statusBogus, statusBogus)
}

// A check asks no more than MaxQuestions, and says so where it would.
func TestMaxQuestions(t *testing.T) {
	m := newMemory(zone(t, "a.example. A 192.0.2.1"))
	for i := range MaxQuestions {
		if _, err := m.Lookup(context.Background(), fmt.Sprintf("n%d.example", i), dns.TypeA); err != nil {
			t.Fatal(err)
		}
	}
	_, err := m.Lookup(context.Background(), "one.more.example", dns.TypeA)
	if !errors.Is(err, errQuestions) || !m.full() {
		t.Errorf("%v", err)
	}
	if _, err := m.Lookup(context.Background(), "n0.example", dns.TypeA); err != nil {
		t.Errorf("a question that was asked before: %v", err)
	}
	answers, gaps := m.outcomes()
	if len(answers) != MaxQuestions || len(gaps) != 0 {
		t.Errorf("%d answers, %d gaps", len(answers), len(gaps))
	}
}

// Without HTTPS the policy is a gap, not a defect.
func TestPolicyWithoutFetch(t *testing.T) {
	w, _ := named(t, "t-sound.example")
	r := Check(context.Background(), "t-sound.example", Options{Resolver: w})
	if p := r.MTASTS.Policy; p == nil || p.State != report.StateUnknown || p.Valid != nil || !holds(r.MTASTS.Valid) {
		t.Errorf("%+v", r.MTASTS)
	}
	if gaps := fmt.Sprint(r.Gaps); !strings.Contains(gaps, "https://mta-sts.t-sound.example/.well-known/mta-sts.txt") {
		t.Errorf("no gap: %s", gaps)
	}
}
