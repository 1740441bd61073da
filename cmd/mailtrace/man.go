package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/mailtrace/mailtrace"
)

// manCommand writes the manual pages, made from the same text as --help.
func (c *cli) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "write manual pages into a folder",
		Long:    "Man writes one manual page a command, mailtrace.1 and mailtrace-COMMAND.1, into DIR.",
		Example: "  mailtrace man /usr/local/share/man/man1",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return wrong("mailtrace man /usr/local/share/man/man1", "give one folder")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err != nil {
				return wrong("give a folder that is there", "%s: %s", args[0], reason(err))
			} else if !info.IsDir() {
				return wrong("give a folder", "%s is a file", args[0])
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			day := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
			err := doc.GenManTree(root, &doc.GenManHeader{Title: "MAILTRACE", Section: "1", Source: "mailtrace " + mailtrace.Version, Date: &day}, args[0])
			return writeError(args[0], err)
		},
	}
}
