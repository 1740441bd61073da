package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
)

// owning are the flags that say what is one's own.
type owning struct {
	trust []string
	org   []string
}

func (o *owning) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.trust, "trust", nil, "my own server, network or authserv-id: `HOST`, CIDR or ID; repeatable")
	f.StringArrayVar(&o.org, "org", nil, "my own network, as mailtrace learn wrote it into `FILE`; repeatable")
	completeValues(cmd, "trust")
	_ = cmd.MarkFlagFilename("org", "toml")
}

// maxOwn bounds what a file of --org may name.
const maxOwn = 50_000

// orgDocument is a file of --org. Keys that are not known are left alone, so that
// one can keep more in it.
type orgDocument struct {
	Schema     int        `toml:"schema"`
	Relays     []orgEntry `toml:"relay"`
	Exits      []orgEntry `toml:"exit"`
	NAT        []orgEntry `toml:"nat"`
	Authserv   []orgEntry `toml:"authserv"`
	Forwarders []orgEntry `toml:"forwarder"`
	Networks   []orgEntry `toml:"network"`
}

// orgEntry is one thing of an organisation. Without trust it is its own, but for
// a forwarder.
type orgEntry struct {
	Host      string   `toml:"host"`
	Name      string   `toml:"name"`
	ID        string   `toml:"id"`
	Addresses []string `toml:"addresses"`
	Address   string   `toml:"address"`
	Network   string   `toml:"network"`
	Inside    string   `toml:"inside"`
	Public    string   `toml:"public"`
	Trust     *bool    `toml:"trust"`
}

func (e *orgEntry) items() []string {
	var out []string
	for _, s := range append([]string{e.Host, e.Name, e.ID, e.Address, e.Network, e.Inside, e.Public}, e.Addresses...) {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// list is what is one's own: the values of --trust, and what the files of --org
// name.
func (o *owning) list(c *cli) ([]string, error) {
	out := append([]string(nil), o.trust...)
	for _, t := range out {
		if err := checkTrust(t); err != nil {
			return nil, err
		}
	}
	const hint = "mailtrace learn archive.mbox > org.toml writes such a file"
	for _, path := range o.org {
		raw, err := c.readFile(path, orgInput)
		if err != nil {
			return nil, wrong(hint, "%s: %s", path, reason(err))
		}
		var f orgDocument
		if err := toml.Unmarshal(raw, &f); err != nil {
			return nil, wrong(hint, "%s: %s", path, strings.ReplaceAll(err.Error(), "\n", " "))
		}
		if f.Schema != 1 {
			return nil, wrong(hint, "%s: schema %d, not 1", path, f.Schema)
		}
		seen := map[string]bool{}
		for _, kind := range []struct {
			entries []orgEntry
			own     bool
		}{{f.Relays, true}, {f.Exits, true}, {f.NAT, true}, {f.Authserv, true}, {f.Networks, true}, {f.Forwarders, false}} {
			for i := range kind.entries {
				e := &kind.entries[i]
				if own := e.Trust == nil && kind.own || e.Trust != nil && *e.Trust; !own {
					continue
				}
				for _, item := range e.items() {
					if err := checkOwn(item); err != nil {
						return nil, wrong("a host name, an authserv-id, an address or a network such as 10.0.0.0/8", "%s: %s", path, err)
					}
					if !seen[item] {
						seen[item] = true
						out = append(out, item)
					}
				}
			}
		}
		if len(out) > maxOwn {
			return nil, wrong("list networks in place of addresses", "%s: more than %d hosts and networks", path, maxOwn)
		}
	}
	return out, nil
}

// checkOwn finds what is not one's own, whoever wrote it: the whole network, a
// top-level domain.
func checkOwn(s string) error {
	if checkTrust(s) != nil {
		return fmt.Errorf("%q is not a host, network or id", s)
	}
	if p, err := netip.ParsePrefix(s); err == nil && (p.Bits() < 8 || p.Addr().Is6() && p.Bits() < 16) {
		return fmt.Errorf("%s is not one organisation's network", s)
	}
	return nil
}
