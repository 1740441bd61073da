package mailtrace_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/message"
)

// sender is a domain with SPF, a key and p=reject.
func sender(t testing.TB) (ed25519.PrivateKey, dns.Resolver) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	z, err := zonefile.Parse("zone", []byte(`
example.com. TXT "v=spf1 ip4:192.0.2.0/28 -all"
_dmarc.example.com. TXT "v=DMARC1; p=reject"
s._domainkey.example.com. TXT "v=DKIM1; k=ed25519; p=`+base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))+`"
`))
	if err != nil {
		t.Fatal(err)
	}
	return key, z
}

func signedBy(t testing.TB, key ed25519.PrivateKey, raw string) string {
	t.Helper()
	fields, err := dkim.Sign(message.Parse([]byte(raw)), dkim.SignOptions{Domain: "example.com", Selector: "s", Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return string(fields) + raw
}

func TestAuthenticate(t *testing.T) {
	key, z := sender(t)
	raw := "From: Ann <ann@example.com>\r\nTo: bob@example.org\r\nSubject: hello\r\n\r\nHello,\r\n\r\nworld\r\n"
	signed := signedBy(t, key, raw)
	test := func(name, ip, from, raw, want, disposition string) {
		t.Helper()
		s := mailtrace.Session{Resolver: z, IP: netip.MustParseAddr(ip), Helo: "mail.example.com", MailFrom: from, Now: time.Unix(1_790_000_000, 0)}
		for _, r := range []io.Reader{strings.NewReader(raw), iotest.OneByteReader(strings.NewReader(raw))} {
			got, err := mailtrace.Authenticate(context.Background(), s, r)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			value := strings.Join(strings.Fields(got.AuthenticationResults("mx.example.org")), " ")
			if value != "mx.example.org; "+want || string(got.Disposition()) != disposition || got.Size != int64(len(raw)) {
				t.Errorf("%s: %s, %s, %d octets of %d", name, value, got.Disposition(), got.Size, len(raw))
			}
			for _, v := range authres.ParseField(got.AuthenticationResults("mx.example.org")) {
				if v.Defect != "" || v.AuthservID != "mx.example.org" {
					t.Errorf("%s: not read back: %+v", name, v)
				}
			}
		}
	}
	const pass = "dkim=pass header.d=example.com header.s=s header.a=ed25519-sha256; "
	test("both", "192.0.2.1", "ann@example.com", signed, "spf=pass smtp.mailfrom=ann@example.com; "+pass+"dmarc=pass header.from=example.com policy.dmarc=reject", "none")
	test("forwarded", "198.51.100.1", "ann@example.com", signed, "spf=fail smtp.mailfrom=ann@example.com; "+pass+"dmarc=pass header.from=example.com policy.dmarc=reject", "none")
	test("changed on the way", "198.51.100.1", "ann@example.com", signed+"footer\r\n",
		`spf=fail smtp.mailfrom=ann@example.com; dkim=fail reason="the body hash differs; the header signature verifies, so bh= is the signer's" header.d=example.com header.s=s header.a=ed25519-sha256; dmarc=fail header.from=example.com policy.dmarc=reject`, "reject")
	test("null sender", "192.0.2.1", "", raw, "spf=none smtp.helo=mail.example.com; dkim=none; dmarc=fail header.from=example.com policy.dmarc=reject", "reject")
	test("two authors", "192.0.2.1", "ann@example.com", "From: b@example.net\r\n"+raw, "spf=pass smtp.mailfrom=ann@example.com; dkim=none; dmarc=permerror", "none")
	test("LF only", "192.0.2.1", "ann@example.com", strings.ReplaceAll(signed, "\r\n", "\n"), "spf=pass smtp.mailfrom=ann@example.com; "+pass+"dmarc=pass header.from=example.com policy.dmarc=reject", "none")
}

func TestAuthenticateErrors(t *testing.T) {
	_, z := sender(t)
	ip := netip.MustParseAddr("192.0.2.1")
	from := "From: ann@example.com\r\n\r\n"
	// Nothing is asked without a resolver: no verdict, and an error that says so.
	got, err := mailtrace.Authenticate(context.Background(), mailtrace.Session{IP: ip, MailFrom: "ann@example.com"}, strings.NewReader(from))
	var de *dns.Error
	if !errors.As(err, &de) || de.Failure != dns.Off || got == nil || got.SPF != nil || got.DMARC != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := mailtrace.Authenticate(context.Background(), mailtrace.Session{Resolver: z, IP: ip}, strings.NewReader("no header")); !errors.Is(err, mailtrace.ErrNotMessage) {
		t.Error(err)
	}
	if _, err := mailtrace.Authenticate(context.Background(), mailtrace.Session{Resolver: z, IP: ip}, io.MultiReader(strings.NewReader(from), iotest.ErrReader(io.ErrClosedPipe))); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	endless := io.MultiReader(strings.NewReader("From: a@example.com\r\nX: "), zeros{})
	if _, err := mailtrace.Authenticate(context.Background(), mailtrace.Session{Resolver: z, IP: ip}, endless); !errors.Is(err, mailtrace.ErrTooLarge) {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// The body goes by: a message of 50 MB allocates no more than a small one, but
// for the buffers.
func TestAuthenticateStreams(t *testing.T) {
	key, z := sender(t)
	header := "From: ann@example.com\r\nSubject: x\r\n\r\n"
	body := strings.Repeat("The quick brown fox jumps over the lazy dog.\r\n", 1<<20)
	signed := signedBy(t, key, header+body)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := mailtrace.Session{Resolver: z, IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "ann@example.com"}
	got, err := mailtrace.Authenticate(context.Background(), s, strings.NewReader(signed))
	runtime.ReadMemStats(&after)
	if err != nil || got.DKIM[0].Result != dkim.Pass || got.Size != int64(len(signed)) {
		t.Fatalf("%v, %+v", err, got)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("%d octets allocated for a message of %d", grown, len(signed))
	}
}

func ExampleAuthenticate() {
	zone, err := zonefile.Parse("zone", []byte(`
example.com. TXT "v=spf1 ip4:192.0.2.0/28 -all"
_dmarc.example.com. TXT "v=DMARC1; p=reject"
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	message := "From: ann@example.com\r\nSubject: hello\r\n\r\nHello\r\n"
	result, err := mailtrace.Authenticate(context.Background(), mailtrace.Session{
		Resolver: zone, IP: netip.MustParseAddr("198.51.100.7"), Helo: "mail.example.net", MailFrom: "ann@example.com",
	}, strings.NewReader(message))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.DMARC.Result, result.Disposition())
	fmt.Println(strings.ReplaceAll(result.AuthenticationResults("mx.example.org"), "\r\n\t", "\n    "))
	// Output:
	// fail reject
	//  mx.example.org;
	//     spf=fail smtp.mailfrom=ann@example.com;
	//     dkim=none;
	//     dmarc=fail header.from=example.com policy.dmarc=reject
}
