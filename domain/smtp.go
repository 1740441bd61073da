//go:build !js

package domain

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/report"
)

// Dialer makes the connections of an SMTP check.
type Dialer struct {
	// Dial connects to HOST:25, HOST being an address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the authorities for MTA-STS; nil means those of the system.
	Roots *x509.CertPool
	// Name is said in EHLO; "" is "mailtrace.invalid", a name that nobody has.
	Name string
}

// Bounds of one connection.
const (
	smtpTime     = 20 * time.Second
	maxReply     = 100     // lines of one reply
	maxReplyLine = 2 << 10 // bytes of a line; RFC 5321 §4.5.3.1.5 has 512
	maxSMTP      = 4       // addresses of a host that are asked
	maxSMTPHosts = 8       // hosts that are asked
)

// smtp asks the MX hosts themselves: the greeting, STARTTLS and its versions,
// the certificate, REQUIRETLS. Nothing is sent but EHLO, STARTTLS and QUIT.
func (c *checker) smtp(s *section, out *[]report.SMTPHost) {
	if c.opt.SMTP == nil || c.opt.SMTP.Dial == nil || c.out.MX.Null {
		return
	}
	for i := range c.out.MX.Hosts {
		h := &c.out.MX.Hosts[i]
		if i == maxSMTPHosts {
			s.gap(c.domain+" SMTP", fmt.Sprintf("more than %d MX hosts; the rest is not connected to", maxSMTPHosts))
			break
		}
		for j := range h.Addresses {
			if j == maxSMTP {
				break
			}
			*out = append(*out, report.SMTPHost{Hostname: h.Hostname, Address: h.Addresses[j].Address, State: report.StateUnknown, Versions: []string{}})
		}
	}
	parts := make([]*section, len(*out))
	var wg guard.Group
	for i := range *out {
		parts[i] = &section{name: s.name}
		wg.Go(func() { c.smtpHost(parts[i], &(*out)[i]) })
	}
	wg.Wait()
	for _, p := range parts {
		s.take(p)
	}
	c.smtpTogether(s, *out)
}

// hostAt names a host with the address that was asked.
func hostAt(h *report.SMTPHost) report.Text {
	return report.Say("%v (%v)", report.HostRef(h.Hostname), report.HostRef(h.Address))
}

// smtpHost asks one address of a host.
func (c *checker) smtpHost(s *section, h *report.SMTPHost) {
	var state tls.ConnectionState
	first := c.session(h, 0, &state)
	chain := state.PeerCertificates[:min(len(state.PeerCertificates), maxChain)]
	if first != nil {
		h.Error = first.Error()
		if h.State == report.StateUnknown {
			s.gap(hostAt(h).String()+" SMTP", h.Error)
			return
		}
	}
	if h.State == report.StateAbsent {
		s.add("smtp-refused", at{name: h.Hostname}, "%s refuses connections on port 25", hostAt(h))
		return
	}
	if h.StartTLS == nil {
		return
	}
	if !*h.StartTLS {
		s.add("smtp-no-starttls", at{name: h.Hostname}, "%s does not offer STARTTLS: mail to it is sent in the clear", hostAt(h))
		return
	}
	if len(chain) == 0 {
		s.add("smtp-tls-broken", at{name: h.Hostname}, "%s offers STARTTLS, but no TLS comes about: %s", hostAt(h), h.Error)
		return
	}
	for _, v := range [...]uint16{tls.VersionTLS13, tls.VersionTLS12, tls.VersionTLS11, tls.VersionTLS10} {
		var other tls.ConnectionState
		probe := report.SMTPHost{Hostname: h.Hostname, Address: h.Address}
		if v == state.Version || c.session(&probe, v, &other) == nil && len(other.PeerCertificates) > 0 {
			h.Versions = append(h.Versions, tls.VersionName(v))
		}
	}
	if len(h.Versions) > 0 && !slices.Contains(h.Versions, "TLS 1.2") && !slices.Contains(h.Versions, "TLS 1.3") {
		s.add("smtp-tls-old", at{name: h.Hostname}, "%s speaks %s only, which RFC 8996 forbids", hostAt(h), h.Versions[0])
	}
	c.certificate(s, h, chain)
	c.greetingName(s, h)
}

// greetingName holds the names that a server gives itself, in the greeting and in
// the answer to EHLO (RFC 5321 §4.1.1.1, §4.3.1), against its address and its PTR
// record. What others' servers say is noted and not judged: they stand in pools.
func (c *checker) greetingName(s *section, h *report.SMTPHost) {
	name := strings.ToLower(strings.TrimSuffix(h.Name, "."))
	switch {
	case name == "":
		return
	case !strings.Contains(name, "."):
		s.add("smtp-greeting-name", at{name: h.Hostname}, "%s calls itself %s, which is not a full name", hostAt(h), quote(cut(h.Name, 80)))
		return
	}
	if _, err := Name(name); err != nil {
		if !strings.HasPrefix(name, "[") { // an address literal is allowed
			s.add("smtp-greeting-name", at{name: h.Hostname}, "%s calls itself %s, which is not a host name", hostAt(h), quote(cut(h.Name, 80)))
		}
		return
	}
	v4, v6 := c.ask(name, dns.TypeA), c.ask(name, dns.TypeAAAA)
	ip := parseAddr(h.Address)
	switch {
	case slices.Contains(v4.Addrs(), ip), slices.Contains(v6.Addrs(), ip):
		h.NameOK = is(true)
	case v4.gap || v6.gap:
		return
	default:
		h.NameOK = is(false)
	}
	banner, _, _ := strings.Cut(strings.ToLower(h.Banner), " ")
	banner = strings.TrimSuffix(banner, ".")
	switch {
	case !c.own(h.Hostname):
	case !*h.NameOK && len(v4.Records)+len(v6.Records) == 0:
		s.add("smtp-greeting-name", at{name: h.Hostname}, "%s calls itself %s, a name without address", hostAt(h), report.HostRef(name))
	case !*h.NameOK:
		s.add("smtp-greeting-name", at{name: h.Hostname}, "%s calls itself %s, which has another address%s", hostAt(h), report.HostRef(name), c.ptrOf(h))
	case strings.Contains(banner, ".") && banner != name:
		s.add("smtp-greeting-name", at{name: h.Hostname}, "%s greets as %s and answers EHLO as %s", hostAt(h), cut(banner, 80), report.HostRef(name))
	case c.ptrOf(h) != "" && !c.hasPTR(h, name):
		s.add("smtp-greeting-name", at{name: h.Hostname}, "%s calls itself %s%s", hostAt(h), report.HostRef(name), c.ptrOf(h))
	}
}

// names are those that the PTR records of an address give.
func (c *checker) ptrNames(h *report.SMTPHost) []string {
	for i := range c.out.MX.Hosts {
		m := &c.out.MX.Hosts[i]
		for j := range m.Addresses {
			if m.Hostname == h.Hostname && m.Addresses[j].Address == h.Address {
				return m.Addresses[j].Names
			}
		}
	}
	return nil
}

func (c *checker) hasPTR(h *report.SMTPHost, name string) bool {
	return slices.Contains(c.ptrNames(h), name)
}

// ptrOf names the PTR record of an address, for a sentence; "" without one.
func (c *checker) ptrOf(h *report.SMTPHost) string {
	names := c.ptrNames(h)
	if len(names) == 0 {
		return ""
	}
	return "; the PTR record of the address names " + names[0]
}

var errNoTLS = errors.New("no STARTTLS")

// session greets a server, and goes on to TLS where it offers that. version is
// the one version of TLS to offer, 0 any.
func (c *checker) session(h *report.SMTPHost, version uint16, state *tls.ConnectionState) error {
	ctx, cancel := context.WithTimeout(c.ctx, smtpTime)
	defer cancel()
	conn, err := c.opt.SMTP.Dial(ctx, "tcp", net.JoinHostPort(h.Address, "25"))
	if err != nil {
		return dialFailure(h, err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	r := bufio.NewReaderSize(conn, maxReplyLine)
	code, lines, err := reply5321(r)
	if err != nil {
		return smtpFailure("no greeting", err)
	}
	h.State = report.StatePresent
	h.Banner = lines[0]
	if code != 220 {
		return fmt.Errorf("the greeting is %d %s", code, cut(lines[0], 120))
	}
	if err := c.ehlo(conn, r, h); err != nil {
		return err
	}
	offered := slices.ContainsFunc(h.Extensions, func(e string) bool { return strings.EqualFold(e, "STARTTLS") })
	h.StartTLS = &offered
	if !offered {
		return errNoTLS
	}
	if code, lines, err = command(conn, r, "STARTTLS"); err != nil || code != 220 {
		if err != nil {
			return smtpFailure("no answer to STARTTLS", err)
		}
		return fmt.Errorf("STARTTLS is answered by %d %s", code, cut(lines[0], 120))
	}
	if r.Buffered() > 0 {
		return errors.New("the server sends more behind its answer to STARTTLS than it may")
	}
	conf := &tls.Config{ServerName: h.Hostname, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10} // judged below, by other rules
	if version != 0 {
		conf.MinVersion, conf.MaxVersion = version, version
	}
	secure := tls.Client(conn, conf)
	if err := secure.HandshakeContext(ctx); err != nil {
		return smtpFailure("no TLS", err)
	}
	*state = secure.ConnectionState()
	if version != 0 {
		return nil
	}
	r = bufio.NewReaderSize(secure, maxReplyLine)
	inside := report.SMTPHost{}
	if err := c.ehlo(secure, r, &inside); err == nil {
		h.RequireTLS = is(slices.ContainsFunc(inside.Extensions, func(e string) bool { return strings.EqualFold(e, "REQUIRETLS") }))
		_, _, _ = command(secure, r, "QUIT")
	}
	return nil
}

// ehlo says EHLO and notes the name and the extensions in the answer.
func (c *checker) ehlo(conn io.Writer, r *bufio.Reader, h *report.SMTPHost) error {
	code, lines, err := command(conn, r, "EHLO "+cmp.Or(c.opt.SMTP.Name, "mailtrace.invalid"))
	if err != nil {
		return smtpFailure("no answer to EHLO", err)
	}
	if code != 250 {
		return fmt.Errorf("EHLO is answered by %d %s", code, cut(lines[0], 120))
	}
	h.Name, _, _ = strings.Cut(lines[0], " ")
	h.Extensions = lines[1:]
	return nil
}

func command(w io.Writer, r *bufio.Reader, line string) (code int, lines []string, err error) {
	if _, err := io.WriteString(w, line+"\r\n"); err != nil {
		return 0, nil, err
	}
	return reply5321(r)
}

var errReply = errors.New("not a reply of SMTP")

// reply5321 reads a reply (RFC 5321 §4.2).
func reply5321(r *bufio.Reader) (code int, lines []string, err error) {
	for range maxReply {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if len(text) < 3 || !isDigit(text[0]) || !isDigit(text[1]) || !isDigit(text[2]) {
			return 0, nil, errReply
		}
		code = int(text[0]-'0')*100 + int(text[1]-'0')*10 + int(text[2]-'0')
		rest := ""
		if len(text) > 4 {
			rest = text[4:]
		}
		lines = append(lines, rest)
		if len(text) == 3 || text[3] == ' ' {
			return code, lines, nil
		}
	}
	return 0, nil, errReply
}

// dialFailure is why no connection came about, in words; a refusal is an answer
// of the host, anything else may be due to the way there.
func dialFailure(h *report.SMTPHost, err error) error {
	text := strings.ToLower(err.Error())
	var timeout net.Error
	switch {
	case strings.Contains(text, "refused"):
		h.State = report.StateAbsent
		return errors.New("the connection is refused")
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer on port 25; it may be closed on the way from here")
	case strings.Contains(text, "unreachable"), strings.Contains(text, "no route"):
		return errors.New("the address cannot be reached from here")
	}
	return errors.New("no connection on port 25")
}

func smtpFailure(what string, err error) error {
	var timeout net.Error
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New(what + ": time ran out")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New(what + ": the server closed the connection")
	case errors.Is(err, errReply), errors.Is(err, bufio.ErrBufferFull), errors.As(err, &record):
		return errors.New(what + ": the server does not speak the protocol")
	case errors.As(err, &alert):
		return errors.New(what + ": the server refuses every version or cipher offered")
	}
	return errors.New(what)
}

// certificate holds the chain against the rules of MTA-STS, and against the
// TLSA records of the host.
func (c *checker) certificate(s *section, h *report.SMTPHost, chain []*x509.Certificate) {
	leaf := chain[0]
	h.Certificate = certificateOf(leaf)
	now := c.opt.Now
	if now.IsZero() {
		now = leaf.NotBefore.Add(time.Second)
	}
	problem := refusal(leaf, chain[1:], h.Hostname, now, c.opt.SMTP.Roots)
	h.Certificate.Problem = problem
	policy := c.out.MTASTS.Policy
	demanded := policy != nil && holds(policy.Valid) && policy.Mode != "none" && STSPolicy{MX: policy.MX}.Matches(h.Hostname)
	if demanded {
		ok := problem == ""
		h.STS = &ok
	}
	dane := c.tlsa(s, h, chain, now)
	switch {
	case problem == "":
		if left := leaf.NotAfter.Sub(now); left < soonExpired {
			s.add("smtp-certificate-expires", at{name: h.Hostname}, "the certificate of %s ends on %s, in %d days", hostAt(h), leaf.NotAfter.UTC().Format(time.DateOnly), int(left.Hours()/24))
		}
	case demanded && policy.Mode == "enforce":
		s.add("smtp-certificate-invalid", at{name: h.Hostname, severity: report.High}, "the certificate of %s will not do for the MTA-STS policy (mode enforce): %s; senders that heed it do not deliver", hostAt(h), problem)
	case demanded:
		s.add("smtp-certificate-invalid", at{name: h.Hostname, severity: report.Medium}, "the certificate of %s will not do for the MTA-STS policy (mode %s): %s", hostAt(h), policy.Mode, problem)
	case dane == nil: // opportunistic TLS checks nothing (RFC 7435); with DANE other rules hold
		s.add("smtp-certificate-invalid", at{name: h.Hostname, severity: report.Low}, "the certificate of %s is not valid for the host: %s; mail arrives, but a forged host looks the same", hostAt(h), problem)
	}
}

// refusal is why a verifier refuses a certificate for a host, in words; "" where
// it does not (RFC 8461 §4.2).
func refusal(leaf *x509.Certificate, rest []*x509.Certificate, host string, now time.Time, roots *x509.CertPool) string {
	between := x509.NewCertPool()
	for _, cert := range rest {
		between.AddCert(cert)
	}
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: between, CurrentTime: now})
	return Untrusted(err, host)
}

// tlsa holds a chain against the TLSA records of the host (RFC 7672 §3.1, §3.2).
// It is nil where there are none that count.
func (c *checker) tlsa(s *section, h *report.SMTPHost, chain []*x509.Certificate, now time.Time) *bool {
	i := slices.IndexFunc(c.out.DANE.Hosts, func(d report.DANEHost) bool { return d.Hostname == h.Hostname })
	if i < 0 || c.out.DANE.Hosts[i].State != report.StatePresent {
		return nil
	}
	d := &c.out.DANE.Hosts[i]
	usable, matched, spare := 0, false, 0
	for j := range d.Records {
		t := &d.Records[j]
		if !t.Usable {
			continue
		}
		usable++
		if matches(t, chain, h.Hostname, now) {
			matched = true
		} else {
			spare++
		}
	}
	if usable == 0 {
		return nil
	}
	h.DANE = &matched
	secure := d.Secure == nil || *d.Secure
	switch {
	case matched:
	case !secure:
		s.add("smtp-dane-mismatch", at{name: d.Location, severity: report.Low}, "no TLSA record of %s matches its certificate; they do not count yet, as DNSSEC is missing", hostAt(h))
	default:
		s.add("smtp-dane-mismatch", at{name: d.Location}, "none of the %d usable TLSA records of %s matches its certificate: senders that heed DANE do not deliver", usable, hostAt(h))
	}
	return h.DANE
}

// matches reports whether a TLSA record fits a chain. Of usage 3 (DANE-EE) it is
// the certificate itself that counts, whatever its names and dates (RFC 7672
// §3.1.1); of usage 2 (DANE-TA) one above it, which must be sent, with a valid
// path and the name of the host (§3.1.2).
func matches(t *report.TLSA, chain []*x509.Certificate, host string, now time.Time) bool {
	fits := func(cert *x509.Certificate) bool {
		data := cert.Raw
		if t.Selector == 1 {
			data = cert.RawSubjectPublicKeyInfo
		}
		switch t.Matching {
		case 1:
			sum := sha256.Sum256(data)
			data = sum[:]
		case 2:
			sum := sha512.Sum512(data)
			data = sum[:]
		}
		return hex.EncodeToString(data) == t.Data
	}
	if t.Usage == 3 {
		return fits(chain[0])
	}
	for _, anchor := range chain[1:] {
		if !fits(anchor) {
			continue
		}
		roots, between := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(anchor)
		for _, cert := range chain[1:] {
			between.AddCert(cert)
		}
		if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, DNSName: host}); err == nil {
			return true
		}
	}
	// A certificate that is its own issuer is an anchor too.
	return fits(chain[0]) && bytes.Equal(chain[0].RawIssuer, chain[0].RawSubject) && chain[0].VerifyHostname(host) == nil && now.Before(chain[0].NotAfter)
}

// smtpTogether judges what shows only in all hosts: hosts that answer over one
// family only.
func (c *checker) smtpTogether(s *section, hosts []report.SMTPHost) {
	reached := map[string][2]bool{}
	tried := map[string][2]bool{}
	for i := range hosts {
		h := &hosts[i]
		six := 0
		if strings.Contains(h.Address, ":") {
			six = 1
		}
		r, t := reached[h.Hostname], tried[h.Hostname]
		r[six] = r[six] || h.State == report.StatePresent
		t[six] = t[six] || h.State != report.StateUnknown
		reached[h.Hostname], tried[h.Hostname] = r, t
	}
	for _, m := range c.out.MX.Hosts {
		r, t := reached[m.Hostname], tried[m.Hostname]
		if t[0] && t[1] && r[0] && !r[1] {
			s.add("smtp-one-family", at{name: m.Hostname}, "%s takes mail over IPv4, but refuses it at its IPv6 address", report.HostRef(m.Hostname))
		}
	}
}
