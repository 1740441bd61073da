package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	netsmtp "net/smtp"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailtrace/mailtrace/dns/zonefile"
)

// sink takes what Postfix hands on.
type sink struct {
	mu       sync.Mutex
	messages []string
}

func (s *sink) Reset()                               {}
func (s *sink) Logout() error                        { return nil }
func (s *sink) Mail(string, *smtp.MailOptions) error { return nil }
func (s *sink) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *sink) Data(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, string(b))
	return err
}

func (s *sink) wait(t *testing.T) string {
	t.Helper()
	for range 200 {
		s.mu.Lock()
		n := len(s.messages)
		s.mu.Unlock()
		if n > 0 {
			return s.messages[0]
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("Postfix handed on no message in 10 s")
	return ""
}

// The milter beside a real Postfix: a message of the domain's own server comes
// through with our results on top and the forged ones gone; a spoof is refused
// in the session.
func TestPostfix(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("Postfix is started by root only")
	}
	postfix, err := exec.LookPath("/usr/sbin/postfix")
	if err != nil {
		t.Skip("Postfix is not installed (Debian: postfix)")
	}
	if _, err := user.Lookup("postfix"); err != nil {
		t.Skip("there is no user postfix")
	}
	zone, err := zonefile.Parse("zone", []byte(`
good.example. TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.good.example. TXT "v=DMARC1; p=reject"
bank.example. TXT "v=spf1 -all"
_dmarc.bank.example. TXT "v=DMARC1; p=reject"
`))
	if err != nil {
		t.Fatal(err)
	}
	milterListener := listen(t)
	m := newServer("mx.example.org", zone)
	go m.Serve(milterListener)
	defer m.Close()

	var got sink
	sinkListener := listen(t)
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &got, nil }))
	s.Domain = "sink.example"
	go s.Serve(sinkListener)
	defer s.Close()

	addr := startPostfix(t, postfix, milterListener.Addr().String(), sinkListener.Addr().String())
	send := func(from string) string {
		message := "Authentication-Results: other.example; spf=fail\r\n" +
			"Authentication-Results: mx.example.org;\r\n\tdmarc=pass header.from=bank.example\r\n" +
			"From: " + from + "\r\nTo: bob@example.org\r\nSubject: x\r\n\r\nhello\r\n"
		if err := netsmtp.SendMail(addr, nil, from, []string{"bob@example.org"}, []byte(message)); err != nil {
			return err.Error()
		}
		return ""
	}
	if err := send("ann@bank.example"); !strings.Contains(err, "550") || !strings.Contains(err, "DMARC policy of bank.example") {
		t.Errorf("a spoof: %q", err)
	}
	if err := send("ann@good.example"); err != "" {
		t.Fatalf("refused: %s", err)
	}
	message := got.wait(t)
	if n := strings.Count(message, "mx.example.org;"); n != 1 || strings.Contains(message, "header.from=bank.example") {
		t.Errorf("%d results under our name:\n%s", n, message)
	}
	for _, want := range []string{"spf=pass smtp.mailfrom=ann@good.example", "dmarc=pass header.from=good.example", "other.example; spf=fail"} {
		if !strings.Contains(message, want) {
			t.Errorf("%q is not in\n%s", want, message)
		}
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// startPostfix runs an instance of its own in a temporary folder, that knows no
// DNS and hands all mail to next.
func startPostfix(t *testing.T, postfix, milter, next string) string {
	t.Helper()
	// Not t.TempDir: the name of a socket must be short.
	dir, err := os.MkdirTemp("", "pf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	addr := l.Addr().String()
	l.Close()
	host, port, _ := net.SplitHostPort(next)
	main := fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/data
multi_instance_enable = yes
myhostname = mx.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [%[2]s]:%[3]s
smtpd_milters = inet:%[4]s
milter_default_action = tempfail
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
smtp_host_lookup = native
smtpd_peername_lookup = no
alias_maps =
local_recipient_maps =
`, dir, host, port, milter)
	master := addr + ` inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
	config := filepath.Join(dir, "etc")
	for path, text := range map[string]string{"main.cf": main, "master.cf": master} {
		if err := os.MkdirAll(config, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(config, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"spool", "data"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "postfix", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	run := func(what string) ([]byte, error) { return exec.Command(postfix, "-c", config, what).CombinedOutput() }
	if out, err := run("start"); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("postfix start: %v\n%s%s", err, out, log)
	}
	t.Cleanup(func() { run("stop") })
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			hello := make([]byte, 3)
			c.SetDeadline(time.Now().Add(5 * time.Second))
			_, err := io.ReadFull(c, hello)
			c.Close()
			if err == nil && bytes.Equal(hello, []byte("220")) {
				return addr
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	t.Fatalf("Postfix does not answer at %s\n%s", addr, log)
	return ""
}
