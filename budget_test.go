package mailtrace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
)

// counting answers by a function and counts what is asked, and how much of it
// at the same time.
type counting struct {
	answer    func(ctx context.Context, name string, t dns.Type) (dns.Answer, error)
	mu        sync.Mutex
	asked     map[string]int
	now, most int
}

func (c *counting) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	c.mu.Lock()
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[name+" "+t.String()]++
	c.now++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.now--
		c.mu.Unlock()
	}()
	return c.answer(ctx, name, t)
}

func timeout(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.Timeout}
}

func none(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	return dns.Answer{Name: name, Type: t, Status: dns.NXDomain}, nil
}

// manyHops is a message with n clients of n organisations.
func manyHops(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Received: from h%d.o%d.example (h%d.o%d.example [198.51.%d.%d]) by mx%d.p%d.example with ESMTP id x%d; Mon, 23 Nov 2026 01:%02d:52 +0000\r\n",
			i, i, i, i, 100+i/250, i%250, i, i, i, 59-i%60)
	}
	for i := range 12 {
		fmt.Fprintf(&b, "DKIM-Signature: v=1; a=rsa-sha256; d=d%d.example; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n", i)
	}
	return b.String() + "Return-Path: <a@kelp.example>\r\nFrom: a@kelp.example\r\nTo: b@meadow.example\r\nSubject: x\r\n\r\nbody\r\n"
}

// A server that never answers is asked a few questions, whatever the header
// names.
func TestDeadServer(t *testing.T) {
	c := &counting{answer: timeout}
	r, err := AnalyzeBytes(context.Background(), []byte(manyHops(120)), Options{Resolver: c})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.asked); n > 40 { // what was under way at once, and deadAfter
		t.Errorf("%d questions to a server that answers nothing", n)
	}
	if len(r.Gaps) == 0 || r.Verdict.Status != "undetermined" {
		t.Errorf("%s with %d gaps", r.Verdict.Status, len(r.Gaps))
	}
}

// Servers of a sender that never answer take no questions from the others.
func TestDeadZone(t *testing.T) {
	c := &counting{answer: func(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
		if strings.HasSuffix(name, "hole.example") {
			return timeout(ctx, name, typ)
		}
		return none(ctx, name, typ)
	}}
	b := newBudget(context.Background(), c)
	for i := range 20 {
		_, err := b.Lookup(context.Background(), fmt.Sprintf("n%d.hole.example", i), dns.TypeTXT)
		if err == nil || i >= deadZone != errors.Is(err, errDeadZone) {
			t.Errorf("question %d: %v", i, err)
		}
		if _, err := b.Lookup(context.Background(), fmt.Sprintf("n%d.other.example", i), dns.TypeTXT); err != nil {
			t.Error(err)
		}
	}
}

// One message asks so much and no more, and each question once.
func TestMessageBudget(t *testing.T) {
	c := &counting{answer: none}
	b := newBudget(context.Background(), c)
	for i := range MaxQuestions + 50 {
		_, err := b.Lookup(context.Background(), fmt.Sprintf("n%d.example", i), dns.TypeTXT)
		if i >= MaxQuestions != errors.Is(err, errQuestions) {
			t.Fatalf("question %d: %v", i, err)
		}
	}
	if _, err := b.Lookup(context.Background(), "N0.example.", dns.TypeTXT); err != nil || c.asked["n0.example TXT"] != 1 {
		t.Errorf("a question asked before: %v, %d times", err, c.asked["n0.example TXT"])
	}
	big := &counting{answer: func(_ context.Context, name string, typ dns.Type) (dns.Answer, error) {
		return dns.Answer{Name: name, Type: typ, Status: dns.Success, Records: []dns.Record{{Type: typ, Text: strings.Repeat("x", 1<<20)}}}, nil
	}}
	b = newBudget(context.Background(), big)
	for i := range 20 {
		_, err := b.Lookup(context.Background(), fmt.Sprintf("n%d.example", i), dns.TypeTXT)
		if i > MaxAnswerBytes>>20 != errors.Is(err, errAnswers) {
			t.Errorf("question %d: %v", i, err)
		}
	}
}

// Waiting ends with the time limit, and what is missing is a gap.
func TestTimeLimit(t *testing.T) {
	c := &counting{answer: func(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
		<-ctx.Done()
		return dns.Answer{}, dns.CancelledBy(ctx, name, typ)
	}}
	r, err := AnalyzeBytes(context.Background(), []byte(manyHops(30)), Options{Resolver: c, TimeLimit: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	said := false
	for _, g := range r.Gaps {
		said = said || strings.Contains(g.Why, "time limit")
	}
	if !said || r.Verdict.Status == "authenticated" {
		t.Errorf("%s, gaps %v", r.Verdict.Status, r.Gaps)
	}
}

// Keys, SPF, DMARC, MX and PTR depend on nothing: they are asked at once, and
// each is asked once. Rounds are counted by a server that answers only when as
// many wait as there are.
func TestQuestionsAtOnce(t *testing.T) {
	c := &counting{answer: func(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
		time.Sleep(5 * time.Millisecond)
		return none(ctx, name, typ)
	}}
	if _, err := AnalyzeBytes(context.Background(), []byte(manyHops(6)), Options{Resolver: c}); err != nil {
		t.Fatal(err)
	}
	if c.most < 15 {
		t.Errorf("%d questions at once", c.most)
	}
	for q, n := range c.asked {
		if n != 1 {
			t.Errorf("%s was asked %d times", q, n)
		}
	}
}
