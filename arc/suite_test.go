package arc

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestSuiteValimail(t *testing.T) {
	var suite struct {
		Cases []struct {
			ID, Message, CV string
			TXT             map[string]string `json:"txt_records"`
		}
	}
	if err := json.Unmarshal(read(t, shared(t, "corpora/arc/valimail/validation.json")), &suite); err != nil {
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
	path := shared(t, "corpora/arc/stalwart-mail-auth/cases.json")
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
