package mailtrace_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/secondopinion"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/spf"
)

// A message with all that makes anybody ask.
const asking = "ARC-Seal: i=1; a=ed25519-sha256; d=example.net; s=s; cv=none; b=AAAA\n" +
	"ARC-Message-Signature: i=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.net; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n" +
	"ARC-Authentication-Results: i=1; mx.example.net; spf=pass\n" +
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n" +
	"Received: from mail.example.com (mail.example.com [192.0.2.10]) by mx.example.org (Postfix) with ESMTPS id 4XyZ045bKz1\n" +
	"\tfor <bob@example.org>; Wed, 2 Dec 2026 10:00:04 +0000 (UTC)\n" +
	"Return-Path: <ann@example.com>\nFrom: ann@example.com\nTo: bob@example.org\n\n"

// A nil resolver means the same everywhere: the DNS is off. Engines return the
// failure Off, reports have gaps, nobody panics, and all the same comes of
// dns.Disabled.
func TestNoResolver(t *testing.T) {
	ctx := context.Background()
	m := message.Parse([]byte(asking))
	query := spf.Query{IP: netip.MustParseAddr("192.0.2.10"), MailFrom: "ann@example.com"}
	gaps := func(n int, err error) error {
		if err == nil && n > 0 {
			return &dns.Error{Failure: dns.Off}
		}
		return err
	}
	for name, ask := range map[string]func(res dns.Resolver) error{
		"spf.Check":  func(res dns.Resolver) error { _, err := spf.Check(ctx, res, query, spf.Options{}); return err },
		"spf.Ranges": func(res dns.Resolver) error { _, err := spf.Ranges(ctx, res, "example.com", spf.Options{}); return err },
		"dkim.Verify": func(res dns.Resolver) error {
			_, err := dkim.Verify(ctx, res, m, dkim.Options{})
			return err
		},
		"arc.Verify": func(res dns.Resolver) error { _, err := arc.Verify(ctx, res, m, arc.Options{}); return err },
		"dmarc.Evaluate": func(res dns.Resolver) error {
			_, err := dmarc.Evaluate(ctx, res, dmarc.Input{From: "example.com"}, dmarc.RFC9989)
			return err
		},
		"dmarc.Discover": func(res dns.Resolver) error {
			_, err := dmarc.Discover(ctx, res, "example.com", dmarc.RFC9989)
			return err
		},
		"dmarc.OrgDomain": func(res dns.Resolver) error {
			_, err := dmarc.OrgDomain(ctx, res, "a.example.com", dmarc.RFC9989)
			return err
		},
		"dmarc.Aligned": func(res dns.Resolver) error {
			_, err := dmarc.Aligned(ctx, res, "a.example.com", "b.example.com", false, dmarc.RFC9989)
			return err
		},
		"compare.Compare": func(res dns.Resolver) error {
			r, err := compare.Compare(ctx, res, m, m, compare.Options{})
			if err != nil {
				return err
			}
			return gaps(len(r.Gaps), err)
		},
		"secondopinion.SPF":  func(res dns.Resolver) error { _, _, err := secondopinion.SPF(ctx, res, query); return err },
		"secondopinion.DKIM": func(res dns.Resolver) error { _, err := secondopinion.DKIM(ctx, res, m); return err },
		"dns.Cache": func(res dns.Resolver) error {
			_, err := dns.NewCache(res, dns.CacheOptions{}).Lookup(ctx, "example.com", dns.TypeTXT)
			return err
		},
		"dns.Recorder": func(res dns.Resolver) error {
			_, err := (&dns.Recorder{Resolver: res}).Lookup(ctx, "example.com", dns.TypeTXT)
			return err
		},
		"dns.Chain": func(res dns.Resolver) error {
			_, err := dns.Chain(res).Lookup(ctx, "example.com", dns.TypeTXT)
			return err
		},
		"dns.Std": func(res dns.Resolver) error {
			_, err := dns.Std{Resolver: res}.LookupTXT(ctx, "example.com")
			if err != nil && strings.Contains(err.Error(), "off") {
				err = &dns.Error{Failure: dns.Off}
			}
			return err
		},
		"headers.Examine": func(res dns.Resolver) error {
			return gaps(len(headers.Examine(ctx, m, headers.Options{Resolver: res}).Gaps), nil)
		},
		"domain.Check": func(res dns.Resolver) error {
			return gaps(len(domain.Check(ctx, "example.com", domain.Options{Resolver: res}).Gaps), nil)
		},
		"Analyze": func(res dns.Resolver) error {
			r, err := mailtrace.AnalyzeBytes(ctx, []byte(asking), mailtrace.Options{Resolver: res})
			if err != nil {
				return err
			}
			return gaps(len(r.Gaps), err)
		},
		"Authenticate": func(res dns.Resolver) error {
			_, err := mailtrace.Authenticate(ctx, mailtrace.Session{Resolver: res, IP: query.IP, MailFrom: query.MailFrom}, strings.NewReader(asking))
			return err
		},
		"CheckDomain": func(res dns.Resolver) error {
			r, err := mailtrace.CheckDomain(ctx, "example.com", mailtrace.DomainOptions{Resolver: res})
			if err != nil {
				return err
			}
			return gaps(len(r.Gaps), err)
		},
		"CheckSPF": func(res dns.Resolver) error { _, err := mailtrace.CheckSPF(ctx, res, query, spf.Options{}); return err },
	} {
		for which, res := range map[string]dns.Resolver{"nil": nil, "Disabled": dns.Disabled{}} {
			var failed *dns.Error
			if err := ask(res); !errors.As(err, &failed) || failed.Failure != dns.Off {
				t.Errorf("%s with %s: %v, want that the DNS is off", name, which, err)
			}
		}
	}
}

// The zero time is the present, for reports as for servers.
func TestZeroTimeIsNow(t *testing.T) {
	before := time.Now()
	now := func(what string, at time.Time) {
		t.Helper()
		if at.Before(before) || at.After(time.Now()) {
			t.Errorf("%s: %v", what, at)
		}
	}
	r, err := mailtrace.AnalyzeBytes(t.Context(), []byte("From: ann@example.com\n\nHello\n"), mailtrace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now("a message without a date", r.EvaluatedAt)
	if r.EvaluatedAtBasis != "now" {
		t.Errorf("basis %q", r.EvaluatedAtBasis)
	}
	d, err := mailtrace.CheckDomain(t.Context(), "example.com", mailtrace.DomainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	now("a domain", d.CheckedAt)
	// What was given counts.
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	test := func(o mailtrace.Options, basis string) {
		t.Helper()
		r, err := mailtrace.AnalyzeBytes(t.Context(), []byte("From: ann@example.com\n\nHello\n"), o)
		if err != nil || !r.EvaluatedAt.Equal(at) || r.EvaluatedAtBasis != basis {
			t.Errorf("%v %q, %v", r.EvaluatedAt, r.EvaluatedAtBasis, err)
		}
	}
	test(mailtrace.Options{Now: at}, "now")
	test(mailtrace.Options{At: at, Now: at}, "now")
	test(mailtrace.Options{At: at}, "flag")
}

// What no option means is an error, not the nearest thing.
func TestUnknownOptions(t *testing.T) {
	test := func(o mailtrace.Options, want bool) {
		t.Helper()
		_, err := mailtrace.AnalyzeBytes(t.Context(), []byte("From: ann@example.com\n\nHello\n"), o)
		_, other := mailtrace.Sight(t.Context(), []byte("From: ann@example.com\n\nHello\n"), o)
		if errors.Is(err, mailtrace.ErrOption) != want || errors.Is(other, mailtrace.ErrOption) != want {
			t.Errorf("%+v: %v, %v", o, err, other)
		}
	}
	test(mailtrace.Options{Profile: "bulk"}, true)
	test(mailtrace.Options{Profile: mailtrace.ProfileBulkSender}, false)
	test(mailtrace.Options{Repair: 7}, true)
	test(mailtrace.Options{Repair: -1}, true)
	test(mailtrace.Options{Repair: mailtrace.RepairOff}, false)
	for _, bad := range []string{"", "10.0.0.0/33", "mx.example.org, mx2.example.org", "a b"} {
		test(mailtrace.Options{Trust: []string{"mx.example.org", bad}}, true)
	}
	test(mailtrace.Options{Trust: []string{"mx.example.org", "10.0.0.0/8", "2001:db8::1", "example.org"}}, false)
}
