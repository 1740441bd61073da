package arc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
)

func TestSuiteValimail(t *testing.T) {
	var suite struct {
		Cases []struct {
			ID, Message, CV string
			TXT             map[string]string `json:"txt_records"`
		}
	}
	if err := json.Unmarshal(read(t, corpus.Path(t, "corpora/arc/valimail/validation.json")), &suite); err != nil {
		t.Fatal(err)
	}
	passed, failed, skipped := 0, 0, 0
	for _, v := range suite.Cases {
		c, err := Verify(t.Context(), keys(v.TXT), crlf([]byte(v.Message)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if v.CV == "" {
			// The suite leaves the status of a chain that a sealer ended with
			// cv=fail open. RFC 8617 does not: §5.2 steps 2 and 3.
			skipped++
			t.Logf("skipped %s: the suite gives no status; RFC 8617 §5.2 gives fail", v.ID)
			if c.Result != Fail {
				t.Errorf("%s: %s", v.ID, c.Result)
			}
			continue
		}
		if string(c.Result) == strings.ToLower(v.CV) {
			passed++
			continue
		}
		failed++
		t.Errorf("%s: %s (%s: %s), want %s", v.ID, c.Result, c.Code, c.Reason, v.CV)
	}
	t.Logf("%d passed, %d failed, %d skipped", passed, failed, skipped)
	if n := passed + failed + skipped; n != 85 {
		t.Errorf("%d cases, the suite has 85", n)
	}
}

func TestSuiteStalwart(t *testing.T) {
	path := corpus.Path(t, "corpora/arc/stalwart-mail-auth/cases.json")
	var suite struct {
		Cases []struct {
			File string
			Zone map[string]struct{ TXT []string }
		}
	}
	if err := json.Unmarshal(read(t, path), &suite); err != nil {
		t.Fatal(err)
	}
	for _, v := range suite.Cases {
		k := keys{}
		for name, records := range v.Zone {
			k[name] = strings.Join(records.TXT, "")
		}
		m := crlf(read(t, filepath.Join(filepath.Dir(path), v.File)))
		c, err := Verify(t.Context(), k, m, Options{})
		if err != nil || c.Result != Pass {
			t.Errorf("%s: %v, %+v", v.File, err, c)
		}
	}
	t.Logf("%d chains", len(suite.Cases))
	if len(suite.Cases) != 2 {
		t.Errorf("%d cases, the suite has 2", len(suite.Cases))
	}
}

var foldedB = regexp.MustCompile(`;\s+b=[^;]*`)

// TestSuiteValimailSealing adds the sets that the sealing half of the suite
// expects to their messages: they must verify.
func TestSuiteValimailSealing(t *testing.T) {
	type document struct {
		Tests map[string]struct {
			Message string
			AS      string `yaml:"AS"`
			AMS     string `yaml:"AMS"`
			AAR     string `yaml:"AAR"`
		}
		TXT map[string]string `yaml:"txt-records"`
	}
	d := yaml.NewDecoder(bytes.NewReader(read(t, corpus.Path(t, "corpora/arc/valimail/arc-draft-sign-tests.yml"))))
	passed, failed, skipped := 0, 0, 0
	for {
		var doc document
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for name, v := range doc.Tests {
			if v.AS == "" {
				skipped++
				t.Logf("skipped %s: no set is expected", name)
				continue
			}
			// The data fold the signature of the message signature for the
			// reader; the seal was made over it in one piece.
			v.AMS = foldedB.ReplaceAllStringFunc(v.AMS, func(b string) string {
				return ";\n" + strings.Join(strings.Fields(b[1:]), "")
			})
			var b strings.Builder
			for _, f := range [...][2]string{{"ARC-Seal", v.AS}, {"ARC-Message-Signature", v.AMS}, {"ARC-Authentication-Results", v.AAR}} {
				b.WriteString(f[0] + ": " + strings.ReplaceAll(strings.TrimSpace(f[1]), "\n", "\n    ") + "\n")
			}
			c, err := Verify(t.Context(), keys(doc.TXT), crlf([]byte(b.String()+v.Message)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			newest := c.Sets[len(c.Sets)-1]
			want := Pass
			if newest.CV == "fail" {
				want = Fail
			}
			if c.Result == want && newest.SealResult == pass && newest.AMSResult == pass {
				passed++
				continue
			}
			failed++
			t.Errorf("%s: %s (%s), want %s", name, line(c), c.Reason, want)
		}
	}
	t.Logf("%d passed, %d failed, %d skipped", passed, failed, skipped)
	if n := passed + failed + skipped; n != 17 {
		t.Errorf("%d cases, the suite has 17", n)
	}
}

// TestRealWorld reads the ARC fields of real messages, without their keys:
// every chain keeps the rules.
func TestRealWorld(t *testing.T) {
	messages, chains, sets := 0, 0, 0
	err := filepath.WalkDir(corpus.Path(t, "corpora/realworld"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".eml") {
			return err
		}
		c, err := Verify(t.Context(), keys{}, message.Parse(read(t, path)), Options{})
		if err != nil {
			return err
		}
		messages++
		if c.Result != None {
			chains++
			sets += len(c.Sets)
			if c.Code != ReasonKey && c.Code != ReasonInherited {
				t.Errorf("%s: %s: %s", filepath.Base(path), line(c), c.Reason)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d messages, %d chains, %d sets", messages, chains, sets)
	if chains == 0 {
		t.Error("no chain was found")
	}
}
