package redact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"mime"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// each calls f with every message that is at hand: the cases, the examples,
// and real mail where it lies beside the repository.
func each(t *testing.T, f func(t *testing.T, name string, raw []byte, r *report.Report)) {
	t.Helper()
	count := map[string]int{}
	analyse := func(kind, path, zone string) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		o := mailtrace.Options{Path: path, CrossCheck: true}
		if text, err := os.ReadFile(zone); err == nil {
			if o.Resolver, err = zonefile.Parse(zone, text); err != nil {
				t.Fatal(err)
			}
		}
		r, err := mailtrace.AnalyzeBytes(context.Background(), raw, o)
		if err != nil {
			return // not a message
		}
		count[kind]++
		f(t, path, raw, r)
	}
	cases, _ := filepath.Glob("../testdata/cases/*/message.eml")
	for _, path := range cases {
		analyse("cases", path, filepath.Join(filepath.Dir(path), "zone.txt"))
	}
	examples, _ := filepath.Glob("../examples/*.eml")
	for _, path := range examples {
		analyse("examples", path, strings.TrimSuffix(path, ".eml")+".zone")
	}
	if len(cases) == 0 || len(examples) == 0 {
		t.Fatalf("%d cases and %d examples", len(cases), len(examples))
	}
	shared := corpus.Root()
	for _, folder := range []string{"corpora/realworld", "corpora/authres/deltachat-providers/headers"} {
		_ = filepath.WalkDir(filepath.Join(shared, folder), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.HasSuffix(path, ".json") && !strings.Contains(d.Name(), "LICENSE") {
				analyse("real", path, "")
			}
			return nil
		})
	}
	if count["real"] == 0 {
		t.Log("no real mail here ($MAILTRACE_SHARED)")
	}
	t.Logf("messages: %v", count)
}

// views are all forms in which a report can be read.
func views(t *testing.T, r *report.Report) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range render.Formats(report.DocMessage) {
		var b bytes.Buffer
		w := f.New(&b, render.Options{Detail: render.Full})
		if err := w.Report(r); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		// The page's own style and script are the same for every message.
		own := ownForm.ReplaceAllString(b.String(), " ")
		out[f.Name] = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(own)
	}
	return out
}

var (
	addressForm = regexp.MustCompile(`([A-Za-z0-9][A-Za-z0-9._+=-]*)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)`)
	ip4Form     = regexp.MustCompile(`\b(?:\d{1,3}\.){3}\d{1,3}\b`)
	innerForm   = regexp.MustCompile(`(?i)\b[a-z0-9][a-z0-9.-]*\.(?:local|lan|internal|intranet|corp|home|localdomain)\b`)
	property    = regexp.MustCompile(`^(smtp|header)\.|^(envelope-from|mailfrom|from|to|i|d)=`)
	ownForm     = regexp.MustCompile(`(?s)<style>.*?</style>|<script[^>]*>.*?</script>`)
	wordForm    = regexp.MustCompile(`[\p{L}\p{N}]+`)
)

// secretsOf reads from the header what a redacted report must not hold, by
// other means than the package does.
type secretsOf struct {
	locals, names, hosts []string
	subject              []string // its words
	ips                  []string
}

func secrets(raw []byte, r *report.Report) secretsOf {
	var s secretsOf
	m := message.Parse(raw)
	header := ""
	for i := range m.Fields {
		header += m.Name(i) + ": " + strings.Join(strings.Fields(m.Value(i)), " ") + "\n"
	}
	for _, a := range addressForm.FindAllStringSubmatch(header, -1) {
		local := a[1]
		if _, value, ok := strings.Cut(local, "="); ok && property.MatchString(local) {
			local = value
		}
		if local = strings.ToLower(local); local != "" && !slices.Contains(s.locals, local) {
			s.locals = append(s.locals, local)
		}
	}
	for _, a := range r.Message.From {
		s.names = append(s.names, a.Name)
	}
	subject := m.Get("Subject")
	if d, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
		subject = d
	}
	s.subject = wordForm.FindAllString(strings.ToLower(subject), -1)
	for _, a := range ip4Form.FindAllString(header, -1) {
		if ip, err := netip.ParseAddr(a); err == nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast()) && !strings.HasSuffix(a, ".0.0") && !strings.HasSuffix(a, ".0.0.0") {
			s.ips = append(s.ips, a)
		}
	}
	for _, h := range innerForm.FindAllString(header, -1) {
		if h = strings.ToLower(h); !strings.HasPrefix(h, "localhost") {
			s.hosts = append(s.hosts, h)
		}
	}
	return s
}

// No secret of any message survives in any format.
func TestNothingSurvives(t *testing.T) {
	for _, o := range []redact.Options{{}, {Domains: true}} {
		each(t, func(t *testing.T, name string, raw []byte, r *report.Report) {
			red := redact.Report(r, o)
			before, after := secrets(raw, r), views(t, red)
			kept := map[string]bool{} // labels of domains that stay
			for _, d := range domainsOf(r) {
				for _, l := range wordForm.FindAllString(strings.ToLower(d), -1) {
					kept[l] = true
				}
			}
			// What sort of report a mail carries, and of which time, stays: those
			// that write such mail use the same words.
			carried := " "
			if c := r.Collected; c != nil {
				carried += strings.Join(wordForm.FindAllString(strings.ToLower(c.Kind), -1), " ") + " "
				for _, at := range []time.Time{c.Begin, c.End} {
					carried += strings.Join(wordForm.FindAllString(strings.ToLower(at.Format(time.RFC3339)), -1), " ") + " "
				}
			}
			for format, text := range after {
				low := strings.ToLower(text)
				seq := wordForm.FindAllString(low, -1)
				line := " " + strings.Join(seq, " ") + " "
				fail := func(what, secret string) {
					t.Helper()
					i := strings.Index(low, strings.ToLower(secret))
					where := ""
					if i >= 0 {
						where = low[max(0, i-60):min(len(low), i+len(secret)+60)]
					}
					t.Errorf("%s: %s %q survives in %s: %q", filepath.Base(name), what, secret, format, where)
				}
				for _, l := range before.locals {
					if l == "postmaster" || l == "mailer-daemon" || strings.HasPrefix(l, "user-") || strings.HasPrefix(l, "id-") {
						continue
					}
					if bounded(low, l+"@", "-._+=") {
						fail("address", l+"@")
					}
					w := wordForm.FindAllString(l, -1)
					tells := false
					for _, x := range w {
						tells = tells || len(x) >= 3 && !redact.Vocabulary(x) && strings.Trim(x, "0123456789") != "" && (!kept[x] || o.Domains)
					}
					if tells && strings.Contains(line, " "+strings.Join(w, " ")+" ") {
						fail("local part", l)
					}
				}
				for _, n := range before.names {
					w := wordForm.FindAllString(strings.ToLower(n), -1)
					tells := false
					for _, x := range w {
						tells = tells || len(x) >= 3 && !redact.Vocabulary(x) && (!kept[x] || o.Domains)
					}
					if run := " " + strings.Join(w, " ") + " "; tells && strings.Contains(line, run) && !strings.Contains(carried, run) {
						fail("display name", n)
					}
				}
				for i := 0; i+4 <= len(before.subject); i++ {
					w := before.subject[i : i+4]
					tells := false
					for _, x := range w {
						tells = tells || len(x) >= 4 && !redact.Vocabulary(x) && (!kept[x] || o.Domains)
					}
					if run := strings.Join(w, " "); tells && strings.Contains(line, " "+run+" ") && !strings.Contains(carried, " "+run+" ") {
						fail("subject", run)
					}
				}
				for _, ip := range before.ips {
					// One hidden address may stand for another only if the
					// report does not hold it.
					if bounded(low, ip, ".") {
						fail("private address", ip)
					}
				}
				for _, h := range before.hosts {
					if bounded(low, h, "-") {
						fail("inner host", h)
					}
				}
				if o.Domains {
					for _, d := range domainsOf(r) {
						if org, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(d)); err == nil && bounded(low, org, "-") {
							fail("domain", org)
						}
					}
				}
				if id, _, _ := strings.Cut(strings.Trim(r.Message.MessageID, "<> "), "@"); len(id) >= 8 && strings.Contains(low, strings.ToLower(id)) {
					fail("message id", id)
				}
				if p := r.Source.Path; strings.Contains(low, strings.ToLower(filepath.Base(p))) && filepath.Base(p) != "message.eml" {
					fail("path", p)
				}
			}
			for _, c := range redact.Caught(r, o) {
				t.Errorf("%s: withheld in the end: %q", filepath.Base(name), c)
			}
		})
	}
}

// bounded reports whether a text holds a secret that is not a part of a longer
// word. more lists what belongs to a word beside letters and digits.
func bounded(text, secret, more string) bool {
	inWord := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || strings.IndexByte(more, c) >= 0
	}
	for at := 0; ; {
		i := strings.Index(text[at:], secret)
		if i < 0 {
			return false
		}
		a, b := at+i, at+i+len(secret)
		if (a == 0 || !inWord(text[a-1])) && (strings.HasSuffix(secret, "@") || b == len(text) || !inWord(text[b])) {
			return true
		}
		at = a + 1
	}
}

func domainsOf(r *report.Report) []string {
	var out []string
	for _, a := range r.Message.From {
		out = append(out, a.Domain)
	}
	add := func(addr string) { out = append(out, addr[strings.LastIndexByte(addr, '@')+1:]) }
	if f := r.Message.MailFrom; f != nil {
		add(*f)
	}
	for _, a := range r.Message.RcptTo {
		add(a)
	}
	for _, d := range r.DKIM {
		out = append(out, d.Domain)
	}
	for _, c := range r.Claims {
		out = append(out, c.AuthservID)
	}
	for _, z := range r.Zones {
		out = append(out, z.Name)
	}
	return out
}

// shape is what must stay as it is.
type shape struct {
	Verdict  [4]string
	Border   report.Triple
	Delivery report.Triple
	Findings [][4]string
	Hops     []string
	Zones    []string
	Claims   []string
	DKIM     []string
	Tree     int
	DNS      int
	Gaps     int
	Inside   []shape
}

func shapeOf(r *report.Report) shape {
	var s shape
	root := ""
	if r.Verdict.RootCause != nil {
		root = *r.Verdict.RootCause
	}
	s.Verdict = [4]string{r.Verdict.Status, root, r.Verdict.AtFault, string(rune('0' + len(r.Borders)))}
	s.Border, s.Delivery = r.Verdict.Border, r.Verdict.Delivery
	for _, f := range r.Findings {
		s.Findings = append(s.Findings, [4]string{f.Code, f.Severity, f.Confidence, strings.Join(f.Because, " ") + strings.Repeat(".", len(f.Evidence))})
	}
	for _, h := range r.Hops {
		s.Hops = append(s.Hops, h.Dialect+" "+h.Protocol+" "+h.Trust)
	}
	for _, z := range r.Zones {
		s.Zones = append(s.Zones, z.Role+strings.Repeat(".", len(z.Hops)))
	}
	for _, c := range r.Claims {
		s.Claims = append(s.Claims, c.Method+" "+c.Result+" "+c.Trust)
	}
	for _, d := range r.DKIM {
		s.DKIM = append(s.DKIM, d.Result+" "+d.BodyHash+" "+d.HeaderSignature)
	}
	if r.SPF != nil {
		s.Tree = nodes(r.SPF.Tree)
	}
	s.DNS, s.Gaps = len(r.DNS), len(r.Gaps)
	for i := range r.Embedded {
		s.Inside = append(s.Inside, shapeOf(&r.Embedded[i]))
	}
	return s
}

func nodes(n *report.SPFNode) int {
	if n == nil {
		return 0
	}
	sum := 1
	for _, c := range n.Children {
		sum += nodes(c)
	}
	return sum
}

// The verdict, the findings and the structure stay, the report itself is not
// changed, and the same report gives the same redaction.
func TestStructureStays(t *testing.T) {
	for _, o := range []redact.Options{{}, {Domains: true}} {
		each(t, func(t *testing.T, name string, _ []byte, r *report.Report) {
			marshal := func(v any) string {
				b, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				return string(b)
			}
			before := marshal(r)
			red := redact.Report(r, o)
			if marshal(r) != before {
				t.Errorf("%s: the report was changed", name)
			}
			if a, b := marshal(shapeOf(r)), marshal(shapeOf(red)); a != b {
				t.Errorf("%s:\n got %s\nwant %s", name, b, a)
			}
			if marshal(red) != marshal(redact.Report(r, o)) {
				t.Errorf("%s: two redactions differ", name)
			}
		})
	}
}
