package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
)

// A pager is used as git does it: where standard output is a terminal, with the
// command of MAILTRACE_PAGER, else PAGER, else less; "" and cat mean none. LESS
// and LV are set where they are not, so that a page that fits on the screen is
// just printed.

// pagerCommand is the command to show text with, "" for none.
func (c *cli) pagerCommand() string {
	if c.terminal(c.stdout) == 0 || c.getenv("TERM") == "dumb" {
		return ""
	}
	command, set := "less", false
	for _, name := range []string{"MAILTRACE_PAGER", "PAGER"} {
		if v := c.getenv(name); v != "" && !set {
			command, set = v, true
		}
	}
	if command = strings.TrimSpace(command); command == "cat" {
		return ""
	}
	return command
}

// pager is a writer that starts its command with the first byte, so that
// nothing shows before there is something to show. Without a command, or where
// it can't be started, it writes to out.
type pager struct {
	start func() (io.WriteCloser, func() error, error)
	out   io.Writer
	w     io.WriteCloser
	wait  func() error
	begun bool
}

func (p *pager) Write(b []byte) (int, error) {
	if !p.begun {
		p.begun = true
		if w, wait, err := p.start(); err == nil {
			p.w, p.wait = w, wait
		}
	}
	if p.w != nil {
		return p.w.Write(b)
	}
	return p.out.Write(b)
}

// Close ends the input of the pager and waits until its reader leaves it.
func (p *pager) Close() error {
	if p.w == nil {
		return nil
	}
	err := p.w.Close()
	// How the reader left says nothing of the report.
	_ = p.wait()
	return err
}

// startPager runs a pager by the shell, as its command may have arguments.
func startPager(command string, getenv func(string) string, out, errors io.Writer) (io.WriteCloser, func() error, error) {
	cmd := exec.Command("sh", "-c", command)
	cmd.Stdout, cmd.Stderr = out, errors
	cmd.Env = os.Environ()
	if getenv("LESS") == "" {
		cmd.Env = append(cmd.Env, "LESS=FRX")
	}
	if getenv("LV") == "" {
		cmd.Env = append(cmd.Env, "LV=-c")
	}
	if _, err := exec.LookPath(strings.Fields(command)[0]); err != nil {
		return nil, nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	return in, cmd.Wait, nil
}
