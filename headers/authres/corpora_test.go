package authres

import (
	"encoding/json"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message"
)

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// readAR reads one Authentication-Results value.
func readAR(value string) []Verdict {
	return field("Authentication-Results: " + value)
}

// field reads the first field of a header.
func field(header string) []Verdict {
	m := message.Parse([]byte(header + "\n\n"))
	return Parse(m, 0)
}

func TestRFC8601Cases(t *testing.T) {
	var file struct {
		Cases []struct {
			Value, Style string
			Expect       json.RawMessage
		}
	}
	readJSON(t, filepath.Join(corpus.Path(t, "corpora/authres/rfc8601"), "cases.json"), &file)
	passed := 0
	for _, c := range file.Cases {
		got := readAR(c.Value)
		if c.Style == "exchange-online" || c.Style == "exchange-arc" {
			var want map[string]json.RawMessage
			if err := json.Unmarshal(c.Expect, &want); err != nil {
				t.Fatal(err)
			}
			if microsoftCase(t, c.Value, got, want) {
				passed++
			}
			continue
		}
		var want struct {
			ID      string `json:"authserv_id"`
			Version int
			Results []struct {
				Method  string
				Version int `json:"method_version"`
				Result  string
				Reason  string
				Props   [][2]string
			}
		}
		if err := json.Unmarshal(c.Expect, &want); err != nil {
			t.Fatal(err)
		}
		ok := true
		bad := func(format string, args ...any) {
			ok = false
			t.Errorf("%s: "+format, append([]any{c.Value}, args...)...)
		}
		if len(got) == 0 {
			bad("no verdict")
			continue
		}
		if got[0].AuthservID != want.ID || want.Version != 0 && got[0].Version != itoa(want.Version) {
			bad("id %q version %q", got[0].AuthservID, got[0].Version)
		}
		if len(want.Results) == 0 {
			if len(got) != 1 || got[0].Method != "" || got[0].Result != "none" {
				bad("want none, got %+v", got)
			}
		} else if len(got) != len(want.Results) {
			bad("%d verdicts", len(got))
		} else {
			for i, w := range want.Results {
				g := got[i]
				if g.Method != w.Method || g.Result != w.Result || g.Reason != w.Reason || w.Version != 0 && g.MethodVersion != itoa(w.Version) {
					bad("got %+v", g)
				}
				if !sameProps(g.Properties, w.Props) {
					bad("properties %+v", g.Properties)
				}
			}
		}
		if ok {
			passed++
		}
	}
	t.Logf("rfc8601: %d of %d passed", passed, len(file.Cases))
}

func itoa(n int) string { return string(rune('0' + n)) }

func sameProps(got []Property, want [][2]string) bool {
	if len(got) != len(want) {
		return false
	}
	for i, w := range want {
		name := got[i].Name
		if got[i].Type != "" {
			name = got[i].Type + "." + name
		}
		if name != w[0] || got[i].Value != w[1] {
			return false
		}
	}
	return true
}

// microsoftCase compares the two cases that are written by property.
func microsoftCase(t *testing.T, value string, got []Verdict, want map[string]json.RawMessage) bool {
	t.Helper()
	ok := true
	bad := func(format string, args ...any) {
		ok = false
		t.Errorf("%s: "+format, append([]any{value}, args...)...)
	}
	by := map[string]Verdict{}
	for _, v := range got {
		by[v.Method] = v
	}
	str := func(raw json.RawMessage) string {
		var s *string
		if json.Unmarshal(raw, &s) != nil || s == nil {
			return ""
		}
		return *s
	}
	for key, raw := range want {
		switch key {
		case "authserv_id":
			if got[0].AuthservID != str(raw) {
				bad("id %q, want %q", got[0].AuthservID, str(raw))
			}
			continue
		case "version":
			if got[0].Version != string(raw) {
				bad("version %q", got[0].Version)
			}
			continue
		}
		v, found := by[key]
		if !found {
			bad("no %s", key)
			continue
		}
		var fields map[string]json.RawMessage
		if raw[0] == '[' {
			var list []map[string]json.RawMessage
			if err := json.Unmarshal(raw, &list); err != nil || len(list) != 1 {
				t.Fatal(err)
			}
			fields = list[0]
		} else if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatal(err)
		}
		for name, raw := range fields {
			has := ""
			switch name {
			case "result":
				has = v.Result
			case "comment":
				has = v.Comment
			case "reason":
				has = v.Reason
			case "action":
				has = v.Action
			case "sender_ip":
				has = v.IP.String()
			case "value":
				has = v.MailFrom
			case "header.d":
				has = v.Domain
			default:
				has, _ = v.prop(name)
			}
			if has != str(raw) {
				bad("%s: %s is %q, want %q", key, name, has, str(raw))
			}
		}
	}
	return ok
}

func TestGoMsgauthCases(t *testing.T) {
	var file struct {
		Cases []struct {
			Value, Identifier string
			Results           []struct {
				Type   string
				Fields map[string]string
			}
		}
	}
	readJSON(t, filepath.Join(corpus.Path(t, "corpora/authres/go-msgauth"), "cases.json"), &file)
	passed := 0
	for _, c := range file.Cases {
		got := readAR(c.Value)
		id, n := "", 0
		for _, v := range got {
			id = v.AuthservID
			if v.Method != "" {
				n++
			}
		}
		ok := id == c.Identifier && n == len(c.Results)
		for i, w := range c.Results {
			if !ok {
				break
			}
			v := got[i]
			key := func(name string) string { s, _ := v.prop(name); return s }
			method := map[string]string{"*authres.DKIMResult": "dkim", "*authres.SPFResult": "spf",
				"*authres.AuthResult": "auth", "*authres.SenderIDResult": "sender-id"}[w.Type]
			ok = v.Method == method && v.Result == w.Fields["Value"] && v.Reason == w.Fields["Reason"]
			switch method {
			case "dkim":
				ok = ok && key("header.d") == w.Fields["Domain"] && v.AUID == w.Fields["Identifier"]
			case "spf":
				ok = ok && v.MailFrom == w.Fields["From"] && v.Helo == w.Fields["Helo"]
			case "auth":
				ok = ok && key("smtp.auth") == w.Fields["Auth"]
			case "sender-id":
				ok = ok && key("header."+w.Fields["HeaderKey"]) == w.Fields["HeaderValue"]
			default:
				t.Fatalf("unknown type %s", w.Type)
			}
		}
		if !ok {
			t.Errorf("%s: got %+v", c.Value, got)
			continue
		}
		passed++
	}
	t.Logf("go-msgauth: %d of %d passed", passed, len(file.Cases))
}

func TestPythonAuthresCases(t *testing.T) {
	var file struct {
		Cases []struct {
			Value  string
			OK     bool
			Expect struct {
				ID      string `json:"authserv_id"`
				Results []struct {
					Method, Result, Reason string
					Props                  [][2]string
				}
			}
		}
	}
	readJSON(t, filepath.Join(corpus.Path(t, "corpora/authres/python-authres"), "cases.json"), &file)
	// Fields that the strict reader rejects and this one is to read.
	tolerated := map[string]string{
		"Authentication-Results: mail.bmsi.com; iprev=pass policy.iprev=2001:748:100:40::2:2 (mout0.freenet.de); spf=none smtp.mailfrom=markuslaudi@freenet.de": "iprev=pass spf=none",
		"authentication-results: thehesiod.com; dkim=none (message not signed) header.d=none;thehesiod.com; dmarc=none action=none header.from=hotmail.com;":    "dkim=none dmarc=none",
	}
	passed, read := 0, 0
	for _, c := range file.Cases {
		got := field(c.Value)
		if !c.OK {
			want, ok := tolerated[c.Value]
			if !ok {
				t.Errorf("%s: rejected upstream, and not named here", c.Value)
				continue
			}
			var words []string
			for _, v := range got {
				words = append(words, v.Method+"="+v.Result)
			}
			if strings.Join(words, " ") != want {
				t.Errorf("%s: got %s", c.Value, words)
				continue
			}
			t.Logf("read although upstream rejects it: %s", c.Value)
			read++
			continue
		}
		ok := len(got) == len(c.Expect.Results)
		for i, w := range c.Expect.Results {
			if !ok {
				break
			}
			v := got[i]
			ok = v.AuthservID == c.Expect.ID && v.Method == w.Method && v.Result == w.Result && v.Reason == w.Reason
			// x-tls has properties without a type, which upstream drops
			typed := v.Properties[:0:0]
			for _, p := range v.Properties {
				if p.Type != "" {
					typed = append(typed, p)
				}
			}
			ok = ok && sameProps(typed, w.Props)
		}
		if !ok {
			t.Errorf("%s: got %+v", c.Value, got)
			continue
		}
		passed++
	}
	t.Logf("python-authres: %d of %d passed, %d read that upstream rejects", passed, len(file.Cases), read)
}

// addresses counts the different addresses in a text.
func addresses(text string) int {
	seen := map[netip.Addr]bool{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t;=()[]\"'<>", r) }) {
		if ip, err := netip.ParseAddr(word); err == nil {
			seen[ip] = true
		}
	}
	return len(seen)
}

// messages calls f with all messages below a folder.
func messages(t *testing.T, root string, f func(path string, m *message.Message)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".md") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f(path, message.Parse(raw))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRealFields reads every Authentication-Results and Received-SPF field of
// the collected mail. Each must give a verdict with a result, and an SPF
// verdict of Received-SPF its client wherever the text has one address.
func TestRealFields(t *testing.T) {
	for _, root := range []string{"corpora/authres/deltachat-providers/headers", "corpora/realworld", "cases", "corpora/arc", "corpora/dkim"} {
		t.Run(strings.ReplaceAll(root, "/", "-"), func(t *testing.T) {
			files, fields, verdicts, withIP := 0, 0, 0, 0
			dialects := map[string]int{}
			messages(t, corpus.Path(t, root), func(path string, m *message.Message) {
				files++
				for i := range m.Fields {
					name := mailname.Lower(m.Name(i))
					got := Parse(m, i)
					ar := strings.Contains(name, "authentication-results")
					rs := strings.HasSuffix(name, "received-spf")
					if !ar && !rs {
						continue
					}
					fields++
					value := m.Value(i)
					if len(got) == 0 {
						t.Errorf("%s: nothing read from %s: %q", path, m.Name(i), value)
						continue
					}
					verdicts += len(got)
					for _, v := range got {
						dialects[v.Dialect]++
						if v.IP.IsValid() {
							withIP++
						}
						if v.Result == "" {
							t.Errorf("%s: no result: %q: %+v", path, value, v)
						}
						if rs && !v.IP.IsValid() && addresses(value) == 1 {
							if strings.Contains(value, "envelope-from=2a10:") {
								t.Logf("skipped: %s: the writer put the address under envelope-from: %q", path, value)
							} else {
								t.Errorf("%s: no address read from %q", path, value)
							}
						}
						if v.Defect != NoDefect || v.Truncated {
							t.Logf("%s: %s: %q", path, v.Defect, value)
						}
						if v.Span.Start < m.Fields[i].Value.Start || v.Span.End > m.Fields[i].Value.End || v.Span.Start > v.Span.End {
							t.Errorf("%s: span %v outside of the value", path, v.Span)
						}
						if v.Method != "" && ar && !strings.HasPrefix(mailname.Lower(string(m.Raw[v.Span.Start:])), v.Method) {
							t.Errorf("%s: span begins with %.20q, not %s", path, m.Raw[v.Span.Start:], v.Method)
						}
					}
				}
			})
			t.Logf("%d files, %d fields, %d verdicts, %d with an address: %v", files, fields, verdicts, withIP, dialects)
		})
	}
}
