package mailtrace_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	blitiri "blitiri.com.ar/go/spf"
	msgauthdkim "github.com/emersion/go-msgauth/dkim"
	msgauthdmarc "github.com/emersion/go-msgauth/dmarc"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// BenchmarkSpeed measures what a message of an archive costs, on one processor
// and with the zone in memory, against what no program can leave out:
//
//	go test -run xxx -bench Speed -cpu 1 -benchtime 20x .
//
// The contenders run in turn over the same messages, and processor time is
// counted, not the clock, so that other load on the machine hits all alike. Each
// figure is a ratio to the floor:
//
//	floor    read the message; SHA-256 over its body, and for each signature and
//	         seal SHA-256 over the signed header and one RSA or Ed25519
//	         verification. Keys are parsed and all is canonicalized beforehand.
//	engines  mailtrace.Authenticate: SPF, DKIM, ARC, DMARC
//	report   the report of mailtrace analyze over many messages, as a line of JSON
//	lean     the same with --lean
//	msgauth  go-msgauth verifies DKIM and asks for the DMARC record, blitiri's spf
//	         evaluates SPF; they are told client and sender. No ARC, no path.
func BenchmarkSpeed(b *testing.B) {
	for _, set := range speedSets {
		b.Run(set.name, func(b *testing.B) { compareSpeed(b, set.all(b)) })
	}
}

var speedSets = []struct {
	name string
	all  func(testing.TB) []benchCase
}{{"clean", generatedMail}, {"lab", labMail}, {"field", fieldMail}, {"broken", brokenMail}}

// BenchmarkReport is the report alone, to be profiled.
func BenchmarkReport(b *testing.B) {
	for _, set := range speedSets {
		b.Run(set.name, func(b *testing.B) {
			var cases []*speedCase
			for _, c := range set.all(b) {
				cases = append(cases, &speedCase{benchCase: c})
			}
			b.ReportAllocs()
			for b.Loop() {
				for _, c := range cases {
					c.report()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(cases)), "µs/message")
		})
	}
}

// contender does its work for one message.
type contender struct {
	name string
	do   func(*speedCase) int // the octets of what it says
}

var contenders = []contender{
	{"floor", (*speedCase).floor},
	{"engines", (*speedCase).engines},
	{"report", (*speedCase).report},
	{"lean", (*speedCase).lean},
	{"msgauth", (*speedCase).msgauth},
}

func compareSpeed(b *testing.B, all []benchCase) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command does for many messages, and for all contenders
	var cases []*speedCase
	for _, c := range all {
		cases = append(cases, prepare(b, c))
	}
	type figures struct {
		cost          []time.Duration
		allocs, bytes uint64
		out           int
	}
	got := make([]figures, len(contenders))
	var before, after runtime.MemStats
	for b.Loop() {
		for i, c := range contenders {
			runtime.GC()
			runtime.ReadMemStats(&before)
			start, out := processorTime(), 0
			for _, m := range cases {
				out += c.do(m)
			}
			got[i].cost = append(got[i].cost, processorTime()-start)
			runtime.ReadMemStats(&after)
			got[i].allocs, got[i].bytes, got[i].out = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc, out
		}
	}
	n := float64(len(cases))
	quartile := func(d []time.Duration) float64 { // other load only ever adds
		slices.Sort(d)
		return float64(d[len(d)/4])
	}
	floor := quartile(got[0].cost)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(floor/n/1000, "floor-µs")
	for i, c := range contenders[1:] {
		f := got[i+1]
		b.ReportMetric(quartile(f.cost)/floor, c.name+"/floor")
		b.ReportMetric(float64(f.allocs)/n, c.name+"-allocs")
		b.ReportMetric(float64(f.bytes)/n/1024, c.name+"-KB")
		if f.out > 0 {
			b.ReportMetric(float64(f.out)/n, c.name+"-octets")
		}
	}
}

// speedCase is a message with all that the contenders need beforehand.
type speedCase struct {
	benchCase
	ip             netip.Addr
	helo, mailFrom string
	from           string
	bodies         [][]byte // in canonical form, one for each form that is signed
	signed         []signedHeader
	now            time.Time
}

type signedHeader struct {
	header []byte
	hash   crypto.Hash
	key    crypto.PublicKey
	b      []byte
}

// prepare finds out what the floor needs, by the engines themselves.
func prepare(b *testing.B, c benchCase) *speedCase {
	b.Helper()
	s := &speedCase{benchCase: c}
	ctx := context.Background()
	r, err := mailtrace.AnalyzeBytes(ctx, c.raw, mailtrace.Options{Resolver: c.zone, Repair: mailtrace.RepairOff})
	if err != nil {
		b.Fatal(err)
	}
	s.now = r.EvaluatedAt
	if x := r.Border; x != nil {
		s.ip, _ = netip.ParseAddr(x.ClientIP)
		s.helo = x.Helo
	}
	if r.Message.MailFrom != nil {
		s.mailFrom = *r.Message.MailFrom
	}
	if len(r.Message.From) > 0 {
		s.from = r.Message.From[0].Domain
	}
	m := message.Parse(c.raw)
	v := dkim.NewVerifier(c.zone, m, dkim.Options{})
	canons := map[string]bool{}
	add := func(x *dkim.Signature, canon string) {
		key, _ := dkim.ParseKey(x.KeyRecord)
		if x.KeyRecord == "" || key.Public == nil {
			return
		}
		h := crypto.SHA256
		if strings.HasSuffix(x.Algorithm, "sha1") {
			h = crypto.SHA1
		}
		// The length of what is hashed is what matters here.
		header := bytes.Repeat([]byte("a signed field\r\n"), (m.Header.Len()/2)/16)
		s.signed = append(s.signed, signedHeader{header, h, key.Public, x.B})
		if canon != "" && !canons[canon] {
			canons[canon] = true
			s.bodies = append(s.bodies, dkim.AppendBody(nil, canon, m.BodyBytes()))
		}
	}
	signatures, _ := v.Verify(ctx)
	for i := range signatures {
		add(&signatures[i], signatures[i].BodyCanon)
	}
	if chain, _ := arc.VerifyWith(ctx, v, m, arc.Options{}); chain != nil {
		for i := range chain.Sets {
			if x := chain.Sets[i].Message; x != nil {
				add(x, x.BodyCanon)
				add(x, "") // its seal
			}
		}
	}
	return s
}

func (s *speedCase) floor() int {
	m := message.Parse(slices.Clone(s.raw))
	for _, body := range s.bodies {
		sha256.Sum256(body)
	}
	for i := range s.signed {
		x := &s.signed[i]
		h := crypto.SHA256.New()
		h.Write(x.header)
		digest := h.Sum(nil)
		switch key := x.key.(type) {
		case *rsa.PublicKey:
			_ = rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, x.b)
		case ed25519.PublicKey:
			if len(x.b) == ed25519.SignatureSize {
				ed25519.Verify(key, digest, x.b)
			}
		}
	}
	return 0 * len(m.Fields)
}

func (s *speedCase) engines() int {
	_, err := mailtrace.Authenticate(context.Background(),
		mailtrace.Session{Resolver: s.zone, IP: s.ip, Helo: s.helo, MailFrom: s.mailFrom, Now: s.now}, bytes.NewReader(s.raw))
	if err != nil && !errors.As(err, new(*dns.Error)) && !errors.Is(err, mailtrace.ErrNotMessage) {
		panic(err)
	}
	return 0
}

// analyzed is what mailtrace analyze does for one message of many.
func (s *speedCase) analyzed() *report.Report {
	r, err := mailtrace.AnalyzeBytes(context.Background(), s.raw,
		mailtrace.Options{Resolver: s.zone, Repair: mailtrace.RepairQuick, TimeLimit: -1})
	if err != nil {
		panic(err)
	}
	return r
}

func (s *speedCase) report() int {
	var w counter
	if err := render.JSONL(&w, s.analyzed()); err != nil {
		panic(err)
	}
	return int(w)
}

func (s *speedCase) lean() int {
	r, err := mailtrace.AnalyzeBytes(context.Background(), s.raw,
		mailtrace.Options{Resolver: s.zone, Repair: mailtrace.RepairQuick, TimeLimit: -1, Lean: true})
	if err != nil {
		panic(err)
	}
	var w counter
	if err := render.JSONL(&w, render.Lean(r)); err != nil {
		panic(err)
	}
	return int(w)
}

type counter int

func (n *counter) Write(b []byte) (int, error) { *n += counter(len(b)); return len(b), nil }

func (s *speedCase) msgauth() int {
	ctx := context.Background()
	std := dns.Std{Resolver: s.zone}
	lookup := func(name string) ([]string, error) { return std.LookupTXT(ctx, name) }
	_, _ = msgauthdkim.VerifyWithOptions(bytes.NewReader(s.raw), &msgauthdkim.VerifyOptions{LookupTXT: lookup, MaxVerifications: 32})
	if s.ip.IsValid() {
		_, _ = blitiri.CheckHostWithSender(net.IP(s.ip.AsSlice()), s.helo, s.mailFrom, blitiri.WithContext(ctx), blitiri.WithResolver(std))
	}
	if s.from != "" {
		_, _ = msgauthdmarc.LookupWithOptions(s.from, &msgauthdmarc.LookupOptions{LookupTXT: lookup})
	}
	return 0
}

// labMail are messages that went through mail servers: those of the repository,
// and those beside it where they are present.
func labMail(t testing.TB) []benchCase {
	return mailIn(t, "testdata/cases", filepath.Join(corpus.Root(), "cases"))
}

// fieldMail are small messages rebuilt from public reports.
func fieldMail(t testing.TB) []benchCase {
	corpus.Path(t, "field")
	return mailIn(t, filepath.Join(corpus.Root(), "field"))
}

func mailIn(t testing.TB, folders ...string) []benchCase {
	t.Helper()
	var out []benchCase
	seen := map[[32]byte]bool{}
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join(folder, "*", "message.eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			z, err := os.ReadFile(filepath.Join(filepath.Dir(path), "zone.txt"))
			if err != nil || seen[sha256.Sum256(raw)] {
				continue
			}
			seen[sha256.Sum256(raw)] = true
			zone, err := zonefile.Parse(path, z)
			if err != nil {
				continue
			}
			out = append(out, benchCase{raw: raw, zone: zone})
		}
	}
	if len(out) == 0 {
		t.Fatal("no messages")
	}
	return out
}

// generatedMail are clean messages as most of an archive is: one or two
// signatures, bodies from 2 to 100 KB, two or three hops, the receiver's verdicts.
func generatedMail(t testing.TB) []benchCase {
	return generate(t, func(m string) string { return m })
}

// brokenMail are the same, changed so that no edit that is known makes a
// signature verify: the worst case.
func brokenMail(t testing.TB) []benchCase {
	return generate(t, func(m string) string {
		m = strings.Replace(m, "Message-ID: <", "Message-ID: <other-", 1)
		m = strings.Replace(m, "Subject: The ", "Subject: A wholly other text than the ", 1)
		return strings.Replace(m, "the quick brown fox", "the slow grey fox", 1)
	})
}

func generate(t testing.TB, change func(string) string) []benchCase {
	t.Helper()
	first, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	second, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	record := func(key *rsa.PrivateKey) string {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		p := base64.StdEncoding.EncodeToString(der)
		return "\"v=DKIM1; k=rsa; p=" + p[:200] + "\" \"" + p[200:] + "\""
	}
	text := "mail.kelp.example. 300 IN A 192.0.2.10\n10.2.0.192.in-addr.arpa. 300 IN PTR mail.kelp.example.\n" +
		"kelp.example. 300 IN MX 10 mail.kelp.example.\nkelp.example. 300 IN TXT \"v=spf1 include:_spf.sender.example ip4:192.0.2.0/28 -all\"\n" +
		"_spf.sender.example. 300 IN TXT \"v=spf1 ip4:198.51.100.0/24 ~all\"\n_dmarc.kelp.example. 300 IN TXT \"v=DMARC1; p=reject; rua=mailto:d@kelp.example\"\n" +
		"s1._domainkey.kelp.example. 300 IN TXT " + record(first) + "\ns2._domainkey.sender.example. 300 IN TXT " + record(second) + "\n" +
		"reader.example. 300 IN MX 10 mx.reader.example.\nmx.reader.example. 300 IN A 203.0.113.25\nsender.example. 300 IN TXT \"v=spf1 -all\"\n"
	zone, err := zonefile.Parse("generated", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	line := "<p>the quick brown fox jumps over the lazy dog, and the figures of the quarter are these</p>\r\n"
	var out []benchCase
	for i := range 40 {
		at := time.Date(2026, 11, 1+i%20, 8, i, 0, 0, time.UTC)
		body := strings.Repeat(line, []int{20, 60, 150, 300, 1000}[i%5])
		m := fmt.Sprintf("From: Ann Example <ann@kelp.example>\r\nTo: Bob Example <bob@reader.example>\r\nSubject: The figures of day %d\r\n"+
			"Date: %s\r\nMessage-ID: <%d.4F2c1D0k3Pz9sQ@mail.kelp.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"+
			"X-Mailer: something\r\nList-Unsubscribe: <https://kelp.example/u/%d>\r\n\r\n", i, at.Format(time.RFC1123Z), i, i) + body
		sign := func(domain, selector string, key *rsa.PrivateKey) {
			field, err := dkim.Sign(message.Parse([]byte(m)), dkim.SignOptions{Domain: domain, Selector: selector, Key: key, Time: at})
			if err != nil {
				t.Fatal(err)
			}
			m = string(field) + m
		}
		sign("kelp.example", "s1", first)
		if i%2 == 1 {
			sign("sender.example", "s2", second)
		}
		if i%3 > 0 {
			m = "Received: from desk (unknown [10.1.2.3])\r\n\tby mail.kelp.example (Postfix) with ESMTPSA id 4F2c1D0k3Pz9sQ\r\n\tfor <bob@reader.example>; " +
				at.Format(time.RFC1123Z) + "\r\n" + m
		}
		m = fmt.Sprintf("Return-Path: <ann@kelp.example>\r\nDelivered-To: bob@reader.example\r\n"+
			"Received: from mail.kelp.example (mail.kelp.example [192.0.2.10])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"+
			"\tby mx.reader.example (Postfix) with ESMTPS id 4F2c2Z3k3Pz9sQ%d\r\n\tfor <bob@reader.example>; %s\r\n"+
			"Authentication-Results: mx.reader.example;\r\n\tdkim=pass header.d=kelp.example header.s=s1;\r\n"+
			"\tspf=pass smtp.mailfrom=ann@kelp.example;\r\n\tdmarc=pass header.from=kelp.example\r\n", i, at.Add(2*time.Second).Format(time.RFC1123Z)) + m
		out = append(out, benchCase{[]byte(change(m)), zone, text})
	}
	return out
}

// TestWriteSpeedMail writes the clean messages and their zone into a folder, for
// programs that are measured beside: see scripts/peer-mailauth.
func TestWriteSpeedMail(t *testing.T) {
	dir := os.Getenv("MAILTRACE_SPEED_MAIL")
	if dir == "" {
		t.Skip("MAILTRACE_SPEED_MAIL names no folder")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, c := range generatedMail(t) {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.eml", i)), c.raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "zone.txt"), []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkLarge is a message of 50 MB, most of it an attachment, with one
// signature, against SHA-256 over it.
func BenchmarkLarge(b *testing.B) {
	c := generatedMail(b)[0]
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	line := strings.Repeat("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVow", 2) + "QUJD\r\n"
	var m bytes.Buffer
	m.WriteString("From: Ann <ann@kelp.example>\r\nTo: Bob <bob@reader.example>\r\nSubject: Pictures\r\nDate: Mon, 2 Nov 2026 08:00:00 +0000\r\n" +
		"Message-ID: <1@kelp.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n" +
		"--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for m.Len() < 50<<20 {
		m.WriteString(line)
	}
	m.WriteString("--b--\r\n")
	field, err := dkim.Sign(message.Parse(m.Bytes()), dkim.SignOptions{Domain: "kelp.example", Selector: "s1", Key: key, Time: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)})
	if err != nil {
		b.Fatal(err)
	}
	raw := append([]byte("Received: from mail.kelp.example (mail.kelp.example [192.0.2.10])\r\n\tby mx.reader.example (Postfix) with ESMTPS id 4F2c2Z3k3Pz9sQ\r\n"+
		"\tfor <bob@reader.example>; Mon, 2 Nov 2026 08:00:02 +0000\r\n"+string(field)), m.Bytes()...)
	var hash, all []time.Duration
	for b.Loop() {
		start := processorTime()
		sha256.Sum256(raw)
		hash = append(hash, processorTime()-start)
		start = processorTime()
		if _, err := mailtrace.AnalyzeBytes(context.Background(), raw, mailtrace.Options{Resolver: c.zone, TimeLimit: -1, Repair: mailtrace.RepairOff}); err != nil {
			b.Fatal(err)
		}
		all = append(all, processorTime()-start)
	}
	slices.Sort(hash)
	slices.Sort(all)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(hash[len(hash)/4].Seconds()*1000, "sha256-ms")
	b.ReportMetric(float64(all[len(all)/4])/float64(hash[len(hash)/4]), "message/sha256")
}

// BenchmarkHeader reads headers: the fields, every Received and every verdict.
func BenchmarkHeader(b *testing.B) {
	var all [][]byte
	for _, c := range generatedMail(b) {
		m := message.Parse(c.raw)
		all = append(all, c.raw[:m.Header.End])
	}
	start := processorTime()
	for b.Loop() {
		for _, raw := range all {
			m := message.Parse(raw)
			for _, i := range m.All("Received") {
				received.Parse(m.Value(i))
			}
			authres.All(m)
		}
	}
	b.ReportMetric(float64(b.N*len(all))/(processorTime()-start).Seconds(), "headers/cpu-s")
	b.ReportMetric(0, "ns/op")
}
