package main

// Rules of this program's talk:
//
//   - Standard output carries what was asked for; all else goes to standard
//     error.
//   - Every error is one line that names the thing, "error: …", followed by
//     what to do, "hint: …". Lower case, no full stop.
//   - The exit code is the same for every format.
//   - A command does nothing at its start that it does not need.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/semaphore"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/render"
)

// Exit codes.
const (
	exitDone     = 0   // nothing at or above --fail-on
	exitFound    = 1   // something was
	exitUsage    = 2   // wrong usage, or an input that cannot be read
	exitUnfinish = 3   // not finished: the DNS did not answer, something could not be checked
	exitStopped  = 130 // interrupted
)

// worse returns the exit code that stands where both apply: 2 beats 1, 1 beats
// 3, 3 beats 0.
func worse(a, b int) int {
	for _, code := range []int{exitUsage, exitFound, exitUnfinish} {
		if a == code || b == code {
			return code
		}
	}
	return exitDone
}

// problem is an error that a person can do something about.
type problem struct {
	what string
	hint string
	code int // exit code; 0 means exitUsage
}

func (p *problem) Error() string { return p.what }

// wrong is wrong usage or an unreadable input.
func wrong(hint, format string, args ...any) *problem {
	return &problem{what: fmt.Sprintf(format, args...), hint: hint}
}

// faultOf is the problem that a fault of this program makes: what it worked on,
// and how to report it. Any other error gives nil.
func faultOf(path string, err error) *problem {
	var f *mailtrace.Fault
	if !errors.As(err, &f) {
		return nil
	}
	what := f.Error()
	if path != "" {
		what = path + ": " + what
	}
	return wrong("this is a fault of mailtrace "+mailtrace.Version+", not of the input; please report this line with the input at "+
		"https://github.com/mailtrace/mailtrace/issues, or as SECURITY.md says where the input is not for the public", "%s", what)
}

// cli is one run of the program.
type cli struct {
	environment
	ctx    context.Context // of the run
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	code   int
	given  []string    // the files that the command line names to be read
	paging atomic.Bool // a pager has the terminal
	files  scratchFiles
	// memory is for what was read of a stream and is not yet analysed; nil as
	// long as the first messages are only looked at.
	memory *semaphore.Weighted
}

// run executes the program and returns its exit code. Everything that it needs
// of the machine comes in.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env environment) int {
	c := &cli{environment: env, ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr}
	root := c.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	out := &noting{w: stdout}
	root.SetOut(out)
	root.SetErr(stderr)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := guard.Run(func() {
			err := root.ExecuteContext(ctx)
			if out.err != nil {
				err = writeError("standard output", out.err)
			}
			if err != nil {
				c.complain(err)
			}
		})
		if err != nil {
			c.complain(faultOf("", err))
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
		c.unwind(done)
	}
	c.tidy()
	if ctx.Err() != nil {
		return exitStopped
	}
	return c.code
}

// noting is an output whose first error is kept: help and completion let it go.
type noting struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (n *noting) Write(p []byte) (int, error) {
	k, err := n.w.Write(p)
	n.err = cmp.Or(n.err, err)
	return k, err
}

// stopWait is how long a run that was interrupted may take to end by itself: to
// write out what is whole, and to take its files away. It ends after that all
// the same: what it waits for, such as a reader of its output who reads nothing,
// may never come.
const stopWait = time.Second

// unwind waits for the end of a run that was interrupted.
func (c *cli) unwind(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(c.stopWait):
			if !c.paging.Load() {
				return
			}
			// The person is still reading; the pager has the terminal.
		}
	}
}

// complain reports an error and takes its exit code into account.
func (c *cli) complain(err error) {
	var p *problem
	if !errors.As(err, &p) {
		p = wrong("mailtrace --help lists the commands and flags", "%s", err)
	}
	if p.code == 0 {
		c.code = worse(c.code, exitUsage)
	} else {
		c.code = worse(c.code, p.code)
	}
	fmt.Fprintf(c.stderr, "error: %s\n", render.Clean(p.what))
	if p.hint != "" && c.context().Err() == nil { // who interrupts knows what to do
		fmt.Fprintf(c.stderr, "hint: %s\n", render.Clean(p.hint))
	}
}

func (c *cli) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "mailtrace",
		Short: "where and why e-mail authentication broke",
		Long: `mailtrace reads the header of a message and says where and why its
authentication (SPF, DKIM, DMARC, ARC) broke, and proves it.

Exit codes: 0 nothing at or above --fail-on, 1 something was, 2 wrong usage or
an input that cannot be read, 3 not finished (the DNS did not answer), 130
interrupted.`,
		Example: `  mailtrace analyze message.eml
  mailtrace analyze --dns zone:fix.zone --dns system message.eml
  mailtrace spf --ip 192.0.2.10 --from ann@example.com --trace
  mailtrace explain spf-rechecked-behind-border`,
		PersistentPreRun: func(cmd *cobra.Command, args []string) { c.given = filesGiven(cmd, args) },
		SilenceErrors:    true,
		SilenceUsage:     true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := "mailtrace help lists the commands"
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				hint = "mailtrace " + strings.Join(near, ", mailtrace ")
			} else if strings.ContainsAny(args[0], "./") {
				hint = "mailtrace analyze " + args[0]
			}
			return wrong(hint, "no command %q", args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(flagError)
	root.Version = mailtrace.Version
	root.SetVersionTemplate(versionLine())
	// One constructor a command; a new command is a file and a line here.
	root.AddCommand(
		c.analyzeCommand(),
		c.domainCommand(),
		c.watchCommand(),
		c.learnCommand(),
		c.compareCommand(),
		c.spfCommand(),
		c.explainCommand(),
		c.fixCommand(),
		c.showCommand(),
		c.serveCommand(),
		c.pageCommand(),
		c.versionCommand(),
		c.manCommand(),
	)
	return root
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
