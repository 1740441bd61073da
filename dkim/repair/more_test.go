package repair

import (
	"context"
	"crypto"
	"fmt"
	"mime"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// TestServersEdits undoes what single servers are known to do, beside the edits of
// TestRepairSingle: lines over 998 octets, raw 8-bit header text, the signature
// field itself, multiparts around a part that was encoded.
func TestServersEdits(t *testing.T) {
	k := testKeys()
	ids := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<%02d%s@mail%d.example.com>", i, strings.Repeat("a", 48), i)
			if i%3 == 0 {
				b.WriteString(" ")
			}
		}
		return strings.TrimSpace(b.String())
	}
	// split breaks lines as a server does that takes at most n octets.
	split := func(s string, n int, mark string) string {
		var out strings.Builder
		for _, line := range strings.SplitAfter(s, "\r\n") {
			for len(strings.TrimSuffix(line, "\r\n")) > n {
				out.WriteString(line[:n] + mark + "\r\n ")
				line = line[n:]
			}
			out.WriteString(line)
		}
		return out.String()
	}
	head := "From: Jörg Müller <joerg@example.com>\r\nTo: bob@example.org\r\nSubject: Grüße aus Köln\r\n" +
		"Date: Mon, 23 Nov 2026 04:09:58 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
	text := "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
	mixed := "Content-Type: multipart/mixed; boundary=b0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
		"--b0\r\nContent-Type: multipart/alternative; boundary=b1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
		"--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße aus Köln\r\n\r\n" +
		"--b1\r\nContent-Type: text/html; charset=us-ascii\r\n\r\n<p>x</p>\r\n\r\n--b1--\r\n\r\n--b0--\r\n"
	replace := func(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }
	words := func(enc mime.WordEncoder) func(string) string {
		return func(raw string) string {
			end := strings.Index(raw, "\r\nFrom:")
			name, value, _ := strings.Cut(raw[:end], ": ")
			flat := strings.NewReplacer("\r\n", "").Replace(value)
			var out []string
			for flat != "" {
				n := min(len(flat), 40)
				out = append(out, "=?utf-8?"+string(enc)+"?"+encodeFor(enc, flat[:n])+"?=")
				flat = flat[n:]
			}
			return name + ": " + strings.Join(out, "\r\n ") + raw[end:]
		}
	}
	long := strings.Repeat("0123456789", 150)
	for _, c := range []struct {
		name, raw, kinds string
		change           func(string) string
	}{
		{"References broken at 998", head + "References: " + ids(20) + "\r\n" + text + "\r\nx\r\n", "refold", func(s string) string { return split(s, 998, "") }},
		{"References broken at 990 with a mark", head + "References: " + ids(20) + "\r\n" + text + "\r\nx\r\n", "refold", func(s string) string { return split(s, 990, "!") }},
		{"References broken and folded again", head + "References: " + ids(20) + "\r\n" + text + "\r\nx\r\n", "refold", func(s string) string {
			return strings.ReplaceAll(split(s, 998, ""), "> <", ">\r\n <")
		}},
		{"Subject broken at 998", strings.Replace(head, "Grüße aus Köln", long, 1) + text + "\r\nx\r\n", "refold", func(s string) string { return split(s, 998, "") }},
		{"To broken at 998", strings.Replace(head, "bob@example.org", strings.Repeat("bob@example.org,", 80)+"eve@example.org", 1) + text + "\r\nx\r\n", "refold", func(s string) string { return split(s, 998, "") }},
		{"body line broken at 998", head + text + "\r\n" + long + "\r\nend\r\n", "line-endings", func(s string) string { return split(s, 998, "") }},
		{"raw Subject encoded", head + text + "\r\nx\r\n", "subject-tag", replace("Subject: Grüße aus Köln", "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=")},
		{"raw Subject encoded in base64", head + text + "\r\nx\r\n", "subject-tag", replace("Subject: Grüße aus Köln", "Subject: "+mime.BEncoding.Encode("UTF-8", "Grüße aus Köln"))},
		{"raw Latin-1 Subject encoded", strings.Replace(head, "Grüße aus Köln", "Gr\xfc\xdfe aus K\xf6ln", 1) + text + "\r\nx\r\n", "subject-tag", replace("Subject: Gr\xfc\xdfe aus K\xf6ln", "Subject: =?iso-8859-1?Q?Gr=FC=DFe_aus_K=F6ln?=")},
		{"raw From encoded", head + text + "\r\nx\r\n", "header-normalised", replace("From: Jörg Müller", "From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?=")},
		{"raw From encoded in base64", head + text + "\r\nx\r\n", "header-normalised", replace("From: Jörg Müller", "From: "+mime.BEncoding.Encode("UTF-8", "Jörg Müller"))},
		{"part encoded, multiparts 7bit", head + mixed, "mime-reencoded", func(s string) string {
			at := strings.Index(s, "--b0")
			return s[:at] + strings.NewReplacer("Encoding: 8bit\r\n\r\nGrüße aus Köln", "Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe aus K=C3=B6ln", "Encoding: 8bit", "Encoding: 7bit").Replace(s[at:])
		}},
		{"part encoded, multiparts and message 7bit", head + mixed, "mime-reencoded", replace("Encoding: 8bit\r\n\r\nGrüße aus Köln", "Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe aus K=C3=B6ln", "Encoding: 8bit", "Encoding: 7bit")},
		{"multiparts 7bit alone", head + mixed, "mime-reencoded", func(s string) string {
			at := strings.Index(s, "--b0")
			return s[:at] + strings.Replace(s[at:], "boundary=b1\r\nContent-Transfer-Encoding: 8bit", "boundary=b1\r\nContent-Transfer-Encoding: 7bit", 1)
		}},
		{"signature in encoded words, Q", head + text + "\r\nx\r\n", "header-normalised", words(mime.QEncoding)},
		{"signature in encoded words, B", head + text + "\r\nx\r\n", "header-normalised", words(mime.BEncoding)},
	} {
		for _, key := range []crypto.Signer{k.rsa2048, k.ed} {
			raw := signWith(t, c.raw, key, "c=relaxed/relaxed; d=example.com; s=s; h=from:to:subject:date:message-id:mime-version:content-type:content-transfer-encoding:references")
			m := message.Parse([]byte(c.change(raw)))
			v := dkim.NewVerifier(zone(record(key)), m, dkim.Options{})
			sigs, err := v.Verify(context.Background())
			if err != nil || len(sigs) != 1 || sigs[0].Result == dkim.Pass {
				t.Errorf("%s: %+v, %v", c.name, sigs, err)
				continue
			}
			r, err := New(v).Search(context.Background(), &sigs[0], Options{})
			if err != nil || r == nil || !r.Complete() || !strings.Contains(kinds(r), c.kinds) {
				t.Errorf("%s, %s: %+v, %v", c.name, sigs[0].Algorithm, r, err)
			}
		}
	}
}

func encodeFor(enc mime.WordEncoder, s string) string {
	if enc == mime.BEncoding {
		return b64(s, 1000)[:len(b64(s, 1000))-2]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_')
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

// TestSisters: what one signature proved is tried first on the others, and what was
// not found is not searched again.
func TestSisters(t *testing.T) {
	k := testKeys()
	m := testHeader + "\r\n" + testBody
	names := "h=from:to:subject:date:message-id:mime-version:content-type:list-id:list-post:sender"
	raw := signWith(t, m, k.rsa2048, "c=relaxed/relaxed; d=example.com; s=s0; "+names)
	raw = signWith(t, raw, k.ed, "c=relaxed/relaxed; d=example.com; s=s1; "+names)
	z := texts{"s0._domainkey.example.com": {record(k.rsa2048)}, "s1._domainkey.example.com": {record(k.ed)}}
	search := func(raw string) (rsa, ed *Repaired) {
		t.Helper()
		v := dkim.NewVerifier(z, message.Parse([]byte(raw)), dkim.Options{})
		sigs, err := v.Verify(context.Background())
		if err != nil || len(sigs) != 2 {
			t.Fatal(sigs, err)
		}
		x := New(v)
		for _, i := range []int{1, 0} {
			r, err := x.Search(context.Background(), &sigs[i], Options{})
			if err != nil {
				t.Fatal(err)
			}
			if i == 1 {
				rsa = r
			} else {
				ed = r
			}
		}
		return rsa, ed
	}
	changed := strings.NewReplacer("Subject: ", "Subject: [list] ", "charset=utf-8\r\n", "charset=\"utf-8\"\r\nList-Id: x <l.example.net>\r\nList-Post: <mailto:l@example.net>\r\nSender: l@example.net\r\n").Replace(raw) + "--\r\nfooter\r\n"
	rsa, ed := search(changed)
	if rsa == nil || !rsa.Complete() || ed == nil || !ed.Complete() {
		t.Fatalf("rsa %+v, ed25519 %+v", rsa, ed)
	}
	if kinds(rsa) != kinds(ed) || ed.Hashes > 2*EdCost {
		t.Errorf("rsa %s, ed25519 %s by %d candidates", kinds(rsa), kinds(ed), ed.Hashes)
	}
	// Nothing explains this one.
	rsa, ed = search(strings.Replace(raw, "Date: Mon, 23 Nov", "Date: Tue, 24 Dec", 1))
	if rsa != nil && rsa.Complete() || ed != nil && ed.Hashes > 0 {
		t.Errorf("rsa %+v, ed25519 %+v: searched again", rsa, ed)
	}
}
