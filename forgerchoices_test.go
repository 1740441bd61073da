package mailtrace_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

// What a forger chooses: the SPF record of the forger's domain, the envelope
// sender, the HELO, and signatures of that domain or in the victim's name. None
// of the 900 combinations passes for the victim, and none makes its domain look
// badly set up; where the victim asks for p=reject, the forgery is told.
func TestForgersChoices(t *testing.T) {
	const zone = `reader.example. IN MX 10 mx.reader.example.
reader.example. IN TXT "v=spf1 mx -all"
mx.reader.example. IN A 203.0.113.70
70.113.0.203.in-addr.arpa. IN PTR mx.reader.example.
victim.example. IN TXT "v=spf1 ip4:192.0.2.30 -all"
victim.example. IN MX 10 out.victim.example.
out.victim.example. IN A 192.0.2.30
evil.example. IN MX 10 out.evil.example.
out.evil.example. IN A 198.51.100.66
66.100.51.198.in-addr.arpa. IN PTR out.evil.example.
; SERVFAIL slow._domainkey.victim.example.
; SERVFAIL slow.evil.example.
`
	key := "s._domainkey.evil.example. IN TXT \"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(attackKey.Public().(ed25519.PublicKey)) + "\"\n"
	const body = "From: Victim <ceo@victim.example>\r\nTo: ivo@reader.example\r\nSubject: Pay\r\nDate: Wed, 2 Dec 2026 10:00:00 +0000\r\nMessage-ID: <1@victim.example>\r\n\r\nPay.\r\n"
	forged := "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=victim.example; s=gone; h=from:to:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=" + strings.Repeat("AbCd", 86) + "\r\n"
	own := sign(t, "evil.example", body)
	const slow = "a forged signature whose key gives no answer"
	signatures := map[string]string{
		"no signature": body, "its own signature": own, "a forged signature": forged + body, "both signatures": forged + own,
		slow: strings.Replace(forged, "s=gone", "s=a.slow", 1) + body,
	}
	n := 0
	for _, record := range []string{"", "v=spf1 ip4:198.51.100.66 -all", "v=spf1 -all", "v=spf1 ip4:192.0.2.300 -all", "v=spf1 include:slow.evil.example -all"} {
		spf := ""
		if record != "" {
			spf = "evil.example. IN TXT \"" + record + "\"\nout.evil.example. IN TXT \"" + record + "\"\n"
		}
		for _, policy := range []string{"", "none", "reject"} {
			dmarc := ""
			if policy != "" {
				dmarc = "_dmarc.victim.example. IN TXT \"v=DMARC1; p=" + policy + "\"\n"
			}
			z, err := zonefile.Parse("zone", []byte(zone+key+spf+dmarc))
			if err != nil {
				t.Fatal(err)
			}
			for how, signed := range signatures {
				for _, from := range []string{"m@evil.example", "", "ceo@victim.example", "bounce@victim.example.evil.example"} {
					for _, helo := range []string{"out.evil.example", "mx.reader.example", "[198.51.100.66]"} {
						n++
						raw := "Return-Path: <" + from + ">\r\nReceived: from " + helo + " (out.evil.example [198.51.100.66])\r\n\tby mx.reader.example (Postfix) with ESMTPS id 4Xa1b2C3\r\n\tfor <ivo@reader.example>; Wed, 2 Dec 2026 10:00:09 +0000\r\n" + signed
						r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(raw), mailtrace.Options{Resolver: z})
						if err != nil {
							t.Fatal(err)
						}
						told := false
						switch v := r.Verdict; v.Status {
						case report.SpoofSuspected, report.Unauthenticated:
							told = true
						case report.Undetermined:
							told = how == slow // the victim's own DNS leaves it open
						}
						if !told {
							t.Errorf("SPF %q, p=%s, %s, MAIL FROM <%s>, HELO %s: %s: %s", record, policy, how, from, helo, r.Verdict.Status, r.Verdict.Summary)
						}
						for _, x := range r.Findings {
							if grave(x) && x.AtFault.Role == report.RoleSender && x.AtFault.Organisation == "victim.example" && !strings.Contains(x.Code, "spoof") {
								t.Errorf("SPF %q, p=%s, %s, MAIL FROM <%s>, HELO %s: accused: %s: %s", record, policy, how, from, helo, x.Code, x.Message)
							}
						}
					}
				}
			}
		}
	}
	if n != 900 {
		t.Errorf("%d combinations", n)
	}
}
