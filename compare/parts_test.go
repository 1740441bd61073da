package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/compare"
)

// parts writes the parts as one line each.
func parts(r *compare.Result) string {
	var out []string
	for _, p := range r.Body.Parts {
		side := func(s *compare.PartSide) string {
			if s == nil {
				return "-"
			}
			return fmt.Sprintf("%q %s %s", s.Path, s.Type, s.Encoding)
		}
		s := side(p.A) + " / " + side(p.B)
		if p.Equal {
			s += " equal"
		} else if p.EqualWords {
			s += " same words"
		}
		if p.Recoded {
			s += " recoded"
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func TestParts(t *testing.T) {
	test := func(name, a, b, want string) {
		t.Helper()
		if got := parts(compareText(t, nil, a, b)); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
	text := func(charset, encoding, body string) string {
		return "Content-Type: text/plain; charset=" + charset + "\nContent-Transfer-Encoding: " + encoding + "\n\n" + body
	}
	multi := func(parts ...string) string {
		s := "Content-Type: multipart/mixed; boundary=\"=b\"\n\n"
		for _, p := range parts {
			s += "--=b\n" + p + "\n"
		}
		return s + "--=b--\n"
	}
	test("8bit to quoted-printable", text("utf-8", "8bit", "Grüße\n"), text("utf-8", "quoted-printable", "Gr=C3=BC=C3=9Fe\n"),
		`"" text/plain 8bit / "" text/plain quoted-printable equal recoded`)
	test("to base64", text("utf-8", "8bit", "Grüße\n"), text("utf-8", "base64", "R3LDvMOf\nZQo=\n"),
		`"" text/plain 8bit / "" text/plain base64 equal recoded`)
	test("another charset", text("utf-8", "8bit", "Grüße\n"), text("iso-8859-1", "8bit", "Gr\xfc\xdfe\n"),
		`"" text/plain 8bit / "" text/plain 8bit equal`)
	test("near: another text", text("utf-8", "8bit", "Grüße\n"), text("utf-8", "quoted-printable", "Gr=C3=BCsse\n"),
		`"" text/plain 8bit / "" text/plain quoted-printable`)
	test("wrapped lines", text("utf-8", "8bit", "one two\nthree\n"), text("utf-8", "8bit", "one\ntwo three\n"),
		`"" text/plain 8bit / "" text/plain 8bit same words`)
	test("one part of two", multi(text("utf-8", "8bit", "ü"), text("utf-8", "7bit", "x")), multi(text("utf-8", "quoted-printable", "=C3=BC"), text("utf-8", "7bit", "y")),
		`"1" text/plain 8bit / "1" text/plain quoted-printable equal recoded; "2" text/plain 7bit / "2" text/plain 7bit`)
	// A list puts the body into a part of its own, with its footer behind.
	test("wrapped into parts", text("utf-8", "7bit", "hello\n"), multi(text("utf-8", "7bit", "hello\n"), text("utf-8", "7bit", "list")),
		`"" text/plain 7bit / "1" text/plain 7bit equal; - / "2" text/plain 7bit`)
	// What cannot be decoded is equal to nothing.
	test("broken base64", text("utf-8", "base64", "!!!!"), text("utf-8", "base64", "????"),
		`"" text/plain base64 / "" text/plain base64`)
	test("unknown encoding", text("utf-8", "x-uuencode", "a"), text("utf-8", "x-uuencode", "b"),
		`"" text/plain x-uuencode / "" text/plain x-uuencode`)
}

func TestPartSummaries(t *testing.T) {
	test := func(a, b, want string) {
		t.Helper()
		if got := compareText(t, nil, a, b).Summary; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	test("Content-Transfer-Encoding: 8bit\n\nGrüße\n", "Content-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe\n",
		"the body has the same content in another transfer encoding (8bit → quoted-printable) and Content-Transfer-Encoding differs")
	test("Content-Type: text/plain\n\nhello\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n--b\n\nlist\n--b--\n",
		"all parts of A are in B, beside 1 more part and Content-Type differs")
}

// Nesting and the number of parts are bounded.
func TestPartBounds(t *testing.T) {
	var deep strings.Builder
	for i := range 40 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	wide := "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", compare.MaxParts+5)
	for _, s := range []string{deep.String(), wide} {
		r := compareText(t, nil, s, s+"x")
		if len(r.Limits) != 1 || len(r.Body.Parts) > compare.MaxParts+1 {
			t.Errorf("%d parts, limits %v", len(r.Body.Parts), r.Limits)
		}
	}
}
