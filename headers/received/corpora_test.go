package received

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/internal/corpus"
)

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// disputed vectors: the field of the expectation and why it is not followed.
type disputed struct{ begins, field, why string }

var stalwartDisputed = []disputed{
	{"FROM ca-ex-bridge1.nai.com", "date", "misread there: the field says Fri Feb 07 10:18:12 2003 -0800"},
	{"from TCE-E-7-182-54.bta.net.cn", "date", "misread there: the field says Sun Nov 13 14:50:12 2005"},
	{"from [<4124973-137966-3089@be2", "date", "misread there: the field says Fri Sep 14 14:36:56 EDT 2018"},
	{"from snake.corp.yahoo.com", "date", "the year 03 is 2003 (RFC 5322 §4.3)"},
	{"from [193.220.176.134] by web40310", "date", "PST is -0800 (RFC 5322 §4.3)"},
	{"(from vashugins@juno.com)", "date", "PDT is -0700 (RFC 5322 §4.3)"},
	{"from ([127.0.0.1:32923])", "id", "the id is 8B/57-16227-3764EB44, cut at the slash there"},
	{"from eclectic.kluge.net", "ident", "the ident is all of [W9Vc…/O], cut at the slash there"},
	{"from Unknown/Local", "from", "the word is Unknown/Local, cut at the slash there"},
	{"from helene8.i.pinwand.net", "rdns", "Exim puts HELO into the parenthesis, the name before it is the verified one"},
	{"from unknown (HELO terpsichore", "ident", "jdavid stands before the address; the other is the envelope sender"},
	{"from x1-6-00-04", "ident", "the ident ends before the address"},
	{"from customer254-217", "ident", "a login (\"with plain\"), read as AuthUser"},
	{"from itrqtnlnq", "ident", "a login (\"with login\"), read as AuthUser"},
	{"from casper.ghostscript.com", "ident", "raph@casper is user and host"},
	{"from [<4124973-137966-3089@be2", "ident", "an envelope sender in the place of an address, no ident"},
	{"from smarter (helo=localhost)", "with", "batched SMTP has no registered transmission type"},
	{"from faerber.muc.de", "with", "batched SMTP has no registered transmission type"},
	{"from [10.128.128.81]:50999", "from", "the port stands with the address: Port is 50999"},
	{"from qmail-scanner-general-admin", "by", "the host is alpha, \"by uid\" is how qmail tells the user"},
	{"from localhost (example.com [local])", "rdns", "OpenSMTPD writes its own name for a local client: nothing was looked up"},
	{"from mail-eopbgr60122", "tls_cipher", "the field is damaged: no with clause stands before the cipher"},
	{"(qmail 84907 invoked", "from", "the queue's word, no host"},
	{"by oak.ein.cz (Postfix", "from", "\"from userid\" inside the comment, no host"},
}

// TestStalwartVectors holds the reader against 90 values with a parse each.
func TestStalwartVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Received string
			Expect   map[string]string
		}
	}
	readJSON(t, filepath.Join(corpus.Path(t, "corpora/received/stalwart-mail-parser"), "cases.json"), &file)
	checks, passed, skipped := 0, 0, 0
	used := map[int]bool{}
	for _, v := range file.Cases {
		claimedOnce(t, v.Received)
		c, r := split(v.Received), Parse(v.Received)
	fields:
		for field, want := range v.Expect {
			checks++
			for i, d := range stalwartDisputed {
				if strings.HasPrefix(v.Received, d.begins) && d.field == field {
					t.Logf("skipped: %s of %.60q: %s", field, v.Received, d.why)
					used[i] = true
					skipped++
					continue fields
				}
			}
			if got := stalwartField(c, r, field); !sameStalwart(field, got, want) {
				t.Errorf("%s = %q, want %q (%s)\n\t%s", field, got, want, r.Dialect, v.Received)
				continue
			}
			passed++
		}
	}
	for i, d := range stalwartDisputed {
		if !used[i] {
			t.Errorf("no vector %.40q with %s: take it off the list", d.begins, d.field)
		}
	}
	t.Logf("%d vectors, %d values: %d passed, %d skipped", len(file.Cases), checks, passed, skipped)
}

func stalwartField(c *clauses, r Received, field string) string {
	switch field {
	case "from":
		if lead, ok := strings.CutPrefix(c.comment(kLead, 0), "from "); ok {
			return firstWord(lead)
		}
		return c.word(kFrom, 0)
	case "from_ip":
		return r.IP.String()
	case "rdns":
		return r.RDNS
	case "helo":
		return r.Helo
	case "helo_cmd":
		for _, cmd := range [...]string{"EHLO ", "LHLO "} {
			if strings.Contains(c.text, "("+cmd) {
				return strings.TrimSpace(cmd)
			}
		}
		return "HELO"
	case "by":
		return r.By
	case "for":
		return r.For
	case "via":
		return r.Via
	case "with":
		if r.Local && r.Proto == "" {
			return "local"
		}
		return r.Proto
	case "id":
		return strings.Trim(c.word(kID, 0), "<>")
	case "tls_version":
		return r.TLSVersion
	case "tls_cipher":
		return r.TLSCipher
	case "ident":
		return r.Ident
	case "date":
		return r.Time.Format(time.RFC3339)
	}
	return "unknown field"
}

func sameStalwart(field, got, want string) bool {
	switch field {
	case "date":
		g, err1 := time.Parse(time.RFC3339, got)
		w, err2 := time.Parse(time.RFC3339, strings.Replace(want, "-00:00", "Z", 1))
		return err1 == nil && err2 == nil && g.Equal(w)
	case "tls_version":
		plain := strings.NewReplacer("TLS", "", "v", "", "-", "", "_", ".").Replace
		return strings.TrimSuffix(plain(got), ".0") == strings.TrimSuffix(plain(want), ".0")
	case "from", "by":
		return strings.Trim(got, "[]") == want
	}
	return strings.EqualFold(got, want)
}

// TestSpamScopeVectors holds the clauses against 28 values of a parser that
// keeps the comments with them.
func TestSpamScopeVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Received string
			Test     string
			Assert   []struct{ Field, Contains, Equals string }
		}
	}
	readJSON(t, filepath.Join(corpus.Path(t, "corpora/received/spamscope-mail-parser"), "cases.json"), &file)
	checks := 0
	for _, v := range file.Cases {
		claimedOnce(t, v.Received)
		c, r := split(v.Received), Parse(v.Received)
		for _, a := range v.Assert {
			checks++
			got := spamScopeField(c, r, a.Field)
			if a.Equals != "" && got != a.Equals || !strings.Contains(got, a.Contains) {
				t.Errorf("%s: %s = %q, want %q%q\n\t%s", v.Test, a.Field, got, a.Equals, a.Contains, v.Received)
			}
		}
		if len(v.Assert) == 0 && (r.Dialect == "unparsed" || r.Time.IsZero() || r.By == "") {
			t.Errorf("%s: not read (%s)\n\t%s", v.Test, r.Dialect, v.Received)
		}
	}
	t.Logf("%d vectors, %d values: all passed", len(file.Cases), checks)
}

func spamScopeField(c *clauses, r Received, field string) string {
	whole := func(k key) string {
		p := c.parts[k]
		if !p.ok || p.lo == p.hi {
			return ""
		}
		return strings.TrimSpace(c.text[c.tok[p.lo].lo:c.tok[p.hi-1].hi])
	}
	switch field {
	case "from":
		return whole(kFrom)
	case "by":
		return whole(kBy)
	case "with":
		return r.With
	case "via":
		return whole(kVia)
	case "id":
		return whole(kID)
	case "for":
		return whole(kFor)
	case "date":
		return r.TimeRaw
	case "envelope_from", "envelope_sender":
		if r.EnvelopeFrom != nil {
			return *r.EnvelopeFrom
		}
	}
	return ""
}

// TestMailauthVectors reads two fields that once went wrong elsewhere.
func TestMailauthVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Received string
			Test     string
			Expect   map[string]any
		}
	}
	readJSON(t, filepath.Join(corpus.Path(t, "corpora/received/mailauth"), "cases.json"), &file)
	for _, v := range file.Cases {
		value := strings.TrimPrefix(v.Received, "Received:")
		c, r := split(value), Parse(value)
		for field, want := range v.Expect {
			text, comment := "", ""
			switch want := want.(type) {
			case string:
				text = want
			case map[string]any:
				text, _ = want["value"].(string)
				comment, _ = want["comment"].(string)
			}
			got, gotComment := "", ""
			switch field {
			case "from":
				got, gotComment = c.word(kFrom, 0), c.comment(kFrom, 0)
			case "by":
				got, gotComment = r.By, c.comment(kBy, 0)
			case "with":
				got = r.With
			case "id":
				got = r.ID
			case "tls":
				if i := c.anyComment("version="); i >= 0 {
					gotComment = c.at(i)
				} else if i := c.anyComment("cipher="); i >= 0 {
					gotComment = c.at(i)
				}
				if !r.TLS {
					t.Errorf("%s: TLS not seen", v.Test)
				}
			case "envelope-from":
				if r.EnvelopeFrom != nil {
					got = "<" + *r.EnvelopeFrom + ">"
				}
			case "timestamp":
				got = r.TimeRaw
			}
			if got != text || gotComment != comment {
				t.Errorf("%s: %s = %q (%q), want %q (%q)", v.Test, field, got, gotComment, text, comment)
			}
		}
	}
	t.Logf("%d vectors: all passed", len(file.Cases))
}

// TestRealMail reads every Received and X-Received field of real messages.
func TestRealMail(t *testing.T) {
	for _, folder := range []string{"corpora/realworld", "cases"} {
		t.Run(folder, func(t *testing.T) {
			perDialect := map[string]int{}
			fields, messages, timed := 0, 0, 0
			err := filepath.WalkDir(corpus.Path(t, folder), func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				if ext := filepath.Ext(path); ext == ".json" || ext == ".txt" || ext == ".md" {
					return nil
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				messages++
				for _, value := range receivedFields(data) {
					fields++
					r := Parse(value)
					perDialect[r.Dialect]++
					claimedOnce(t, value)
					checkReal(t, value, r)
					if !r.Time.IsZero() {
						timed++
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			names := make([]string, 0, len(perDialect))
			for name := range perDialect {
				names = append(names, name)
			}
			sort.Slice(names, func(i, j int) bool { return perDialect[names[i]] > perDialect[names[j]] })
			for _, name := range names {
				t.Logf("%5d %s", perDialect[name], name)
			}
			t.Logf("%d fields of %d files, %d with a time", fields, messages, timed)
			if fields == 0 {
				t.Error("no field found")
			}
		})
	}
}

func checkReal(t *testing.T, value string, r Received) {
	t.Helper()
	if r.Dialect == "unparsed" {
		t.Errorf("not read: %s", value)
	}
	if r.Time.IsZero() {
		t.Errorf("no time (%v): %s", r.Notes, value)
	}
	// A field of qmail's queue has no host.
	if r.By == "" && strings.Contains(" "+strings.ToLower(value), " by ") && r.Family != "qmail" {
		t.Errorf("no by: %s", value)
	}
	if r.By == "" && r.Family != "qmail" {
		t.Logf("names no server: %s", value)
	}
	// An address that stands in the brackets of "from" has to be found.
	if i := strings.Index(value, " by "); i > 0 && strings.HasPrefix(value, "from ") && !r.IP.IsValid() {
		for _, w := range strings.FieldsFunc(value[:i], func(c rune) bool { return strings.ContainsRune(" ()\r\n\t", c) }) {
			if _, ok := parseIP(w); ok && strings.ContainsRune(w, '[') {
				t.Errorf("no address: %s", value)
			}
		}
	}
}

// receivedFields returns the values of the Received and X-Received fields of a
// message, still folded.
func receivedFields(data []byte) []string {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	var values []string
	in := false
	for line := range strings.Lines(string(data)) {
		if strings.TrimRight(line, "\n") == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if in {
				values[len(values)-1] += line
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		in = ok && (name == "received" || name == "x-received")
		if in {
			values = append(values, strings.TrimSpace(value)+"\n")
		}
	}
	return values
}
