package domain

import (
	"context"
	"crypto/x509"
	"net"

	"github.com/mailtrace/mailtrace/report"
)

// Dialer makes the connections of an SMTP check. A browser has no connections
// to give: here it exists for the type alone, and nothing is dialled. What it
// keeps out of the analyzer in a page is TLS, a third of a megabyte compressed.
type Dialer struct {
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool
	Name  string
}

func (c *checker) smtp(s *section, _ *[]report.SMTPHost) {
	if c.opt.SMTP != nil {
		s.gap(c.domain+" SMTP", "a browser cannot connect to mail servers")
	}
}
