package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// The kinds of hostile inputs, one of each, made here: what is long is some
// hundred of it, as internal/growth counts what more of it costs.

const (
	kindTop = "Received: from mx.evil.example (mx.evil.example [198.51.100.66])\r\n\tby mx.reader.example (Postfix) with ESMTPS id 4XyZ055bKz9\r\n\tfor <bob@reader.example>; Wed, 2 Dec 2026 10:00:05 +0000\r\n"
	kindEnd = "To: bob@reader.example\r\nSubject: x\r\nDate: Wed, 2 Dec 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\n"
	kindMe  = "From: m@evil.example\r\n"
	kindYou = "From: Bank <service@victim.example>\r\n"
	kindSig = "DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=s; h=from; bh=AAAA; b=AAAA"
	turned  = "\u202e\u2066\u200f\u061c\u0085\u2028\x1b[31m\x9b"
)

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func kindMessages() map[string]string {
	many := strings.Repeat
	whole := kindTop + kindYou + kindEnd + "\r\nx\r\n"
	ends := func(with string) string { return strings.ReplaceAll(whole, "\r\n", with) }
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(whole)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	body := func(kind, text string) string { return kindTop + kindMe + kindEnd + kind + "\r\n\r\n" + text }
	author := func(from string) string { return kindTop + from + "\r\n" + kindEnd + "\r\nx\r\n" }
	return map[string]string{
		"tags":                 kindTop + kindSig + numbered(500, "; t%d=v") + "\r\n" + kindMe + kindEnd + "\r\nx\r\n",
		"signatures":           kindTop + many(kindSig+"\r\n", 300) + kindMe + kindEnd + "\r\nx\r\n",
		"hops":                 numbered(400, "Received: from h%d.example ([198.51.100.7])\r\n\tby h.example (Postfix) with ESMTP id A;\r\n\tWed, 2 Dec 2026 10:00:00 +0000\r\n") + whole,
		"signed names":         kindTop + strings.Replace(kindSig, "h=from", "h="+many("from:", 2000), 1) + "\r\n" + kindMe + kindEnd + "\r\nx\r\n",
		"copied fields":        kindTop + kindSig + "; z=" + many("From:a|", 2000) + "\r\n" + kindMe + kindEnd + "\r\nx\r\n",
		"folds":                author("From: a@evil.example" + many("\r\n ", 3000)),
		"colons":               author(many(":", 5000)),
		"fields without names": author(many(": x\r\n", 1000) + kindMe),
		"quoted pairs":         author(`From: "` + many(`\"`, 2000) + `" <m@evil.example>`),
		"groups":               author("From: " + many("g:", 1000) + many(";", 1000) + " <m@evil.example>"),
		"at signs":             author("From: " + many("a@", 1000) + "evil.example"),
		"routes":               author("From: <" + many("@r.example,", 500) + ":service@victim.example>"),
		"literals":             author("From: a@[" + many("IPv6:::", 500) + "]"),
		"encoded words":        author("From: " + many("=?utf-8?q?=E2=80=AE?= ", 300) + "<m@evil.example>\r\nSubject: " + many("=?utf-8?b?4oCu?=", 300)),
		"open words":           author("From: " + many("=?utf-8?q?", 500) + " <m@evil.example>\r\nSubject: " + many("=?utf-8?b?", 500)),
		"comments":             author("From: " + many("(", 1000) + many(")", 1000) + " <m@evil.example>\r\nAuthentication-Results: mx.reader.example " + many("(", 1000)),
		"direction": author(fmt.Sprintf("From: \"%[1]sBank\" <s%[1]s@victim.example>\r\nSubject: %[1]s\r\nReply-To: %[1]s@reader.example\r\n"+
			"Received: from %[1]s.evil.example (%[1]s [198.51.100.9]) by %[1]s.example with %[1]s id %[1]s; Wed, 2 Dec 2026 10:00:05 +0000\r\n"+
			"Authentication-Results: %[1]s; spf=pass (%[1]s) smtp.mailfrom=%[1]s; dkim=%[1]s header.d=%[1]s\r\nContent-Type: text/plain; name=\"%[1]s\"", turned)),
		"formulas":        author("From: \"=cmd|'/c calc'!A0\" <m@evil.example>\r\nSubject: +1+1\r\nReply-To: \uff1dHYPERLINK(1) <-1@reader.example>"),
		"markup":          author("From: \"<script>alert(1)</script>\" <\"><img src=x onerror=alert(1)>\"@evil.example>\r\nSubject: ]]>--><svg/onload=alert(1)>&#x202e;"),
		"NUL":             kindTop + "Fr\x00om: service@victim.example\r\nFrom: m@evil.example\x00service@victim.example\r\nSubject: \x00\r\n\x00\r\n\r\n\x00",
		"bare CR":         author("X-A: b\rFrom: service@victim.example\rSubject: pay\r\nFrom : service@victim.example\r\n\tFrom: service@victim.example\r\nFrom\t:service@victim.example\r\n" + kindMe),
		"LF CR":           ends("\n\r"),
		"CR CR LF":        ends("\r\r\n"),
		"only CR":         ends("\r"),
		"UTF-16":          string(wide),
		"UTF-7":           author("From: +AHMAZQByAHYAaQBjAGU-@victim.example"),
		"wide at":         author("From: service\uff20victim.example <m@evil.example>\r\nFrom: service\ufe6bvictim\u3002example"),
		"look-alikes":     author("From: Bank <service@v\u0456ctim.example>\r\nReply-To: service@vict\u0131m.example\r\nSender: service@victim.examp\u217ce"),
		"parts in parts":  kindTop + kindMe + kindEnd + numbered(500, "Content-Type: multipart/mixed; boundary=b%[1]d\r\n\r\n--b%[1]d\r\n") + "x",
		"empty parts":     body("Content-Type: multipart/mixed; boundary=b", many("--b\r\n\r\n", 3000)),
		"mail in mail":    kindTop + kindMe + kindEnd + many("Content-Type: message/rfc822\r\n\r\n", 500),
		"mail in base64":  body("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", many("QUFB\r\n", 3000)),
		"equals signs":    body("Content-Transfer-Encoding: quoted-printable", many("=", 20000)),
		"sets of ARC":     author(numbered(200, "ARC-Seal: i=%[1]d; a=rsa-sha256; d=evil.example; s=s; cv=pass; b=AAAA\r\nARC-Message-Signature: i=%[1]d; a=rsa-sha256; d=evil.example; s=s; h=from; bh=AAAA; b=AAAA\r\n") + kindYou),
		"verdicts":        author("Authentication-Results: mx.reader.example" + many("; dkim=pass header.d=victim.example header.s=s", 1000) + "\r\n" + kindYou),
		"properties":      author("Authentication-Results: mx.reader.example; dkim=fail" + numbered(1000, " x.p%d=y") + "\r\n" + kindYou),
		"pairs of SPF":    author("Received-SPF: pass (" + many("a=b; ", 1000) + ") " + many("k=v; ", 1000) + "\r\n" + kindYou),
		"separators only": many("From \r\n", 300),
		"quoted From":     "From a@b Thu Jan  1 00:00:00 1970\nFrom: a@b\n\n" + many(">", 5000) + "From x\n" + many("From a@b Thu Jan  1 00:00:00 1970\n", 3),
		"lying lengths":   many("From a@b Thu Jan  1 00:00:00 1970\nContent-Length: 99999999999\nFrom: service@victim.example\n\nx\n\n", 30),
	}
}

func kindArchives(t *testing.T) map[string]string {
	mail := kindTop + kindMe + kindEnd + "\r\nx\r\n"
	deep := mail
	for i := range 12 {
		deep = zippedFiles(t, packedFile{name: fmt.Sprintf("n%d.zip", i), text: deep})
	}
	many := strings.Repeat(mail, 50)
	gz := gzipped(t, many)
	var x, zst bytes.Buffer
	xw, err := xz.NewWriter(&x)
	if err != nil {
		t.Fatal(err)
	}
	zw, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{xw, zw} {
		if _, err := w.Write([]byte(many)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names := zippedFiles(t, packedFile{name: "../x.eml", text: mail}, packedFile{name: `C:\x.eml`, text: mail}, packedFile{name: "x\x00\x1b[31m\u202ey.eml", text: mail},
		packedFile{name: "x.eml", text: mail}, packedFile{name: "x.eml", text: mail})
	one := tarredFiles(t, packedFile{"a.eml", mail, tar.TypeReg})
	return map[string]string{
		"odd names.zip": names,
		"cut.zip":       names[:len(names)-30],
		"table.zip":     names[:200] + strings.Repeat("\xff", 200),
		"deep.zip":      deep,
		"odd names.tar": tarredFiles(t, packedFile{"../../outside.eml", mail, tar.TypeReg}, packedFile{"/outside.eml", mail, tar.TypeReg}, packedFile{"link.eml", "", tar.TypeSymlink},
			packedFile{"hard.eml", "", tar.TypeLink}, packedFile{"device.eml", "", tar.TypeChar}, packedFile{"\x1b]0;x\x07\u202e.eml", mail, tar.TypeReg}),
		"size.tar":   one[:124] + "77777777777\x00" + one[136:],
		"cut.gz":     gz[:len(gz)/2],
		"cut.xz":     x.String()[:x.Len()/2],
		"broken.xz":  x.String()[:20] + strings.Repeat("\xff", 40) + x.String()[60:],
		"cut.zst":    zst.String()[:zst.Len()/2],
		"window.zst": "\x28\xb5\x2f\xfd\x00\xf8" + strings.Repeat("\x01\x00\x00", 20),
		"store.pst":  "!BDN" + strings.Repeat("\x00", 1000),
		"mail.msg":   "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\xff", 5000),
		"mail.pdf":   "%PDF-1.7\n",
	}
}

func kindZones() map[string]string {
	many := strings.Repeat
	long := strings.TrimSuffix(many(many("a", 63)+".", 200), ".")
	return map[string]string{
		"include":     "$INCLUDE /etc/passwd\n$INCLUDE /dev/zero\nvictim.example. TXT \"v=spf1 -all\"\n",
		"generate":    "$GENERATE 1-4294967295 h$ A 192.0.2.1\n$ORIGIN " + many("a.", 500) + "\n$TTL 99999999999\n",
		"aliases":     numbered(300, "c%d.example. CNAME d.example.\n") + "evil.example. CNAME evil.example.\nvictim.example. CNAME a.example.\na.example. CNAME b.example.\nb.example. CNAME a.example.\n_dmarc.victim.example. CNAME victim.example.\n",
		"long texts":  "victim.example. TXT " + many(`"v=spf1 `+many("a", 247)+`" `, 60) + "\n_dmarc.victim.example. TXT " + many(`"v=DMARC1; p=none; `+many("x", 230)+`" `, 60) + "\n",
		"many":        numbered(300, "victim.example. TXT \"v=spf1 include:i%[1]d.example -all\"\n_dmarc.victim.example. TXT \"v=DMARC1; p=reject; rua=mailto:a%[1]d@b.example\"\n"),
		"controls":    `victim.example. TXT "v=spf1\000 \027[31m \226\128\174 +all"` + "\n" + `_dmarc.victim.example. TXT "v=DMARC1; p=\000reject; \027]0;x\007"` + "\n" + `evil.example. TXT "v=spf1 exp=x.evil.example -all"` + "\n" + `x.evil.example. TXT "\027[2J\226\128\174%{i}"` + "\n",
		"includes":    numbered(300, "s%[1]d.example. TXT \"v=spf1 include:s0.example include:s1.example -all\"\n") + "victim.example. TXT \"v=spf1 include:s0.example redirect=s1.example\"\nevil.example. TXT \"v=spf1 include:evil.example -all\"\n",
		"parentheses": many("( ", 2000),
		"backslashes": `victim.example. TXT "` + many(`\`, 2001),
		"long name":   long + ". A 192.0.2.1\nvictim.example. MX 99999999999999 .\n",
		"numbers":     "victim.example. 99999999999999999999 IN TXT \"x\"\nvictim.example. TLSA 999 999 999 zz\nvictim.example. TYPE65536 \\# 99999 00\nvictim.example. A 999.1.1.1\n",
		"NUL":         "victim.example. TXT \"\x00\x1b[31m\u202e\"\n\x00\n",
	}
}

func TestHostileKinds(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TMPDIR", dir)
	plain := write(t, dir, "plain.zone", "victim.example. TXT \"v=spf1 -all\"\n_dmarc.victim.example. TXT \"v=DMARC1; p=reject\"\nevil.example. TXT \"v=spf1 ip4:198.51.100.66 -all\"\n")
	good := write(t, dir, "good.eml", kindTop+kindYou+kindEnd+"\r\nx\r\n")
	check := func(kind string, size int, stdin string, args ...string) {
		t.Helper()
		got := runWith(t, testEnvironment(), stdin, args...)
		bad := unsound(got, slices.Contains(args, "--format=sarif"))
		if slices.Contains(args, "--json") || slices.Contains(args, "--format=json") {
			// One document a message or domain.
			d := json.NewDecoder(strings.NewReader(got.out))
			err := error(nil)
			for err == nil {
				err = d.Decode(new(json.RawMessage))
			}
			if err != io.EOF {
				bad = "no JSON"
			}
		}
		if bad != "" {
			t.Errorf("%s, %q: %s (exit %d)\n%.500q\n%.500q", kind, args, bad, got.code, got.out, got.errout)
		}
		// A page of html has a style and a script, whatever it shows.
		if most := 100*size + 200_000; len(got.out)+len(got.errout) > most {
			t.Errorf("%s, %q: %d bytes for %d", kind, args, len(got.out)+len(got.errout), size)
		}
	}
	for kind, text := range kindMessages() {
		path := write(t, dir, "kind.eml", text)
		for _, f := range render.Formats(report.DocMessage) {
			check(kind, len(text), "", "analyze", "--dns", "zone:"+plain, "--format="+f.Name, path)
		}
		check(kind, len(text), "", "analyze", "--dns", "zone:"+plain, "-v", "--redact", "--trust", "198.51.100.66", path)
		check(kind, len(text), text, "analyze", "--dns", "zone:"+plain, "-q")
		check(kind, len(text), "", "compare", "--dns", "off", "--json", path, good)
		check(kind, len(text), "", "domain", "--dns", "zone:"+plain, "-q", "--selectors-from", path, "evil.example")
		check(kind, len(text), "", "learn", "--dns", "off", path)
	}
	for kind, text := range kindArchives(t) {
		path := write(t, dir, "in/"+kind, text)
		check(kind, len(text), "", "analyze", "--dns", "off", path)
		check(kind, len(text), "", "analyze", "--dns", "off", "--format=sarif", path)
		check(kind, len(text), text, "analyze", "--dns", "off", "--summary", "--json")
		check(kind, len(text), "", "learn", "--dns", "off", path)
	}
	for kind, text := range kindZones() {
		path := write(t, dir, "kind.zone", text)
		for _, f := range render.Formats(report.DocDomain) {
			check(kind, len(text), "", "domain", "--dns", "zone:"+path, "--format="+f.Name, "victim.example", "evil.example")
		}
		check(kind, len(text), "", "spf", "--dns", "zone:"+path, "--json", "--ip", "198.51.100.66", "--from", "a@evil.example", "--helo", "x")
		check(kind, len(text), "", "analyze", "--dns", "zone:"+path, "-v", good)
	}
	for kind, text := range map[string]string{
		"recording": `{"version":1,"answers":[` + strings.Repeat("[", 20000) + "]}", "brackets": strings.Repeat(`{"a":`, 20000), "report": `{"schema":1,"findings":` + strings.Repeat("[", 20000),
		"texts of a report": `{"schema":1,"verdict":{"status":"\u001b[2J","summary":"` + strings.Repeat(`\u001b[31m\u202e`, 50) + `"},"findings":[{"code":"\u001b[2J","title":"<script>","severity":"\u0007","message":"\u202e"}],"gaps":[{"what":"\u009b1m","why":"\u0000"}]}`,
		"list":              strings.Join([]string{strings.Repeat("a", 5000), "..", ".", "-", "\x00", "\x1b[31mx", "xn--" + strings.Repeat("a", 60), "*.example", "@", "http://x/", "a b c", "ex\u202eample.com", "victim.example"}, "\n"),
		"org":               "schema = 1\n[own]\nhosts = [\"" + strings.Repeat("a.", 3000) + "\"]\nx=" + strings.Repeat("[", 3000),
	} {
		path := write(t, dir, "kind.txt", text)
		for _, args := range [][]string{
			{"analyze", "--dns", "replay:" + path, good}, {"analyze", "--dns", "off", "--org", path, good}, {"show", path}, {"show", "--format=html", path}, {"show", "--format=sarif", path}, {"fix", "--json", path},
			{"domain", "--dns", "zone:" + plain, "--format=sarif", "@" + path}, {"domain", "--dns", "zone:" + plain, "--selectors-from", path, "evil.example"},
			{"domain", "--dns", "zone:" + plain, "--policy", path, "victim.example"}, {"watch", "--dns", "zone:" + plain, "--state", path, good}, {"analyze", "--dns", "off", "--checkpoint", path, "-o", "out", good},
		} {
			check(kind, len(text), "", args...)
		}
	}
	// Nothing of an archive is written anywhere.
	for _, at := range []string{filepath.Dir(dir), filepath.Dir(filepath.Dir(dir)), "/"} {
		for _, name := range []string{"outside.eml", "x.eml"} {
			if _, err := os.Stat(filepath.Join(at, name)); err == nil {
				t.Errorf("%s was written into %s", name, at)
			}
		}
	}
}
