package headers

import (
	"context"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// path is a message that mail.example.com made, forwarder.example.net sent on
// by two hosts, and mx.example.org took in and handed to its store. %1 … %4 are
// the places above the four Received fields, newest first, %5 is below them all.
const path = `Return-Path: <ann@example.com>
%1Received: from mx.example.org (mx.example.org [203.0.113.5])
 by store.example.org (Postfix) with ESMTP id 4; Wed, 2 Dec 2026 10:00:12 +0000
%2Received: from out.example.net (out.example.net [198.51.100.21])
 by mx.example.org (Postfix) with ESMTPS id 3
 for <bob@example.org>; Wed, 2 Dec 2026 10:00:09 +0000
%3Received: from in.example.net (in.example.net [10.1.1.5])
 by out.example.net (Postfix) with ESMTPS id 2; Wed, 2 Dec 2026 10:00:07 +0000
%4Received: from mail.example.com (mail.example.com [192.0.2.10])
 by in.example.net (Postfix) with ESMTPS id 1
 for <carol@example.net>; Wed, 2 Dec 2026 10:00:05 +0000
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1; h=From; bh=AAAA; b=BBBBCCCC
From: Ann <ann@example.com>
To: carol@example.net
Date: Wed, 2 Dec 2026 10:00:00 +0000
%5
Hello
`

func at(places map[string]string) string {
	s := path
	for _, p := range []string{"%1", "%2", "%3", "%4", "%5"} {
		s = strings.Replace(s, p, places[p], 1)
	}
	return s
}

func verdict(id, result string) string {
	return "Authentication-Results: " + id + "; dkim=" + result + " header.d=example.com header.s=s1\n"
}

// TestBracket bounds the stretch on which a signature broke by the verdicts
// along a path of four hops, and names the host where one is left.
func TestBracket(t *testing.T) {
	test := func(what string, places map[string]string, first, last, hop int, why string) {
		t.Helper()
		f := Examine(context.Background(), message.Parse([]byte(at(places))), Options{})
		if len(f.DKIM) != 1 || len(f.Hops) != 4 {
			t.Fatalf("%s: %d signatures, %d hops", what, len(f.DKIM), len(f.Hops))
		}
		s := f.DKIM[0]
		s.Result, s.Code, s.BodyHash, s.HeaderSignature = dkim.Fail, dkim.ReasonBodyHash, dkim.Mismatch, dkim.Match
		b := f.bracket(&s)
		if b.First != first || b.Last != last || b.Hop != hop || b.Why != why {
			t.Errorf("%s: hops %d–%d, host of %d (%q); want %d–%d, %d (%q)", what, b.First, b.Last, b.Hop, b.Why, first, last, hop, why)
		}
	}
	test("nobody wrote anything", nil, 0, 3, 1, byRelay)
	test("the first receiver already failed it", map[string]string{"%4": verdict("in.example.net", "fail")}, 0, -1, -1, "")
	test("the recipient's border failed it", map[string]string{"%2": verdict("mx.example.org", "fail")}, 0, 1, 1, byRun)
	test("passed at the forwarder, failed at the border", map[string]string{
		"%4": verdict("in.example.net", "pass"), "%2": verdict("mx.example.org", "fail"),
	}, 0, 1, 1, byRun)
	test("passed at the border, failed at the store", map[string]string{
		"%2": verdict("mx.example.org", "pass"), "%1": verdict("store.example.org", "fail"),
	}, 2, 2, 2, onlyServer)
	test("passed at the border", map[string]string{"%2": verdict("mx.example.org", "pass")}, 2, 3, 3, byRun)
	test("software named its host", map[string]string{
		"%2": verdict("mx.example.org", "fail"), "%5": "X-MIME-Autoconverted: from 8bit to base64 by in.example.net id x1\n",
	}, 0, 1, 0, byMark)
	test("a verdict about a key bounds nothing", map[string]string{
		"%4": "Authentication-Results: in.example.net; dkim=fail (key not found in DNS) header.d=example.com\n",
		"%2": verdict("mx.example.org", "fail"),
	}, 0, 1, 1, byRun)
	test("another signature's verdict bounds nothing", map[string]string{
		"%4": "Authentication-Results: in.example.net; dkim=fail header.d=example.com header.s=s1 header.b=ZZZZZZZZ\n",
		"%2": verdict("mx.example.org", "fail"),
	}, 0, 1, 1, byRun)
	test("Exim's word for a changed body", map[string]string{
		"%2": "Authentication-Results: mx.example.org; dkim=neutral (body hash mismatch; body probably modified in transit) header.d=example.com\n",
	}, 0, 1, 1, byRun)
}

func TestBracketAfter(t *testing.T) {
	test := func(b *Bracket, hop int, want bool) {
		t.Helper()
		if got := b.After(hop); got != want {
			t.Errorf("%+v after %d: %v", b, hop, got)
		}
	}
	test(nil, 0, false)
	test(&Bracket{First: 2, Last: 3}, 2, true)
	test(&Bracket{First: 1, Last: 3}, 2, false)
	test(&Bracket{First: 2, Last: 1}, 2, false)                        // the signer's own side
	test(&Bracket{First: 1, Last: 3, Hop: 2, Why: byMark}, 2, true)    // its host is named
	test(&Bracket{First: 1, Last: 3, Hop: 1, Why: byMark}, 2, false)   // before the border
	test(&Bracket{First: 1, Last: 3, Hop: 3, Why: byFilter}, 2, false) // only likely
}
