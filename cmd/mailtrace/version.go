package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/report"
)

// versionLine is what version and --version print: version and schema, and from
// what the program was built, as far as the build says.
func versionLine() string {
	info, _ := debug.ReadBuildInfo()
	line := fmt.Sprintf("mailtrace %s, report schema %d\n", releaseOf(info), report.Schema)
	if from := builtFrom(info); from != "" {
		line += from + "\n"
	}
	return line
}

var release = pattern.New(`^v(\d+\.\d+\.\d+(-[a-z]+\.\d+)?)$`)

// releaseOf is the released version that the program was installed as, else
// that of the source.
func releaseOf(info *debug.BuildInfo) string {
	if info != nil {
		if m := release.FindStringSubmatch(info.Main.Version); m != nil {
			return m[1]
		}
	}
	return mailtrace.Version
}

// builtFrom names commit, compiler and system of a build, "" where it was not
// made from a checkout.
func builtFrom(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	commit := set["vcs.revision"]
	if commit == "" {
		return ""
	}
	changed := ""
	if set["vcs.modified"] == "true" {
		changed = ", changed"
	}
	day, _, _ := strings.Cut(set["vcs.time"], "T")
	return fmt.Sprintf("commit %.12s%s, %s, %s %s/%s", commit, changed, day, info.GoVersion, set["GOOS"], set["GOARCH"])
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(c.stdout, versionLine())
			return writeError("standard output", err)
		},
	}
}
