package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

const meadow = `$TTL 300
meadow.example. IN MX 10 mx.meadow.example.
meadow.example. IN TXT "v=spf1 mx ip4:203.0.113.27 -all"
mx.meadow.example. IN A 203.0.113.25
relay.meadow.example. IN A 203.0.113.27
25.113.0.203.in-addr.arpa. IN PTR mx.meadow.example.
27.113.0.203.in-addr.arpa. IN PTR relay.meadow.example.
lindenbank.example. IN TXT "v=spf1 ip4:192.0.2.20 -all"
out.lindenbank.example. IN A 192.0.2.20
20.2.0.192.in-addr.arpa. IN PTR out.lindenbank.example.
`

// atMeadow is a message that came over mx and relay of meadow.example to its
// store; forged is what a stranger put below.
func atMeadow(i int, client, forged string) string {
	const rest = " with ESMTPS id X%d for <ida@meadow.example>; Thu, 26 Nov 2026 10:00:0%d +0000\n"
	return "From a@example.com Thu Nov 26 10:00:09 2026\nDelivered-To: ida@meadow.example\n" +
		fmt.Sprintf("Received: from relay.meadow.example (relay.meadow.example [203.0.113.27]) by store.meadow.example (Postfix)"+rest, i, 8) +
		fmt.Sprintf("Received: from mx.meadow.example (mx.meadow.example [10.0.0.2]) by relay.meadow.example (Postfix)"+rest, i, 7) +
		"Authentication-Results: mx.meadow.example; spf=pass smtp.mailfrom=a@lindenbank.example\n" +
		fmt.Sprintf("Received: from "+client+" by mx.meadow.example (Postfix)"+rest, i, 6) + forged +
		"From: a@lindenbank.example\nTo: ida@meadow.example\nSubject: x\n\nbody\n\n"
}

// What learn writes is what --org reads; nothing of a sender is in it.
func TestLearnCommand(t *testing.T) {
	dir := t.TempDir()
	zone := write(t, dir, "zone", meadow)
	var box strings.Builder
	for i := range 6 {
		box.WriteString(atMeadow(i, "out.lindenbank.example (out.lindenbank.example [192.0.2.20])", ""))
		box.WriteString(atMeadow(i, "mx.meadow.example (unknown [198.51.100.77])", "Authentication-Results: evil.meadow.example; dmarc=pass header.from=lindenbank.example\n"+
			"Received: from in.meadow.example (in.meadow.example [192.0.2.99]) by evil.meadow.example (Postfix, from userid 0) with ESMTP id Z; Thu, 26 Nov 2026 10:00:05 +0000\n"))
	}
	box.WriteString("From a@example.com Thu Nov 26 10:00:09 2026\nReceived: from a.example (a.example [192.0.2.1]) by mx.elsewhere.example (Postfix) with ESMTP id 1 for <b@elsewhere.example>; Thu, 26 Nov 2026 10:00:05 +0000\nFrom: a@a.example\n\n\n")
	archive := write(t, dir, "box.gz", gzipped(t, box.String()))
	got := runWith(t, testEnvironment(), "", "learn", "--dns", "zone:"+zone, archive)
	if got.code != 0 || got.errout != "" {
		t.Fatalf("%+v", got)
	}
	for _, no := range []string{"evil", "192.0.2", "198.51", "host = \"mx.elsewhere", "lindenbank"} {
		if strings.Contains(got.out, no) {
			t.Errorf("%s was learnt:\n%s", no, got.out)
		}
	}
	if !strings.Contains(got.out, "# 1 message received by other organisations: not learnt (\"elsewhere.example\").") {
		t.Error(got.out)
	}
	org := write(t, dir, "org.toml", got.out)
	list, err := (&owning{org: []string{org}}).list(&cli{environment: testEnvironment()})
	slices.Sort(list)
	want := []string{"10.0.0.2", "203.0.113.27", "mx.meadow.example", "relay.meadow.example", "store.meadow.example"}
	if err != nil || !slices.Equal(list, want) {
		t.Errorf("own: %q, want %q, %v\n%s", list, want, err, got.out)
	}
	// Without the DNS the path is known from the file alone.
	message := write(t, dir, "one.eml", atMeadow(1, "out.lindenbank.example (out.lindenbank.example [192.0.2.20])", ""))
	report := func(args ...string) string {
		return runWith(t, testEnvironment(), "", append([]string{"analyze", "--json", "--dns", "off", message}, args...)...).out
	}
	if out := report("--org", org); !strings.Contains(out, `"client_ip": "192.0.2.20"`) {
		t.Errorf("%s", out)
	}
}

// A host name may hold anything, and the file is still one.
func TestOrgText(t *testing.T) {
	for _, s := range []string{"mx.example.org", "a\"b\\c", "x\n[[relay]]\nhost = \"evil\"", "ü\u202e\x00\x7f"} {
		var v struct{ Host string }
		if err := toml.Unmarshal([]byte("host = "+text(s)), &v); err != nil || v.Host != s {
			t.Errorf("%q: %q, %v", s, v.Host, err)
		}
	}
}

func TestOrgMistakes(t *testing.T) {
	dir := t.TempDir()
	message := write(t, dir, "m.eml", "Subject: x\n\n")
	test := func(file, want string) {
		t.Helper()
		got := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "off", "--org", write(t, dir, "org.toml", file), message)
		if got.code != exitUsage || !strings.Contains(got.errout, want) {
			t.Errorf("%q: exit %d, want %q in\n%s", file, got.code, want, got.errout)
		}
	}
	test("", "schema 0, not 1")
	test("schema = [", "org.toml")
	test("schema = 1\n[[network]]\nnetwork = \"0.0.0.0/0\"\n", "0.0.0.0/0 is not one organisation's network")
	test("schema = 1\n[[relay]]\nhost = \"a b\"\n", `"a b" is not a host`)
	got := runWith(t, fakeEnvironment(), "", "analyze", "--dns", "off", "--org", write(t, dir, "org.toml", "schema = 1\n[[network]]\nnetwork = \"10.0.0.0/8\"\n"), message)
	if got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := runWith(t, fakeEnvironment(), "", "learn", "--min", "0", message); got.code != exitUsage || !strings.Contains(got.errout, "--min 0") {
		t.Errorf("%+v", got)
	}
}
