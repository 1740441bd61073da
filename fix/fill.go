package fix

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/report"
)

// placeholder is a value that somebody has to give: <RELAY_IP>.
var placeholder = pattern.New(`<[A-Z][A-Z0-9_]+>`)

// values are what a report says for the placeholders of a finding. A name or an
// address goes into a command only from a hop that the recipient's side wrote,
// or, where the party at fault is on the way, from that party's, and only in the
// plain form of a name or address: the header is full of other people's words.
func values(r *report.Report, x *report.Finding) map[string]string {
	v := map[string]string{}
	if len(r.Message.From) == 1 {
		name(v, "<FROM_DOMAIN>", r.Message.From[0].Domain)
		name(v, "<DOMAIN>", r.Message.From[0].Domain)
	}
	var relays []string
	for i := range r.Hops {
		h := &r.Hops[i]
		own := h.Trust == report.Observed || x.AtFault.Role == report.RoleIntermediary
		if x.Hop != nil && h.Index == *x.Hop && own {
			address(v, "<RELAY_IP>", h.From.IP)
			address(v, "<FORWARDER_IP>", h.From.IP)
			address(v, "<PROXY_IP>", h.From.IP)
			if h.From.RDNS != "" {
				name(v, "<RELAY_HOSTNAME>", h.From.RDNS)
			}
		}
		// Relays between the border and the check, as they appear outside.
		if h.Trust == report.Observed && r.Border != nil && h.Index > r.Border.Hop && x.Hop != nil && h.Index <= *x.Hop {
			if ip, err := netip.ParseAddr(h.From.IP); err == nil && !ip.IsPrivate() && !ip.IsLoopback() && !slices.Contains(relays, ip.String()) {
				relays = append(relays, ip.String())
			}
		}
	}
	if len(relays) > 0 {
		v["<RELAY_IP_1>,<RELAY_IP_2>"] = strings.Join(relays, ",")
		v["<RELAY_IP_1>"] = relays[0]
	}
	if r.Border != nil {
		address(v, "<BORDER_CLIENT_IP>", r.Border.ClientIP)
		for i := range r.Claims {
			c := &r.Claims[i]
			if c.Trust == report.Trusted && c.Hop != nil && *c.Hop == r.Border.Hop && c.AuthservID != "" {
				name(v, "<OWN_AUTHSERV_ID>", c.AuthservID)
				name(v, "<BORDER_AUTHSERV_ID>", c.AuthservID)
			}
		}
	}
	if r.ARC != nil && r.ARC.Result == "pass" && len(r.ARC.Sets) > 0 {
		name(v, "<SEALER_DOMAIN>", r.ARC.Sets[len(r.ARC.Sets)-1].Domain)
	}
	if x.AtFault.Role == report.RoleIntermediary {
		name(v, "<FORWARDER_DOMAIN>", x.AtFault.Organisation)
	}
	for i := range r.DKIM {
		if d := &r.DKIM[i]; d.Aligned && x.AtFault.Role == report.RoleSender {
			name(v, "<SELECTOR>", d.Selector)
		}
	}
	return v
}

// plainName is a name of hosts and domains, in A-labels.
var plainName = pattern.New(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$`)

func name(v map[string]string, key, s string) {
	if v[key] == "" && len(s) <= 253 && plainName.MatchString(s) {
		v[key] = strings.ToLower(s)
	}
}

func address(v map[string]string, key, s string) {
	if ip, err := netip.ParseAddr(s); err == nil && v[key] == "" && ip.Zone() == "" {
		v[key] = ip.String()
	}
}

// fill writes a recipe with its values.
func fill(c *Recipe, x *report.Finding, v map[string]string) report.Fix {
	put := func(s string) string {
		if list := v["<RELAY_IP_1>,<RELAY_IP_2>"]; list != "" {
			s = strings.ReplaceAll(s, "<RELAY_IP_1>,<RELAY_IP_2>", list)
		}
		return placeholder.ReplaceAllStringFunc(s, func(p string) string {
			if to := v[p]; to != "" {
				return to
			}
			return p
		})
	}
	f := report.Fix{
		Recipe: c.ID, Product: c.Product, Version: c.Versions, Finding: x.Code, Effect: c.Effect, Test: put(c.Test), Risk: put(c.Risk), Source: c.Source, Date: c.Date,
		Basis: c.Certainty, Steps: []report.FixStep{},
	}
	if c.Checked != nil {
		f.Checked = c.Checked.On
	}
	for _, s := range c.Steps {
		step := report.FixStep{Text: put(s.Text), Command: put(s.Command)}
		f.Steps = append(f.Steps, step)
		for _, p := range placeholder.FindAllString(step.Text+" "+step.Command, -1) {
			if !slices.Contains(f.YourOwn, p) {
				f.YourOwn = append(f.YourOwn, p)
			}
		}
	}
	return f
}
