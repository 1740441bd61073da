package received

import (
	"strings"
	"testing"
)

// hostile inputs grow by repetition of unit.
var hostile = []struct{ name, unit string }{
	{"open", "("}, {"close", ")"}, {"pairs", "()"}, {"open and word", "(a "}, {"semicolons", ";"}, {"quotes", `"`},
	{"quoted", `"a`}, {"escaped quotes", `\"`}, {"angles", "<"}, {"angle and quote", `<"`}, {"backslashes", `\`}, {"backslash and open", `\(`},
	{"brackets", "["}, {"brackets in a comment", "from a ([[[[ "}, {"from", "from "}, {"by", "by a "}, {"by by", "by "}, {"with", "with a "}, {"id", "id a "},
	{"for", "for <a@b> "}, {"folds", "\r\n\t"}, {"tabs", "\t"}, {"CRs", "\r"}, {"colons", ":"}, {"digits", "1"}, {"dates", "Mon, 1 Jun 2026 10:00:00 +0000 "},
	{"weekdays", "Mon, "}, {"go dates", "2026-06-01 "}, {"at", "@"}, {"at in a comment", "from a (a@"}, {"NUL", "\x00"}, {"8-bit", "\xff"},
	{"helo", "(HELO "}, {"encrypted", "x encrypted "}, {"dots", "1."}, {"version", "(version="},
}

// TestHostile counts the octets that the tokenizer looks at: a fixed number for
// each octet of the field, whatever stands in it. Fields and tokens stay within
// their bounds, and a megabyte of each unit passes through whole.
func TestHostile(t *testing.T) {
	for _, h := range hostile {
		for _, prefix := range []string{"", "from a (", "from a by b; ", "from a (b [192.0.2.1]) by c (Postfix) with ESMTP id "} {
			for size := 1 << 10; size <= 1<<20; size <<= 1 {
				value := prefix + strings.Repeat(h.unit, size/len(h.unit))
				c := split(value)
				if len(c.text) > MaxField || len(c.tok) > maxTokens+1 {
					t.Fatalf("%s: %d octets and %d tokens kept", h.name, len(c.text), len(c.tok))
				}
				if c.work > 12*len(c.text) {
					t.Errorf("%s: looked at %d octets in a field of %d", h.name, c.work, len(c.text))
				}
				if size == 1<<20 || size == 1<<13 {
					checkBounds(t, value)
				}
			}
			long := strings.Repeat(h.unit, 1<<20/len(h.unit))
			ParseDate(long)
			if r := Parse(prefix + "x" + long + "x"); !hasNote(r, NoteCut) {
				t.Errorf("%s: a megabyte, and no note that it was cut", h.name)
			}
		}
	}
}

// checkBounds holds everything that Parse promises for any input.
func checkBounds(t *testing.T, value string) {
	t.Helper()
	r := Parse(value)
	if r.Dialect == "" || r.Family == "" || !strings.HasPrefix(r.Dialect, r.Family) && r.Family != "rfc5321" {
		t.Errorf("dialect %q of family %q", r.Dialect, r.Family)
	}
	switch r.Confidence {
	case 1, 0.5, 0.2:
	default:
		t.Errorf("confidence %v", r.Confidence)
	}
	if len(r.Comments) > maxComments+2 || len(r.Notes) > maxNotes {
		t.Errorf("%d comments, %d notes", len(r.Comments), len(r.Notes))
	}
	if r.IP.Is4In6() || r.IP.Zone() != "" || r.ByIP.Is4In6() || r.ByIP.Zone() != "" {
		t.Errorf("addresses %v, %v", r.IP, r.ByIP)
	}
	if r.Port < 0 || r.Port > 65535 {
		t.Errorf("port %d", r.Port)
	}
	if (r.RDNS == "") != (r.RDNSKind == RDNSNone || r.RDNSKind == RDNSUnknown) && r.RDNSKind != RDNSForged {
		t.Errorf("name %q is %q", r.RDNS, r.RDNSKind)
	}
	if r.TLSVersion+r.TLSCipher != "" && !r.TLS {
		t.Errorf("TLS %q %q without TLS", r.TLSVersion, r.TLSCipher)
	}
	if r.AuthUser != "" && !r.Auth {
		t.Errorf("user %q without login", r.AuthUser)
	}
	if r.Time.IsZero() != (hasNote(r, NoteBadDate) || hasNote(r, NoteNoDate) || r.TimeRaw == "") {
		t.Errorf("time %v of %q with notes %q", r.Time, r.TimeRaw, r.Notes)
	}
	for _, s := range []string{r.Helo, r.RDNS, r.Ident, r.By, r.ID, r.For, r.AuthUser, r.UID} {
		if len(s) > MaxField {
			t.Errorf("a part of %d octets", len(s))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range readSamples(f) {
		f.Add(s.Raw)
	}
	for _, h := range hostile {
		f.Add("from a (b [192.0.2.1]) by c " + strings.Repeat(h.unit, 40) + "; Mon, 1 Jun 2026 10:00:00 +0000")
	}
	f.Fuzz(func(t *testing.T, value string) { checkBounds(t, value) })
}

func FuzzParseDate(f *testing.F) {
	for _, s := range readSamples(f) {
		f.Add(Parse(s.Raw).TimeRaw)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseDate(s)
		if ok == got.IsZero() {
			t.Errorf("ParseDate(%q) = %v, %v", s, got, ok)
		}
		if !ok {
			return
		}
		again, ok := ParseDate(got.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
		if !ok || !again.Equal(got.Truncate(1e9)) {
			t.Errorf("ParseDate(%q) = %v, and written out again %v", s, got, again)
		}
	})
}

func FuzzExchangeRelease(f *testing.F) {
	f.Add("15.2.2562.35", "ex.example.org")
	f.Add("15.1.707.6", "x.outlook.com")
	f.Fuzz(func(t *testing.T, version, host string) {
		if product, release, date := ExchangeRelease(version, host); product == "" && release+date != "" {
			t.Errorf("%q: %q %q without a product", version, release, date)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	samples := readSamples(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Parse(samples[i%len(samples)].Raw)
	}
}

func BenchmarkParseOne(b *testing.B) {
	for _, name := range []string{"postfix", "exim", "exo-entry", "gmail-entry", "qmail-uid", "sendmail", "zmailer"} {
		for _, s := range readSamples(b) {
			if s.Dialect == name {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						Parse(s.Raw)
					}
				})
				break
			}
		}
	}
}

func BenchmarkParseHostile(b *testing.B) {
	value := strings.Repeat("(", 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		Parse(value)
	}
}

func BenchmarkParseDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseDate("Mon,  1 Jun 2026 12:00:00 +0200 (CEST)")
	}
}
