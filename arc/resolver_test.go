package arc

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

// keys is a closed world of TXT records. "SERVFAIL" makes a name fail, "OFF"
// makes the question one that was never asked.
type keys map[string]string

func (k keys) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	a := dns.Answer{Name: name, Type: t, Status: dns.NXDomain}
	text, ok := k[name]
	switch {
	case text == "SERVFAIL":
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.ServFail}
	case text == "OFF":
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.NotRecorded}
	case ok:
		a.Status = dns.Success
		a.Records = []dns.Record{{Name: name, Type: t, Text: text}}
	}
	return a, nil
}

// crlf makes a message of a text with LF line ends.
func crlf(text []byte) *message.Message {
	return message.Parse(bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")))
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
