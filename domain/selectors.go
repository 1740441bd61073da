package domain

import "github.com/mailtrace/mailtrace/internal/mailname"

// Selector is a DKIM selector that a provider or program is known to use.
type Selector struct {
	Name     string
	Provider string
	Source   string // the provider's page, the program's default, or where it was seen
}

// CommonSelectors returns the selectors that Check tries by itself. Providers
// that give every customer another selector (Amazon SES, HubSpot, Postmark,
// Salesforce) are not among them and cannot be.
func CommonSelectors() []Selector { return append([]Selector(nil), commonSelectors[:]...) }

var commonSelectors = [...]Selector{
	// Mailbox providers.
	{"google", "Google Workspace", "Google Workspace Admin Help, Set up DKIM"},
	{"selector1", "Microsoft 365", "Microsoft Learn, Set up DKIM to sign mail from your cloud domain"},
	{"selector2", "Microsoft 365", "Microsoft Learn, Set up DKIM to sign mail from your cloud domain"},
	{"sig1", "iCloud Mail", "Apple Support, Use Custom Email Domain with iCloud Mail"},
	{"fm1", "Fastmail", "zones of its customers: CNAME fm1.DOMAIN.dkim.fmhosted.com"},
	{"fm2", "Fastmail", "zones of its customers: CNAME fm2.DOMAIN.dkim.fmhosted.com"},
	{"fm3", "Fastmail", "zones of its customers: CNAME fm3.DOMAIN.dkim.fmhosted.com"},
	{"protonmail", "Proton Mail", "Proton Support, Anti-spoofing for custom domains"},
	{"protonmail2", "Proton Mail", "Proton Support, Anti-spoofing for custom domains"},
	{"protonmail3", "Proton Mail", "Proton Support, Anti-spoofing for custom domains"},
	{"zoho", "Zoho Mail", "Zoho Mail Admin Help, DKIM configuration"},
	{"zmail", "Zoho Mail", "Zoho Mail Admin Help, DKIM configuration"},
	{"MBO0001", "mailbox.org", "mailbox.org Knowledge Base, SPF, DKIM and DMARC"},
	{"MBO0002", "mailbox.org", "mailbox.org Knowledge Base, SPF, DKIM and DMARC"},
	{"MBO0003", "mailbox.org", "mailbox.org Knowledge Base, SPF, DKIM and DMARC"},
	{"MBO0004", "mailbox.org", "mailbox.org Knowledge Base, SPF, DKIM and DMARC"},
	{"key1", "Migadu", "zones of its customers: CNAME key1.DOMAIN._domainkey.migadu.com"},
	{"key2", "Migadu", "zones of its customers: CNAME key2.DOMAIN._domainkey.migadu.com"},
	{"key3", "Migadu", "zones of its customers: CNAME key3.DOMAIN._domainkey.migadu.com"},
	{"purelymail1", "Purelymail", "zones of its customers: CNAME key1.dkimroot.purelymail.com"},
	{"purelymail2", "Purelymail", "zones of its customers: CNAME key2.dkimroot.purelymail.com"},
	{"purelymail3", "Purelymail", "zones of its customers: CNAME key3.dkimroot.purelymail.com"},
	{"dkim02", "SimpleLogin", "zones of its customers: CNAME dkim02._domainkey.simplelogin.co"},
	{"dkim03", "SimpleLogin", "zones of its customers: CNAME dkim03._domainkey.simplelogin.co"},
	{"gm1", "Gandi", "zones of its customers: CNAME gm1.gandimail.net"},
	{"gm2", "Gandi", "zones of its customers: CNAME gm2.gandimail.net"},
	{"gm3", "Gandi", "zones of its customers: CNAME gm3.gandimail.net"},
	{"s1-ionos", "IONOS", "zones of its customers: CNAME s1.dkim.ionos.com"},
	{"s2-ionos", "IONOS", "zones of its customers: CNAME s2.dkim.ionos.com"},
	{"strato-dkim-0002", "STRATO", "public lists of selectors"},
	{"strato-dkim-0003", "STRATO", "public lists of selectors"},
	{"s42582890", "IONOS", "zones of its customers: CNAME s42582890.dkim.ionos.com"},
	{"hostingermail-a", "Hostinger", "zones of its customers: CNAME hostingermail-a.dkim.mail.hostinger.com"},
	{"hostingermail-b", "Hostinger", "zones of its customers: CNAME hostingermail-b.dkim.mail.hostinger.com"},
	{"hostingermail-c", "Hostinger", "zones of its customers: CNAME hostingermail-c.dkim.mail.hostinger.com"},
	{"titan1", "Titan", "zones of its customers"},
	{"titan2", "Titan", "the successor that titan1 suggests"},
	{"20230601", "Gmail", "signatures of its servers"},
	{"cf2024-1", "Cloudflare Email Routing", "Cloudflare Docs, Email Routing, DNS records"},
	{"mailru", "Mail.ru", "Mail.ru Help, DKIM"},
	{"dkimprovmx1", "ImprovMX", "ImprovMX Guides, DKIM"},
	{"dkimprovmx2", "ImprovMX", "ImprovMX Guides, DKIM"},

	// Services that send for others.
	{"s1", "SendGrid, Tuta and others", "Twilio SendGrid Docs, How to set up domain authentication; Tuta FAQ, Custom domains"},
	{"s2", "SendGrid, Tuta and others", "Twilio SendGrid Docs, How to set up domain authentication; Tuta FAQ, Custom domains"},
	{"smtpapi", "SendGrid", "Twilio SendGrid Docs, DKIM records"},
	{"k1", "Mailchimp, Mailgun", "Mailchimp Help, Set up email domain authentication; Mailgun Docs, Domain verification"},
	{"k2", "Mailchimp", "Mailchimp Help, Set up email domain authentication"},
	{"k3", "Mailchimp", "Mailchimp Help, Set up email domain authentication"},
	{"mandrill", "Mailchimp Transactional", "Mailchimp Transactional Docs, Authentication and delivery"},
	{"mte1", "Mailchimp Transactional", "Mailchimp Transactional Docs, Authentication and delivery"},
	{"mte2", "Mailchimp Transactional", "Mailchimp Transactional Docs, Authentication and delivery"},
	{"mg", "Mailgun", "Mailgun Docs, Domain verification"},
	{"mx", "Mailgun", "Mailgun Docs, Domain verification"},
	{"krs", "Mailgun", "signatures in public archives"},
	{"mailo", "Mailgun", "public lists of selectors"},
	{"pic", "Mailgun", "signatures in public archives"},
	{"pm", "Postmark", "Postmark Support, DKIM"},
	{"mailjet", "Mailjet", "Mailjet Docs, SPF and DKIM"},
	{"brevo1", "Brevo", "zones of its customers: CNAME b1.DOMAIN.dkim.brevo.com"},
	{"brevo2", "Brevo", "zones of its customers: CNAME b2.DOMAIN.dkim.brevo.com"},
	{"resend", "Resend", "Resend Docs, Domains"},
	{"mlsend", "MailerSend", "MailerSend Help, Verify your domain"},
	{"mlsend2", "MailerSend", "zones of its customers: CNAME mlsend2._domainkey.mailersend.net"},
	{"litesrv", "MailerLite", "zones of its customers: CNAME litesrv._domainkey.mlsend.com"},
	{"ctct1", "Constant Contact", "Constant Contact Help, Self-authentication by CNAME records"},
	{"ctct2", "Constant Contact", "Constant Contact Help, Self-authentication by CNAME records"},
	{"zendesk1", "Zendesk", "Zendesk Help, Digitally signing your email with DKIM"},
	{"zendesk2", "Zendesk", "Zendesk Help, Digitally signing your email with DKIM"},
	{"kl", "Klaviyo", "Klaviyo Help, Branded sending domain"},
	{"kl2", "Klaviyo", "Klaviyo Help, Branded sending domain"},
	{"cm", "Campaign Monitor", "Campaign Monitor Help, Authenticate your domain"},
	{"acdkim1", "ActiveCampaign", "zones of its customers: CNAME dkim.acdkim1.acems1.com"},
	{"acdkim2", "ActiveCampaign", "zones of its customers: CNAME dkim.acdkim2.acems1.com"},
	{"cka2", "Kit (ConvertKit)", "zones of its customers: CNAME dkim2.ID.convertkit.com"},
	{"cka", "Kit (ConvertKit)", "zones of its customers: CNAME dkim.ID.convertkit.com"},
	{"intercom", "Intercom", "Intercom Help, Use your own email address"},
	{"everlytickey1", "Everlytic", "Sendmarc Help, Commonly used DKIM selectors"},
	{"everlytickey2", "Everlytic", "Sendmarc Help, Commonly used DKIM selectors"},
	{"eversrv", "Everlytic", "Sendmarc Help, Commonly used DKIM selectors"},
	{"mxvault", "Global Micro", "Sendmarc Help, Commonly used DKIM selectors"},
	{"api", "Elastic Email", "Elastic Email Help, Domain verification"},
	{"turbo-smtp", "turboSMTP", "public lists of selectors"},

	// Defaults of programs.
	{"default", "cPanel, Plesk, OpenDKIM", "cPanel Docs, Email deliverability; Plesk Docs, DKIM; opendkim-genkey(8)"},
	{"mail", "Mail-in-a-Box, docker-mailserver, Hestia, Yandex 360", "Mail-in-a-Box setup/dkim.sh; docker-mailserver Docs, DKIM; Yandex 360 Help, DKIM"},
	{"dkim", "mailcow, iRedMail, Mailu, SimpleLogin", "mailcow Docs, DNS setup; iRedMail Docs, DKIM; Mailu Docs, DNS setup"},
	{"x", "DirectAdmin, MXroute", "DirectAdmin Docs, DKIM"},
	{"MDaemon", "MDaemon", "MDaemon Knowledge Base, Configure DKIM signing"},
	{"email", "own servers", "name often chosen"},
	{"smtp", "own servers", "name often chosen"},
	{"dkim1", "own servers", "name often chosen"},
	{"dkim2", "own servers", "name often chosen"},
	{"modoboa", "Modoboa", "Modoboa Docs, Mail server"},
}

// keyHosts tell the provider by the target of a CNAME record.
var keyHosts = [...]struct{ suffix, provider string }{
	{"onmicrosoft.com", "Microsoft 365"},
	{"dkim.mail.microsoft", "Microsoft 365"},
	{"sendgrid.net", "SendGrid"},
	{"mcsv.net", "Mailchimp"},
	{"mandrillapp.com", "Mailchimp Transactional"},
	{"fmhosted.com", "Fastmail"},
	{"messagingengine.com", "Fastmail"},
	{"domainkey.proton.ch", "Proton Mail"},
	{"icloudmailadmin.com", "iCloud Mail"},
	{"dkim.amazonses.com", "Amazon SES"},
	{"mailgun.org", "Mailgun"},
	{"brevo.com", "Brevo"},
	{"sendinblue.com", "Brevo"},
	{"tutanota.de", "Tuta"},
	{"tutanota.com", "Tuta"},
	{"mailbox.org", "mailbox.org"},
	{"migadu.com", "Migadu"},
	{"purelymail.com", "Purelymail"},
	{"simplelogin.co", "SimpleLogin"},
	{"gandimail.net", "Gandi"},
	{"ionos.com", "IONOS"},
	{"hostinger.com", "Hostinger"},
	{"titan.email", "Titan"},
	{"mlsend.com", "MailerLite"},
	{"mailersend.net", "MailerSend"},
	{"ccsend.com", "Constant Contact"},
	{"zendesk.com", "Zendesk"},
	{"klaviyomail.com", "Klaviyo"},
	{"createsend.com", "Campaign Monitor"},
	{"acems1.com", "ActiveCampaign"},
	{"convertkit.com", "Kit (ConvertKit)"},
	{"intercom.io", "Intercom"},
	{"hubspotemail.net", "HubSpot"},
	{"mtasv.net", "Postmark"},
	{"salesforce.com", "Salesforce"},
	{"exacttarget.com", "Salesforce Marketing Cloud"},
	{"sparkpostmail.com", "SparkPost"},
	{"mailjet.com", "Mailjet"},
	{"zoho.com", "Zoho"},
	{"pphosted.com", "Proofpoint"},
	{"mimecast.com", "Mimecast"},
}

// keyHost is the provider that a CNAME chain leads to, "" where not known.
func keyHost(targets []string) string {
	for _, t := range targets {
		for i := range keyHosts {
			if s := keyHosts[i].suffix; mailname.Within(t, s) {
				return keyHosts[i].provider
			}
		}
	}
	return ""
}
