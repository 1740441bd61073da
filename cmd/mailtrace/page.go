package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/web/desk"
	"github.com/mailtrace/mailtrace/web/page"
)

const modulePath = "github.com/mailtrace/mailtrace"

func (c *cli) pageCommand() *cobra.Command {
	var wasm, script string
	cmd := &cobra.Command{
		Use:   "page [flags] DIR",
		Short: "the page of serve without a server, as a folder",
		Long: `Page writes a folder with the page of mailtrace serve and the analyzer as
WebAssembly. Any host that serves files can serve it, and a browser can open its
index.html from a disk. What is pasted into it never leaves the browser; asking
the DNS, over HTTPS, is off until the person switches it on.

The analyzer is built with the Go on this machine, from the source that this
program is in or from the module cache; --wasm and --wasm-exec give a built one.`,
		Example: `  mailtrace page public/
  mailtrace page --wasm mailtrace.wasm --wasm-exec wasm_exec.js public/`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return wrong("mailtrace page public/", "give one folder")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.page(cmd.Context(), args[0], wasm, script) },
	}
	f := cmd.Flags()
	f.StringVar(&wasm, "wasm", "", "the analyzer, built for GOOS=js GOARCH=wasm, in `FILE`")
	f.StringVar(&script, "wasm-exec", "", "wasm_exec.js of the Go release that built it, in `FILE`")
	return cmd
}

func (c *cli) page(ctx context.Context, dir, wasm, script string) error {
	if (wasm == "") != (script == "") {
		return wrong("give both: they have to be of one Go release", "--wasm without --wasm-exec, or the other way round")
	}
	if wasm == "" {
		scratch, remove, err := c.files.makeDir("mailtrace-page-*")
		if err != nil {
			return wrong("set TMPDIR to a folder with room", "%s", reason(err))
		}
		defer remove()
		if wasm, script, err = buildAnalyzer(ctx, scratch); err != nil {
			return wrong("install Go, or give --wasm and --wasm-exec", "the analyzer cannot be built: %s", err)
		}
	}
	analyzer, err := c.readFile(wasm, analyzerInput)
	if err != nil {
		return wrong("give the built analyzer", "%s: %s", wasm, reason(err))
	}
	runner, err := c.readFile(script, analyzerInput)
	if err != nil {
		return wrong("it is lib/wasm/wasm_exec.js of the Go release", "%s: %s", script, reason(err))
	}
	sizes, err := page.Write(dir, analyzer, runner, "mailtrace "+mailtrace.Version, desk.MaxInput)
	if err != nil {
		return wrong("give a folder that can be written to", "%s: %s", dir, reason(err))
	}
	fmt.Fprintf(c.stderr, "%s: the analyzer has %.1f MB, %.1f MB compressed\n", render.Clean(filepath.Join(dir, "index.html")), float64(sizes.Wasm)/1e6, float64(sizes.Compressed)/1e6)
	return nil
}

// buildAnalyzer builds web/wasm: of the module around the working directory
// where that is this one, else of this version in the module cache.
func buildAnalyzer(ctx context.Context, scratch string) (wasm, script string, err error) {
	run := func(dir string, env []string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "go", args...)
		// So that it ends what it runs.
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = stopWait / 2
		// What it makes on the way goes with scratch: a build that is interrupted
		// leaves it behind.
		cmd.Dir, cmd.Env = dir, append(append(os.Environ(), "GOTMPDIR="+scratch), env...)
		out, err := cmd.Output()
		if e, ok := errors.AsType[*exec.ExitError](err); ok && len(e.Stderr) > 0 {
			first, _, _ := strings.Cut(strings.TrimSpace(string(e.Stderr)), "\n")
			err = errors.New(first)
		}
		return strings.TrimSpace(string(out)), err
	}
	root, err := run("", nil, "env", "GOROOT")
	if err != nil {
		return "", "", err
	}
	dir := ""
	if here, err := run("", nil, "list", "-m", "-f", "{{.Path}} {{.Dir}}"); err == nil {
		if path, at, _ := strings.Cut(here, " "); path == modulePath {
			dir = at
		}
	}
	if dir == "" {
		text, err := run(scratch, []string{"GOFLAGS=-mod=mod"}, "mod", "download", "-json", modulePath+"@v"+mailtrace.Version)
		if err != nil {
			return "", "", err
		}
		var m struct{ Dir string }
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return "", "", err
		}
		dir = m.Dir
	}
	wasm = filepath.Join(scratch, "mailtrace.wasm")
	_, err = run(dir, []string{"GOOS=js", "GOARCH=wasm"}, page.Build(wasm, "./web/wasm")...)
	return wasm, filepath.Join(root, "lib", "wasm", "wasm_exec.js"), err
}
