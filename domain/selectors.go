package domain

import "strings"

// Selector is a DKIM selector that a provider or program is known to use.
type Selector struct {
	Name     string
	Provider string
	Source   string // the provider's own page or the program's default
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
	{"fm1", "Fastmail", "Fastmail Help, Manual DNS configuration"},
	{"fm2", "Fastmail", "Fastmail Help, Manual DNS configuration"},
	{"fm3", "Fastmail", "Fastmail Help, Manual DNS configuration"},
	{"protonmail", "Proton Mail", "Proton Support, Anti-spoofing for custom domains"},
	{"protonmail2", "Proton Mail", "Proton Support, Anti-spoofing for custom domains"},
	{"protonmail3", "Proton Mail", "Proton Support, Anti-spoofing for custom domains"},
	{"zoho", "Zoho Mail", "Zoho Mail Admin Help, DKIM configuration"},
	{"zmail", "Zoho Mail", "Zoho Mail Admin Help, DKIM configuration"},
	{"mailru", "Mail.ru", "VK WorkSpace Help, DKIM"},
	{"MBO0001", "mailbox.org", "mailbox.org Knowledge Base, Using e-mail addresses of your domain"},
	{"MBO0002", "mailbox.org", "mailbox.org Knowledge Base, Using e-mail addresses of your domain"},
	{"MBO0003", "mailbox.org", "mailbox.org Knowledge Base, Using e-mail addresses of your domain"},
	{"MBO0004", "mailbox.org", "mailbox.org Knowledge Base, Using e-mail addresses of your domain"},
	{"key1", "Migadu", "Migadu Guides, DNS setup"},
	{"key2", "Migadu", "Migadu Guides, DNS setup"},
	{"key3", "Migadu", "Migadu Guides, DNS setup"},
	{"purelymail1", "Purelymail", "Purelymail Docs, DNS records"},
	{"purelymail2", "Purelymail", "Purelymail Docs, DNS records"},
	{"purelymail3", "Purelymail", "Purelymail Docs, DNS records"},
	{"dkim02", "SimpleLogin", "SimpleLogin Docs, Add your custom domain"},
	{"dkim03", "SimpleLogin", "SimpleLogin Docs, Add your custom domain"},
	{"gm1", "Gandi", "Gandi Docs, DKIM"},
	{"gm2", "Gandi", "Gandi Docs, DKIM"},
	{"gm3", "Gandi", "Gandi Docs, DKIM"},
	{"s1-ionos", "IONOS", "IONOS Help, DKIM records"},
	{"s2-ionos", "IONOS", "IONOS Help, DKIM records"},
	{"strato-dkim-0002", "STRATO", "signatures of its servers"},
	{"strato-dkim-0003", "STRATO", "signatures of its servers"},
	{"hostingermail-a", "Hostinger", "Hostinger Help Center, DKIM records"},
	{"hostingermail-b", "Hostinger", "Hostinger Help Center, DKIM records"},
	{"hostingermail-c", "Hostinger", "Hostinger Help Center, DKIM records"},
	{"titan1", "Titan", "Titan Help Center, DKIM"},
	{"titan2", "Titan", "Titan Help Center, DKIM"},
	{"rsa1", "one.com", "one.com Help, DKIM"},
	{"rsa2", "one.com", "one.com Help, DKIM"},
	{"s1024", "Yahoo", "signatures of its servers"},
	{"s2048", "Yahoo", "signatures of its servers"},
	{"20230601", "Gmail", "signatures of its servers"},

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
	{"pic", "Mailgun", "Mailgun Docs, Domain verification"},
	{"pm", "Postmark", "Postmark Support, DKIM"},
	{"mailjet", "Mailjet", "Mailjet Docs, SPF and DKIM"},
	{"brevo1", "Brevo", "Brevo Help, Authenticate your domain"},
	{"brevo2", "Brevo", "Brevo Help, Authenticate your domain"},
	{"mailin", "Brevo", "signatures of its servers"},
	{"resend", "Resend", "Resend Docs, Domains"},
	{"mlsend", "MailerSend", "MailerSend Help, Verify your domain"},
	{"mlsend2", "MailerSend", "MailerSend Help, Verify your domain"},
	{"litesrv", "MailerLite", "MailerLite Help, Authenticate your domain"},
	{"ml", "MailerLite", "signatures of its servers"},
	{"ctct1", "Constant Contact", "Constant Contact Help, Self-authentication by CNAME records"},
	{"ctct2", "Constant Contact", "Constant Contact Help, Self-authentication by CNAME records"},
	{"zendesk1", "Zendesk", "Zendesk Help, Digitally signing your email with DKIM"},
	{"zendesk2", "Zendesk", "Zendesk Help, Digitally signing your email with DKIM"},
	{"kl", "Klaviyo", "Klaviyo Help, Branded sending domain"},
	{"kl2", "Klaviyo", "Klaviyo Help, Branded sending domain"},
	{"cm", "Campaign Monitor", "Campaign Monitor Help, Authenticate your domain"},
	{"acdkim1", "ActiveCampaign", "ActiveCampaign Help, DKIM, SPF and DMARC"},
	{"acdkim2", "ActiveCampaign", "ActiveCampaign Help, DKIM, SPF and DMARC"},
	{"cka", "Kit (ConvertKit)", "Kit Help, Verified sending domain"},
	{"intercom", "Intercom", "Intercom Help, Use your own email address"},
	{"everlytickey1", "Everlytic", "Everlytic Help, Sender domain"},
	{"everlytickey2", "Everlytic", "Everlytic Help, Sender domain"},
	{"api", "Elastic Email", "Elastic Email Help, Domain verification"},
	{"turbo-smtp", "turboSMTP", "turboSMTP Help, DKIM"},
	{"sparkpost", "SparkPost", "signatures of its servers"},

	// Defaults of programs.
	{"default", "cPanel, Plesk, OpenDKIM", "cPanel Docs, Email deliverability; Plesk Docs, DKIM; opendkim-genkey(8)"},
	{"mail", "Mail-in-a-Box, docker-mailserver, Hestia, Yandex 360", "Mail-in-a-Box setup/dkim.sh; docker-mailserver Docs, DKIM; Yandex 360 Help, DKIM"},
	{"dkim", "mailcow, iRedMail, Mailu, SimpleLogin", "mailcow Docs, DNS setup; iRedMail Docs, DKIM; Mailu Docs, DNS setup"},
	{"x", "DirectAdmin, MXroute", "DirectAdmin Docs, DKIM"},
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
	{"acdkim1.acems1.com", "ActiveCampaign"},
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
			if s := keyHosts[i].suffix; t == s || strings.HasSuffix(t, "."+s) {
				return keyHosts[i].provider
			}
		}
	}
	return ""
}
