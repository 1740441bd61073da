//go:build unix

package arc_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	wire "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

// What dkim.Sign and arc.Seal sign is verified here by what others wrote and
// mail servers run: OpenDKIM, dkimpy, Mail::DKIM and rspamd, as Debian packages
// them. Those that are not installed skip. Every message is there twice, as it
// was signed and with one letter changed: a verifier that passed all would fail
// the test as surely as one that passed none.

// sample is a message for the verifiers, and what they are to say.
type sample struct {
	name string
	raw  []byte
	// dkim is the result of each DKIM signature from the top, arc that of the
	// chain, "" where there is none.
	dkim []string
	arc  string
	// selectors are those of the signatures, arcKeys the kinds of key of the chain.
	selectors []string
	arcKeys   []string
}

// said is what a verifier says of one message; "unsupported" is that it does
// not know the algorithm.
type said struct {
	dkim []string
	arc  string
}

func TestOthersVerifyWhatIsSigned(t *testing.T) {
	keys, records := interopKeys(t)
	samples := interopSamples(t, keys, records)
	dir := t.TempDir()
	text, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("keys.json", text)
	for _, s := range samples {
		write(s.name, s.raw)
	}
	for _, v := range []struct {
		name string
		// check says what the verifier answers, by the name of the message.
		check func(*testing.T, string, map[string]string, []sample) map[string]said
		// rsaOnly: its DKIM knows RSA only; arcRSAOnly: its chains do; noARC: it
		// looks at DKIM only.
		rsaOnly, arcRSAOnly, noARC bool
	}{
		{name: "dkimpy", check: dkimpy, arcRSAOnly: true},
		{name: "Mail::DKIM", check: mailDKIM, rsaOnly: true, arcRSAOnly: true},
		{name: "OpenDKIM", check: openDKIM, noARC: true},
		{name: "rspamd", check: rspamd},
	} {
		t.Run(v.name, func(t *testing.T) {
			got := v.check(t, dir, records, samples)
			judged, wrong := map[string]int{}, 0
			for _, s := range samples {
				want := said{dkim: slices.Clone(s.dkim), arc: s.arc}
				for i, selector := range s.selectors {
					if v.rsaOnly && selector == "ed" {
						want.dkim[i] = "unsupported"
					}
				}
				if v.arcRSAOnly && slices.Contains(s.arcKeys, "ed") {
					want.arc = "unsupported"
				}
				if v.noARC {
					want.arc = ""
				}
				g := got[s.name]
				if !slices.Equal(g.dkim, want.dkim) || g.arc != want.arc {
					if wrong++; wrong > 20 {
						t.Fatal("and more")
					}
					t.Errorf("%s: %+v, want %+v", s.name, g, want)
				}
				for _, r := range append(g.dkim, g.arc) {
					judged[r]++
				}
			}
			t.Logf("%d messages: %v", len(samples), judged)
			if judged["pass"] == 0 || judged["fail"] == 0 {
				t.Error("it passed none or failed none")
			}
		})
	}
}

// interopKeys are keys by their selector, and the records that publish them by
// their name.
func interopKeys(t *testing.T) (map[string]crypto.Signer, map[string]string) {
	t.Helper()
	keys, records := map[string]crypto.Signer{}, map[string]string{}
	for _, bits := range []int{1024, 2048} {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		keys[fmt.Sprintf("rsa%d", bits)] = k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys["ed"] = ed
	for selector, k := range keys {
		record := ""
		switch pub := k.Public().(type) {
		case *rsa.PublicKey:
			der, err := x509.MarshalPKIXPublicKey(pub)
			if err != nil {
				t.Fatal(err)
			}
			record = "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
		case ed25519.PublicKey:
			record = "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)
		}
		for _, domain := range []string{"example.com", "list.example.org"} {
			records[selector+"._domainkey."+domain] = record
		}
	}
	return keys, records
}

// interopSamples are the messages: every kind of body in every form of
// canonicalization by every key, headers that are awkward to sign, several
// signatures, and chains of seals.
func interopSamples(t *testing.T, keys map[string]crypto.Signer, records map[string]string) []sample {
	t.Helper()
	const header = "From: Ann <ann@example.com>\r\nTo: bob@example.org,\r\n\tcarol@example.org\r\nSubject: the  figures \r\n" +
		"Date: Mon, 23 Nov 2026 05:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nX-Empty:\r\n"
	const text = "Dear Bob,\r\n\r\nhere  are the figures.\r\n\r\nAnn\r\n"
	var samples []sample
	// add has the message twice, as it is and with one letter changed.
	add := func(name, raw string, selectors []string, arcKeys ...string) {
		t.Helper()
		for _, want := range []string{"pass", "fail"} {
			s := sample{name: fmt.Sprintf("%03d-%s-%s.eml", len(samples), name, want), raw: []byte(raw), selectors: selectors, arcKeys: arcKeys}
			if want == "fail" {
				changed := strings.Replace(raw, "From: Ann", "From: Amn", 1)
				if changed == raw {
					t.Fatalf("%s: nothing to change", name)
				}
				s.raw = []byte(changed)
			}
			for range selectors {
				s.dkim = append(s.dkim, want)
			}
			if len(arcKeys) > 0 {
				s.arc = want
			}
			samples = append(samples, s)
		}
	}
	sign := func(name, raw string, o ...dkim.SignOptions) string {
		t.Helper()
		fields, err := dkim.Sign(message.Parse([]byte(raw)), o...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return string(fields) + raw
	}
	options := func(selector, canon string) dkim.SignOptions {
		return dkim.SignOptions{Domain: "example.com", Selector: selector, Key: keys[selector], Canonicalization: canon}
	}

	bodies := map[string]string{
		"text":        text,
		"empty":       "",
		"blank":       "\r\n\r\n\r\n",
		"trailing":    text + "\r\n \t\r\n\r\n",
		"whitespace":  " a\tb  c \r\n\t\r\n  \r\nend \t \r\n",
		"8bit":        "Grüße, 你好, \xff\xfe\x80\r\n",
		"long":        strings.Repeat("a long line without an end ", 400) + "\r\n" + strings.Repeat("x", 20_000) + "\r\n",
		"no-line-end": "Dear Bob, this ends early",
		"dots":        ".\r\n..\r\n.begins with a dot\r\nFrom here\r\n",
	}
	for _, body := range slices.Sorted(maps.Keys(bodies)) {
		for _, canon := range []string{"relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed", "relaxed"} {
			for _, selector := range []string{"rsa1024", "rsa2048", "ed"} {
				raw := header + "\r\n" + bodies[body]
				end := ""
				if body == "no-line-end" {
					end = "\r\n" // which SMTP adds behind the signer
				}
				name := strings.ReplaceAll(body+"-"+canon+"-"+selector, "/", "-")
				add(name, sign(name, raw, options(selector, canon))+end, []string{selector})
			}
		}
	}

	now := time.Now().Truncate(time.Second)
	headers := map[string]func(*dkim.SignOptions) string{
		"times-identity": func(o *dkim.SignOptions) string {
			o.Time, o.Expires, o.Identity = now.Add(-time.Hour), now.Add(time.Hour), "ann@example.com"
			return header
		},
		"oversigned": func(o *dkim.SignOptions) string {
			o.Headers = []string{"from", "from", "FROM", "To", "to", "Cc", "Subject", "subject", "X-Not-There"}
			return header
		},
		"twice": func(o *dkim.SignOptions) string {
			o.Headers = []string{"From", "X-Note", "X-Note", "X-Note"}
			return "X-Note: first\r\n" + header + "X-Note: second\r\n"
		},
		"many-fields": func(o *dkim.SignOptions) string {
			o.Headers = []string{"From"}
			h := header
			for i := range 120 {
				name := fmt.Sprintf("X-A-Rather-Long-Field-Name-%d", i)
				o.Headers = append(o.Headers, name)
				h += name + ": value\r\n"
			}
			return h
		},
		"folded": func(*dkim.SignOptions) string {
			return "Subject: a\r\n\t b \t\r\n  c\r\nFrom: Ann\r\n <ann@example.com>\r\nTo: bob@example.org\r\n"
		},
		"8bit-header": func(*dkim.SignOptions) string {
			return strings.Replace(header, "the  figures", "Grüße \xff 你好", 1)
		},
		"long-subject": func(*dkim.SignOptions) string {
			return strings.Replace(header, "the  figures", strings.Repeat("word ", 180), 1)
		},
	}
	for _, h := range slices.Sorted(maps.Keys(headers)) {
		for _, canon := range []string{"relaxed/relaxed", "simple/simple"} {
			for _, selector := range []string{"rsa2048", "ed"} {
				o := options(selector, canon)
				raw := headers[h](&o) + "\r\n" + text
				name := strings.ReplaceAll(h+"-"+canon+"-"+selector, "/", "-")
				add(name, sign(name, raw, o), []string{selector})
			}
		}
	}

	// Several signatures, in one call and one after another.
	plain := header + "\r\n" + text
	add("two-keys", sign("two", plain, options("ed", ""), options("rsa2048", "")), []string{"ed", "rsa2048"})
	add("three-keys", sign("three", plain, options("rsa1024", "simple/simple"), options("ed", "relaxed/simple"), options("rsa2048", "")),
		[]string{"rsa1024", "ed", "rsa2048"})
	over := options("rsa2048", "")
	over.Headers = []string{"From", "DKIM-Signature", "Subject"}
	add("signed-signature", sign("again", sign("first", plain, options("rsa1024", "")), over), []string{"rsa2048", "rsa1024"})

	// Chains: one set, three sets, two kinds of key, a sealer that changes the
	// message before it seals.
	zone := zoneOf(t, records)
	seal := func(raw string, selector string, change func(string) string) string {
		t.Helper()
		came, err := arc.Verify(t.Context(), zone, message.Parse([]byte(raw)), arc.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			raw = change(raw)
		}
		fields, err := arc.Seal(message.Parse([]byte(raw)), came, arc.SealOptions{
			Domain: "list.example.org", Selector: selector, Key: keys[selector], Time: now.Add(-time.Minute),
			Results: "mx.list.example.org;\r\n\tspf=pass smtp.mailfrom=ann@example.com;\r\n\tdkim=pass header.d=example.com header.s=rsa2048",
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(fields) + raw
	}
	signed := sign("arc", plain, options("rsa2048", ""))
	one := seal(signed, "rsa2048", nil)
	add("arc-one", one, []string{"rsa2048"}, "rsa")
	add("arc-three", seal(seal(one, "rsa1024", nil), "rsa2048", nil), []string{"rsa2048"}, "rsa")
	add("arc-unsigned", seal(plain, "rsa2048", nil), nil, "rsa")
	add("arc-8bit", seal(strings.Replace(plain, "figures.", "Zahlen für Sie \xff", 1), "rsa2048", nil), nil, "rsa")
	changed := seal(one, "rsa2048", func(raw string) string { return raw + "-- \r\nThe list\r\n" })
	add("arc-changed", changed, []string{"rsa2048"}, "rsa")
	samples[len(samples)-2].dkim = []string{"fail"} // the footer breaks the author's signature, not the chain
	add("arc-ed25519", seal(signed, "ed", nil), []string{"rsa2048"}, "ed")
	add("arc-both", seal(one, "ed", nil), []string{"rsa2048"}, "rsa", "ed")
	return samples
}

func zoneOf(t *testing.T, records map[string]string) dns.Resolver {
	t.Helper()
	var b strings.Builder
	for name, record := range records {
		fmt.Fprintf(&b, "%s. TXT", name)
		for record != "" {
			n := min(len(record), 200)
			fmt.Fprintf(&b, " %q", record[:n])
			record = record[n:]
		}
		b.WriteByte('\n')
	}
	z, err := zonefile.Parse("keys", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// runVerifier runs a command that ends by itself and returns what it prints.
func runVerifier(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.Bytes())
	}
	return out
}

// script runs a verifier that is a library in another language, and reads the
// lines that its script prints: file, "dkim" or "arc", result.
func script(t *testing.T, result func(string) string, name string, args ...string) map[string]said {
	t.Helper()
	got := map[string]said{}
	for line := range strings.Lines(string(runVerifier(t, name, args...))) {
		file, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		what, detail, ok := strings.Cut(rest, " ")
		s := got[file]
		switch {
		case ok && what == "dkim":
			s.dkim = append(s.dkim, result(detail))
		case ok && what == "arc":
			s.arc = result(detail)
		default:
			t.Fatalf("unexpected: %q", line)
		}
		got[file] = s
	}
	return got
}

func dkimpy(t *testing.T, dir string, _ map[string]string, _ []sample) map[string]said {
	python := "/usr/bin/python3" // Debian's, which has Debian's modules
	if exec.Command(python, "-c", "import dkim, nacl").Run() != nil {
		t.Skip("python3-dkim and python3-nacl are not installed")
	}
	return script(t, func(s string) string { return strings.Fields(s)[0] }, python, "testdata/interop/dkimpy.py", dir)
}

func mailDKIM(t *testing.T, dir string, _ map[string]string, _ []sample) map[string]said {
	if exec.Command("perl", "-MMail::DKIM::ARC::Verifier", "-e1").Run() != nil {
		t.Skip("libmail-dkim-perl is not installed")
	}
	return script(t, func(s string) string {
		if strings.Contains(s, "unsupported algorithm") {
			return "unsupported"
		}
		return strings.Fields(s)[0]
	}, "perl", "testdata/interop/maildkim.pl", dir)
}

// installed finds a program on the path or where Debian puts servers.
func installed(t *testing.T, name string) string {
	t.Helper()
	for _, bin := range []string{name, "/usr/sbin/" + name} {
		if bin, err := exec.LookPath(bin); err == nil {
			return bin
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// inOrder has results that a verifier gives by selector in the order of the
// signatures.
func inOrder(s sample, results map[string]string) []string {
	var list []string
	for _, selector := range s.selectors {
		list = append(list, results[selector])
	}
	return list
}

// openDKIM runs the filter in its test mode, which prints the
// Authentication-Results field that it would add.
func openDKIM(t *testing.T, dir string, records map[string]string, samples []sample) map[string]said {
	bin := installed(t, "opendkim")
	conf := t.TempDir()
	var keys strings.Builder
	for name, record := range records {
		fmt.Fprintf(&keys, "%s %s\n", name, record)
	}
	for name, text := range map[string]string{
		"keys": keys.String(),
		"conf": "Mode v\nAlwaysAddARHeader yes\nAuthservID interop.test\nTestPublicKeys " + filepath.Join(conf, "keys") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := make([]string, len(samples))
	for i, s := range samples {
		files[i] = filepath.Join(dir, s.name)
	}
	out := runVerifier(t, bin, "-x", filepath.Join(conf, "conf"), "-vvv", "-t", strings.Join(files, ","))
	// The field of a message comes before the line that names it.
	end := regexp.MustCompile(`^opendkim: (\S+\.eml): `)
	result := regexp.MustCompile(`dkim=(\w+) .*header\.s=(\w+)`)
	results, one := map[string]map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(out)) {
		if m := result.FindStringSubmatch(line); m != nil {
			one[m[2]] = m[1]
		} else if m := end.FindStringSubmatch(line); m != nil {
			results[filepath.Base(m[1])], one = one, map[string]string{}
		}
	}
	got := map[string]said{}
	for _, s := range samples {
		got[s.name] = said{dkim: inOrder(s, results[s.name])}
	}
	return got
}

// rspamd starts a worker that knows its modules dkim and arc only and asks a
// name server of this test.
func rspamd(t *testing.T, dir string, records map[string]string, samples []sample) map[string]said {
	bin := installed(t, "rspamd")
	dnsAt := nameServer(t, records)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	base, err := os.MkdirTemp("", "rspamd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	config := filepath.Join(base, "rspamd.conf")
	_, port, _ := net.SplitHostPort(dnsAt)
	for name, text := range map[string]string{config: fmt.Sprintf(rspamdConfig, base, port, at), filepath.Join(base, "tld"): "com\norg\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(base, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	args := []string{"-f", "-c", config}
	if os.Getuid() == 0 {
		args = append(args, "-i") // it does not like to be root
	}
	cmd := exec.Command(bin, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, base
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it and its workers
		cmd.Wait()
	})
	got := map[string]said{}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for try := 0; ; try++ {
		if r, err := client.Get("http://" + at + "/ping"); err == nil {
			r.Body.Close()
			break
		}
		if try == 100 {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("rspamd does not answer\n%s", text)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, s := range samples {
		got[s.name] = askRspamd(t, client, at, s)
	}
	return got
}

const rspamdConfig = `options {
	pidfile = "%[1]s/pid";
	tempdir = "%[1]s";
	control_socket = "%[1]s/control mode=0600";
	dns { nameserver = "127.0.0.1:%[2]s"; timeout = 2s; retransmits = 2; }
	filters = "dkim";
	url_tld = "%[1]s/tld";
	disable_hyperscan = true;
	hs_cache_dir = "%[1]s";
}
logging { type = "console"; level = "error"; }
modules { path = "/usr/share/rspamd/plugins/arc.lua"; }
lang_detection { languages = "%[1]s"; }
dkim { check_local = true; check_authed = true; }
arc { check_local = true; check_authed = true; }
worker "normal" { bind_socket = "%[3]s"; count = 1; }
`

func askRspamd(t *testing.T, client *http.Client, at string, s sample) said {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+at+"/checkv2", bytes.NewReader(s.raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("IP", "192.0.2.1")
	r, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var answer struct {
		Symbols map[string]struct{ Options []string }
	}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	results := map[string]string{}
	var got said
	for symbol, v := range answer.Symbols {
		result := map[string]string{
			"R_DKIM_ALLOW": "pass", "R_DKIM_REJECT": "fail", "R_DKIM_TEMPFAIL": "temperror", "R_DKIM_PERMFAIL": "permerror",
			"ARC_ALLOW": "pass", "ARC_REJECT": "fail", "ARC_INVALID": "invalid", "ARC_DNSFAIL": "temperror",
		}[symbol]
		switch {
		case result != "" && strings.HasPrefix(symbol, "ARC"):
			got.arc = result
		case result != "":
			for _, o := range v.Options {
				_, selector, _ := strings.Cut(o, ":s=")
				results[selector] = result
			}
		}
	}
	got.dkim = inOrder(s, results)
	return got
}

// nameServer answers TXT questions with the records.
func nameServer(t *testing.T, records map[string]string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &wire.Server{PacketConn: conn, Handler: wire.HandlerFunc(func(w wire.ResponseWriter, q *wire.Msg) {
		a := new(wire.Msg)
		a.SetReply(q)
		if record, ok := records[strings.ToLower(strings.TrimSuffix(q.Question[0].Name, "."))]; !ok {
			a.Rcode = wire.RcodeNameError
		} else if q.Question[0].Qtype == wire.TypeTXT {
			rr := &wire.TXT{Hdr: wire.RR_Header{Name: q.Question[0].Name, Rrtype: wire.TypeTXT, Class: wire.ClassINET, Ttl: 60}}
			for part := range slices.Chunk([]byte(record), 200) {
				rr.Txt = append(rr.Txt, string(part))
			}
			a.Answer = append(a.Answer, rr)
		}
		w.WriteMsg(a)
	})}
	go server.ActivateAndServe()
	t.Cleanup(func() { server.Shutdown() })
	return conn.LocalAddr().String()
}
