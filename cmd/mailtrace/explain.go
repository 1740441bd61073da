package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace/render"
)

func (c *cli) explainCommand() *cobra.Command {
	var o output
	cmd := &cobra.Command{
		Use:   "explain [CODE]",
		Short: "explain a finding, or list all",
		Long: `Explain prints the page of a finding: what happened, how it is proved, what
looks alike, and who has to change what. Without CODE it lists all findings.`,
		Example: `  mailtrace explain
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
			return codes, cobra.ShellCompDirectiveNoFileComp
		},
	}
	o.registerPager(cmd)
	return cmd
}

func (c *cli) explain(o *output, args []string) error {
	rules := c.engine.rules()
	switch len(args) {
	case 0:
		return c.catalogue(o, rules)
	case 1:
	default:
		return wrong("mailtrace explain "+args[0], "explain takes one code, not %d", len(args))
	}
	for i := range rules {
		if strings.EqualFold(rules[i].Code, args[0]) {
			w, done, err := c.create(o)
			if err != nil {
				return err
			}
			if err := render.Explain(w, &rules[i], render.Options{Width: c.width(c.terminal(c.stdout))}); err != nil {
				return writeError("standard output", err)
			}
			return done()
		}
	}
	hint := "mailtrace explain lists all"
	if near := nearest(args[0], rules); near != "" {
		hint = "mailtrace explain " + near
	}
	return wrong(hint, "no finding %q", args[0])
}

func (c *cli) catalogue(o *output, rules []render.Rule) error {
	w, done, err := c.create(o)
	if err != nil {
		return err
	}
	width := 0
	for _, r := range rules {
		width = max(width, len(r.Code))
	}
	for _, r := range rules {
		if _, err := fmt.Fprintf(w, "%-8s  %-*s  %s\n", r.Severity, width, r.Code, r.Title); err != nil {
			return writeError("standard output", err)
		}
	}
	return done()
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
