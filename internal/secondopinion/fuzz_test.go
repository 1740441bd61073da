package secondopinion

import (
	"context"
	"testing"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

type record string

func (r record) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	return dns.Answer{Name: name, Type: t, Status: dns.Success, Records: []dns.Record{{Name: name, Type: t, Text: string(r)}}}, nil
}

// FuzzLibraries: the libraries that give a second opinion get hostile bytes
// only in forms that they bear.
func FuzzLibraries(f *testing.F) {
	f.Add([]byte("DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=from:; l=1; bh=; b=AAAA\r\nFrom: a@a.example\r\n\r\nbody"), "v=DKIM1; k=ed25519; p=AQAA")
	f.Add([]byte("DKIM-Signature: v=1; a=ed25519-sha256; c=/; d=; s=; h=; bh=x; b=\n\n"), "v=DMARC1; p=none; rua=!")
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		if _, err := DKIM(context.Background(), record(text), message.Parse(raw)); err != nil {
			_ = err.Error()
		}
		_ = DMARC(dmarc.ParseRecord(text))
	})
}
