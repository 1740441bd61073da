package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/render"
)

// resolving are the flags that say where DNS answers come from.
type resolving struct {
	specs   []string
	record  string
	timeout time.Duration
	retries int
}

const dnsHint = "system, IP, IP:PORT, zone:FILE, replay:FILE or off"

func (d *resolving) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&d.specs, "dns", nil, "where DNS answers come from: "+dnsHint+"; repeat `SPEC` to ask several in order (default system)")
	f.StringVar(&d.record, "record", "", "write every DNS answer used to `FILE`, for --dns replay:FILE")
	durationVar(f, &d.timeout, "timeout", live.DefaultTimeout, "wait this long for one try at one server: 500ms, 2s; a number is seconds")
	completeValues(cmd, "dns", "system", "off", "zone:", "replay:")
	completeValues(cmd, "timeout")
	f.IntVar(&d.retries, "retries", live.DefaultRetries, "ask this many more times")
}

func (d *resolving) check() error {
	if d.timeout <= 0 {
		return wrong("a time such as 500ms or 5s", "--timeout %s", d.timeout)
	}
	if d.retries < 0 {
		return wrong("0 or more", "--retries %d", d.retries)
	}
	return nil
}

// source is the resolver of a run.
type source struct {
	dns.Resolver      // nil where DNS is off
	remote       bool // questions go over the network
	// probe tries the live resolver; nil where there is none.
	probe func(ctx context.Context, answered bool) string
	// raw gives whole messages, for validation; nil where answers do not come
	// from servers alone, or are recorded: a recording holds no signatures.
	raw dns.RawSource
	// finish writes the record; it is called once, when all is asked.
	finish func() error
}

// open makes the resolver that the flags ask for.
func (c *cli) open(d *resolving) (*source, error) {
	specs := d.specs
	if len(specs) == 0 {
		specs = []string{"system"}
	}
	out := &source{finish: func() error { return nil }}
	var chain []dns.Resolver
	for _, spec := range specs {
		if spec == "off" {
			if len(specs) > 1 {
				return nil, wrong("give --dns off alone", "--dns off beside another --dns")
			}
			if d.record != "" {
				return nil, wrong("nothing is asked with --dns off", "--record with --dns off")
			}
			return out, nil
		}
		r, remote, err := c.resolver(spec, d)
		if err != nil {
			return nil, err
		}
		out.remote = out.remote || remote
		if remote && out.probe == nil && c.canaries {
			out.probe = (&canary{res: r}).probe
		}
		chain = append(chain, r)
		if remote && len(specs) == 1 && d.record == "" {
			out.raw, _ = r.(dns.RawSource)
		}
	}
	out.Resolver = dns.Chain(chain...)
	if d.record != "" {
		if err := c.keep(out, d.record); err != nil {
			return nil, err
		}
	}
	if out.remote {
		// One cache for the run; each server is asked the same thing once.
		out.Resolver = limit(dns.NewCache(out.Resolver, dns.CacheOptions{Now: c.now}), maxUnderWay)
	}
	return out, nil
}

// resolver makes the resolver of one SPEC.
func (c *cli) resolver(spec string, d *resolving) (r dns.Resolver, remote bool, err error) {
	kind, name, isFile := strings.Cut(spec, ":")
	switch {
	case spec == "system":
		servers, err := c.servers()
		if err != nil {
			return nil, false, wrong("name a server: --dns 192.0.2.53", "%s", err)
		}
		return c.ask(servers, d), true, nil
	case isFile && (kind == "zone" || kind == "replay"):
		file := zoneInput
		if kind == "replay" {
			file = replayInput
		}
		text, err := c.readFile(name, file)
		if err != nil {
			return nil, false, wrong("--dns "+kind+":FILE", "%s: %s", name, reason(err))
		}
		if kind == "zone" {
			r, err = parseZone(c, name, text)
		} else {
			r, err = parseReplay(name, text)
		}
		return r, false, err
	}
	server, err := live.ParseServer(spec)
	if err != nil {
		return nil, false, wrong(dnsHint, "--dns %q", spec)
	}
	return c.ask([]string{server}, d), true, nil
}

func (c *cli) ask(servers []string, d *resolving) dns.Resolver {
	retries := d.retries
	if retries == 0 {
		retries = -1 // LiveOptions: 0 is the default, a negative number none
	}
	return c.live(live.Options{Servers: servers, Timeout: d.timeout, Retries: retries})
}

// parseZone reads a master file. What is bad in it is told with its line.
func parseZone(c *cli, name string, text []byte) (dns.Resolver, error) {
	z, err := zonefile.Parse(name, text)
	if err != nil {
		return nil, badFile(name, err, "one record a line: example.com. 300 IN TXT \"v=spf1 -all\"")
	}
	for _, w := range z.Warnings() {
		fmt.Fprintf(c.stderr, "warning: %s\n", render.Clean(w))
	}
	return z, nil
}

// badFile tells the first thing that is wrong in a file, and how many more
// there are.
func badFile(name string, err error, hint string) error {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	what := strings.TrimSpace(lines[0])
	if n := len(lines) - 1; n > 0 {
		what += fmt.Sprintf(" (and %d more)", n)
	}
	if !strings.Contains(what, name) {
		what = name + ": " + what
	}
	return wrong(hint, "%s", what)
}

// isDNS reports whether err says that a question was not answered.
func isDNS(err error) bool {
	var e *dns.Error
	return errors.As(err, &e)
}
