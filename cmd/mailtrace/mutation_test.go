package main

import (
	"encoding/json"
	"flag"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/web/desk"
)

var (
	mutations    = flag.Int("mutations", 40, "how many mutated messages and zones go through every command and format")
	mutationSeed = flag.Uint64("mutation-seed", 1, "which mutations: the same seed draws the same")
)

// TestMutations puts random mutations of all cases through every command and
// format: no crash, no character that moves a terminal, valid JSON and SARIF,
// an exit code that is documented. scripts/mutate runs many.
func TestMutations(t *testing.T) {
	type seed struct{ message, zone []byte }
	var seeds []seed
	add := func(pattern string) {
		files, _ := filepath.Glob(pattern)
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil || len(text) > 64<<10 {
				continue
			}
			zone, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "zone.txt"))
			if zone == nil {
				zone, _ = os.ReadFile(strings.TrimSuffix(f, ".eml") + ".zone")
			}
			seeds = append(seeds, seed{text, zone})
		}
	}
	add("../../examples/*.eml")
	add("testdata/cases/*/message.eml")
	for _, dir := range []string{"field", "field-hostile", "cases"} {
		add(filepath.Join(corpus.Root(), dir, "*", "message.eml"))
	}
	if len(seeds) == 0 {
		t.Fatal("no cases")
	}
	t.Logf("%d cases", len(seeds))
	dir := t.TempDir()
	eml, zone, saved := filepath.Join(dir, "m.eml"), filepath.Join(dir, "z.txt"), filepath.Join(dir, "r.json")
	box, watched, state := filepath.Join(dir, "box.mbox"), filepath.Join(dir, "domains.txt"), filepath.Join(dir, "state.json")
	h := fnv.New64a()
	h.Write([]byte(t.Name()))
	r := rand.New(rand.NewPCG(h.Sum64(), *mutationSeed))
	put := func(path string, text []byte) {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for n := range *mutations {
		s := seeds[r.IntN(len(seeds))]
		text, records := mutate(r, s.message), s.zone
		if r.IntN(3) == 0 {
			records = mutate(r, s.zone)
		}
		put(eml, text)
		put(zone, records)
		dns := "zone:" + zone
		if r.IntN(4) == 0 {
			dns = "off"
		}
		check := func(isJSON bool, args ...string) string {
			got := runWith(t, testEnvironment(), "", args...)
			if bad := unsound(got, isJSON); bad != "" {
				kept := filepath.Join(os.TempDir(), "mailtrace-mutation.eml")
				put(kept, text)
				put(kept+".zone", records)
				t.Fatalf("mutation %d, %q: %s (exit %d; kept as %s)\n%s", n, args, bad, got.code, kept, got.errout)
			}
			return got.out
		}
		saw := check(true, "analyze", "--json", "--dns", dns, eml)
		for _, f := range render.Formats(report.DocMessage) {
			if f.Name != "json" {
				check(f.Name == "sarif", "analyze", "--format", f.Name, "--dns", dns, eml)
			}
		}
		check(false, "analyze", "-v", "--redact", "--carrier", "--dns", dns, eml)
		put(box, append([]byte("From a Wed Dec  2 10:00:00 2026\n"), append(text, "\nFrom b Wed Dec  2 10:00:00 2026\nFrom: b@kelp.example\n\nx\n"...)...))
		check(false, "analyze", "-q", "--summary", "--dns", dns, box)
		check(true, "compare", "--json", "--dns", dns, eml, eml)
		check(false, "compare", "--dns", dns, eml, eml)
		if saw != "" {
			put(saved, mutateSome(r, []byte(saw)))
			check(false, "show", saved)
			check(false, "show", "--format", "html", saved)
			check(false, "show", "--finding", strings.ToUpper(odd[r.IntN(len(odd))]), saved)
			check(false, "fix", saved)
			check(true, "fix", "--json", saved)
		}
		check(false, "explain", "--", string(mutate(r, []byte("spf-unauthorised-sender"))))
		z, err := zonefile.Parse("z", records)
		if err == nil {
			d := desk.New(desk.Options{Resolver: z, Rules: desk.Rules(), Now: testEnvironment().now})
			d.Answer(t.Context(), desk.Question{Message: text, DNS: dns != "off"}, func(e desk.Event) {
				if raw(e.HTML) || raw(e.Text) || raw(e.Title) || strings.Contains(e.Text, "internal error") {
					kept := filepath.Join(os.TempDir(), "mailtrace-mutation.eml")
					put(kept, text)
					t.Fatalf("mutation %d, the page: %+v; kept as %s", n, e, kept)
				}
			})
		}
		if dns != "off" && n%4 == 0 {
			for _, f := range render.Formats(report.DocDomain) {
				check(f.Name == "json" || f.Name == "sarif", "domain", "--format", f.Name, "--dns", dns, "kelp.example")
			}
			check(true, "spf", "--json", "--dns", dns, "--ip", "192.0.2.1", "--from", "a@kelp.example")
			put(watched, mutateSome(r, []byte("kelp.example\nmeadow.example\n")))
			if n%8 == 0 {
				put(state, mutateSome(r, []byte(`{"version":1,"domains":{"kelp.example":{}}}`)))
			}
			check(false, "watch", "--dns", dns, "--state", state, watched)
			check(true, "watch", "--json", "--dns", dns, "--state", state, watched)
		}
	}
}

// unsound says what is wrong with a run whatever its input is, "" for nothing.
func unsound(got outcome, isJSON bool) string {
	switch {
	case got.code < 0 || got.code > 3:
		return "exit code"
	case strings.Contains(got.errout, "internal error") || strings.Contains(got.out, "internal error"):
		return "internal error"
	case isJSON && !json.Valid([]byte(got.out)) && (got.code != exitUsage || got.out != ""):
		return "no JSON"
	case raw(got.out) || raw(got.errout):
		return "a raw character"
	}
	return ""
}

// raw reports bytes that are not text, and characters that move a terminal.
func raw(s string) bool {
	if !utf8.ValidString(s) {
		return true
	}
	return strings.ContainsFunc(s, func(c rune) bool {
		return c < ' ' && c != '\n' && c != '\t' && c != '\r' || c >= 0x7f && c < 0xa0 || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069
	})
}

// odd are texts that parsers stumble over.
var odd = []string{"\x00", "\r", "\n", "\r\n", "\x1b[31m", "\u202e", "\uff20", "\xff\xfe", "(", ")", "\"", "<", ">", "@", ";", ":", "=", ",", "\\", "%", "%n", "{", "}",
	"From: x@y.example\r\n", "\r\n\r\n", "=?utf-8?b?", "?=", "[::1]", "[", "]", "\t", "  ", "--", "\u2028", "\u0085", "99999999999999999999", "-1", "()", "((((((((", "<<", "v=spf1 ", "+SRS=", "\x92\x92"}

// mutate changes a text at a few places.
func mutate(r *rand.Rand, text []byte) []byte {
	out := append([]byte(nil), text...)
	for range 1 + r.IntN(6) {
		if len(out) == 0 {
			return []byte(odd[r.IntN(len(odd))])
		}
		i := r.IntN(len(out))
		j := min(len(out), i+1+r.IntN(40))
		switch r.IntN(7) {
		case 0:
			out[i] = byte(r.IntN(256))
		case 1:
			out = append(out[:i:i], out[j:]...)
		case 2:
			out = append(out[:i:i], append([]byte(odd[r.IntN(len(odd))]), out[i:]...)...)
		case 3: // a piece again, often
			piece := strings.Repeat(string(out[i:j]), 1+r.IntN(200))
			out = append(out[:i:i], append([]byte(piece), out[i:]...)...)
		case 4: // a piece somewhere else
			k := r.IntN(len(out))
			out = append(out[:k:k], append(append([]byte(nil), out[i:j]...), out[k:]...)...)
		case 5:
			out = append(out[:i:i], append([]byte(odd[r.IntN(len(odd))]), out[j:]...)...)
		case 6:
			out = out[:i]
		}
	}
	return out
}

// mutateSome leaves most as it is.
func mutateSome(r *rand.Rand, text []byte) []byte {
	if r.IntN(2) == 0 {
		return text
	}
	return mutate(r, text)
}
