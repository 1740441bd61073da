package headers

import (
	"context"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/message"
)

func TestParseReply(t *testing.T) {
	test := func(in, code, status string) {
		t.Helper()
		r, ok := parseReply(in)
		if ok != (code != "") || r.Code != code || r.Status != status {
			t.Errorf("parseReply(%q) = %+v, %v; want %q %q", in, r, ok, code, status)
		}
	}
	test("550 5.7.1 no", "550", "5.7.1")
	test("550-5.7.26 This mail is unauthenticated", "550", "5.7.26")
	test("host mx.example.org[203.0.113.5] said: 550 5.7.1 no (in reply to RCPT TO)", "550", "5.7.1")
	test("421 4.7.0 later", "421", "4.7.0")
	test("550 #5.7.1 no", "550", "5.7.1")
	test("554 rejected", "554", "")
	test("the message of 550 words", "550", "") // a number is a number
	test("id 1550 5.7.1", "", "")
	test("250 2.0.0 fine", "", "")
	test("", "", "")
}

// TestNotice reads bounces that have no delivery report, as qmail and old Exim
// write them.
func TestNotice(t *testing.T) {
	qmail := strings.ReplaceAll(`Return-Path: <>
Received: from mx.fwd.example (mx.fwd.example [198.51.100.5]) by mx.example.org with ESMTPS; 2 Dec 2026 10:00:00 -0000
From: MAILER-DAEMON@mx.fwd.example
To: bob@example.org
Subject: failure notice

Hi. This is the qmail-send program at mx.fwd.example.
I'm afraid I wasn't able to deliver your message.

<carl@example.net>:
host mx.example.net [198.51.100.77] said: 550 5.7.23 SPF validation
failed

--- Below this line is a copy of the message.

Subject: 550 5.7.1 not this
`, "\n", "\r\n")
	f := Examine(context.Background(), message.Parse([]byte(qmail)), Options{})
	if len(f.Replies) == 0 {
		t.Fatal("no reply found")
	}
	r := f.Replies[0]
	if r.Code != "550" || r.Status != "5.7.23" || r.Host != "mx.example.net" || !r.FromText || !strings.Contains(r.Text, "SPF validation failed") {
		t.Errorf("got %+v", r)
	}
	ordinary := strings.Replace(qmail, "Return-Path: <>", "Return-Path: <ann@example.com>", 1)
	if f := Examine(context.Background(), message.Parse([]byte(ordinary)), Options{}); len(f.Replies) > 0 {
		t.Errorf("a message with an envelope sender was read as a bounce: %+v", f.Replies)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add("550-5.7.26 This mail is unauthenticated")
	f.Fuzz(func(t *testing.T, s string) {
		if r, ok := parseReply(s); ok && (len(r.Code) != 3 || len(r.Text) > maxReplyLength) {
			t.Errorf("%+v", r)
		}
	})
}
