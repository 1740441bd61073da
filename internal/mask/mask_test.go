package mask

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Where one of the patterns is found, the look before it said "perhaps".
func TestLookMissesNothing(t *testing.T) {
	check := func(s string) {
		t.Helper()
		if m := token.FindString(s); m != "" && !mayHoldToken(s) {
			t.Errorf("%q holds %q, and the look before it says no", s, m)
		}
		for _, m := range address.FindAllStringSubmatch(s, 64) {
			if !digits(m[1]) && !mayHoldAddress(s) {
				t.Errorf("%q holds the address %q, and the look before it says no", s, m[1])
			}
		}
	}
	for _, s := range []string{
		"[redacted]", "[ name removed ]", "<mydomain>", "<your-ip>", "a xxxx b", "***", "████", "( )", "()", "[ ]", "[]", "( by (", "from ( by", "by (\r\n\twith x",
		"client-ip=;", "client-ip= ;", "sender IP is )", "sender IP is\r\n ;", "Client-IP=;", "ſender IP iſ ;", "x.x.x.x", "192.0.2.x", " 10.a.b.c ", "n.n.n.n", "#.#.#.#",
		"1.2.3.4, 5.6.7.xx", "192.0.2.█", "[REDACTED]", "<SERVER>", "XXXX", "xXxX",
	} {
		check(s)
		if (token.MatchString(s) || address.MatchString(s)) != (mayHoldToken(s) || mayHoldAddress(s)) {
			t.Errorf("%q: the look before does not say what the patterns say", s)
		}
	}
	pieces := []string{
		"[", "]", "<", ">", "(", ")", " ", "\t", "\r\n", ";", "x", "X", "*", "█", ".", "1", "25", "a", "b", "n", "y", "#", "_", "?", "-", "by", "from", "with", "my", "your",
		"domain", "host", "server", "redacted", "removed", "hidden", "client-ip=", "sender IP is", "ſ", "K", "\v", "\xff",
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var b strings.Builder
		for range 1 + rng.IntN(9) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		check(b.String())
	}
	// And it does say no to what most fields hold.
	for _, s := range []string{
		"from mail.kelp.example (mail.kelp.example [192.0.2.10]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) by mx.reader.example (Postfix) with ESMTPS id 4F2c2Z3k3Pz9sQ for <bob@reader.example>; Mon, 23 Nov 2026 04:10:00 +0000 (UTC)",
		"mx.reader.example; dkim=pass header.d=kelp.example header.s=s1; spf=pass smtp.mailfrom=ann@kelp.example; dmarc=pass header.from=kelp.example",
		"Ann Example <ann@kelp.example>",
	} {
		if mayHoldToken(s) || mayHoldAddress(s) {
			t.Errorf("%q: the look before says perhaps", s)
		}
	}
}
