package main

import (
	"bytes"
	"net"
	"net/smtp"
	"strings"
	"sync"
	"testing"

	"github.com/mailtrace/mailtrace/dns/zonefile"
)

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// A message of the domain's own server is taken, with the results on top; one
// that only claims to be of it is refused.
func TestServer(t *testing.T) {
	zone, err := zonefile.Parse("zone", []byte(`
good.example. TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.good.example. TXT "v=DMARC1; p=reject"
bank.example. TXT "v=spf1 -all"
_dmarc.bank.example. TXT "v=DMARC1; p=reject"
; SERVFAIL sick.example.
`))
	if err != nil {
		t.Fatal(err)
	}
	var out buffer
	s := newServer("mx.example.org", zone, &out)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	defer s.Close()
	send := func(from string) string {
		message := "From: " + from + "\r\nTo: bob@example.org\r\nSubject: x\r\n\r\nhello\r\n"
		if err := smtp.SendMail(l.Addr().String(), nil, from, []string{"bob@example.org"}, []byte(message)); err != nil {
			return err.Error()
		}
		return ""
	}
	if got := send("ann@good.example"); got != "" {
		t.Errorf("refused: %s", got)
	}
	for _, want := range []string{"Authentication-Results: mx.example.org;\r\n\tspf=pass smtp.mailfrom=ann@good.example", "dmarc=pass header.from=good.example", "\r\n\r\nhello\r\n"} {
		if !strings.Contains(out.b.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.b.String())
		}
	}
	if got := send("ann@bank.example"); !strings.Contains(got, "550") || !strings.Contains(got, "DMARC policy of bank.example") {
		t.Errorf("a spoof: %q", got)
	}
	if got := send("ann@sick.example"); !strings.Contains(got, "451") {
		t.Errorf("a DNS that fails: %q", got)
	}
}
