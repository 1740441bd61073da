package dkim

import (
	"strings"
	"testing"
)

func TestParseTags(t *testing.T) {
	test := func(in, want, fault string) {
		t.Helper()
		tags, err := ParseTags(in)
		checkTags(t, in, tags, err)
		var got []string
		for _, tag := range tags {
			got = append(got, tag.Name+"="+tag.Value)
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		if s := strings.Join(got, "|"); s != want || text != fault {
			t.Errorf("%q: %q %q, want %q %q", in, s, text, want, fault)
		}
	}
	test("", "", "")
	test("a=1", "a=1", "")
	test(" a = 1 ;\r\n\tb=x\r\n y ; ", "a=1|b=x\r\n y", "")
	test("a=1;;b=2;", "a=1|b=2", "")
	test("a=;b==", "a=|b==", "")
	test("a=1; A=2", "a=1|A=2", "")
	test("a=gr\xc3\xbc\xc3\x9fe", "a=gr\xc3\xbc\xc3\x9fe", "")
	test("a=1; junk; b=2", "a=1|b=2", `"junk" has no "="`)
	test("a=1; a=2", "a=1|a=2", "tag a= stands twice")
	test("a=1; =2", "a=1", `"" is not a tag name`)
	test("1a=1", "", `"1a" is not a tag name`)
	test("a b=1", "", `"a b" is not a tag name`)
	test("a=x\x00y", "a=x\x00y", "tag a= holds the byte 0x00")
	test("a=0123456789\x7f", "a=0123456789\x7f", "tag a= holds the byte 0x7f")
	test("a=0123456789\x07", "a=0123456789\x07", "tag a= holds the byte 0x07")
	if tags, err := ParseTags(strings.Repeat("a=1;", 10_000)); len(tags) != MaxTags || err == nil {
		t.Errorf("%d tags, %v", len(tags), err)
	}
}

// checkTags holds a parsed tag list against the text that it came from.
func checkTags(t *testing.T, s string, tags []Tag, err error) {
	t.Helper()
	if len(tags) > MaxTags {
		t.Fatalf("%d tags", len(tags))
	}
	if err != nil {
		if e := err.(*TagError); e.Offset < 0 || e.Offset > len(s) || e.Text == "" {
			t.Fatalf("error %+v in %q", e, s)
		}
	}
	last := -1
	for _, tag := range tags {
		if tag.Offset <= last || !strings.HasPrefix(s[tag.Offset:], tag.Name) || !strings.Contains(s[tag.Offset:], tag.Value) {
			t.Fatalf("%+v in %q", tag, s)
		}
		if _, trimmed := trimFWS(tag.Value); trimmed != tag.Value {
			t.Fatalf("blanks around the value of %+v", tag)
		}
		if (badByte(tag.Value) >= 0) != refBadByte(tag.Value) {
			t.Fatalf("badByte of %q", tag.Value)
		}
		if badByte(tag.Value) >= 0 && err == nil {
			t.Fatalf("%q was let through", tag.Value)
		}
		last = tag.Offset
	}
}

func refBadByte(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && !strings.ContainsRune(" \t\r\n", r) || r == 0x7f })
}

func FuzzTags(f *testing.F) {
	for _, s := range []string{"v=1; a=rsa-sha256; b=x\r\n y=; bh==;", ";;=;a", "a=\x00;\x7f=", "v=DKIM1;p=", "a=1;a=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tags, err := ParseTags(s)
		checkTags(t, s, tags, err)
	})
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{
		"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "p=", "k=rsa; t=y:s; h=sha1; s=tlsrpt; g=x; p=AAAA",
		"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
		"v=spf1 -all", "p=MCowBQYDK2VwAyEAJDcbZ0Hpba5NKXI4UAW3G0IDhhFOxhJTDybZEwe1FeA=",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, problems := ParseKey(s)
		checkTags(t, s, k.Tags, nil2(ParseTags(s)))
		fatal := false
		for _, p := range problems {
			fatal = fatal || p.Fatal
			if p.Offset < 0 || p.Offset > len(s) || p.Text == "" || p.Code == ReasonNone {
				t.Fatalf("%q: %+v", s, p)
			}
		}
		if k.Public == nil && !fatal {
			t.Fatalf("%q: no key and no reason", s)
		}
		if k.Public != nil {
			// Whatever the key is, a signature of zeros must not crash.
			_ = VerifyDigest(k, 5, make([]byte, 32), make([]byte, (k.Bits+7)/8))
		}
		_ = otherRecord(s)
	})
}

func nil2(_ []Tag, err error) error { return err }
