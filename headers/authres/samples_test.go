package authres

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/message"
	"golang.org/x/tools/txtar"
)

// With -update the expectations are written anew: read the difference before
// you believe it.
var update = flag.Bool("update", false, "rewrite testdata/*.txt from what is read")

// TestSamples reads testdata/*.txt: each sample is a header section, NAME,
// and what is read from it, NAME.want, one line a verdict. What has no value
// is not in the line, so that a line says all that is read.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				rewrite(t, file, archive)
			}
			want := map[string]string{}
			for _, f := range archive.Files {
				if name, ok := strings.CutSuffix(f.Name, ".want"); ok {
					want[name] = string(f.Data)
				}
			}
			for _, f := range archive.Files {
				if strings.HasSuffix(f.Name, ".want") {
					continue
				}
				w, ok := want[f.Name]
				if !ok {
					t.Errorf("%s: nothing wanted", f.Name)
				}
				delete(want, f.Name)
				if got := lines(f.Data); strings.TrimSpace(got) != strings.TrimSpace(w) {
					t.Errorf("%s:\n%s\ngot\n%swant\n%s", f.Name, f.Data, got, w)
				}
			}
			for name := range want {
				t.Errorf("%s.want has no sample", name)
			}
		})
	}
}

// sampleHeaders are the samples without what is wanted of them.
func sampleHeaders(t testing.TB) [][]byte {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var headers [][]byte
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if !strings.HasSuffix(f.Name, ".want") {
				headers = append(headers, f.Data)
			}
		}
	}
	return headers
}

func rewrite(t *testing.T, file string, archive *txtar.Archive) {
	var out []txtar.File
	for _, f := range archive.Files {
		if !strings.HasSuffix(f.Name, ".want") {
			out = append(out, f, txtar.File{Name: f.Name + ".want", Data: []byte(lines(f.Data))})
		}
	}
	archive.Files = out
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func lines(header []byte) string {
	var b strings.Builder
	for _, v := range All(message.Parse(header)) {
		b.WriteString(line(v))
	}
	return b.String()
}

// line is a verdict as text.
func line(v Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s=%s", v.Method, v.Result)
	add := func(name, value string) {
		if value != "" {
			if strings.ContainsAny(value, " \t\"") {
				value = fmt.Sprintf("%q", value)
			}
			fmt.Fprintf(&b, " %s=%s", name, value)
		}
	}
	if v.Normal != v.Result {
		if v.Normal == "" {
			add("normal", "-")
		}
		add("normal", v.Normal)
	}
	add("dialect", v.Dialect)
	add("id", v.AuthservID)
	add("version", v.Version)
	if v.Instance != 0 {
		add("i", fmt.Sprint(v.Instance))
	}
	add("reason", v.Reason)
	add("comment", v.Comment)
	if v.IP.IsValid() {
		add("ip", v.IP.String()+"/"+string(v.IPBasis))
	}
	add("identity", v.Identity)
	add("mailfrom", v.MailFrom)
	add("helo", v.Helo)
	add("domain", v.Domain)
	add("selector", v.Selector)
	add("signer", v.Signer)
	add("auid", v.AUID)
	add("receiver", v.Receiver)
	add("policy", v.Policy)
	add("action", v.Action)
	add("record", v.Record)
	if v.Score != nil {
		add("score", fmt.Sprint(*v.Score))
	}
	add("recipient", v.RecipientDomain)
	add("defect", string(v.Defect))
	if v.Truncated {
		add("truncated", "yes")
	}
	b.WriteByte('\n')
	return b.String()
}
