package domain

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

// identity is a certificate with its key and the authority above it.
type identity struct {
	cert, ca *x509.Certificate
	pair     tls.Certificate
	pem, key []byte
	roots    *x509.CertPool
}

type wish struct {
	names      []string
	from, to   time.Duration // from now
	selfSigned bool
}

var authority = func() *identity {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, _ := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	cert, _ := x509.ParseCertificate(der)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &identity{cert: cert, pair: tls.Certificate{PrivateKey: key}, roots: roots}
}()

func issue(t *testing.T, w wish) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, DNSNames: w.names, NotBefore: time.Now().Add(w.from), NotAfter: time.Now().Add(w.to)}
	parent, signer := authority.cert, any(authority.pair.PrivateKey)
	if w.selfSigned {
		parent, signer = leaf, key
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	id := &identity{cert: cert, ca: authority.cert, roots: authority.roots, pair: tls.Certificate{Certificate: [][]byte{der, authority.cert.Raw}, PrivateKey: key}}
	id.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if !w.selfSigned {
		id.pem = append(id.pem, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.cert.Raw})...)
	}
	raw, _ := x509.MarshalPKCS8PrivateKey(key)
	id.key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	return id
}

const mxHost = "mx.x.example"

var (
	goodWish    = wish{names: []string{mxHost}, from: -time.Hour, to: 90 * 24 * time.Hour}
	soonWish    = wish{names: []string{mxHost}, from: -time.Hour, to: 5 * 24 * time.Hour}
	expiredWish = wish{names: []string{mxHost}, from: -20 * time.Hour, to: -10 * time.Hour}
	wrongWish   = wish{names: []string{"other.example"}, from: -time.Hour, to: 90 * 24 * time.Hour}
	selfWish    = wish{names: []string{mxHost}, from: -time.Hour, to: 90 * 24 * time.Hour, selfSigned: true}
)

func spki(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// smtpProblems checks a domain whose MX host is a server on loopback, and lists
// the problems of the connection.
func smtpProblems(t *testing.T, address, tlsa, mode string) (*Result, []string) {
	t.Helper()
	text := "x.example. MX 10 mx.x.example.\nmx.x.example. A 192.0.2.1\nx.example. TXT \"v=spf1 mx -all\"\n"
	if tlsa != "" {
		for line := range strings.Lines(tlsa) {
			text += "_25._tcp.mx.x.example. TLSA " + strings.TrimSpace(line) + "\n"
		}
	}
	o := Options{Now: time.Now(), SMTP: &Dialer{Roots: authority.roots, Dial: func(ctx context.Context, network, to string) (net.Conn, error) {
		if to != "192.0.2.1:25" {
			t.Errorf("a connection to %s", to)
		}
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}}}
	if mode != "" {
		text += "_mta-sts.x.example. TXT \"v=STSv1; id=1\"\nmta-sts.x.example. A 192.0.2.2\n"
		o.Fetch = func(context.Context, string) (Fetched, error) {
			return Fetched{Status: 200, Body: []byte("version: STSv1\nmode: " + mode + "\nmx: mx.x.example\nmax_age: 604800\n")}, nil
		}
	}
	w := &world{zone: zone(t, text), secure: []string{"x.example"}}
	o.Resolver = w
	r := Check(context.Background(), "x.example", o)
	var codes []string
	for _, p := range r.Problems {
		if strings.HasPrefix(p.Code, "smtp-") {
			codes = append(codes, p.Severity+" "+p.Code)
			t.Logf("%s", p.Message)
		}
	}
	slices.Sort(codes)
	return r, codes
}

// eachServer runs the same checks against a server. start gives its address, with
// a certificate installed.
func eachServer(t *testing.T, start func(t *testing.T, id *identity) (address string)) {
	test := func(name string, w wish, tlsa func(*identity) string, mode string, want ...string) {
		t.Helper()
		id := issue(t, w)
		records := ""
		if tlsa != nil {
			records = tlsa(id)
		}
		r, got := smtpProblems(t, start(t, id), records, mode)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if len(r.SMTP) != 1 || r.SMTP[0].State != report.StatePresent || r.SMTP[0].Banner == "" || r.SMTP[0].Certificate == nil || !holds(r.SMTP[0].StartTLS) {
			t.Errorf("%s: %+v", name, r.SMTP)
			return
		}
		if v := r.SMTP[0].Versions; len(v) < 1 || v[0] != "TLS 1.3" && v[0] != "TLS 1.2" {
			t.Errorf("%s: TLS %v", name, v)
		}
	}
	const other = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	own := func(id *identity) string { return "3 1 1 " + spki(id.cert) }
	test("good", goodWish, nil, "enforce")
	test("good, with DANE-EE", goodWish, own, "")
	test("good, with DANE-TA", goodWish, func(id *identity) string { return "2 1 1 " + spki(id.ca) }, "")
	test("rollover", goodWish, func(id *identity) string { return "3 1 1 " + other + "\n" + own(id) }, "")
	test("soon", soonWish, nil, "enforce", "low smtp-certificate-expires")
	test("expired", expiredWish, nil, "enforce", "high smtp-certificate-invalid")
	test("expired, no policy", expiredWish, nil, "", "low smtp-certificate-invalid")
	test("expired, with DANE-EE", expiredWish, own, "")
	test("wrong name", wrongWish, nil, "testing", "medium smtp-certificate-invalid")
	test("wrong name, with DANE-EE", wrongWish, own, "")
	test("wrong name, with DANE-TA", wrongWish, func(id *identity) string { return "2 1 1 " + spki(id.ca) }, "", "high smtp-dane-mismatch")
	test("self-signed", selfWish, nil, "enforce", "high smtp-certificate-invalid")
	test("DANE of another", goodWish, func(*identity) string { return "3 1 1 " + other }, "", "high smtp-dane-mismatch")
}

// A server of the test itself speaks as servers do.
func TestSMTP(t *testing.T) {
	eachServer(t, func(t *testing.T, id *identity) string {
		return serve(t, "220 mx.x.example ESMTP", "250-mx.x.example\r\n250 STARTTLS", id)
	})
}

func serve(t *testing.T, greeting, ehlo string, id *identity) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(10 * time.Second))
				fmt.Fprintf(conn, "%s\r\n", greeting)
				r := bufio.NewReader(conn)
				for {
					line, err := r.ReadString('\n')
					switch {
					case err != nil:
						return
					case strings.HasPrefix(line, "EHLO"):
						fmt.Fprintf(conn, "%s\r\n", ehlo)
					case strings.HasPrefix(line, "STARTTLS") && id != nil:
						fmt.Fprint(conn, "220 go on\r\n")
						secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{id.pair}})
						if secure.Handshake() != nil {
							return
						}
						conn, r = secure, bufio.NewReader(secure)
					case strings.HasPrefix(line, "QUIT"):
						fmt.Fprint(conn, "221 bye\r\n")
						return
					default:
						fmt.Fprint(conn, "502 no\r\n")
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// Servers that do not do what they should.
func TestSMTPFaults(t *testing.T) {
	test := func(name, address string, want ...string) *Result {
		t.Helper()
		r, got := smtpProblems(t, address, "", "")
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		return r
	}
	test("no STARTTLS", serve(t, "220 mx.x.example", "250 mx.x.example", nil), "medium smtp-no-starttls")
	test("STARTTLS refused", serve(t, "220 mx.x.example", "250-mx.x.example\r\n250 STARTTLS", nil), "high smtp-tls-broken")
	if r := test("sound", serve(t, "220 mx.x.example", "250-mx.x.example\r\n250-REQUIRETLS\r\n250 STARTTLS", issue(t, goodWish))); !holds(r.SMTP[0].RequireTLS) || !holds(r.SMTP[0].NameOK) {
		t.Errorf("%+v", r.SMTP[0])
	}
	if r := test("a name without address", serve(t, "220 gone.x.example", "250-gone.x.example\r\n250 STARTTLS", issue(t, goodWish)), "info smtp-greeting-name"); r.SMTP[0].NameOK == nil || *r.SMTP[0].NameOK || holds(r.SMTP[0].RequireTLS) {
		t.Errorf("%+v", r.SMTP[0])
	}
	test("two names", serve(t, "220 www.x.example hello", "250-mx.x.example\r\n250 STARTTLS", issue(t, goodWish)), "info smtp-greeting-name")
	test("no host name", serve(t, "220 mx.x.example", "250-my+server.x.example\r\n250 STARTTLS", issue(t, goodWish)), "info smtp-greeting-name")
	test("an address literal", serve(t, "220 [192.0.2.1]", "250-[192.0.2.1]\r\n250 STARTTLS", issue(t, goodWish)))
	test("a short name", serve(t, "220 mx", "250-mx\r\n250 STARTTLS", issue(t, goodWish)), "info smtp-greeting-name")
	if r := test("turned away", serve(t, "554 no", "", nil)); r.SMTP[0].State != report.StatePresent {
		t.Errorf("%+v", r.SMTP)
	}
	r := test("no SMTP", serve(t, strings.Repeat("x", 5000), "", nil))
	if r.SMTP[0].State != report.StateUnknown || !strings.Contains(fmt.Sprint(r.Gaps), "does not speak the protocol") {
		t.Errorf("%+v, gaps %v", r.SMTP, r.Gaps)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	test("refused", address, "medium smtp-refused")
}

// server writes the files of a mail server, starts it and waits for its port. What
// comes back installs another certificate and gives the address.
func server(t *testing.T, id *identity, files map[string]string, stop []string, command ...string) func(*testing.T, *identity) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a mail server starts as root only")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	dir, err := os.MkdirTemp("", "mailtrace-mta-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	fill := strings.NewReplacer("DIR", dir, "PORT", port, "ADDRESS", address)
	files["cert.pem"], files["key.pem"] = string(id.pem), string(id.key)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(fill.Replace(text)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range []string{"spool", "data", "log"} {
		os.Mkdir(filepath.Join(dir, sub), 0o755)
		for _, name := range []string{"postfix", "Debian-exim"} {
			if u, err := user.Lookup(name); err == nil && sub != "spool" || err == nil && name == "Debian-exim" && command[0] != "postfix" {
				var uid, gid int
				fmt.Sscan(u.Uid, &uid)
				fmt.Sscan(u.Gid, &gid)
				if name == "postfix" == (command[0] == "postfix") {
					os.Chown(filepath.Join(dir, sub), uid, gid)
				}
			}
		}
	}
	run := func(args []string) *exec.Cmd {
		filled := make([]string, len(args))
		for i, a := range args {
			filled[i] = fill.Replace(a)
		}
		return exec.Command(filled[0], filled[1:]...)
	}
	var log strings.Builder
	cmd := run(command)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() {
		if len(stop) > 0 {
			run(stop).Run()
		}
		cmd.Process.Kill()
		<-done
	})
	for range 600 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return func(t *testing.T, id *identity) string {
				for name, text := range map[string][]byte{"cert.pem": id.pem, "key.pem": id.key} {
					if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				for range 200 { // a server that keeps certificates takes a moment
					if shown := presented(address); shown != nil && shown.Equal(id.cert) {
						return address
					}
					time.Sleep(25 * time.Millisecond)
				}
				t.Fatalf("%s does not take the certificate", command[0])
				return ""
			}
		}
		select {
		case err := <-done:
			done <- err
			t.Fatalf("%s does not start: %v %s", command[0], err, log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen: %s", command[0], log.String())
	return nil
}

// presented is the certificate that a server shows.
func presented(address string) *x509.Certificate {
	c, err := smtp.Dial(address)
	if err != nil {
		return nil
	}
	defer c.Close()
	if c.StartTLS(&tls.Config{InsecureSkipVerify: true}) != nil {
		return nil
	}
	state, ok := c.TLSConnectionState()
	if !ok || len(state.PeerCertificates) == 0 {
		return nil
	}
	return state.PeerCertificates[0]
}

// TestPostfix checks against Postfix, where it is installed.
func TestPostfix(t *testing.T) {
	if _, err := exec.LookPath("/usr/sbin/postfix"); err != nil {
		t.Skip("no Postfix here: ", err)
	}
	eachServer(t, server(t, issue(t, goodWish), map[string]string{
		"main.cf": `compatibility_level = 3.6
queue_directory = DIR/spool
data_directory = DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = DIR/log/mail.log
maillog_file_prefixes = DIR
myhostname = mx.x.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
smtpd_tls_security_level = may
smtpd_tls_cert_file = DIR/cert.pem
smtpd_tls_key_file = DIR/key.pem
alias_maps =
max_use = 1
`,
		"master.cf": `ADDRESS inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
cleanup unix n - n - 0 cleanup
postlog unix-dgram n - n - 1 postlogd
`,
	}, []string{"postfix", "-c", "DIR", "stop"}, "postfix", "-c", "DIR", "start-fg"))
}

// TestExim checks against Exim, where it is installed.
func TestExim(t *testing.T) {
	path := os.Getenv("MAILTRACE_EXIM") // unpacked beside Postfix, which Debian does not let it stand with
	if path == "" {
		path = "/usr/sbin/exim4"
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Skip("no Exim here: ", err)
	}
	if _, err := user.Lookup("Debian-exim"); err != nil {
		t.Skip("no user for Exim: ", err)
	}
	// It keeps certificates for seconds, and starts in no time.
	eachServer(t, func(t *testing.T, id *identity) string {
		return server(t, id, map[string]string{
			"exim.conf": `primary_hostname = mx.x.example
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
pid_file_path = DIR/data/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = DIR/cert.pem
tls_privatekey = DIR/key.pem
acl_smtp_rcpt = none
begin acl
none:
  deny
`,
		}, nil, path, "-C", "DIR/exim.conf", "-bdf")(t, id)
	})
}

// A host is asked at its addresses of both families, and each is judged by itself.
func TestSMTPFamilies(t *testing.T) {
	id := issue(t, goodWish)
	good := serve(t, "220 mx.x.example", "250-mx.x.example\r\n250 STARTTLS", id)
	plain := serve(t, "220 mx.x.example", "250 mx.x.example", nil)
	test := func(to map[string]string, want ...string) {
		t.Helper()
		r := Check(context.Background(), "x.example", Options{Now: time.Now(),
			Resolver: zone(t, "x.example. MX 10 mx.x.example.\nmx.x.example. A 192.0.2.1\nmx.x.example. AAAA 2001:db8::1\n1.2.0.192.in-addr.arpa. PTR mx.x.example.\nx.example. TXT \"v=spf1 mx -all\"\n"),
			SMTP: &Dialer{Roots: authority.roots, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				if to[address] == "" {
					return nil, errors.New("connect: connection refused")
				}
				return new(net.Dialer).DialContext(ctx, network, to[address])
			}}})
		var got []string
		for _, p := range r.Problems {
			if strings.HasPrefix(p.Code, "smtp-") {
				got = append(got, p.Severity+" "+p.Code)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || len(r.SMTP) != 2 {
			t.Errorf("%v, want %v; %+v", got, want, r.SMTP)
		}
	}
	test(map[string]string{"192.0.2.1:25": good, "[2001:db8::1]:25": good})
	test(map[string]string{"192.0.2.1:25": good, "[2001:db8::1]:25": plain}, "medium smtp-no-starttls")
	test(map[string]string{"192.0.2.1:25": good}, "low smtp-one-family", "medium smtp-refused")
}
