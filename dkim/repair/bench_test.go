package repair

import (
	"context"
	"crypto"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// beyondRepair returns messages that no edit restores: signed, and then changed
// by one byte in the body, in the header, or both.
func beyondRepair(b *testing.B, m sample, canon string, key crypto.Signer) map[string]*message.Message {
	signed, _ := signSample(b, m, canon, key)
	header := signed.clone()
	header.set("Subject", "Another subject")
	body := signed.clone()
	at := len(body.body) / 2
	for body.body[at] < 'a' || body.body[at] > 'y' {
		at++
	}
	body.body = body.body[:at] + string(body.body[at]+1) + body.body[at+1:]
	both := body.clone()
	both.set("Subject", "Another subject")
	out := make(map[string]*message.Message)
	for name, s := range map[string]sample{"body": body, "header": header, "both": both} {
		out[name] = message.Parse([]byte(s.String()))
	}
	return out
}

// megabyte is a message of a megabyte of some kind.
func megabyte(kind string) sample {
	const size = 1 << 20
	m := samples()[2].clone()
	text := func(n int) string { return bodies["text"](n) }
	switch kind {
	case "text":
		m.body = text(size)
	case "html":
		m.set("Content-Type", "text/html; charset=us-ascii")
		m.body = "<html><body>\r\n" + strings.ReplaceAll(text(size), "the", "<b>the</b>") + "</body></html>\r\n"
	case "quoted-printable":
		m.set("Content-Transfer-Encoding", kind)
		m.body = qp(strings.ReplaceAll(text(size), "u", "ü"))
	case "base64":
		m.set("Content-Transfer-Encoding", kind)
		m.body = b64(text(size*3/4), 76)
	case "attachment":
		pdf := make([]byte, size*3/4)
		rand.New(rand.NewSource(2)).Read(pdf)
		small := samples()[9]
		m.set("Content-Type", "multipart/mixed; boundary=m1")
		m.body = "--m1\r\nContent-Type: " + small.value("Content-Type") + "\r\n\r\n" + small.body +
			"\r\n--m1\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64(string(pdf), 76) + "\r\n--m1--\r\n"
	}
	return m
}

// BenchmarkRepairBeyond compares a search that finds nothing with the
// verification of the same message.
func BenchmarkRepairBeyond(b *testing.B) {
	run := func(name string, m sample, key crypto.Signer) {
		z := zone(record(key))
		for what, msg := range beyondRepair(b, m, "relaxed/relaxed", key) {
			for effort, o := range map[string]Options{"full": {}, "quick": {Effort: Quick}} {
				b.Run(name+"/"+what+"/"+effort, func(b *testing.B) { beyond(b, z, msg, o) })
			}
		}
	}
	for _, m := range samples() {
		if m.name == "plain" || m.name == "alternative-qp" {
			run("small-"+m.name, m, testKeys().rsa2048)
		}
	}
	for _, kind := range []string{"text", "html", "quoted-printable", "base64", "attachment"} {
		run("1MB-"+kind, megabyte(kind), testKeys().rsa2048)
	}
	run("1MB-text-ed25519", megabyte("text"), testKeys().ed)
}

// beyond times a search that finds nothing over the verification of the message.
func beyond(b *testing.B, z texts, msg *message.Message, o Options) {
	// The best of some: the ratio shall not look good by noise.
	verify := time.Hour
	for range 9 {
		start := time.Now()
		if _, err := dkim.Verify(context.Background(), z, msg, dkim.Options{}); err != nil {
			b.Fatal(err)
		}
		verify = min(verify, time.Since(start))
	}
	best := time.Hour
	v := dkim.NewVerifier(z, msg, dkim.Options{})
	sigs, err := v.Verify(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	hashes := 0
	for b.Loop() {
		start := time.Now()
		r, err := New(v).Search(context.Background(), &sigs[0], o)
		if err != nil || r != nil && len(r.Changes) > 0 {
			b.Fatal(r, err)
		}
		best = min(best, time.Since(start))
		if r != nil {
			hashes = r.Hashes
		}
	}
	b.ReportMetric(float64(best)/float64(time.Millisecond), "best-ms")
	b.ReportMetric(float64(best)/float64(verify), "times-verify")
	b.ReportMetric(float64(hashes), "hashes")
}
