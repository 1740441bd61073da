// Command milter checks mail for Postfix or sendmail: it puts
// Authentication-Results on top of each message, takes forged ones of its own
// name out, and rejects what fails the policy of its author's domain.
//
//	go run ./examples/milter -listen 127.0.0.1:8891 -name mx.example.org
//
// Postfix: smtpd_milters = inet:127.0.0.1:8891.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-milter"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers/authres"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8891", "address to listen on")
	name := flag.String("name", "mx.example.org", "name of the mail server: the authserv-id")
	zone := flag.String("zone", "", "master file to answer DNS questions from, instead of the system's servers")
	flag.Parse()
	res := dns.FromNet(net.DefaultResolver)
	if *zone != "" {
		text, err := os.ReadFile(*zone)
		if err != nil {
			log.Fatal(err)
		}
		if res, err = zonefile.Parse(*zone, text); err != nil {
			log.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(newServer(*name, res).Serve(l))
}

func newServer(name string, res dns.Resolver) *milter.Server {
	return &milter.Server{
		NewMilter: func() milter.Milter { return &session{name: name, res: res} },
		Actions:   milter.OptAddHeader | milter.OptChangeHeader,
		// Signatures in simple form count the blank after the colon.
		Protocol: milter.OptHeaderLeadingSpace,
	}
}

// session is one connection; Authenticate reads its message as it comes in.
type session struct {
	name string
	res  dns.Resolver
	in   mailtrace.Session

	message *io.PipeWriter
	done    chan struct{}
	result  *mailtrace.AuthResult
	err     error
	// forged are the places of Authentication-Results fields under our name,
	// from 1, among all of them.
	fields int
	forged []int
}

func (s *session) Connect(_ string, _ string, _ uint16, addr net.IP, _ *milter.Modifier) (milter.Response, error) {
	ip, _ := netip.AddrFromSlice(addr)
	s.in = mailtrace.Session{Resolver: s.res, IP: ip.Unmap()}
	return milter.RespContinue, nil
}

func (s *session) Helo(name string, _ *milter.Modifier) (milter.Response, error) {
	s.in.Helo = name
	return milter.RespContinue, nil
}

func (s *session) MailFrom(from string, _ *milter.Modifier) (milter.Response, error) {
	s.stop()
	s.in.MailFrom, s.in.Now = strings.Trim(from, "<>"), time.Now()
	s.fields, s.forged = 0, nil
	r, w := io.Pipe()
	s.message, s.done = w, make(chan struct{})
	go func() {
		defer close(s.done)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		s.result, s.err = mailtrace.Authenticate(ctx, s.in, r)
		r.CloseWithError(errors.New("checked"))
	}()
	return milter.RespContinue, nil
}

func (s *session) RcptTo(string, *milter.Modifier) (milter.Response, error) {
	return milter.RespContinue, nil
}

func (s *session) Header(name, value string, _ *milter.Modifier) (milter.Response, error) {
	if strings.EqualFold(name, "Authentication-Results") {
		s.fields++
		// RFC 8601 §5: nobody else writes under our name.
		if v := authres.ParseField(value); len(v) > 0 && strings.EqualFold(v[0].AuthservID, s.name) {
			s.forged = append(s.forged, s.fields)
		}
	}
	fmt.Fprintf(s.message, "%s:%s\r\n", name, strings.ReplaceAll(value, "\n", "\r\n"))
	return milter.RespContinue, nil
}

func (s *session) Headers(textproto.MIMEHeader, *milter.Modifier) (milter.Response, error) {
	io.WriteString(s.message, "\r\n")
	return milter.RespContinue, nil
}

func (s *session) BodyChunk(chunk []byte, _ *milter.Modifier) (milter.Response, error) {
	s.message.Write(chunk)
	return milter.RespContinue, nil
}

func (s *session) Body(m *milter.Modifier) (milter.Response, error) {
	s.message.Close()
	<-s.done
	s.message = nil
	if s.err != nil {
		return milter.RespTempFail, nil
	}
	switch d := s.result.DMARC; {
	case d.Result == dmarc.TempError:
		return milter.RespTempFail, nil
	case s.result.Disposition() == dmarc.PolicyReject:
		return milter.NewResponseStr('y', "550 5.7.1 rejected by the DMARC policy of "+s.result.From), nil
	}
	for i := len(s.forged) - 1; i >= 0; i-- {
		if err := m.ChangeHeader(s.forged[i], "Authentication-Results", ""); err != nil {
			return nil, err
		}
	}
	value := strings.ReplaceAll(s.result.AuthenticationResults(s.name), "\r\n", "\n")
	return milter.RespContinue, m.InsertHeader(0, "Authentication-Results", value)
}

func (s *session) Abort(*milter.Modifier) error {
	s.stop()
	return nil
}

// stop ends a message that does not come to its end.
func (s *session) stop() {
	if s.message != nil {
		s.message.CloseWithError(errors.New("aborted"))
		<-s.done
		s.message = nil
	}
}
