// Package dnstest is what the tests of the packages of dns share.
package dnstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"sync"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
)

// Show writes an outcome on one line: "noerror a b", "nxdomain", "servfail".
func Show(a dns.Answer, err error) string {
	if err != nil {
		var e *dns.Error
		if !errors.As(err, &e) {
			return "not an *dns.Error: " + err.Error()
		}
		return string(e.Failure)
	}
	s := string(a.Status)
	for _, c := range a.CNAMEs {
		s += " ->" + c
	}
	for _, r := range a.Records {
		s += fmt.Sprintf(" %s", r.Data)
	}
	return s
}

// World is a small zone with every kind of thing in it.
const World = `
; SERVFAIL sick.example.   (this name and every name below it)
;TIMEOUT slow.example.
$TTL 300
example.org.	IN	TXT	"v=spf1 " "-all"
example.org.	IN	MX	10 Mx.Example.ORG.
		MX	20 mx2.example.org.
mx.example.org.	60	IN	A	192.0.2.1
mx.example.org.	IN	AAAA	2001:db8::1
www.example.org	IN	CNAME	mx.example.org.
ext.example.org.	CNAME	nowhere.example.
sickly.example.org.	CNAME	a.sick.example.
a.b.deep.example.org.	A	192.0.2.2
*.wild.example.org.	TXT	"wild"
`

// RoundTrip writes a recording, reads it and compares.
func RoundTrip(t *testing.T, rec *dns.Recorder) {
	t.Helper()
	var b bytes.Buffer
	if _, err := rec.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	replay, err := dns.ParseReplay("r", b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	for _, want := range rec.Answers() {
		if want.Err != nil && !want.Err.Asked() {
			continue
		}
		a, err := replay.Lookup(context.Background(), want.Name, want.Type)
		if (err != nil) != (want.Err != nil) {
			t.Fatalf("%s %s: %v, want %v", want.Name, want.Type, err, want.Err)
		}
		if err == nil {
			a.Server = want.Answer.Server
			if !reflect.DeepEqual(a, want.Answer) {
				t.Fatalf("%s %s:\n got %+v\nwant %+v", want.Name, want.Type, a, want.Answer)
			}
		}
	}
}

// Serve runs a name server on loopback, UDP and TCP on one port, and returns
// its address.
func Serve(t testing.TB, h mdns.HandlerFunc) string {
	t.Helper()
	for range 20 {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", pc.LocalAddr().String())
		if err != nil {
			pc.Close() // the port is taken there
			continue
		}
		var wg sync.WaitGroup
		t.Cleanup(wg.Wait) // after the servers were told to stop
		for _, s := range []*mdns.Server{{PacketConn: pc, Handler: h}, {Listener: l, Handler: h}} {
			started := make(chan struct{})
			s.NotifyStartedFunc = func() { close(started) }
			wg.Go(func() { s.ActivateAndServe() })
			<-started
			t.Cleanup(func() { s.Shutdown() })
		}
		return pc.LocalAddr().String()
	}
	t.Fatal("no port free for both UDP and TCP")
	return ""
}
