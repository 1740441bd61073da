package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/semaphore"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/headers"
)

// learning are the flags of learn.
type learning struct {
	resolving
	owning
	file     string
	least    int
	jobs     int
	limit    time.Duration
	quiet    bool
	progress string
}

// leastSeen is how many messages must show a thing, where nothing is said.
const leastSeen = 2

func (c *cli) learnCommand() *cobra.Command {
	var l learning
	cmd := &cobra.Command{
		Use:   "learn [flags] ARCHIVE...",
		Short: "learn an organisation's own relays, exits and ids from its mail",
		Long: `Learn reads many messages and writes what they show of the network of the
organisation that received them: relays, public exits, NAT pairs, authserv-ids,
and who forwards to it, each with how many messages show it. The file is for
--org of analyze; look through it before.

Only lines that the chain of custody believes count. What a sender wrote is
never learnt, and an address that is also a stranger's is left out.`,
		Example: `  mailtrace learn archive.mbox > org.toml
  mailtrace learn --trust mx.example.org --min 5 Maildir/ -o org.toml
  mailtrace analyze --org org.toml message.eml`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.learn(cmd, &l, args) },
	}
	l.resolving.register(cmd)
	l.owning.register(cmd)
	f := cmd.Flags()
	f.StringVarP(&l.file, "output", "o", "", "write to `FILE` instead of standard output")
	f.IntVar(&l.least, "min", leastSeen, "only what at least `N` messages show")
	f.IntVar(&l.jobs, "jobs", 0, "work on `N` messages at once (default by the number of processors)")
	f.BoolVarP(&l.quiet, "quiet", "q", false, "no talk on standard error")
	f.StringVar(&l.progress, "progress", "auto", "`WHEN` to show the progress: auto, always, never")
	durationVar(f, &l.limit, "time-limit", messageLimit, "ask the DNS for one message no longer than this `TIME`")
	completeValues(cmd, "progress", whens...)
	return cmd
}

// seen is the outcome for one input of learn.
type seen struct {
	s   *headers.Sighting
	in  input
	err error
}

func (c *cli) learn(cmd *cobra.Command, l *learning, paths []string) error {
	if err := errors.Join(l.resolving.check(), checkWhen("--progress", l.progress)); err != nil {
		return err
	}
	trust, err := l.owning.list(c)
	if err != nil {
		return err
	}
	switch {
	case len(paths) == 0 && c.terminal(c.stdin) > 0:
		return wrong("mailtrace learn archive.mbox > org.toml", "no archive given")
	case len(paths) == 0:
		paths = []string{"-"}
	case l.least < 1:
		return wrong("1 or more", "--min %d", l.least)
	case l.jobs < 0:
		return wrong("0 or more", "--jobs %d", l.jobs)
	}
	src, err := c.open(&l.resolving)
	if err != nil {
		return err
	}
	o := mailtrace.Options{Resolver: src.Resolver, Trust: trust, Now: c.now(), TimeLimit: l.limit}
	jobs := c.atOnce(l.jobs, src.remote, waitingMessages)
	if !src.remote {
		o.TimeLimit = -1
	}
	c.memory = semaphore.NewWeighted(maxHeld)
	var n bulk.Network
	var unreadable int
	meter := c.meter(l.progress, l.quiet, "messages", func() (int64, bool) { return sizeOf(paths), false })
	err = bulk.RunUnordered(cmd.Context(), jobs, iter.Seq[input](c.inputs(paths)),
		func(ctx context.Context, in input) seen { return c.sight(ctx, o, in) },
		func(s seen) error {
			if errors.Is(s.err, errInterrupted) {
				return s.err
			}
			if s.err != nil {
				meter.clear()
				c.complain(s.err)
				unreadable++
			} else {
				n.Add(s.s)
			}
			meter.add(n.Messages+unreadable, s.in.read, "")
			return nil
		})
	meter.clear()
	if cmd.Context().Err() != nil {
		return &problem{what: "interrupted: nothing is written", code: exitUnfinish}
	}
	if err = errors.Join(err, src.finish()); err != nil {
		return c.unjoin(err)
	}
	out, done, err := c.create(&output{file: l.file, noPager: true})
	if err != nil {
		return err
	}
	return c.unjoin(errors.Join(writeFailure(cmp.Or(l.file, "standard output"), writeOrg(out, &n, l.least, c.now())), done()))
}

func (c *cli) sight(ctx context.Context, o mailtrace.Options, in input) seen {
	s := seen{in: in}
	s.err = c.message(ctx, in, func(raw []byte, headersOnly bool) (err error) {
		o.HeadersOnly = headersOnly
		if s.s, err = mailtrace.Sight(ctx, raw, o); err != nil && !errors.As(err, new(*mailtrace.Fault)) {
			err = wrong(inputHint, "%s: %s", in.place(), err)
		}
		return err
	})
	return s
}

// share is the part of the messages that an organisation must have received to
// be taken for the archive's owner beside the first.
const share = 5

// writeOrg writes what was learnt. The owner is who received the most messages,
// and whoever received a fifth of them.
func writeOrg(w io.Writer, n *bulk.Network, least int, now time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by mailtrace learn on %s from %s.\n", now.UTC().Format(time.DateOnly), plural(n.Messages, "message"))
	b.WriteString("# For mailtrace analyze --org. Look through it: what is not yours, delete, or set trust = false.\n# Only lines that the chain of custody believes were counted (docs/borders.md).\n\n")
	fmt.Fprintf(&b, "schema = 1\nmessages = %d\n", n.Messages)
	owners := n.Owners()
	all := 0
	for _, o := range owners {
		all += o.Messages
	}
	fmt.Fprintf(&b, "learnt_from = %d\n", all)
	if n.Beyond > 0 {
		fmt.Fprintf(&b, "# %d sightings found no room: this is not the mail of one organisation.\n", n.Beyond)
	}
	if len(owners) == 0 {
		b.WriteString("# Nothing could be learnt: no message shows the server that received it.\n")
	}
	for i, o := range owners {
		if i > 0 && o.Messages < owners[0].Messages/share {
			fmt.Fprintf(&b, "\n# %s received by other organisations: not learnt (%s%s).\n", plural(all-sum(owners[:i]), "message"), text(o.ID), more(len(owners)-i))
			break
		}
		writeLearnt(&b, n.Learnt(o.ID, least))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func more(n int) string {
	if n > 1 {
		return " …"
	}
	return ""
}

func sum(owners []bulk.ID) (n int) {
	for _, o := range owners {
		n += o.Messages
	}
	return n
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func writeLearnt(b *strings.Builder, l bulk.Learnt) {
	fmt.Fprintf(b, "\n[[organisation]]\nname = %s\nmessages = %d\n", text(l.Owner), l.Messages)
	for _, d := range l.Doubtful {
		fmt.Fprintf(b, "# %s is seen for a server of yours and for strangers (%s): something replaces addresses; not learnt.\n", d.Addr, plural(d.Messages, "message"))
	}
	addrs := func(list []bulk.Addr) string {
		var out []string
		for _, a := range list {
			out = append(out, text(a.Addr.String()))
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	for _, h := range l.Relays {
		fmt.Fprintf(b, "\n[[relay]]\nhost = %s\naddresses = %s\nmessages = %d\nborder = %d  # of them received from outside\ntrust = true\n", text(h.Name), addrs(h.Addrs), h.Messages, h.Border)
	}
	for _, h := range l.Exits {
		fmt.Fprintf(b, "\n[[exit]]\nhost = %s\naddresses = %s\nmessages = %d\ntrust = true\n", text(h.Name), addrs(h.Addrs), h.Messages)
	}
	for _, p := range l.NAT {
		fmt.Fprintf(b, "\n[[nat]]\nhost = %s\ninside = %s\npublic = %s\nmessages = %d\ntrust = true\n", text(p.Host), text(p.Inside.String()), text(p.Public.String()), p.Messages)
	}
	for _, id := range l.IDs {
		fmt.Fprintf(b, "\n[[authserv]]\nid = %s\nmessages = %d\ntrust = true\n", text(id.ID), id.Messages)
	}
	for _, f := range l.Forwarders {
		fmt.Fprintf(b, "\n[[forwarder]]  # not yours: trust means that its own border counts in place of yours\nname = %s\naddress = %s\nmessages = %d\ntrust = false\n", text(f.Org), text(f.Addr.String()), f.Messages)
	}
}

// text is a string of TOML. A host name may hold anything.
func text(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, "\\U%08X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
