package dmarc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/message/mailbox"
)

// words is a result, or several of which any will do.
type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		return json.Unmarshal(data, (*[]string)(w))
	}
	*w = make(words, 1)
	return json.Unmarshal(data, &(*w)[0])
}

// TestCases decides DMARC for messages that went through real servers, from the
// results that independent verifiers found at the border.
func TestCases(t *testing.T) {
	dir := filepath.Join(corpus.Path(t, "corpora/"), "../cases")
	cases, err := filepath.Glob(filepath.Join(dir, "*", "expect.json"))
	if err != nil || len(cases) == 0 {
		t.Skip("the cases are not here")
	}
	passed, skipped := 0, 0
	for _, path := range cases {
		dir := filepath.Dir(path)
		name := filepath.Base(dir)
		var want struct {
			Border struct {
				SPF   string
				DMARC words
				DKIM  []struct {
					D      string
					Result words
				} `json:"dkim_now"`
			}
		}
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &want)
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "zone.txt"))
		if err != nil {
			t.Fatal(err)
		}
		zone, err := zonefile.Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "message.eml"))
		if err != nil {
			t.Fatal(err)
		}
		m := message.Parse(raw)
		var boxes []mailbox.Mailbox
		for _, i := range m.All("From") {
			boxes = append(boxes, mailbox.Parse(m.Value(i))...)
		}
		domains := mailbox.Domains(boxes)
		if len(domains) != 1 || len(want.Border.DMARC) == 0 {
			skipped++
			t.Logf("skipped %s: %d From domains, dmarc %q", name, len(domains), want.Border.DMARC)
			continue
		}
		mailFrom := mailbox.Domains(mailbox.Parse(m.Get("Return-Path")))
		if len(mailFrom) == 0 && want.Border.SPF == "pass" {
			skipped++
			t.Logf("skipped %s: no MAIL FROM in Return-Path to take the domain of SPF from", name)
			continue
		}
		in := Input{From: domains[0]}
		for _, d := range mailFrom {
			in.SPF = append(in.SPF, Identifier{Domain: d, Pass: want.Border.SPF == "pass", Temp: want.Border.SPF == "temperror"})
		}
		for _, d := range want.Border.DKIM {
			in.DKIM = append(in.DKIM, Identifier{Domain: d.D, Pass: d.Result[0] == "pass", Temp: d.Result[0] == "temperror"})
		}
		for _, method := range []Method{RFC9989, RFC7489} {
			e, err := Evaluate(t.Context(), zone, in, method)
			if err != nil || !slices.Contains(want.Border.DMARC, string(e.Result)) {
				t.Errorf("%s %s: %v, %+v; want %s", name, method, err, e, want.Border.DMARC)
				continue
			}
			passed++
		}
	}
	t.Logf("%d passed (two methods each), %d cases skipped", passed, skipped)
}
