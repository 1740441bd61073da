package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// docs/cli.md names every command and every flag that there is.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	c := &cli{environment: fakeEnvironment()}
	for _, cmd := range c.rootCommand().Commands() {
		if !strings.Contains(doc, "mailtrace "+cmd.Name()) && !strings.Contains(doc, "|"+cmd.Name()) {
			t.Errorf("docs/cli.md does not name %s", cmd.Name())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) { documented(t, doc, cmd, f) })
	}
	for _, word := range strings.FieldsFunc(doc, func(r rune) bool { return strings.ContainsRune(" `|,()\n\\", r) }) {
		if name, ok := strings.CutPrefix(word, "--"); ok && strings.Trim(name, "-") != "" && !known(c, strings.TrimRight(name, ".;:")) {
			t.Errorf("docs/cli.md names --%s, which is not a flag", name)
		}
	}
}

func documented(t *testing.T, doc string, cmd *cobra.Command, f *pflag.Flag) {
	t.Helper()
	if !strings.Contains(doc, "`--"+f.Name+"`") && !strings.Contains(doc, "`--"+f.Name+" ") {
		t.Errorf("docs/cli.md does not name --%s of %s", f.Name, cmd.Name())
	}
}

func known(c *cli, name string) bool {
	for _, cmd := range c.rootCommand().Commands() {
		if cmd.Flags().Lookup(name) != nil {
			return true
		}
	}
	return false
}
