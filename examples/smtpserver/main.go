// Command smtpserver takes mail by SMTP, refuses what fails the policy of its
// author's domain, and prints the rest with its Authentication-Results.
//
//	go run ./examples/smtpserver -listen 127.0.0.1:2525 -name mx.example.org -zone zone.txt
//
// It shows the one call that a mail server needs: [mailtrace.Authenticate].
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:2525", "address to listen on")
	name := flag.String("name", "mx.example.org", "name of this server")
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
	s := newServer(*name, res, os.Stdout)
	s.Addr = *listen
	log.Fatal(s.ListenAndServe())
}

// newServer serves one name. What it takes is written to out.
func newServer(name string, res dns.Resolver, out io.Writer) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{name: name, res: res, out: out, conn: c}, nil
	}))
	s.Domain = name
	s.MaxMessageBytes = 32 << 20
	s.MaxRecipients = 50
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	return s
}

type session struct {
	name string
	res  dns.Resolver
	out  io.Writer
	conn *smtp.Conn
	from string
}

func (s *session) Reset()        { s.from = "" }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (s *session) Data(r io.Reader) error {
	client, err := netip.ParseAddrPort(s.conn.Conn().RemoteAddr().String())
	if err != nil {
		return err
	}
	// The message is kept while it is read for the first time.
	var message bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	result, err := mailtrace.Authenticate(ctx, mailtrace.Session{
		Resolver: s.res, IP: client.Addr(), Helo: s.conn.Hostname(), MailFrom: s.from, Now: time.Now(),
	}, io.TeeReader(r, &message))
	switch {
	case errors.Is(err, mailtrace.ErrNotMessage), errors.Is(err, mailtrace.ErrTooLarge):
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	case err != nil:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "could not check the message, try again"}
	}
	// RFC 9989 §7.4: other knowledge, such as a list that is known, comes first;
	// this server has none.
	if result.Disposition() == dmarc.PolicyReject {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1},
			Message: fmt.Sprintf("rejected by the DMARC policy of %s", result.From)}
	}
	if result.DMARC != nil && result.DMARC.Result == dmarc.TempError {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "the DNS failed, try again"}
	}
	_, err = fmt.Fprintf(s.out, "Authentication-Results:%s\r\n%s", result.AuthenticationResults(s.name), message.Bytes())
	return err
}
