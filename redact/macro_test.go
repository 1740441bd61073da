package redact_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/redact"
)

// What SPF macros put into names is hidden in the tree, in the questions and
// in the answers, and still the same everywhere (RFC 7208 §7).
func TestMacros(t *testing.T) {
	const mail = "Received: from mail.example.com (mail.example.com [192.0.2.10])\n\tby mx.example.org (Postfix) with ESMTP id 1\n" +
		"\tfor <rosalind@example.org>; Mon, 23 Nov 2026 04:56:06 +0000\n" +
		"Return-Path: <wilhelmina-kraus@example.com>\nFrom: wilhelmina-kraus@example.com\nSubject: x\n\nx\n"
	zone, err := zonefile.Parse("zone", []byte(`
example.com. 3600 IN TXT "v=spf1 exists:%{l}._spf.%{d} exists:%{l1r-}.%{ir}.u.%{d2} include:%{s}.inc.example.net -all exp=why.%{d}"
why.example.com. 3600 IN TXT "%{l} may not send as %{s} from %{i}"
example.org. 3600 IN MX 10 mx.example.org.
`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(mail), mailtrace.Options{Resolver: zone})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"wilhelmina-kraus._spf.example.com", "wilhelmina.10.2.0.192.u.example.com"} {
		if !strings.Contains(string(plain), want) {
			t.Fatalf("the evaluation asked no %s", want)
		}
	}
	for _, o := range []redact.Options{{}, {Domains: true}} {
		text, err := json.Marshal(redact.Report(r, o))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"wilhelmina", "kraus", "rosalind"} {
			if i := strings.Index(strings.ToLower(string(text)), secret); i >= 0 {
				t.Errorf("%+v: %q survives: %s", o, secret, text[max(0, i-80):min(len(text), i+80)])
			}
		}
		if !strings.Contains(string(text), `"user-1._spf.`) {
			t.Errorf("%+v: the name that the macro made is not that of the user", o)
		}
	}
}
