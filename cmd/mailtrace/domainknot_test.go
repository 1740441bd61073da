package main

import (
	"sync/atomic"

	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/dnssec"
	"github.com/mailtrace/mailtrace/dns/live"
)

// knot is an authoritative name server of another maker, on a loopback port,
// that holds all its zones from the root down.
type knot struct {
	address string
	anchors []dnssec.Anchor // of its root zone, where that is signed
}

// zoneFile is a zone of the server. A signed one gets the name of its DS record
// into the zone above with {{DS name.}}.
type zoneFile struct {
	name   string // with its final dot
	text   string // without SOA and NS, which all zones have alike; "" for a file that is missing
	signed bool
}

// program finds one of Knot DNS's programs, or skips the test.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join("/usr/sbin", name) // not in the path of users
		if _, err := os.Stat(path); err != nil {
			t.Skipf("%s is not installed (Debian: apt-get install knot)", name)
		}
	}
	return path
}

// startKnot serves zones until the test ends.
func startKnot(t testing.TB, zones []zoneFile) *knot {
	t.Helper()
	knotd, keymgr := program(t, "knotd"), program(t, "keymgr")
	dir := t.TempDir()
	k := &knot{address: freePort(t)}
	host, port, _ := net.SplitHostPort(k.address)

	var conf strings.Builder
	fmt.Fprintf(&conf, "server:\n    listen: %s@%s\n    rundir: %s\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n", host, port, dir)
	fmt.Fprintf(&conf, "database:\n    storage: %s\nlog:\n  - target: stderr\n    any: warning\n", dir)
	conf.WriteString("policy:\n  - id: own\n    manual: on\n    algorithm: ecdsap256sha256\n    single-type-signing: on\nzone:\n")
	for i, z := range zones {
		fmt.Fprintf(&conf, "  - domain: %s\n    storage: %s\n    file: %d.zone\n    zonefile-sync: -1\n    journal-content: none\n", z.name, dir, i)
		if z.signed {
			conf.WriteString("    dnssec-signing: on\n    dnssec-policy: own\n")
		}
	}
	config := write(t, dir, "knot.conf", conf.String())

	ds := map[string]string{} // of signed zones
	for _, z := range zones {
		if !z.signed {
			continue
		}
		runProgram(t, keymgr, "-c", config, z.name, "generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes")
		for line := range strings.Lines(runProgram(t, keymgr, "-c", config, z.name, "ds")) {
			// "name. DS tag algorithm digest-type digest"
			if f := strings.Fields(line); len(f) == 6 && f[4] == "2" {
				ds[z.name] = strings.Join(f[2:], " ")
			}
		}
		if ds[z.name] == "" {
			t.Fatalf("keymgr gives no DS record of %s", z.name)
		}
	}
	for i, z := range zones {
		if z.text == "" {
			continue
		}
		text := "$ORIGIN " + z.name + "\n$TTL 300\n@ SOA ns.example. hostmaster.example. 1 3600 600 86400 60\n@ NS ns.example.\n" + z.text
		for name, record := range ds {
			text = strings.ReplaceAll(text, "{{DS "+name+"}}", name+" DS "+record)
		}
		write(t, dir, strconv.Itoa(i)+".zone", text)
	}
	if f := strings.Fields(ds["."]); len(f) == 4 {
		tag, _ := strconv.Atoi(f[0])
		algorithm, _ := strconv.Atoi(f[1])
		k.anchors = []dnssec.Anchor{{KeyTag: uint16(tag), Algorithm: uint8(algorithm), DigestType: 2, Digest: f[3]}}
	}

	var log bytes.Buffer
	cmd := exec.Command(knotd, "-c", config)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("knotd says\n%s", log.String())
		}
	})
	live := live.New(live.Options{Servers: []string{k.address}, Timeout: 200 * time.Millisecond, Retries: -1})
	defer live.Close()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := live.Lookup(context.Background(), strings.TrimSuffix(zones[0].name, "."), dns.TypeSOA); err == nil {
			return k
		}
		if time.Now().After(deadline) {
			t.Fatalf("knotd does not answer\n%s", log.String())
		}
	}
}

// freePort is a loopback address that is free for UDP and TCP. Its port lies
// below the range from which the system takes ports for clients, so that no
// other test takes it before the server does.
func freePort(t testing.TB) string {
	t.Helper()
	for i := range 500 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+(os.Getpid()*7+i+int(ports.Add(1)))%10_000)
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		c, err := net.ListenPacket("udp", address)
		l.Close()
		if err == nil {
			c.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// ports counts the tries of freePort, so that it gives each out once.
var ports atomic.Int64

func runProgram(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
