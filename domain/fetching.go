package domain

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/dns"
)

// notFetched is why a file could not be had over HTTPS, in words: those of
// libraries tell users little, and change.
func notFetched(err error) string {
	var lookup *dns.Error
	var timeout net.Error
	var record tls.RecordHeaderError
	var alert tls.AlertError
	text := strings.ToLower(err.Error())
	switch {
	case errors.As(err, &lookup):
		return "the address of the web server was not answered for: " + why(lookup)
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "the web server did not answer in time"
	case strings.Contains(text, "refused"):
		return "the web server refuses connections on port 443"
	case strings.Contains(text, "unreachable"), strings.Contains(text, "no route"):
		return "the web server cannot be reached from here"
	case strings.Contains(text, "has no address"), strings.Contains(text, "no such host"):
		return "the web server has no address"
	case errors.As(err, &record), strings.Contains(text, "server gave http response to https client"):
		return "what listens on port 443 does not speak TLS"
	case errors.As(err, &alert), strings.Contains(text, "tls:"), strings.Contains(text, "handshake"):
		return "no TLS connection came about with the web server"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "reset"), strings.Contains(text, "closed"):
		return "the web server closed the connection"
	case strings.Contains(text, "malformed http"), strings.Contains(text, "http2"), strings.Contains(text, "transport"):
		return "what the web server sent is not HTTP"
	case strings.Contains(text, "no https address"):
		return "it is not an https: address"
	}
	return "the web server could not be asked"
}

// Untrusted says in words why a certificate is not valid for a host, "" where it
// is. err is what the verification gave.
func Untrusted(err error, host string) string {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &name):
		names := "no name at all"
		if name.Certificate != nil && len(name.Certificate.DNSNames) > 0 {
			names = strings.Join(name.Certificate.DNSNames[:min(len(name.Certificate.DNSNames), 4)], ", ")
		}
		return fmt.Sprintf("it is for %s, not for %s", names, host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		if invalid.Cert.IsCA {
			return "a certificate behind it has ended"
		}
		if strings.Contains(invalid.Detail, "before") {
			return "it begins on " + invalid.Cert.NotBefore.UTC().Format(time.DateOnly)
		}
		return "it ended on " + invalid.Cert.NotAfter.UTC().Format(time.DateOnly)
	case errors.As(err, &unknown) && unknown.Cert != nil && bytes.Equal(unknown.Cert.RawIssuer, unknown.Cert.RawSubject):
		return "it is signed by itself"
	case errors.As(err, &unknown):
		return "no authority that is trusted vouches for it, or a certificate between is missing"
	}
	return "its chain is not valid"
}
