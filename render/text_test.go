package render

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/mailtrace/mailtrace/report"
)

var update = flag.Bool("update", false, "write the golden files of this package again")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; read the change, then run with -update\n--- got\n%s--- want\n%s", file, got, want)
	}
}

func text(t *testing.T, r *report.Report, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestText(t *testing.T) {
	test := func(name string, r *report.Report, o Options) {
		t.Helper()
		golden(t, name+".golden", text(t, r, o))
	}
	test("rechecked", rechecked(), Options{})
	test("rechecked-full", rechecked(), Options{Detail: Full})
	test("rechecked-verdict", rechecked(), Options{Detail: Verdict})
	test("rechecked-color", rechecked(), Options{Color: true})
	test("rechecked-60", rechecked(), Options{Width: 60})
	test("rechecked-130", rechecked(), Options{Width: 130})
	test("authenticated", authenticated(), Options{})
	test("bounced", bounced(), Options{})
	test("wide", wide(), Options{})
	test("hostile", hostile(), Options{Detail: Full})
	test("empty", &report.Report{}, Options{Detail: Full})
}

// No character of a hostile report reaches the terminal that could move the
// cursor, hide or turn text, at any width and detail; colour adds SGR only.
func TestTextHostile(t *testing.T) {
	for _, detail := range []Detail{Normal, Verdict, Full} {
		for _, w := range []int{1, 40, 77, 100, 400} {
			for _, color := range []bool{false, true} {
				out := string(text(t, hostile(), Options{Width: w, Detail: detail, Color: color}))
				for _, sgr := range []string{"0", "1", "2", "31", "32", "33"} {
					if color {
						out = strings.ReplaceAll(out, "\x1b["+sgr+"m", "")
					}
				}
				for i, r := range out {
					if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) || r == unicode.ReplacementChar {
						t.Fatalf("width %d, detail %d: %U at byte %d", w, detail, r, i)
					}
				}
				for _, line := range strings.Split(out, "\n") {
					if strings.HasPrefix(line, "Authenticated: yes") {
						t.Fatalf("a line of the message became a line of the report")
					}
				}
			}
		}
	}
}

// Lines keep to the width that was asked for.
func TestTextWidth(t *testing.T) {
	for name, r := range map[string]*report.Report{"rechecked": rechecked(), "wide": wide(), "bounced": bounced(), "hostile": hostile()} {
		for _, w := range []int{40, 60, 72, 80, 100, 140} {
			for _, detail := range []Detail{Normal, Full} {
				for _, line := range strings.Split(string(text(t, r, Options{Width: w, Detail: detail})), "\n") {
					if got := width(line); got > w {
						t.Errorf("%s at %d: %d columns: %s", name, w, got, line)
					}
				}
			}
		}
	}
}

// Symptoms stand behind their cause, and no ring of causes hides them all.
func TestCauses(t *testing.T) {
	f := func(code string, because ...string) report.Finding {
		return report.Finding{Code: code, Severity: report.High, Because: because}
	}
	test := func(want string, fs ...report.Finding) {
		t.Helper()
		shown, symptoms := causes(fs)
		var got []string
		for i := range fs {
			if shown[i] {
				got = append(got, strings.Join(append([]string{fs[i].Code}, symptoms[i]...), ">"))
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("got %q, want %q", s, want)
		}
	}
	test("a>b>c", f("a"), f("b", "a"), f("c", "b"))
	test("a>c b>c", f("a"), f("b"), f("c", "a", "b"))
	test("a", f("a", "absent"))
	test("a", f("a", "a"))
	test("a>b", f("a", "b"), f("b", "a"))
}

func TestDelay(t *testing.T) {
	test := func(seconds float64, want string) {
		t.Helper()
		if got := delay(&seconds); got != want {
			t.Errorf("delay(%v) = %q, want %q", seconds, got, want)
		}
	}
	test(0, "+0 s")
	test(-5, "-5 s")
	test(59.6, "+1 min")
	test(61, "+1 min 1 s")
	test(3600, "+1 h")
	test(5430, "+1 h 30 min")
	test(90000, "+1 d 1 h")
	test(-90000, "-1 d 1 h")
	if got := delay(nil); got != "" {
		t.Errorf("delay(nil) = %q", got)
	}
}

func BenchmarkText(b *testing.B) {
	r := rechecked()
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := Text(&out, r, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// What to do begins with an open question and with the option that settles it;
// and it is the recipient who can act on what may be forged.
func TestAskFirst(t *testing.T) {
	r := rechecked()
	r.Forks = []report.Fork{{Question: "is 203.0.113.9, the client of hop 4, yours?", Settle: "--trust 203.0.113.9", Readings: []report.Reading{
		{Status: report.CheckedInWrongPlace, Summary: "SPF was checked again"}, {Status: report.SpoofSuspected, Summary: "nothing ties it to example.com"}}}}
	test := func(status string, want ...string) {
		t.Helper()
		r.Verdict.Status = status
		var b strings.Builder
		if err := Text(&b, r, Options{Width: 200}); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), "\n"+w) {
				t.Errorf("%s: no line %q in\n%s", status, w, b.String())
			}
		}
	}
	test(report.CheckedInWrongPlace, "do       first ask: is 203.0.113.9, the client of hop 4, yours? If so, give --trust 203.0.113.9; then make relay.example.org",
		"who      example.org (recipient), am1.bigmail.example (Exim)\n")
	r.Findings[0].AtFault.Role = report.RoleSender
	test(report.Unauthenticated, "do       first ask: is 203.0.113.9, the client of hop 4, yours? If so, give --trust 203.0.113.9; if not, make relay.example.org",
		"who      example.org (recipient)\n")
}
