package domain

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// provider is a service that takes mail in or sends it for others. Its MX hosts
// need not be those that send.
type provider struct {
	name    string   // as in commonSelectors and keyHosts
	mx      []string // its MX hosts end so
	include string   // what it has its customers include; "" where that differs from customer to customer
	source  string   // of include
	// boxes says that it holds mailboxes: two such side by side are one too many.
	boxes bool
	// selectors are those of its customers; unset stands for none of its own.
	selectors []string
}

// providers is the table of them. The includes are those of the set-up pages
// named, read 2026-11.
var providers = [...]provider{
	{"Google Workspace", []string{"google.com", "googlemail.com"}, "_spf.google.com", "Google Workspace Admin Help, Set up SPF", true, []string{"google"}},
	{"Microsoft 365", []string{"mail.protection.outlook.com", "mx.microsoft"}, "spf.protection.outlook.com", "Microsoft Learn, Set up SPF", true, []string{"selector1", "selector2"}},
	{"Microsoft 365 GCC High", []string{"mail.protection.office365.us"}, "spf.protection.office365.us", "Microsoft Learn, Set up SPF", true, []string{"selector1", "selector2"}},
	{"Microsoft 365 (21Vianet)", []string{"mail.protection.partner.outlook.cn"}, "spf.protection.partner.outlook.cn", "Microsoft Learn, Set up SPF", true, []string{"selector1", "selector2"}},
	{"iCloud Mail", []string{"mail.icloud.com"}, "icloud.com", "Apple Support, Set up an existing domain with iCloud Mail", true, []string{"sig1"}},
	{"Fastmail", []string{"messagingengine.com"}, "spf.messagingengine.com", "Fastmail Help, Manual DNS configuration", true, []string{"fm1", "fm2", "fm3"}},
	{"Proton Mail", []string{"protonmail.ch"}, "_spf.protonmail.ch", "Proton Support, Anti-spoofing for custom domains", true, []string{"protonmail", "protonmail2", "protonmail3"}},
	{"Zoho Mail", []string{"zoho.com"}, "zohomail.com", "Zoho Mail Admin Help, SPF configuration", true, []string{"zmail", "zoho"}},
	{"Zoho Mail", []string{"zoho.eu"}, "zohomail.eu", "Zoho Mail Admin Help, SPF configuration", true, []string{"zmail", "zoho"}},
	{"Zoho Mail", []string{"zoho.in"}, "zohomail.in", "Zoho Mail Admin Help, SPF configuration", true, []string{"zmail", "zoho"}},
	{"mailbox.org", []string{"mailbox.org"}, "mailbox.org", "mailbox.org Knowledge Base, SPF, DKIM and DMARC", true, []string{"MBO0001", "MBO0002"}},
	{"Migadu", []string{"migadu.com"}, "spf.migadu.com", "Migadu Docs, DNS setup", true, []string{"key1", "key2", "key3"}},
	{"Purelymail", []string{"purelymail.com"}, "_spf.purelymail.com", "Purelymail Docs, Adding a domain", true, []string{"purelymail1", "purelymail2", "purelymail3"}},
	{"Tuta", []string{"tutanota.de"}, "spf.tutanota.de", "Tuta FAQ, Custom domains", true, []string{"s1", "s2"}},
	{"Yandex 360", []string{"mx.yandex.net"}, "_spf.yandex.net", "Yandex 360 Help, SPF", true, []string{"mail"}},
	{"Mail.ru", []string{"emx.mail.ru"}, "_spf.mail.ru", "Mail.ru Help, SPF", true, []string{"mailru"}},
	{"OVHcloud", []string{"mail.ovh.net"}, "mx.ovh.com", "OVHcloud Docs, Configuring an SPF record", true, nil},
	{"Gandi", []string{"mail.gandi.net"}, "_mailcust.gandi.net", "Gandi Docs, SPF", true, []string{"gm1", "gm2", "gm3"}},
	{"Hostinger", []string{"hostinger.com"}, "_spf.mail.hostinger.com", "Hostinger Help, SPF", true, []string{"hostingermail-a", "hostingermail-b", "hostingermail-c"}},
	{"Titan", []string{"titan.email"}, "spf.titan.email", "Titan Support, SPF", true, []string{"titan1"}},
	{"Rackspace Email", []string{"emailsrvr.com"}, "emailsrvr.com", "Rackspace Docs, SPF", true, nil},
	{"GoDaddy", []string{"secureserver.net"}, "secureserver.net", "GoDaddy Help, SPF", true, nil},
	{"Namecheap Private Email", []string{"privateemail.com"}, "spf.privateemail.com", "Namecheap Knowledge Base, SPF", true, []string{"default"}},
	{"Infomaniak", []string{"infomaniak.ch"}, "spf.infomaniak.ch", "Infomaniak Guide, SPF", true, nil},
	{"IONOS", []string{"ionos.com", "ionos.de", "kundenserver.de", "perfora.net"}, "", "", true, []string{"s1-ionos", "s2-ionos", "s42582890"}},
	{"STRATO", []string{"rzone.de"}, "", "", true, []string{"strato-dkim-0002", "strato-dkim-0003"}},
	{"Amazon WorkMail", []string{"amazonaws.com"}, "amazonses.com", "Amazon WorkMail Docs, SPF", true, nil},
	{"Cloudflare Email Routing", []string{"mx.cloudflare.net"}, "_spf.mx.cloudflare.net", "Cloudflare Docs, Email Routing", false, []string{"cf2024-1"}},
	{"ImprovMX", []string{"improvmx.com"}, "spf.improvmx.com", "ImprovMX Guides, SPF", false, []string{"dkimprovmx1", "dkimprovmx2"}},
	{"Forward Email", []string{"forwardemail.net"}, "spf.forwardemail.net", "Forward Email FAQ", false, nil},
	{"SimpleLogin", []string{"simplelogin.co"}, "simplelogin.co", "SimpleLogin Docs, Custom domain", false, []string{"dkim", "dkim02", "dkim03"}},
	// Services that filter on the way in.
	{"Proofpoint", []string{"pphosted.com", "ppe-hosted.com"}, "", "", false, nil},
	{"Mimecast", []string{"mimecast.com", "mimecast.co.za"}, "", "", false, nil},
	{"Barracuda", []string{"barracudanetworks.com"}, "", "", false, nil},
	{"Cisco Secure Email", []string{"iphmx.com"}, "", "", false, nil},
	{"Broadcom Email Security", []string{"messagelabs.com"}, "", "", false, nil},
	{"Hornetsecurity", []string{"hornetsecurity.com", "antispameurope.com"}, "", "", false, nil},
	// Services that send for others, told by their keys.
	{"SendGrid", nil, "sendgrid.net", "Twilio SendGrid Docs, SPF records", false, []string{"s1", "s2"}},
	{"Mailgun", []string{"mailgun.org"}, "mailgun.org", "Mailgun Docs, Domain verification", false, []string{"k1", "mx", "pic"}},
	{"Mailjet", nil, "spf.mailjet.com", "Mailjet Docs, SPF and DKIM", false, []string{"mailjet"}},
	{"Mailchimp Transactional", nil, "spf.mandrillapp.com", "Mailchimp Transactional Docs, Authentication and delivery", false, []string{"mte1", "mte2", "mandrill"}},
	{"Zendesk", nil, "mail.zendesk.com", "Zendesk Help, SPF", false, []string{"zendesk1", "zendesk2"}},
}

// mxProvider is the provider of an MX host; nil where it is not known.
func mxProvider(host string) *provider {
	for i := range providers {
		for _, suffix := range providers[i].mx {
			if mailname.Within(host, suffix) {
				return &providers[i]
			}
		}
	}
	return nil
}

// providerNamed is the provider of a key.
func providerNamed(name string) *provider {
	for i := range providers {
		if providers[i].name == name {
			return &providers[i]
		}
	}
	return nil
}

// nearInclude is the include of a provider that a misspelt one is meant for; ""
// where none is near. term is as written.
func nearInclude(term string) string {
	_, name, ok := strings.Cut(strings.ToLower(term), ":")
	if !ok {
		_, name, _ = strings.Cut(strings.ToLower(term), "=")
	}
	name = strings.TrimSuffix(name, ".")
	for i := range providers {
		if p := &providers[i]; p.include != "" && len(name) > 8 && name != p.include && distance(name, p.include) <= 2 {
			return p.include
		}
	}
	return ""
}

// includeProvider is the provider that has its customers include a name.
func includeProvider(name string) *provider {
	for i := range providers {
		if p := &providers[i]; p.include != "" && mailname.Within(name, p.include) {
			return p
		}
	}
	return nil
}
