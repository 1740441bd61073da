package authres

import (
	"strings"
	"testing"

	msgauth "github.com/emersion/go-msgauth/authres"
	"github.com/mailtrace/mailtrace/internal/fieldtext"
)

func TestFormat(t *testing.T) {
	test := func(id string, results []Written, want string) {
		t.Helper()
		if got := Format(id, results); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	test("mx.example.org", nil, " mx.example.org; none")
	test("mx.example.org", []Written{
		{Method: "spf", Result: "pass", Properties: []Property{{Type: "smtp", Name: "mailfrom", Value: "ann@example.com"}, {Type: "smtp", Name: "helo"}}},
		{Method: "dkim", Result: "fail", Reason: "the body hash differs", Comment: "2048-bit (rsa)", Properties: []Property{{Type: "header", Name: "d", Value: "example.com"}, {Type: "header", Name: "i", Value: "@example.com"}}},
	}, " mx.example.org;\r\n\tspf=pass smtp.mailfrom=ann@example.com;\r\n\tdkim=fail (2048-bit \\(rsa\\)) reason=\"the body hash differs\"\r\n\theader.d=example.com header.i=@example.com")
	// A sender's text cannot end the field, or write a result.
	test("mx.example.org", []Written{{Method: "spf", Result: "fail", Properties: []Property{{Type: "smtp", Name: "mailfrom", Value: "a; dmarc=pass (\r\nX: y)\"@example.com"}}}},
		" mx.example.org;\r\n\tspf=fail smtp.mailfrom=\"a; dmarc=pass (??X: y)\\\"@example.com\"")
}

// What is written is read back as it was given, here and, where it can read such
// values at all, by go-msgauth; and never more than was written.
func FuzzFormat(f *testing.F) {
	f.Add("mx.example.org", "pass", "why", "comment", "ann@example.com", "example.com")
	f.Add("mx", "fail", "a\"b\\", "(;", "\"a b\"@example.com", "x; dmarc=pass")
	f.Add("a;b", "none", "\r\nBcc: x", "\xff\x00", "@", "é.example")
	f.Fuzz(func(t *testing.T, id, result, reason, comment, mailfrom, domain string) {
		if len(id+reason+comment+mailfrom+domain) > 2000 || id == "" {
			t.Skip()
		}
		value := Format(id, []Written{
			{Method: "spf", Result: "pass", Reason: reason, Comment: comment, Properties: []Property{{Type: "smtp", Name: "mailfrom", Value: mailfrom}}},
			{Method: "dkim", Result: keyword(result), Properties: []Property{{Type: "header", Name: "d", Value: domain}}},
		})
		for i, line := range strings.Split(value, "\r\n") {
			if i > 0 && !strings.HasPrefix(line, "\t") || strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("a line that is no continuation: %q", value)
			}
		}
		got := ParseField(value)
		trim := func(s string) string { return strings.Trim(fieldtext.Writable(s), " ") }
		if len(got) != 2 || got[0].Method != "spf" || got[0].Result != "pass" || got[1].Method != "dkim" {
			t.Fatalf("%q was read as %+v", value, got)
		}
		// The reader takes blanks at the ends off values.
		if strings.Trim(got[0].Reason, " ") != trim(reason) || got[0].AuthservID != trim(id) {
			t.Fatalf("%q: reason %q, id %q", value, got[0].Reason, got[0].AuthservID)
		}
		property := func(v Verdict) string {
			if len(v.Properties) == 0 {
				return ""
			}
			return v.Properties[0].Value
		}
		if property(got[0]) != trim(mailfrom) || property(got[1]) != trim(domain) {
			t.Fatalf("%q: %q and %q", value, property(got[0]), property(got[1]))
		}
		// The library knows neither quoted values nor comments.
		if isToken(id) && isToken(domain) && fieldtext.IsDotAtom(mailfrom) && reason == "" && comment == "" {
			lib, theirs, err := msgauth.Parse(strings.ReplaceAll(strings.TrimSpace(value), "\r\n\t", " "))
			if err != nil || lib != id || len(theirs) != 2 {
				t.Fatalf("go-msgauth: %v, %q, %d results of %q", err, lib, len(theirs), value)
			}
		}
	})
}
