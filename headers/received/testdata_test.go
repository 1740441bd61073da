package received

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what the reader finds into testdata/*.txt")

// TestDialects reads the samples of each dialect. A file of testdata is an
// archive: each member is a field as it stands in a message, an empty line, and
// all that has to be read from it, one "name value" a line.
func TestDialects(t *testing.T) {
	claimed := map[*dialect]int{}
	samples := 0
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		family := strings.TrimSuffix(filepath.Base(path), ".txt")
		changed := false
		for i, member := range archive.Files {
			name := path + ": " + member.Name
			field, want, _ := strings.Cut(string(member.Data), "\n\n")
			field = strings.TrimSuffix(field, "\n")
			value, ok := strings.CutPrefix(field, "Received:")
			if !ok {
				t.Errorf("%s: no Received field", name)
				continue
			}
			samples++
			claimedOnce(t, value)
			r := Parse(value)
			if r.Family != family {
				t.Errorf("%s: read as %s", name, r.Dialect)
			}
			d, _ := choose(split(value))
			claimed[d]++
			if got := describe(r); got != want {
				if !*update {
					t.Errorf("%s\n got:\n%s\nwant:\n%s", name, got, want)
				}
				archive.Files[i].Data = []byte(field + "\n\n" + got)
				changed = true
			}
			// Folding changes nothing but the comments that were folded.
			if flat := Parse(strings.Join(strings.Fields(value), " ")); describe(flat) != describe(r) {
				t.Errorf("%s: reads otherwise when unfolded:\n%s", name, describe(flat))
			}
		}
		if changed && *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, d := range append(append([]*dialect{&grammar, &unparsed}, signed[:]...), shaped[:]...) {
		if claimed[d] == 0 {
			t.Errorf("no sample of %s (signed or shaped) in testdata", d.name)
		}
	}
	t.Logf("%d samples, %d dialects", samples, len(claimed))
}

// describe writes down all that is known of a field.
func describe(r Received) string {
	var b strings.Builder
	line := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "false" && s != "0" && s != "invalid IP" {
			fmt.Fprintf(&b, "%-10s %s\n", name, s)
		}
	}
	line("dialect", r.Dialect)
	line("by-shape", r.ByShape)
	line("ambiguous", r.Ambiguous)
	if r.Confidence != 1 {
		line("confidence", r.Confidence)
	}
	line("helo", r.Helo)
	if r.HeloVerified {
		line("", "verified")
	}
	line("rdns", strings.TrimSpace(r.RDNS+" "+word(string(r.RDNSKind))))
	line("ip", r.IP)
	line("port", r.Port)
	line("ident", r.Ident)
	line("by", r.By)
	line("by-ip", r.ByIP)
	line("by-name", r.ByName)
	line("via", r.Via)
	line("with", r.With)
	if r.Proto != r.With {
		line("proto", r.Proto)
	}
	line("id", r.ID)
	line("id-kind", r.IDKind)
	line("for", r.For)
	if r.EnvelopeFrom != nil {
		line("from", "<"+*r.EnvelopeFrom+">")
	}
	switch {
	case r.TLS:
		line("tls", strings.Join(strings.Fields("yes "+r.TLSVersion+" "+r.TLSCipher), " "))
	case r.TLSShown:
		line("tls", "none")
	}
	if r.Auth {
		line("auth", strings.TrimSpace("yes "+r.AuthUser))
	}
	line("local", r.Local)
	line("uid", r.UID)
	line("own-host", r.OwnHost)
	line("fetched", r.Fetched)
	line("product", r.Product)
	line("version", r.Version)
	line("release", r.Release)
	line("distrib", r.Distribution)
	if r.Time.IsZero() {
		line("time", "unknown")
	} else {
		line("time", r.Time.Format(time.RFC3339Nano))
	}
	for _, c := range r.Comments {
		line("comment", c)
	}
	for _, n := range r.Notes {
		line("note", string(n))
	}
	return b.String()
}

// word puts a kind into parentheses.
func word(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}
