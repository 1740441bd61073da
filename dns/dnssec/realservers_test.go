package dnssec

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"
	"github.com/mailtrace/mailtrace/dns/live"
)

// realZone is a zone that ldns signs and NSD serves.
type realZone struct {
	apex, algorithm string // "" is a zone without signatures
	bits            string
	args            []string // of ldns-signzone
	noDS, badDS     bool
	text            string
	break_          func(signed string) string // after signing
}

// program is the path of a program, or the test is skipped.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if p, err := exec.LookPath(dir + name); err == nil {
			return p
		}
	}
	t.Skipf("%s is not installed (Debian: nsd ldnsutils unbound)", name)
	return ""
}

// run runs a program to its end and returns what it says.
func runProgram(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// start runs a server until the test ends, or until stop is called.
func start(t *testing.T, address, name string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(name, args...)
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	stop = func() {
		cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
		log.Close()
	}
	t.Cleanup(stop)
	for range 100 {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			c.Close()
			return stop
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("%s ended: %s", name, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("%s does not answer: %s", name, text)
	return nil
}

// freePort is a port on loopback that nobody uses, by UDP or TCP. It lies below
// the range from which the system takes ports for clients, so that no other
// test takes it before the server does.
func freePort(t *testing.T) int {
	t.Helper()
	for i := range 500 {
		port := 20_000 + (os.Getpid()*7+i)%10_000
		address := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		p, err := net.ListenPacket("udp", address)
		l.Close()
		if err != nil {
			continue
		}
		p.Close()
		if !taken[port] {
			taken[port] = true
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// taken are the ports that freePort has given out.
var taken = map[int]bool{}

// TestValidateRealServers validates zones that ldns signed and NSD serves, by
// way of NSD and by way of Unbound, and holds every verdict against the one
// that Unbound comes to with the same anchor.
func TestValidateRealServers(t *testing.T) {
	keygen, signzone := program(t, "ldns-keygen"), program(t, "ldns-signzone")
	nsd, unbound := program(t, "nsd"), program(t, "unbound")
	dir := t.TempDir()
	now := time.Now()
	date := func(d time.Duration) string { return now.Add(d).UTC().Format("20060102150405") }
	valid := []string{"-i", date(-48 * time.Hour), "-e", date(14 * 24 * time.Hour)}
	with := func(more ...string) []string { return append(more, valid...) }
	big := "big TXT"
	for i := range 12 {
		big += fmt.Sprintf(" %q", fmt.Sprintf("%d ", i)+strings.Repeat("x", 240))
	}
	const text = `@ TXT "apex"
@ MX 10 mail
mail A 192.0.2.1
mail A 192.0.2.2
*.wild TXT "from the wildcard"
deep.below.wild TXT "not from the wildcard"
alias CNAME mail
away CNAME mail.n3.tld.
home CNAME mail.plain.tld.
a.b.empty TXT "below empty non-terminals"
mailing\046list TXT "a dot inside the label"
tree DNAME n3.tld.
UPPER CNAME MAIL
`
	zones := []*realZone{ // each below those before it
		{apex: "", algorithm: "RSASHA256", bits: "2048", args: valid},
		{apex: "tld", algorithm: "RSASHA512", bits: "4096", args: valid},
		{apex: "opt", algorithm: "ED25519", args: with("-n", "-p", "-t", "0")},
		{apex: "ec.tld", algorithm: "ECDSAP256SHA256", args: valid, text: text + big + "\n"},
		{apex: "p384.tld", algorithm: "ECDSAP384SHA384", args: valid, text: text},
		{apex: "ed.tld", algorithm: "ED25519", args: valid, text: text},
		{apex: "n3.tld", algorithm: "ECDSAP256SHA256", args: with("-n", "-t", "3", "-s", "abcdef"), text: text},
		{apex: "sub.n3.tld", algorithm: "RSASHA256", bits: "1024", args: with("-n", "-t", "0"), text: text},
		{apex: "plain.tld", text: text},
		{apex: "island.tld", algorithm: "ED25519", args: valid, noDS: true, text: text},
		{apex: "plain.opt", text: text},
		{apex: "ok.opt", algorithm: "ED25519", args: valid, text: text},
		{apex: "expired.tld", algorithm: "ED25519", args: []string{"-i", date(-96 * time.Hour), "-e", date(-72 * time.Hour)}, text: text},
		{apex: "early.tld", algorithm: "ED25519", args: []string{"-i", date(72 * time.Hour), "-e", date(96 * time.Hour)}, text: text},
		{apex: "badds.tld", algorithm: "ED25519", args: valid, badDS: true, text: text},
		{apex: "changed.tld", algorithm: "ED25519", args: valid, text: text, break_: func(s string) string {
			return strings.ReplaceAll(s, "192.0.2.1", "203.0.113.1")
		}},
		{apex: "nodenial.tld", algorithm: "ED25519", args: valid, text: text, break_: func(s string) string {
			var keep []string
			for line := range strings.Lines(s) {
				if !strings.Contains(line, "\tNSEC") && !strings.Contains(line, "RRSIG\tNSEC") {
					keep = append(keep, line)
				}
			}
			return strings.Join(keep, "")
		}},
		{apex: "unsigned.tld", algorithm: "ED25519", args: valid, text: text, break_: func(s string) string {
			var keep []string
			for line := range strings.Lines(s) {
				if !strings.Contains(line, "RRSIG\tA ") {
					keep = append(keep, line)
				}
			}
			return strings.Join(keep, "")
		}},
		{apex: "ed448.tld", algorithm: "ED448", args: valid, text: text},
	}
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cuts := map[string]string{} // what a zone says of those below it
	var anchors []Anchor
	port := freePort(t)
	conf := fmt.Sprintf("server:\n ip-address: 127.0.0.1@%d\n username: \"\"\n chroot: \"\"\n zonesdir: %q\n pidfile: \"\"\n database: \"\"\n xfrdfile: \"\"\n zonelistfile: %q\n server-count: 1\n rrl-ratelimit: 0\nremote-control:\n control-enable: no\n", port, dir, filepath.Join(dir, "zone.list"))
	anchorFile := ""
	for i := len(zones) - 1; i >= 0; i-- {
		z := zones[i]
		dot := z.apex + "."
		ns := "ns." + strings.TrimPrefix(dot, ".")
		zone := "$ORIGIN " + dot + "\n$TTL 300\n@ SOA " + ns + " root. 1 3600 600 86400 60\n@ NS " + ns + "\n" + ns + " A 127.0.0.1\n" + z.text + cuts[z.apex]
		file := write(fmt.Sprintf("zone%d", i), zone)
		above, _ := names.Parent(z.apex)
		if z.apex != "" {
			for !hasZone(zones, above) {
				above, _ = names.Parent(above)
			}
			cuts[above] += dot + " NS " + ns + "\n"
		}
		if z.algorithm != "" {
			bits := []string{}
			if z.bits != "" {
				bits = []string{"-b", z.bits}
			}
			ksk := runProgram(t, dir, keygen, append(append([]string{"-a", z.algorithm}, bits...), "-k", dot)...)
			zsk := runProgram(t, dir, keygen, append(append([]string{"-a", z.algorithm}, bits...), dot)...)
			ds, err := os.ReadFile(filepath.Join(dir, ksk+".ds"))
			if err != nil {
				t.Fatal(err)
			}
			line := string(ds)
			if z.badDS {
				fields := strings.Fields(line)
				line = strings.Replace(line, fields[len(fields)-1], strings.Repeat("ab", 32), 1)
			}
			switch {
			case z.apex == "":
				rr, err := mdns.NewRR(line)
				if err != nil {
					t.Fatal(err)
				}
				d := rr.(*mdns.DS)
				anchors = []Anchor{{d.KeyTag, d.Algorithm, d.DigestType, d.Digest}}
				anchorFile = write("anchor", line)
			case !z.noDS:
				cuts[above] += line + "\n"
			}
			runProgram(t, dir, signzone, append(append([]string{"-o", dot, "-f", file + ".signed"}, z.args...), file, ksk, zsk)...)
			file += ".signed"
			if z.break_ != nil {
				signed, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				broken := z.break_(string(signed))
				if broken == string(signed) {
					t.Fatalf("%s: nothing to break in\n%s", z.apex, signed)
				}
				file = write(fmt.Sprintf("zone%d.broken", i), broken)
			}
		}
		conf += fmt.Sprintf("zone:\n name: %q\n zonefile: %q\n", dot, file)
	}
	authority := fmt.Sprintf("127.0.0.1:%d", port)
	stop := start(t, authority, nsd, "-d", "-c", write("nsd.conf", conf))
	resolverPort := freePort(t)
	resolver := fmt.Sprintf("127.0.0.1:%d", resolverPort)
	start(t, resolver, unbound, "-d", "-p", "-c", write("unbound.conf", fmt.Sprintf(`server:
 interface: 127.0.0.1
 port: %d
 username: ""
 chroot: ""
 directory: %q
 use-syslog: no
 do-ip6: no
 do-not-query-localhost: no
 module-config: "validator iterator"
 trust-anchor-file: %q
 aggressive-nsec: no
 minimal-responses: no
forward-zone:
 name: "."
 forward-addr: 127.0.0.1@%d
remote-control:
 control-enable: no
`, resolverPort, dir, anchorFile, port)))

	clock := func() time.Time { return now }
	direct := live.New(live.Options{Servers: []string{authority}})
	defer direct.Close()
	through := live.New(live.Options{Servers: []string{resolver}})
	defer through.Close()
	asked := live.New(live.Options{Servers: []string{resolver}, Retries: -1})
	defer asked.Close()
	validators := map[string]*Validator{
		"NSD":     NewValidator(direct, ValidatorOptions{Anchors: anchors, Now: clock}),
		"Unbound": NewValidator(through, ValidatorOptions{Anchors: anchors, Now: clock}),
	}
	counts := map[Security]int{}
	test := func(name string, typ dns.Type) Security {
		t.Helper()
		// What Unbound says: AD, SERVFAIL, or neither (RFC 4035 §3.2.3).
		var want Security
		theirs, err := asked.Lookup(context.Background(), name, typ)
		switch {
		case err != nil:
			want = Bogus
		case theirs.Authenticated:
			want = Secure
		default:
			want = Insecure
		}
		counts[want]++
		if want == Secure && names.Under(name, "ed448.tld") && (name != "ed448.tld" || typ != dns.TypeDS) {
			want = Insecure // Unbound checks Ed448, this package does not
		}
		for way, v := range validators {
			got, err := v.Validate(context.Background(), name, typ)
			if err != nil {
				t.Errorf("%s %s by %s: %v", name, typ, way, err)
				continue
			}
			if got.Security != want || want != Bogus && got.Answer.Status != theirs.Status {
				t.Errorf("%s %s by %s: %s (%s) %s, Unbound says %s %s", name, typ, way, got.Security, got.Reason, got.Answer.Status, want, theirs.Status)
			}
		}
		return want
	}
	for _, z := range zones {
		for _, name := range []string{"", "mail.", "alias.", "upper.", "away.", "home.", "any.wild.", "x.y.wild.", "deep.below.wild.", "x.below.wild.", "*.wild.", "nope.", "a.nope.", "zzz.", "empty.", "b.empty.", `mailing\.list.`, "mail.tree.", "nope.tree."} {
			for _, typ := range []dns.Type{dns.TypeA, dns.TypeTXT, dns.TypeDS, dns.TypeCNAME} {
				if typ == dns.TypeCNAME && strings.Contains(name, ".tree.") {
					continue // Unbound wants a signature of the CNAME record that DNAME makes up
				}
				test(name+z.apex, typ)
			}
		}
		for _, typ := range []dns.Type{dns.TypeMX, dns.TypeNS, dns.TypeSOA, dns.TypeDNSKEY, dns.TypeNSEC} {
			test(z.apex, typ)
		}
	}
	test("big.ec.tld", dns.TypeTXT)
	t.Logf("verdicts of Unbound: %v", counts)
	for _, s := range []Security{Secure, Insecure, Bogus} {
		if counts[s] < 100 {
			t.Errorf("only %d %s answers", counts[s], s)
		}
	}
	// Some whose outcome is known, lest both be wrong.
	known := func(name string, typ dns.Type, want Security) {
		t.Helper()
		if got := test(name, typ); got != want {
			t.Errorf("%s %s: Unbound says %s, want %s", name, typ, got, want)
		}
	}
	known("mail.ec.tld", dns.TypeA, Secure)
	known("nope.sub.n3.tld", dns.TypeA, Secure)
	known("mail.plain.tld", dns.TypeA, Insecure)
	known("mail.ed448.tld", dns.TypeA, Insecure)
	known("mail.expired.tld", dns.TypeA, Bogus)
	known("mail.badds.tld", dns.TypeA, Bogus)

	big12, err := validators["NSD"].Validate(context.Background(), "big.ec.tld", dns.TypeTXT)
	if err != nil || big12.Security != Secure || len(big12.Answer.Texts()) != 1 || len(big12.Answer.Texts()[0]) < 2900 {
		t.Errorf("the answer that needs TCP: %+v, %v", big12, err)
	}

	// Without the server there is no saying.
	stop()
	got, err := NewValidator(live.New(live.Options{Servers: []string{authority}, Timeout: 200 * time.Millisecond, Retries: -1}), ValidatorOptions{Anchors: anchors, Now: clock}).Validate(context.Background(), "mail.ec.tld", dns.TypeA)
	if err != nil || got.Security != Indeterminate {
		t.Errorf("without a server: %+v, %v", got, err)
	}
}

func hasZone(zones []*realZone, apex string) bool {
	for _, z := range zones {
		if z.apex == apex {
			return true
		}
	}
	return false
}
