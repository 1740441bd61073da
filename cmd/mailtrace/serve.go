package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/web"
	"github.com/mailtrace/mailtrace/web/desk"
)

// serving are the flags of serve.
type serving struct {
	resolving
	addr    string
	port    int
	browser bool
}

// servePort is where the page is unless told otherwise: a bookmark of it keeps
// its place, though not its token.
const servePort = 7465

func (c *cli) serveCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "serve [flags]",
		Short: "a page on this machine to paste messages into",
		Long: `Serve opens a page on the loopback address: paste or drop a message, a header or
an Outlook .msg, or type a domain; the answer appears as it is found. Nothing is
stored, and nothing is sent but DNS questions. Each start has a token of its
own, which the printed address holds. Ctrl-C ends it.`,
		Example: `  mailtrace serve
  mailtrace serve --dns off --no-open
  mailtrace serve --port 0`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context(), &s) },
	}
	s.resolving.register(cmd)
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1", "the loopback `ADDRESS` to listen on")
	f.IntVar(&s.port, "port", servePort, "the `PORT`; 0 takes a free one")
	f.BoolVar(&s.browser, "no-open", false, "do not open the browser")
	return cmd
}

func (c *cli) serve(ctx context.Context, s *serving) error {
	if err := s.resolving.check(); err != nil {
		return err
	}
	if s.port < 0 || s.port > 65535 {
		return wrong("0 to 65535", "--port %d", s.port)
	}
	src, err := c.open(&s.resolving)
	if err != nil {
		return err
	}
	l, err := web.Listen(net.JoinHostPort(s.addr, strconv.Itoa(s.port)))
	switch {
	case errors.Is(err, web.ErrNotLoopback):
		return wrong("leave --addr away, or give 127.0.0.1 or ::1", "--addr %s: %s", s.addr, err)
	case errors.Is(err, syscall.EADDRINUSE):
		return wrong("is mailtrace serve running already? --port 0 takes a free port", "port %d is taken", s.port)
	case err != nil:
		return wrong("--port 0 takes a free port", "cannot listen on %s, port %d: %s", s.addr, s.port, reason(err))
	}
	o := desk.Options{Resolver: src.Resolver, Rules: c.engine.rules(), Now: c.now, Load: desk.Load}
	if src.remote {
		o.Fetch = c.fetch(src.Resolver)
		o.DNSSEC = c.validate(ctx, src.raw)
	}
	server := web.New(l, web.Options{Desk: desk.New(o), DNS: s.askedServers(), Tool: "mailtrace " + mailtrace.Version})
	fmt.Fprintf(c.stderr, "The page is at %s\nCtrl-C ends it.\n", server.URL())
	if !s.browser && c.terminal(c.stdout) > 0 {
		openBrowser(server.URL())
	}
	if err := errors.Join(server.Serve(ctx, l), src.finish()); err != nil {
		return wrong("start it again", "the page ended: %s", reason(err))
	}
	return nil
}

// askedServers says whom the page asks.
func (s *serving) askedServers() string {
	switch {
	case len(s.specs) == 0:
		return "Asks the name servers of this system."
	case len(s.specs) == 1 && s.specs[0] == "off":
		return ""
	}
	return "Asks " + strings.Join(s.specs, ", then ") + "."
}

// openBrowser opens the page in the person's browser, if it can.
func openBrowser(url string) {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	cmd := exec.Command(name, args...)
	if cmd.Start() == nil {
		_ = cmd.Process.Release()
	}
}
