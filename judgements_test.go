package mailtrace_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

var updateJudgements = flag.Bool("update-judgements", false, "write testdata/judgements from what is judged now")

// TestJudgements holds what is judged of every message of the tree against
// testdata/judgements: the whole of it, words left out. A file there says what a
// change changes, for people to read before they commit it; that a judgement is
// right, the tests beside the messages say. A message that is new and not yet in
// a file is not asked.
//
//	go test . -run TestJudgements -update-judgements
func TestJudgements(t *testing.T) {
	for _, s := range storedMessages(t) {
		t.Run(s.name, func(t *testing.T) {
			path := filepath.Join("testdata", "judgements", s.name+".txt")
			got := map[string]string{}
			for name, m := range s.messages {
				got[name] = judgement(t, m)
			}
			if *updateJudgements {
				var b strings.Builder
				for _, name := range slices.Sorted(maps.Keys(got)) {
					b.WriteString("# " + name + "\n" + got[name])
				}
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, asked := readJudgements(t, path), 0
			for name, is := range got {
				was, ok := want[name]
				if !ok {
					continue
				}
				asked++
				if is != was {
					t.Errorf("%s is judged otherwise; read the difference, then -update-judgements\n%s", name, lineDiff(was, is))
				}
			}
			if asked == 0 {
				t.Error("no judgement is asked")
			}
		})
	}
}

// storedMessage is a message of the tree with the DNS that belongs to it.
type storedMessage struct{ text, zone string }

type storedGroup struct {
	name     string
	messages map[string]storedMessage
}

// storedMessages are the messages of the tree, by the folders that they lie in.
func storedMessages(t *testing.T) []storedGroup {
	t.Helper()
	folder := func(name string) storedGroup {
		g := storedGroup{name, map[string]storedMessage{}}
		files, err := filepath.Glob("testdata/" + name + "/*/message.eml")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			zone, err := os.ReadFile(filepath.Join(filepath.Dir(f), "zone.txt"))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			g.messages[filepath.Base(filepath.Dir(f))] = storedMessage{string(text), string(zone)}
		}
		return g
	}
	archives := func(name, pattern string) storedGroup {
		g := storedGroup{name, map[string]storedMessage{}}
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			names, messages, _ := readArchive(t, file)
			for _, m := range names {
				g.messages[strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+m] = messages[m]
			}
		}
		return g
	}
	out := []storedGroup{folder("cases"), folder("field"), folder("field-hostile"), archives("layouts", "testdata/layouts/*.txt"), archives("findings", "findings/testdata/*.txt")}
	for _, g := range out {
		if len(g.messages) == 0 {
			t.Fatalf("no messages of %s", g.name)
		}
	}
	return out
}

// readArchive returns the messages NAME.eml of an archive, in their order, each
// with its own zone behind that of all; and every part by its name.
func readArchive(t *testing.T, file string) (names []string, messages map[string]storedMessage, parts map[string]string) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	messages, parts = map[string]storedMessage{}, map[string]string{}
	for _, f := range a.Files {
		parts[f.Name] = string(f.Data)
	}
	for _, f := range a.Files {
		if m, ok := strings.CutSuffix(f.Name, ".eml"); ok {
			names = append(names, m)
			messages[m] = storedMessage{string(f.Data), parts["zone"] + parts[m+".zone"]}
		}
	}
	return names, messages, parts
}

func judgement(t *testing.T, m storedMessage) string {
	t.Helper()
	o := mailtrace.Options{}
	switch {
	case strings.HasPrefix(m.zone, "mailtrace-dns "):
		z, err := dns.ParseReplay("zone", []byte(m.zone))
		if err != nil {
			t.Fatal(err)
		}
		o.Resolver = z
	case m.zone != "":
		z, err := zonefile.Parse("zone", []byte(m.zone))
		if err != nil {
			return "no zone\n"
		}
		o.Resolver = z
	}
	r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(m.text), o)
	if err != nil {
		return "an error\n"
	}
	var b strings.Builder
	write(&b, r, "")
	return b.String()
}

func number(n *int) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

// write puts down what a report judges, a line a thing.
func write(b *strings.Builder, r *report.Report, indent string) {
	line := func(format string, args ...any) {
		b.WriteString(indent + strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ") + "\n")
	}
	v := r.Verdict
	line("verdict %s root=%s hop=%s fault=%s border=%v delivery=%v", v.Status, rootOf(r), number(v.Hop), v.AtFault, v.Border, v.Delivery)
	for _, x := range v.Believe {
		line("believe %s=%s hop=%s %s", x.Method, x.Result, number(x.Hop), x.By)
	}
	for _, x := range v.Doubt {
		line("doubt %s=%s hop=%s %s forged=%v", x.Method, x.Result, number(x.Hop), x.By, x.Forged)
	}
	for i := range r.Borders {
		x := &r.Borders[i]
		mf := "-"
		if x.MailFrom != nil {
			mf = "<" + *x.MailFrom + ">"
		}
		line("border hop=%d client=%s helo=%s from=%s", x.Hop, x.ClientIP, x.Helo, mf)
	}
	for _, x := range r.Zones {
		line("zone %s %s %v", x.Role, x.Name, x.Hops)
	}
	for i := range r.Hops {
		h := &r.Hops[i]
		delay := ""
		if h.DelaySeconds != nil {
			delay = fmt.Sprintf("delay=%g", *h.DelaySeconds)
		}
		line("hop %d %s %s trust=%s %s notes=%d", h.Index, h.Dialect, h.Zone, h.Trust, delay, len(h.Notes))
	}
	for _, c := range r.Claims {
		line("claim field=%d %s=%s %s hop=%s ip=%s(%s) writer=%s %s", c.Field, c.Method, c.Result, c.Domain, number(c.Hop), c.ClientIP, c.ClientIPBasis, c.Writer, c.Trust)
	}
	if r.SPF != nil {
		line("spf %s %s", r.SPF.Result, r.SPF.Identity)
	}
	for _, c := range r.SPFMatrix {
		line("spf at hop=%d %s %s=%s %s", c.Hop, c.ClientIP, c.Domain, c.Result, c.Matched)
	}
	for _, d := range r.DKIM {
		line("dkim field=%d %s %s", d.Field, d.Domain, d.Result)
		if d.Repair != nil {
			kinds := ""
			for _, c := range d.Repair.Changes {
				kinds += " " + c.Kind
			}
			line("repair%s proved=%v", kinds, d.Repair.Proved)
		}
	}
	if r.ARC != nil {
		line("arc %s failed=%s", r.ARC.Result, number(r.ARC.FailedInstance))
	}
	if r.DMARC != nil {
		line("dmarc %s", r.DMARC.Result)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		proof := ""
		for _, e := range f.Evidence {
			proof += fmt.Sprintf(" %s:%s%s", e.Kind, number(e.Field), e.DNS)
		}
		line("finding %s %s %s hop=%s %s %s %s quiet=%v because=%v |%s", f.Severity, f.Confidence, f.Code, number(f.Hop), f.AtFault.Role, f.AtFault.Host, f.AtFault.Organisation, f.Quiet, f.Because, proof)
	}
	for _, f := range r.Forks {
		line("fork %s", f.Settle)
		for _, x := range f.Readings {
			line("reading %s hop=%s", x.Status, number(x.BorderHop))
		}
	}
	for _, m := range r.Machines {
		line("machine %v %s %s inside=%v outside=%v wrote=%v sent=%v", m.Names, m.Role, m.Service, m.Inside, m.Outside, m.Wrote, m.Sent)
	}
	for _, l := range r.Links {
		line("link hop=%d %s", l.Hop, l.Kind)
	}
	if n := len(r.Gaps); n > 0 {
		line("gaps %d", n)
	}
	for i := range r.Embedded {
		line("embedded %d", i)
		write(b, &r.Embedded[i], indent+"  ")
	}
}

func readJudgements(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, name := map[string]string{}, ""
	for s := bufio.NewScanner(f); s.Scan(); {
		if n, ok := strings.CutPrefix(s.Text(), "# "); ok {
			name = n
			continue
		}
		out[name] += s.Text() + "\n"
	}
	return out
}

// lineDiff is what differs, a line each.
func lineDiff(was, is string) string {
	var b strings.Builder
	a, c := strings.Split(was, "\n"), strings.Split(is, "\n")
	for _, l := range a {
		if !slices.Contains(c, l) {
			b.WriteString("- " + l + "\n")
		}
	}
	for _, l := range c {
		if !slices.Contains(a, l) {
			b.WriteString("+ " + l + "\n")
		}
	}
	return b.String()
}
