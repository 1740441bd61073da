package findings

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

const docFile = "../docs/findings.md"

var fixDocs = flag.Bool("update", false, "write docs/findings.md again from the catalogue")

// TestDocs holds docs/findings.md against the catalogue.
func TestDocs(t *testing.T) {
	want := docPage()
	if *fixDocs {
		if err := os.WriteFile(docFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/findings.md is not what the catalogue says (%s); refresh it with\n\tgo generate ./findings", differs(got, want))
	}
}

// differs names the first line in which two pages differ.
func differs(got, want []byte) string {
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range b {
		if i >= len(a) || a[i] != b[i] {
			return fmt.Sprintf("line %d: want %q", i+1, b[i])
		}
	}
	return "it is too long"
}

// docPage is the page of all findings.
func docPage() []byte {
	var b bytes.Buffer
	b.WriteString(`# Findings

What mailtrace finds, and what to do about it. ` + "`mailtrace explain CODE`" + ` prints the same for one code. This page is
made from the catalogue in the package ` + "`findings`" + `.

A code never changes its meaning. The severity is the usual one: a finding may carry another where its circumstances are
milder or graver, and says so. "Explained by" names the findings that cause this one: where one of them is in the report too,
this one is shown as its consequence.

| severity | meaning |
|---|---|
| critical | somebody passes for another |
| high | honest mail is lost or refused, or will be; or mail that should fail passes |
| medium | something is broken and nothing is lost yet |
| low | worth putting right |
| info | good to know |

`)
	fmt.Fprintf(&b, "## Index\n\n%d findings.\n", len(Rules()))
	for g, about := range Groups {
		fmt.Fprintf(&b, "\n[%s](#%s)\n\n| code | severity | |\n|---|---|---|\n", about.Title, anchor(about.Title))
		for _, r := range inGroup(Group(g)) {
			fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", r.Code, r.Code, r.Severity, cell(r.Title))
		}
	}
	for g, about := range Groups {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", about.Title, about.About)
		for _, r := range inGroup(Group(g)) {
			docRule(&b, r)
		}
	}
	return b.Bytes()
}

func inGroup(g Group) []*Rule {
	var out []*Rule
	for _, r := range Rules() {
		if r.Group == g {
			out = append(out, r)
		}
	}
	return out
}

func docRule(b *bytes.Buffer, r *Rule) {
	fmt.Fprintf(b, "\n### %s\n\n**%s**\n\n- severity: %s\n", r.Code, r.Title, r.Severity)
	if len(r.SymptomOf) > 0 {
		links := make([]string, len(r.SymptomOf))
		for i, c := range r.SymptomOf {
			links[i] = "[" + c.Code + "](#" + c.Code + ")"
		}
		fmt.Fprintf(b, "- explained by: %s\n", strings.Join(links, ", "))
	}
	if len(r.Refs) > 0 {
		fmt.Fprintf(b, "- see: %s\n", strings.Join(r.Refs, ", "))
	}
	b.WriteByte('\n')
	after := ""
	for line := range strings.Lines(strings.TrimSpace(r.Doc)) {
		line = strings.TrimRight(line, " \r\n")
		if title, ok := strings.CutPrefix(line, "## "); ok {
			if after != "" {
				b.WriteByte('\n')
			}
			line = "#### " + title + "\n"
		}
		if line == "" && after == "" {
			continue
		}
		b.WriteString(linked(line, r.Code) + "\n")
		after = line
	}
}

// linked makes links of the codes of other findings in a line.
func linked(line, own string) string {
	fields := strings.SplitAfter(line, " ")
	for i, f := range fields {
		core := strings.Trim(f, " .,;:()")
		if core != own && strings.Contains(core, "-") && Lookup(core) != nil {
			fields[i] = strings.Replace(f, core, "["+core+"](#"+core+")", 1)
		}
	}
	return strings.Join(fields, "")
}

func anchor(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
