package main

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/term"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/dnssec"
	"github.com/mailtrace/mailtrace/dns/live"
)

// environment is what a run takes from the machine. Tests put their own in its
// place, so that no test asks the real DNS or reads the real clock.
type environment struct {
	getenv func(string) string
	now    func() time.Time
	// terminal returns the width of the terminal that v is, 0 where it is none.
	terminal func(v any) int
	// startPager runs a pager: what is written to it is shown on out.
	startPager func(command string, getenv func(string) string, out, errors io.Writer) (io.WriteCloser, func() error, error)
	// servers returns the name servers of the system, as "IP:PORT".
	servers func() ([]string, error)
	// live makes the resolver for name servers.
	live func(live.Options) dns.Resolver
	// dial connects to web servers.
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	roots *x509.CertPool // of web servers; nil: those of the system
	// anchors are trusted keys of the root zone; nil: those of IANA.
	anchors []dnssec.Anchor
	cpus    int
	// pipeWait is how long a named pipe is waited for that nobody writes to, or
	// nobody reads from, and stopWait how long a run that was interrupted may take
	// to end by itself.
	pipeWait, stopWait time.Duration
	// many prepares the process for a run over many inputs; nil does nothing.
	many func()
	// canaries says that live resolvers are tried before they are believed.
	canaries bool
	engine   engine
}

func systemEnvironment() environment {
	return environment{
		getenv:     os.Getenv,
		now:        time.Now,
		terminal:   terminalWidth,
		startPager: startPager,
		servers:    live.SystemServers,
		live:       func(o live.Options) dns.Resolver { return live.New(o) },
		dial:       new(net.Dialer).DialContext,
		cpus:       runtime.GOMAXPROCS(0),
		pipeWait:   pipeWait,
		stopWait:   stopWait,
		many:       collectLess,
		canaries:   true,
		engine:     libraryEngine(),
	}
}

func terminalWidth(v any) int {
	f, ok := v.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil || w <= 0 {
		return 80
	}
	return w
}
