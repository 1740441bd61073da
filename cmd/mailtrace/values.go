package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// duration is the value of a flag that takes a time: "500ms", "5s", or a number
// of seconds.
type duration struct{ d *time.Duration }

func (v duration) String() string {
	if v.d == nil {
		return ""
	}
	return v.d.String()
}
func (v duration) Type() string { return "D" }
func (v duration) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		d, err = time.ParseDuration(s + "s")
	}
	if err != nil || strings.TrimSpace(s) == "" {
		return fmt.Errorf("not a time such as 500ms, 5s or 2 (seconds)")
	}
	*v.d = d
	return nil
}

func durationVar(f *pflag.FlagSet, p *time.Duration, name string, def time.Duration, usage string) {
	*p = def
	f.Var(duration{p}, name, usage)
}

// atLayouts are the forms in which a time may be given, the exact one first.
var atLayouts = []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}

// parseAt reads a time; without a zone it is UTC, a day is its beginning.
func parseAt(s string) (time.Time, bool) {
	for _, l := range atLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// completeValues offers the values of a flag, and no files.
func completeValues(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		d := cobra.ShellCompDirectiveNoFileComp
		var out []string
		for _, v := range values {
			if strings.HasPrefix(v, begun) {
				out = append(out, v)
				if strings.HasSuffix(v, ":") {
					d = cobra.ShellCompDirectiveNoSpace // a file name follows
				}
			}
		}
		if i := strings.IndexByte(begun, ':'); i > 0 && len(out) == 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return out, d
	})
}

// nearFlag is the flag whose name is nearest to a word, "" where none is near.
func nearFlag(cmd *cobra.Command, word string) string {
	best, least := "", 3
	try := func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		d := distance(word, f.Name)
		if d == least && strings.HasPrefix(f.Name, word[:1]) && (best == "" || !strings.HasPrefix(best, word[:1])) {
			best = f.Name
		}
		if d < least {
			best, least = f.Name, d
		}
		if len(word) > 2 && strings.HasPrefix(f.Name, word) && least > 0 {
			best, least = f.Name, 0
		}
	}
	if word == "" {
		return ""
	}
	cmd.Flags().VisitAll(try)
	cmd.InheritedFlags().VisitAll(try)
	return best
}

// flagError makes a problem of what the parser of flags complains of.
func flagError(cmd *cobra.Command, err error) error {
	what := lowerFirst(err.Error())
	hint := cmd.CommandPath() + " --help lists the flags"
	if name, ok := strings.CutPrefix(what, "unknown flag: --"); ok {
		if near := nearFlag(cmd, name); near != "" {
			hint = "did you mean --" + near + "? " + hint
		}
	} else if i := strings.Index(what, "unknown shorthand flag: "); i == 0 {
		// One dash for two: -json.
		if j := strings.LastIndex(what, " in -"); j > 0 {
			if near := nearFlag(cmd, what[j+len(" in -"):]); near != "" {
				hint = "did you mean --" + near + "? " + hint
			}
		}
	}
	return wrong(hint, "%s", what)
}
