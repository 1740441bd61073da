package findings

import (
	"context"
	"testing"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// From an hour on a delay is worth an operator's look.
func TestDelayOfAnHour(t *testing.T) {
	test := func(arrived, want string) {
		t.Helper()
		f := headers.Examine(context.Background(), message.Parse([]byte("Received: from a.example.com (a.example.com [192.0.2.10]) by mx.example.org (Postfix) with ESMTPS id A1B2C3D4E5 for <b@example.org>; Thu, 26 Nov 2026 "+arrived+" +0000\r\n"+
			"Received: from pc (pc.example.com [192.0.2.20]) by a.example.com (Postfix) with ESMTPSA id A1B2C3D4E6 for <b@example.org>; Thu, 26 Nov 2026 10:00:00 +0000\r\n"+
			"From: a@example.com\r\nTo: b@example.org\r\nDate: Thu, 26 Nov 2026 10:00:00 +0000\r\n\r\nx\r\n")), headers.Options{})
		found, _ := Judge(f)
		for _, x := range found {
			if x.Code == "delivery-delay" {
				if x.Severity != want {
					t.Errorf("%s: %s, want %s: %s", arrived, x.Severity, want, x.Message)
				}
				return
			}
		}
		t.Errorf("%s: no delay found", arrived)
	}
	test("10:59:59", report.Info)
	test("11:00:00", report.Low)
	test("11:00:01", report.Low)
}
