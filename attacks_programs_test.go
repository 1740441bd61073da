package mailtrace_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/spf"
)

// programAttacks are the vulnerabilities of programs, by the name that the table
// in docs/attacks.md has.
var programAttacks = map[string]func(t *testing.T){
	"CVE-2011-1764": func(t *testing.T) { // Exim: format string in i=
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=%n%s; i=%s%n%d@evil.example; h=from; bh=AAAA; b=AAAA\r\n"+fromEvil+otherLines+shortBody)
		if r.DKIM[0].Result == "pass" || strings.Contains(fmt.Sprint(r.Findings), "%!") {
			t.Errorf("%+v", r.DKIM[0])
		}
	},
	"CVE-2011-1407": func(t *testing.T) { // Exim: i= looked up as a list item
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=/etc/passwd; s=s; i=@/etc/passwd; h=from; bh=AAAA; b=AAAA\r\n"+fromEvil+otherLines+shortBody)
		if r.DKIM[0].Result == "pass" {
			t.Error("passes")
		}
	},
	"CVE-2022-3620": func(t *testing.T) { // Exim: use after free in the look-up of a DMARC record
		r := judged(t, fromEvilHost("m@evil.example")+fromVictim+otherLines+shortBody, `_dmarc.victim.example. TXT "v=DMARC1; p=reject; x=`+strings.Repeat("y", 230)+`"`)
		notVictim(t, r)
	},
	"CVE-2019-16378": func(t *testing.T) { // OpenDMARC: several From fields
		r := judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", fromVictim+fromEvil+otherLines+shortBody))
		notVictim(t, r)
		found(t, r, "dmarc-multiple-from")
	},
	"CVE-2019-20790": func(t *testing.T) { // OpenDMARC: SPF of HELO taken for that of MAIL FROM
		raw := strings.Replace(fromEvilHost("m@victim.example"), "from mx.evil.example (", "from helo.evil.example (", 1)
		r := judged(t, "Received-SPF: Pass (helo) identity=helo; client-ip=198.51.100.66; helo=helo.evil.example\r\n"+raw+fromVictim+otherLines+shortBody, `helo.evil.example. TXT "v=spf1 +all"`)
		notVictim(t, r)
	},
	"CVE-2020-12272": func(t *testing.T) { // OpenDMARC: results injected by "(" and others in a domain
		for _, d := range []string{"victim.example(.evil.example", "victim.example'a.evil.example", "victim.example\".evil.example", "victim.example;.evil.example"} {
			ar := "Authentication-Results: mx.reader.example; spf=pass smtp.mailfrom=x@" + d + "; dkim=pass header.d=" + d + "\r\n"
			notVictim(t, judged(t, ar+fromEvilHost("x@"+d)+fromVictim+otherLines+shortBody))
		}
	},
	"CVE-2020-12460": func(t *testing.T) { // OpenDMARC: a report without terminating zero
		if _, err := mailtrace.AnalyzeBytes(context.Background(), []byte("<?xml version=\"1.0\"?><feedback>"), mailtrace.Options{}); err == nil {
			t.Error("an aggregate report is taken for a message")
		}
	},
	"CVE-2021-34555": func(t *testing.T) { // OpenDMARC: several authors in From
		for _, v := range []string{"a@victim.example, b@evil.example", "a@victim.example,", ",,,", "a@, @b, <>", "group: a@victim.example, b@evil.example;"} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: "+v+"\r\n"+otherLines+shortBody))
		}
	},
	"CVE-2024-25768": func(t *testing.T) { // OpenDMARC: null pointer on a policy that is not there
		for _, rec := range []string{`""`, `"v=DMARC1"`, `"v=DMARC1;"`, `"v=DMARC1; p="`, `"v=DMARC1; p=none; rua="`, `"v=DMARC1; pct=; ri=; fo=;"`} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: a@n.example\r\n"+otherLines+shortBody, "_dmarc.n.example. TXT "+rec))
		}
	},
	"CVE-2022-48521": func(t *testing.T) { // OpenDKIM: forged results left when one of several is removed
		ar := "Authentication-Results: mx.reader.example; dkim=pass header.d=victim.example; dmarc=pass header.from=victim.example\r\n"
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+ar+ar+ar+fromVictim+otherLines+shortBody))
	},
	"VU#268267": func(t *testing.T) { // DKIM verifiers: keys under 1024 bits and test keys pass
		key := `s._domainkey.w.example. TXT "v=DKIM1; t=y; k=rsa; p=` + weakRSA + `"`
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=w.example; s=s; h=from; bh=AAAA; b=AAAA\r\nFrom: a@w.example\r\n"+otherLines+shortBody, key)
		if r.DKIM[0].Result == "pass" {
			t.Error("passes")
		}
		found(t, r, "dkim-key-weak")
	},
	"CVE-2008-2469": func(t *testing.T) { // libspf2: length of a TXT record
		for n := range 20 {
			e := spfOf(t, "v=spf1 "+strings.Repeat("x", 60_000+n)+" -all", "a@d.example")
			if e.Result == spf.Pass {
				t.Error("passes")
			}
		}
	},
	"CVE-2021-20314": func(t *testing.T) { // libspf2: stack overflow by an explanation
		e := spfOf(t, "v=spf1 -all exp=%{S}"+strings.Repeat("%{l1r-._}", 100)+".x.d.example", strings.Repeat("a-b.", 60)+"@d.example")
		if e.Result == spf.Pass {
			t.Error("passes")
		}
	},
	"CVE-2021-33913": func(t *testing.T) { // libspf2: heap overflow by a long domain with %{D}
		spfOf(t, "v=spf1 exists:%{D}"+strings.Repeat(".%{d}", 200)+" -all", "a@"+strings.Repeat("a.", 100)+"d.example")
	},
	"CVE-2023-42118": func(t *testing.T) { // libspf2: integer underflow in macros
		for _, m := range []string{"%{i0}", "%{i00}", "%{ir}", "%{i128r}", "%{i99999999999r}", "%{", "%{}", "%{i", "%{d-}", "%%{%", "%"} {
			if e := spfOf(t, "v=spf1 exists:"+m+".d.example -all", "a@d.example"); e.Result == spf.Pass {
				t.Errorf("%s passes", m)
			}
		}
	},
	"CVE-2019-12420": func(t *testing.T) { // SpamAssassin: many MIME parts
		judged(t, fromEvilHost("m@evil.example")+fromEvil+"Content-Type: multipart/mixed; boundary=b\r\n"+otherLines+"\r\n"+strings.Repeat("--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 5000))
	},
	"CVE-2017-15705": func(t *testing.T) { // SpamAssassin: tags that are never closed
		judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", fromEvil+otherLines+"Content-Type: text/html\r\n\r\n"+strings.Repeat("<a href=\"", 20_000)+"\r\n")+"<x")
	},
	"CVE-2007-0451": func(t *testing.T) { // SpamAssassin: very long addresses of pages
		judged(t, fromEvilHost("m@evil.example")+fromEvil+otherLines+"\r\nhttp://"+strings.Repeat("a.", 200_000)+"\r\n")
	},
	"CVE-2024-39929": func(t *testing.T) { // Exim: a file name over several lines
		judged(t, fromEvilHost("m@evil.example")+fromEvil+otherLines+"Content-Type: application/x; name*0=\"a.\"\r\n name*1=exe;\r\n name*9999999999=b\r\n"+shortBody)
	},
	"OpenARC-45": func(t *testing.T) { // OpenARC: a set with results and without a signature
		judged(t, "ARC-Authentication-Results: i=2; evil.example; spf=pass\r\nARC-Seal: i=1; a=rsa-sha256; d=evil.example; s=s; cv=none; b=AAAA\r\n"+
			"ARC-Message-Signature: i=1; a=rsa-sha256; d=evil.example; s=s; h=from; bh=AA==; b=AAAA\r\nARC-Authentication-Results: i=1; evil.example; spf=pass\r\n"+
			fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
	},
	"OpenARC-46": func(t *testing.T) { // OpenARC: a seal without a=
		judged(t, "ARC-Seal: i=1; d=evil.example; s=s; cv=none; b=AAAA\r\nARC-Message-Signature: i=1; d=evil.example; s=s; h=from; bh=AA==; b=AAAA\r\n"+
			"ARC-Authentication-Results: i=1; evil.example; spf=pass\r\n"+fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
	},
	"OpenDMARC-183": func(t *testing.T) { // OpenDMARC: a b= of a long key, seals that are no tag list
		for _, seal := range []string{"i=1; a=rsa-sha256; d=evil.example; s=s; cv=none; b=" + strings.Repeat("QUFB", 400), "i=1; none", "x", "=", "i"} {
			judged(t, "ARC-Seal: "+seal+"\r\nARC-Message-Signature: "+seal+"\r\nARC-Authentication-Results: "+seal+"\r\n"+fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
		}
	},
	"go-dkim-4": func(t *testing.T) { // go-msgauth (go-dkim): panic in canonicalization
		for _, text := range []string{"From:\r\n", "From", ":\r\n", "From: a\r\n \r\n \r\n", "\r\n\r\n\r\n"} {
			for _, c := range []string{dkim.Simple, dkim.Relaxed} {
				dkim.AppendHeader(nil, c, []byte(text))
			}
		}
		judged(t, "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed; d=evil.example; s=s; h=from:from:x; bh=AAAA; b=AAAA\r\n"+fromEvil+"\r\n\r\n\r\n \r\n")
	},
	"mailauth-6": func(t *testing.T) { // mailauth: the wrong default of c=
		raw := sign(t, "evil.example", fromEvil+otherLines+shortBody)
		raw = regexp.MustCompile(`c=[a-z/]+; ?`).ReplaceAllString(raw, "")
		m := message.Parse([]byte(fromEvilHost("m@evil.example") + raw))
		if r := judged(t, string(m.Raw)); r.DKIM[0].Canonicalization != "simple/simple" {
			t.Errorf("c= is %s", r.DKIM[0].Canonicalization)
		}
	},

	// Exim, by CVE and by the number of its bug tracker or its change log.
	"CVE-2012-5671": longKey, "OpenDKIM-434": longKey,
	"CVE-2014-2957": func(t *testing.T) { // the From field is expanded as a template
		file := filepath.Join(t.TempDir(), "made")
		for _, v := range []string{"${run{/usr/bin/touch " + file + "}}@victim.example", "a@${run{/usr/bin/touch " + file + "}}.victim.example", "`touch " + file + "` <a@victim.example>", "$(touch " + file + ") <a@victim.example>"} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: "+v+"\r\n"+otherLines+shortBody))
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("a From field was run")
		}
	},
	"Exim-1433": func(t *testing.T) { // a From field that cannot be read
		for _, v := range []string{"", " ", "\"", "\\", "<", "<>", "a@", "@", "(", "\"a\\", "a@b.example\\", "<a@b.example", ":;", "a:;", "=?utf-8?q?", strings.Repeat("<", 5000)} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: "+v+"\r\n"+otherLines+shortBody))
		}
	},
	"Exim-2029": func(t *testing.T) { // a signature without bh=
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=s; h=from; b=AAAA\r\n"+fromEvil+otherLines+shortBody)
		if r.DKIM[0].Result == "pass" || r.DKIM[0].BodyHash == "match" {
			t.Errorf("%+v", r.DKIM[0])
		}
	},
	"Exim-2493": func(t *testing.T) { // the fields of a set in another order
		text := fromEvil + otherLines + shortBody
		m := message.Parse([]byte(text))
		came, err := arc.Verify(context.Background(), texts{}, m, arc.Options{})
		if err != nil {
			t.Fatal(err)
		}
		set, err := arc.Seal(m, came, arc.SealOptions{Domain: "evil.example", Selector: "s", Key: attackKey, Results: "mx.evil.example; none"})
		if err != nil {
			t.Fatal(err)
		}
		fields := regexp.MustCompile(`(?s)ARC-.*?\r\n(?:[ \t].*?\r\n)*`).FindAllString(string(set), -1)
		if len(fields) != 3 {
			t.Fatalf("%d fields", len(fields))
		}
		for _, order := range [][3]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {1, 0, 2}} {
			r := judged(t, fromEvilHost("m@evil.example")+fields[order[0]]+fields[order[1]]+fields[order[2]]+text)
			if r.ARC == nil || r.ARC.Result != "pass" {
				t.Errorf("%v: %+v", order, r.ARC)
			}
		}
	},
	"Exim-3120": keyTags,
	"Exim-4.100: ARC key": func(t *testing.T) { // a key of a seal that cannot be decoded
		for _, key := range []string{"v=DKIM1; p=!!!!", "v=DKIM1; p=A", "v=DKIM1; k=rsa; p=" + strings.Repeat("A", 3), "p=====", "v=DKIM1; k=ed25519; p=AAAA"} {
			seals := "ARC-Seal: i=1; a=rsa-sha256; d=k.example; s=s; cv=none; b=AAAA\r\nARC-Message-Signature: i=1; a=rsa-sha256; d=k.example; s=s; h=from; bh=AAAA; b=AAAA\r\nARC-Authentication-Results: i=1; k.example; dmarc=pass header.from=victim.example\r\n"
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+seals+fromVictim+otherLines+shortBody, `s._domainkey.k.example. TXT "`+key+`"`))
		}
	},
	"Exim-3222": func(t *testing.T) { // a name in h= that begins another one
		lists := "List-Unsubscribe: <https://evil.example/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
		for _, names := range [][]string{{"From", "List-Unsubscribe", "List-Unsubscribe-Post"}, {"From", "List-Unsubscribe-Post", "List-Unsubscribe"}} {
			if r := judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", lists+fromEvil+otherLines+shortBody, names...)); r.DKIM[0].Result != "pass" {
				t.Errorf("%v: %+v", names, r.DKIM[0])
			}
		}
	},
	"Exim-4.100: bare LF": func(t *testing.T) { // a bare line feed that some read as the end of a line
		signed := sign(t, "victim.example", fromVictim+otherLines+shortBody)
		for _, at := range []string{"Subject: Thursday", "\r\nHello"} {
			r := judged(t, fromEvilHost("m@evil.example")+strings.Replace(signed, at, at+"\nSubject: pay\n", 1))
			notVictim(t, r)
			if r.DKIM[0].Result == "pass" && warned(r) == "" {
				t.Errorf("%q: %s", at, r.Verdict.Summary)
			}
		}
	},
	"CVE-2020-28025": hashLengths, "rspamd-4.1.3: bh=": hashLengths,

	// OpenDKIM.
	"CVE-2020-35766": writesNoFile,
	"OpenDKIM-271":   manySignatures, "rspamd-4.1.3: signatures": manySignatures,
	"OpenDKIM-433": func(t *testing.T) { // z= over 32 KB
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=ed25519-sha256; d=evil.example; s=s; h=from; z="+strings.Repeat("From:a@b.example|", 4000)+"; bh=AAAA; b=AAAA\r\n"+fromEvil+otherLines+shortBody)
		if r.DKIM[0].Result == "pass" {
			t.Error("passes")
		}
	},
	"OpenDKIM-434: results": func(t *testing.T) { // a forged field of results over 4 KB is not removed
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"Authentication-Results: mx.reader.example; dkim=pass header.d=victim.example; "+strings.Repeat("x-a=pass (filler); ", 400)+"dmarc=pass header.from=victim.example\r\n"+fromVictim+otherLines+shortBody))
	},
	"OpenDKIM: empty d=": func(t *testing.T) { // a null pointer where d= is empty
		for _, d := range []string{"d=;", "d= ;", "", "d;", "d=.;", "d=\"\";"} {
			if r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=ed25519-sha256; "+d+" s=s; h=from; bh=AAAA; b=AAAA\r\n"+fromEvil+otherLines+shortBody); r.DKIM[0].Result == "pass" {
				t.Errorf("%q passes", d)
			}
		}
	},

	// OpenDMARC, by its tracker.
	"OpenDMARC-70": func(t *testing.T) { // the domain of a failed result with the pass of another
		broken := strings.Replace(sign(t, "victim.example", fromVictim+otherLines+shortBody), "b=", "b=AAAA", 1)
		for _, raw := range []string{sign(t, "evil.example", broken), strings.Replace(broken, "\r\nFrom:", "\r\n"+"X-A: b\r\nFrom:", 1)} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+raw))
		}
	},
	"OpenDMARC-441": func(t *testing.T) { // more than 16 results in one field
		for _, n := range []int{17, 257, 5000} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"Authentication-Results: mx.reader.example"+strings.Repeat("; unheard=pass x.y=z", n)+"; dmarc=pass header.from=victim.example\r\n"+fromVictim+otherLines+shortBody))
		}
	},
	"OpenDMARC-443": func(t *testing.T) { // short and longest names where 256 bytes are copied
		long := strings.TrimSuffix(strings.Repeat(strings.Repeat("a", 63)+".", 4), ".")[:253]
		for _, name := range []string{"a", "a.example", long} {
			raw := fromEvilHost("m@p.example") + "From: m@p.example\r\n" + otherLines + shortBody
			judged(t, raw, `p.example. TXT "v=spf1 ptr -all"`, "66.100.51.198.in-addr.arpa. PTR "+name+".", name+". A 198.51.100.66")
		}
	},

	// OpenARC, by its tracker.
	"OpenARC-17": func(t *testing.T) { // tags that stand twice in a seal
		for _, twice := range []string{"; cv=pass", "; d=victim.example", "; b=AAAA", "; a=rsa-sha1"} {
			seals := "ARC-Seal: i=1; a=ed25519-sha256; d=evil.example; s=s; cv=none; b=AAAA" + twice + "\r\nARC-Message-Signature: i=1; a=ed25519-sha256; d=evil.example; s=s; h=from; bh=AAAA; b=AAAA\r\nARC-Authentication-Results: i=1; evil.example; dmarc=pass header.from=victim.example\r\n"
			r := judged(t, fromEvilHost("m@evil.example")+seals+fromVictim+otherLines+shortBody)
			notVictim(t, r)
			if r.ARC.Result == "pass" {
				t.Errorf("%s: the chain passes", twice)
			}
		}
	},
	"OpenARC-140": func(t *testing.T) { // c= with one algorithm
		for _, c := range []string{"relaxed", "relaxed/", "/", "/relaxed", ""} {
			judged(t, "ARC-Seal: i=1; a=ed25519-sha256; d=evil.example; s=s; cv=none; b=AAAA\r\nARC-Message-Signature: i=1; a=ed25519-sha256; c="+c+"; d=evil.example; s=s; h=from; bh=AAAA; b=AAAA\r\nARC-Authentication-Results: i=1; evil.example; none\r\n"+fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
		}
	},

	// rspamd, by its tracker and its change log.
	"rspamd-2999": func(t *testing.T) { // an Ed25519 key that is too long
		key := base64.StdEncoding.EncodeToString(make([]byte, 32))
		for _, p := range []string{key + "v=DKIM1; k=ed25519;p=" + key, key + key, "AAAA", "", base64.StdEncoding.EncodeToString(make([]byte, 33))} {
			r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=ed25519-sha256; d=k.example; s=s; h=from; bh=AAAA; b=AAAA\r\nFrom: a@k.example\r\n"+otherLines+shortBody, `s._domainkey.k.example. TXT "v=DKIM1; k=ed25519;p=`+p+`"`)
			if r.DKIM[0].Result == "pass" {
				t.Errorf("%q passes", p)
			}
		}
	},
	"rspamd-5181": func(t *testing.T) { // the key is of another kind than the signature
		public := base64.StdEncoding.EncodeToString(attackKey.Public().(ed25519.PublicKey))
		for _, c := range []struct{ algorithm, key string }{{"rsa-sha256", "k=ed25519; p=" + public}, {"rsa-sha256", "k=rsa; p=" + public}, {"ed25519-sha256", "k=rsa; p=" + weakRSA}, {"ed25519-sha256", "p=" + public}, {"rsa-md5", "k=rsa; p=" + weakRSA}} {
			r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a="+c.algorithm+"; d=k.example; s=s; h=from; bh=AAAA; b="+strings.Repeat("AAAA", 200)+"\r\nFrom: a@k.example\r\n"+otherLines+shortBody, `s._domainkey.k.example. TXT "v=DKIM1; `+c.key+`"`)
			if r.DKIM[0].Result == "pass" {
				t.Errorf("%v passes", c)
			}
		}
	},
	"rspamd-5441": func(t *testing.T) { // ARC fields without a value beside whole ones
		judged(t, "ARC-Seal:\r\nARC-Seal: i=1; a=rsa-sha256; d=evil.example; s=s; cv=none; b=AAAA\r\nARC-Message-Signature:\r\nARC-Authentication-Results: \r\nARC-Seal: i=99999999999999999999\r\n"+fromEvilHost("m@evil.example")+fromEvil+otherLines+shortBody)
	},
	"rspamd-4.1.3: key": func(t *testing.T) { // keys of any size
		der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int).Lsh(big.NewInt(1), 16_383), 0, 1), E: 65537})
		if err != nil {
			t.Fatal(err)
		}
		quoted := ""
		for chunk := range slices.Chunk([]byte("v=DKIM1; k=rsa; p="+base64.StdEncoding.EncodeToString(der)), 250) {
			quoted += ` "` + string(chunk) + `"`
		}
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=k.example; s=s; h=from; bh=AAAA; b=AAAA\r\nFrom: a@k.example\r\n"+otherLines+shortBody, "s._domainkey.k.example. TXT"+quoted)
		found(t, r, "dkim-key-malformed")
	},
	"rspamd-4.1.3: h=": func(t *testing.T) { // a list of names without a bound
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=ed25519-sha256; d=evil.example; s=s; h="+strings.Repeat("from:to:x:", 20_000)+"from; bh=AAAA; b=AAAA\r\n"+fromEvil+otherLines+shortBody)
		if r.DKIM[0].Result == "pass" {
			t.Error("passes")
		}
	},
	"rspamd-4.1.3: comments": func(t *testing.T) { // comments in comments, in every field that is read
		deep := strings.Repeat("(", 50_000)
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"Received: from a "+deep+" by b; Wed, 2 Dec 2026 10:00:00 +0000\r\nAuthentication-Results: mx.reader.example; spf=pass "+deep+"\r\nReceived-SPF: pass "+deep+"\r\nFrom: a@victim.example "+deep+"\r\nDate: "+deep+"\r\nTo: b@c.example "+deep+"\r\nContent-Type: text/plain "+deep+"\r\n"+shortBody))
	},
	"rspamd-4.1.3: SPF": func(t *testing.T) { // limits of look-ups and of includes in one another
		for record, want := range map[string]spf.Result{
			"v=spf1 include:x.d.example -all":                                spf.PermError, // which is itself
			"v=spf1" + strings.Repeat(" mx:x.d.example", 11) + " -all":       spf.PermError,
			"v=spf1" + strings.Repeat(" exists:%{i}.n.example", 3) + " +all": spf.PermError, // void
		} {
			if e := spfOf(t, record, "a@d.example"); e.Result != want {
				t.Errorf("%s is %s", record, e.Result)
			}
		}
	},
	"rspamd-4.1.2": func(t *testing.T) { // messages in messages without end
		inner := fromEvil + otherLines + shortBody
		for i := range 60 {
			inner = fmt.Sprintf("%sContent-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--b%d--\r\n", fromEvil, i, i, inner, i)
		}
		judged(t, fromEvilHost("m@evil.example")+inner)
	},
	"rspamd-4.1.0: spf2.0": func(t *testing.T) { // a record that ends where its version does
		for _, record := range []string{"spf2.", "spf2.0", "spf2.0/", "v=spf", "v=spf1", "v=spf1 ", "v=spf10"} {
			if e := spfOf(t, record, "a@d.example"); e.Result == spf.Pass {
				t.Errorf("%q passes", record)
			}
		}
	},

	// libspf2, mailauth and the Go libraries, by their trackers.
	"CVE-2021-33912": func(t *testing.T) { // bytes over 127 where %{S} is escaped
		spfOf(t, "v=spf1 exists:%{S}.%{H}.%{L}.d.example -all", strings.Repeat("\xff\xfe", 100)+"@d.example")
	},
	"libspf2-42": func(t *testing.T) { // the first character of a part without its delimiter is lost
		e, err := spf.Check(context.Background(), texts{"d.example": "v=spf1 exists:%{l1r-}.l.example ip4:198.51.100.66 -all", "trong.l.example": ""}, spf.Query{IP: mustAddr("198.51.100.66"), MailFrom: "strong@d.example"}, spf.Options{Tree: true})
		if err != nil || !strings.Contains(fmt.Sprintf("%+v", e.Tree), "strong.l.example") {
			t.Errorf("%v, %+v", err, e.Tree)
		}
	},
	"mailauth-125": func(t *testing.T) { // %{d} of an included record is not that of the sender
		zone := texts{"d.example": "v=spf1 include:in.example -all", "in.example": "v=spf1 include:m.%{d} -all", "m.in.example": "v=spf1 ip4:198.51.100.66 -all", "m.d.example": "v=spf1 -all"}
		e, err := spf.Check(context.Background(), zone, spf.Query{IP: mustAddr("198.51.100.66"), MailFrom: "a@d.example"}, spf.Options{})
		if err != nil || e.Result != spf.Pass {
			t.Errorf("%v, %+v", err, e)
		}
	},
	"toorop-go-dkim-4": func(t *testing.T) { // a= without a dash
		for _, a := range []string{"rsa", "-", "rsa-", "-sha256", "", "rsa-sha256-x"} {
			if r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a="+a+"; d=evil.example; s=s; h=from; bh=AAAA; b=AAAA\r\n"+fromEvil+otherLines+shortBody); r.DKIM[0].Result == "pass" {
				t.Errorf("a=%s passes", a)
			}
		}
	},
	"go-msgauth-58": func(t *testing.T) { // one name twice in h=, in two spellings
		if r := judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", fromEvil+otherLines+shortBody, "From", "Message-Id", "Message-ID", "from", "FROM")); r.DKIM[0].Result != "pass" {
			t.Errorf("%+v", r.DKIM[0])
		}
	},

	// SpamAssassin: all that the list of CVEs has. Of its rule files (2018-11781 to
	// 2020-1946), of what it runs (2006-2447, 2018-11780) and of files in its way
	// (2007-2873, 2016-1238) there is nothing here that could run or be in the way.
	"CVE-2003-1557": func(t *testing.T) { // lines that begin with a dot
		raw := fromEvilHost("m@evil.example") + ".From: service@victim.example\r\n..From: service@victim.example\r\n" + fromEvil + otherLines + "." + shortBody + ".\r\n..\r\n"
		notVictim(t, judged(t, raw))
	},
	"CVE-2004-0796": func(t *testing.T) { // messages that break the grammar
		for _, raw := range []string{"From: a@victim.example", ":\r\n: \r\nFrom: a@victim.example\r\n\r\n", "From: a@victim.example\r\n\r\r\n\n\r", "From:a@victim.example\r\n\t\r\n \r\n\t\r\n", "\r\n\r\nFrom: a@victim.example\r\n", "From: a@victim.example\x00\r\n\x00\r\n", "Content-Type: multipart/mixed;\r\nFrom: a@victim.example\r\n\r\n--\r\n----\r\n"} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+raw))
		}
	},
	"CVE-2005-1266": func(t *testing.T) { // a long Content-Type without a boundary
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+fromVictim+"Content-Type: multipart/mixed; "+strings.Repeat("x=\"y\"; ", 50_000)+"\r\n"+otherLines+"\r\n--\r\nContent-Type: message/rfc822\r\n\r\n"+fromEvil+shortBody))
	},
	"CVE-2005-3351": func(t *testing.T) { // many recipients
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+fromVictim+"To: "+strings.Repeat("b@reader.example, ", 50_000)+"b@reader.example\r\n"+shortBody))
	},
	"CVE-2006-2447": func(t *testing.T) { // a recipient that is a command
		file := filepath.Join(t.TempDir(), "made")
		notVictim(t, judged(t, strings.Replace(fromEvilHost("m@evil.example"), "bob@", "`touch${IFS}"+file+"`;touch${IFS}"+file+";@", 1)+"Delivered-To: |touch "+file+"\r\n"+fromVictim+otherLines+shortBody))
		if _, err := os.Stat(file); err == nil {
			t.Error("a recipient was run")
		}
		runsNothing(t)
	},
	"CVE-2007-2873": writesNoFile,
	"CVE-2016-1238": runsNothing,
	"CVE-2018-11780": func(t *testing.T) { // the text of a PDF is run
		judged(t, fromEvilHost("m@evil.example")+fromEvil+otherLines+"Content-Type: application/pdf; name=\"`id`.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString([]byte("%PDF-1.7\n1 0 obj<</JS(app.alert(1))/Launch(`id`)>>endobj"))+"\r\n")
		runsNothing(t)
	},
	"CVE-2018-11781": runsNothing, "CVE-2018-11805": runsNothing, "CVE-2020-1930": runsNothing, "CVE-2020-1931": runsNothing, "CVE-2020-1946": runsNothing,

	// Beside them: programs that read the same fields.
	"CVE-2024-28054": func(t *testing.T) { // amavis: two parameters boundary, readers differ
		inner := "Content-Type: message/rfc822\r\n\r\n" + fromVictim + otherLines + shortBody
		r := judged(t, fromEvilHost("m@evil.example")+fromEvil+"Content-Type: multipart/mixed; boundary=a; boundary=b\r\n"+otherLines+"\r\n--a\r\n\r\ntext\r\n--b\r\n"+inner+"\r\n--a--\r\n--b--\r\n")
		notVictim(t, r)
		for i := range r.Embedded {
			notVictim(t, &r.Embedded[i])
		}
	},
	"CVE-2024-7208": sharedHost, "CVE-2024-7209": sharedHost,
	"CVE-2026-63435": func(t *testing.T) { // Ruby's mail: encoded words that break the grammar
		words := []string{"=?utf-8?q?service=40victim.example?= =?x?q?y", `"=?utf-8?q?service=40victim.example?="`, "=?utf-8*en?q?service=40victim.example?=", "=?unheard?q?service=40victim.example?=",
			"=?unheard?q?a?= =?utf-8?q?service=40victim.example?=", "=?utf-8?b?" + strings.TrimRight(base64.StdEncoding.EncodeToString([]byte("service@victim.example")), "=") + "?="}
		for _, v := range words {
			ambiguous(t, v+" <m@evil.example>")
		}
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: =?utf-8?q?service?= =?a?b?c?q?=40victim.example?= <m@evil.example>\r\n"+otherLines+shortBody))
	},
	"Mailsploit": func(t *testing.T) { // an encoded address and an encoded NUL before @
		victim := base64.StdEncoding.EncodeToString([]byte("service@victim.example"))
		for _, v := range []string{"=?utf-8?b?" + victim + "?==?utf-8?Q?=00?=@evil.example", "=?utf-8?b?" + victim + "?==?utf-8?Q?=0A=00?==?utf-8?b?" + victim + "?=@evil.example", "=?utf-8?Q?=22service=22=20=3Cservice=40victim.example=3E=00?=@evil.example"} {
			ambiguous(t, v)
		}
	},
}

// weakRSA is a key of 512 bits.
const weakRSA = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="

// longKey: key records longer than a buffer, one and two at a name.
func longKey(t *testing.T) {
	for _, sizes := range [][]int{{60}, {33, 33}, {250}} {
		var records []string
		for _, n := range sizes {
			records = append(records, "s._domainkey.k.example. TXT "+strings.Repeat(`"`+strings.Repeat("A", 250)+`" `, n))
		}
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=k.example; s=s; h=from; bh=AAAA; b=AAAA\r\nFrom: a@k.example\r\n"+otherLines+shortBody, records...)
		if len(r.DKIM) != 1 || r.DKIM[0].Result == "pass" {
			t.Errorf("%+v", r.DKIM)
		}
	}
}

// keyTags: key records that are no tag list.
func keyTags(t *testing.T) {
	for _, rec := range []string{`"="`, `";;;"`, `"p"`, `"v=DKIM1; p=; p=AAAA"`, `"k=rsa; p=MAA="`, `"p=\000\001"`, `"v=DKIM1;;p=AAAA"`, `" "`, `""`, `"v=DKIM1; n=\127\255; p"`} {
		r := judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=rsa-sha256; d=k.example; s=s; h=from; bh=AAAA; b=AAAA\r\nFrom: a@k.example\r\n"+otherLines+shortBody, "s._domainkey.k.example. TXT "+rec)
		if r.DKIM[0].Result == "pass" {
			t.Errorf("%s passes", rec)
		}
	}
}

// hashLengths: a bh= that is shorter or longer than the hash, its beginning right.
func hashLengths(t *testing.T) {
	signed := sign(t, "evil.example", fromEvil+otherLines+shortBody)
	bh := regexp.MustCompile(`bh=([A-Za-z0-9+/=\s]+);`).FindStringSubmatch(signed)
	if bh == nil {
		t.Fatal("no bh=")
	}
	hash, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(bh[1]), ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 20, 31, 33, 64, 5000} {
		other := append(slices.Clone(hash), make([]byte, 5000)...)[:n]
		raw := strings.Replace(signed, bh[0], "bh="+base64.StdEncoding.EncodeToString(other)+";", 1)
		if r := judged(t, fromEvilHost("m@evil.example")+raw); r.DKIM[0].BodyHash == "match" || r.DKIM[0].Result == "pass" {
			t.Errorf("a bh= of %d bytes matches", n)
		}
	}
}

// manySignatures: every one names another domain; the DNS is asked for as many
// keys as are verified.
func manySignatures(t *testing.T) {
	var raw strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&raw, "DKIM-Signature: v=1; a=rsa-sha256; d=d%d.example; s=s; h=from; bh=AAAA; b=AAAA\r\n", i)
	}
	var asked atomic.Int32
	res := lookup(func(_ context.Context, name string, typ dns.Type) (dns.Answer, error) {
		if strings.Contains(name, "._domainkey.") {
			asked.Add(1)
		}
		return dns.Answer{Name: name, Type: typ, Status: dns.NXDomain}, nil
	})
	r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(fromEvilHost("m@evil.example")+raw.String()+fromVictim+otherLines+shortBody), mailtrace.Options{Resolver: res, TimeLimit: -1})
	if err != nil {
		t.Fatal(err)
	}
	everyFormat(t, r)
	notVictim(t, r)
	if n := asked.Load(); n > 2*dkim.DefaultMaxSignatures {
		t.Errorf("%d keys are asked for", n)
	}
}

// sharedHost: a provider whose machines send for all of its customers, and every
// customer lists them. The message of one in the name of another passes, and
// nothing in it shows that; what is told is that nothing but SPF speaks for it.
func sharedHost(t *testing.T) {
	r := judged(t, fromEvilHost("service@shared.example")+"From: service@shared.example\r\n"+otherLines+shortBody, `shared.example. TXT "v=spf1 ip4:198.51.100.66 -all"`, `_dmarc.shared.example. TXT "v=DMARC1; p=reject"`)
	found(t, r, "dmarc-spf-only-sender")
	for _, s := range r.DKIM {
		if s.Result == "pass" {
			t.Error("a signature passes")
		}
	}
}

// The library writes no file and runs no program; the command runs three that it
// names itself (a pager, a browser, the Go compiler), and makes temporary files
// under names that nobody can foresee.

func writesNoFile(t *testing.T) {
	for _, p := range checkWrites(t, source(t)) {
		t.Error(p)
	}
}

func runsNothing(t *testing.T) {
	for _, p := range checkRuns(t, source(t)) {
		t.Error(p)
	}
}

// developers are packages that no program of a user holds.
func developers(file string) bool {
	return strings.HasPrefix(file, "examples/") || strings.HasPrefix(file, "internal/mutate/") || strings.HasPrefix(file, "internal/growth/")
}

func checkWrites(t testing.TB, tree fs.FS) []string {
	var problems []string
	writers := []string{"Create", "OpenFile", "WriteFile", "Mkdir", "MkdirAll", "MkdirTemp", "CreateTemp", "Rename", "Remove", "RemoveAll", "Symlink", "Link", "Chmod", "TempDir"}
	each(t, tree, parser.SkipObjectResolution, func(file string, set *token.FileSet, f *ast.File) {
		if developers(file) {
			return
		}
		program := strings.HasPrefix(file, "cmd/") || file == "web/page/folder.go" // that one writes the folder that is asked for
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); !ok || x.Name != "os" || !slices.Contains(writers, s.Sel.Name) || program && s.Sel.Name != "TempDir" {
				return true
			}
			problems = append(problems, fmt.Sprintf("%s:%d: os.%s", file, set.Position(s.Pos()).Line, s.Sel.Name))
			return true
		})
	})
	return problems
}

func checkRuns(t testing.TB, tree fs.FS) []string {
	var problems []string
	each(t, tree, parser.ImportsOnly, func(file string, _ *token.FileSet, f *ast.File) {
		if developers(file) {
			return
		}
		for _, i := range f.Imports {
			switch path, _ := strconv.Unquote(i.Path.Value); path {
			case "os/exec":
				if file == "cmd/mailtrace/page.go" || file == "cmd/mailtrace/pager.go" || file == "cmd/mailtrace/serve.go" {
					continue
				}
				fallthrough
			case "plugin":
				problems = append(problems, file+" imports "+path)
			}
		}
	})
	return problems
}

// The checks find what they are for.
func TestAttackStructureChecks(t *testing.T) {
	for source, want := range map[string]int{
		"package p\nimport \"os\"\nfunc f() { os.WriteFile(\"/tmp/testkeys\", nil, 0) }": 1,
		"package p\nimport \"os\"\nfunc f() { os.ReadDir(os.TempDir()) }":                1,
		"package p\nimport \"os\"\nfunc f() { os.Open(\"x\") }":                          0,
	} {
		if got := checkWrites(t, fstest.MapFS{"spf/a.go": {Data: []byte(source)}}); len(got) != want {
			t.Errorf("%s: %q", source, got)
		}
	}
	for file, want := range map[string]int{"spf/a.go": 1, "cmd/mailtrace/a.go": 1, "cmd/mailtrace/pager.go": 0, "internal/mutate/a.go": 0} {
		if got := checkRuns(t, fstest.MapFS{file: {Data: []byte("package p\nimport _ \"os/exec\"")}}); len(got) != want {
			t.Errorf("%s: %q", file, got)
		}
	}
}
