package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace/findings"
	"github.com/mailtrace/mailtrace/fix"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/words"
)

func (c *cli) explainCommand() *cobra.Command {
	var o output
	cmd := &cobra.Command{
		Use:   "explain [CODE|WORD]",
		Short: "explain a finding or a word of the report, or list all",
		Long: `Explain prints the page of a finding: what happened, how it is proved, what
looks alike, who has to change what, and the settings of products that fix it.
It also explains the words of the report (spf, border, alignment, compauth …).
The beginning of a code is enough. Without a word it lists everything.`,
		Example: `  mailtrace explain
  mailtrace explain dmarc
  mailtrace explain spf-rechecked-behind-border`,
		RunE: func(_ *cobra.Command, args []string) error { return c.explain(&o, args) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var codes []string
			for _, r := range c.engine.rules() {
				codes = append(codes, r.Code+"\t"+r.Title)
			}
			for _, w := range words.All() {
				codes = append(codes, w.Name+"\t"+w.Title)
			}
			return codes, cobra.ShellCompDirectiveNoFileComp
		},
	}
	o.registerPager(cmd)
	return cmd
}

func (c *cli) explain(o *output, args []string) error {
	rules := c.engine.rules()
	if len(args) == 0 {
		return c.paged(o, func(w io.Writer) error { return catalogue(w, rules) })
	}
	word := strings.ToLower(strings.Join(args, "-"))
	options := render.Options{Width: c.width(c.terminal(c.stdout))}
	for i := range rules {
		if rules[i].Code == word {
			return c.paged(o, func(w io.Writer) error { return explainRule(w, &rules[i], options) })
		}
	}
	begun := slices.DeleteFunc(slices.Clone(rules), func(r render.Rule) bool { return !strings.HasPrefix(r.Code, word) })
	if w, ok := words.Find(word); ok {
		return c.paged(o, func(out io.Writer) error {
			if err := render.Word(out, w.Name, w.Title, w.Text, w.See, options); err != nil {
				return err
			}
			return listed(out, "\nFindings about it:\n", about(w.Name, rules))
		})
	}
	if f, ok := fix.Named(word); ok {
		return c.paged(o, func(w io.Writer) error { return render.Fixes(w, []report.Fix{f}, options) })
	}
	switch {
	case len(begun) == 1:
		return c.paged(o, func(w io.Writer) error { return explainRule(w, &begun[0], options) })
	case len(begun) > 1:
		return c.paged(o, func(w io.Writer) error { return listed(w, "", begun) })
	}
	hint := "mailtrace explain lists all"
	if near := nearest(word, rules); near != "" {
		hint = "mailtrace explain " + near
	}
	return wrong(hint, "no finding or word %q", strings.Join(args, " "))
}

// paged writes to the output of a command.
func (c *cli) paged(o *output, write func(io.Writer) error) error {
	w, done, err := c.create(o)
	if err != nil {
		return err
	}
	return errors.Join(writeError("standard output", write(w)), done())
}

// explainRule is the page of a finding, with the settings that fix it.
func explainRule(w io.Writer, r *render.Rule, o render.Options) error {
	if err := render.Explain(w, r, o); err != nil {
		return err
	}
	recipes := fix.For(r.Code)
	if len(recipes) == 0 {
		return nil
	}
	if _, err := fmt.Fprint(w, "\nSettings that fix it (mailtrace explain NAME, or mailtrace fix report.json):\n"); err != nil {
		return err
	}
	for _, x := range recipes {
		note := ""
		if x.Effect != "cause" {
			note = "   (tolerates it)"
		}
		if _, err := fmt.Fprintf(w, "  %-26s %s%s\n", x.ID, x.Product, note); err != nil {
			return err
		}
	}
	return nil
}

// about are the findings with a word in their code.
func about(word string, rules []render.Rule) []render.Rule {
	return slices.DeleteFunc(slices.Clone(rules), func(r render.Rule) bool { return !slices.Contains(strings.Split(r.Code, "-"), word) })
}

func listed(w io.Writer, heading string, rules []render.Rule) error {
	if len(rules) == 0 {
		return nil
	}
	if _, err := io.WriteString(w, heading); err != nil {
		return err
	}
	width := 0
	for _, r := range rules {
		width = max(width, len(r.Code))
	}
	for _, r := range rules {
		if _, err := fmt.Fprintf(w, "%-8s  %-*s  %s\n", r.Severity, width, r.Code, r.Title); err != nil {
			return err
		}
	}
	return nil
}

// catalogue lists everything in the chapters of docs/findings.md.
func catalogue(w io.Writer, rules []render.Rule) error {
	group := map[string]int{}
	for _, r := range findings.Rules() {
		group[r.Code] = int(r.Group)
	}
	chapters := make([][]render.Rule, len(findings.Groups)+1)
	for _, r := range rules {
		g, ok := group[r.Code]
		if !ok {
			g = len(findings.Groups)
		}
		chapters[g] = append(chapters[g], r)
	}
	for g, rules := range chapters {
		title := "What a domain publishes"
		if g < len(findings.Groups) {
			title = findings.Groups[g].Title
		}
		heading := title + "\n"
		if g > 0 {
			heading = "\n" + heading
		}
		if err := listed(w, heading, rules); err != nil {
			return err
		}
	}
	var names []string
	for _, x := range words.All() {
		names = append(names, x.Name)
	}
	_, err := fmt.Fprintf(w, "\nWords of the report\n%s\n", wrapped(strings.Join(names, ", "), 78))
	return err
}

// wrapped breaks a list at blanks.
func wrapped(s string, width int) string {
	var b strings.Builder
	used := 0
	for i, w := range strings.Fields(s) {
		switch {
		case i == 0:
		case used+1+len(w) > width:
			b.WriteByte('\n')
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(w)
		used += len(w)
	}
	return b.String()
}

// nearest returns the code that shares the most words with a wrong one, or is
// a few letters away from it; "" where none is near.
func nearest(code string, rules []render.Rule) string {
	code = strings.ToLower(code)
	words := strings.FieldsFunc(code, func(r rune) bool { return r == '-' || r == '_' || r == ' ' })
	best, found := 0, ""
	for _, r := range rules {
		score := 0
		have := strings.Split(r.Code, "-")
		for _, w := range words {
			for _, h := range have {
				if w == h {
					score += 2
				}
			}
		}
		if score -= max(0, len(have)-len(words)); score > best {
			best, found = score, r.Code
		}
		if d := distance(code, r.Code); d <= 2 {
			return r.Code
		}
	}
	return found
}

// maxCode bounds the texts that are compared letter by letter.
const maxCode = 80

// distance is the number of letters to change, add or drop to make b of a.
func distance(a, b string) int {
	if len(a) > maxCode || len(b) > maxCode {
		return maxCode
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
