package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// services are products that a tenant configures as a whole: nobody but their
// maker can log in to one of their hosts.
var services = []string{
	"Exchange Online", "Gmail", "Yahoo", "Fastmail", "Zoho", "Nemesis", "Mimecast", "Symantec Email Security.cloud", "Cloudflare Email Routing",
	"Facebook", "SendGrid", "Amazon SES", "Mailgun", "Alibaba Mail", "Strato", "Tencent", "Yandex", "MailControl",
}

// party says who can act on a finding: the organisation, and of it the machine
// or the service whose settings decide.
func party(f *Facts, r *Rule, x *report.Finding) {
	p := &x.AtFault
	k := -1
	if x.Hop != nil {
		k = slices.IndexFunc(f.Hops, func(h headers.Hop) bool { return h.Index == *x.Hop })
	}
	// The check is made by the server that wrote the hop; of what was changed
	// the host at fault is named.
	server := -1
	switch {
	case k >= 0 && r.Group == GroupWrongPlace:
		server = k
	case p.Host != "":
		for i := range f.Hops {
			if byName(f, i) == p.Host && (server < 0 || i <= k) {
				server = i
			}
		}
	}
	if server >= 0 && p.Server == "" {
		h := &f.Hops[server]
		if p.Product == "" {
			p.Product = h.Product
		}
		if !slices.Contains(services, p.Product) {
			p.Server = byName(f, server)
		}
	}
	if p.Organisation != "" {
		return
	}
	switch p.Role {
	case report.RoleRecipient:
		if r := f.LastRun(); r != nil {
			p.Organisation = r.Name()
			if d := domainPart(r.Rcpt); d != "" && strings.Contains(d, ".") {
				p.Organisation = d
			}
		}
	case report.RoleSender:
		p.Organisation = f.FromDomain
		if at, ok := spfAtBorder(f); ok && r.Group == GroupSPF && mailname.Org(at.domain) != "" && !mailname.HasPrivateSuffix(at.domain) && !sameOrganisation(f, at.domain) {
			p.Organisation = at.domain // whose record it is, whoever is the author
		}
	case report.RoleIntermediary:
		switch {
		case k >= 0 && f.RunOf(k) != nil && f.RunOf(k) != f.LastRun():
			p.Organisation = f.RunOf(k).Name()
		case p.Host != "":
			p.Organisation = mailname.Org(p.Host)
		}
	}
}
