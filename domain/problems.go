package domain

import "github.com/mailtrace/mailtrace/report"

// Problem describes one kind of thing that can be wrong with what a domain
// publishes.
type Problem struct {
	Code     string
	Title    string
	Severity string // of report; single problems may be weighed otherwise, see their text
	// Invalid says that the record cannot be used as it is: receivers treat it
	// as an error or ignore it.
	Invalid bool
	Advice  string // what to do
	Source  string // standard and section
}

// Problems is the table of all kinds, in the order of the checks. It is made
// again for each call.
func Problems() []Problem { return append([]Problem(nil), problems[:]...) }

// The codes that findings of messages use too have the same name and meaning
// there. A test holds this table against the codes that the source mentions,
// and against what the zones in testdata bring up.
var problems = [...]Problem{
	{"domain-nonexistent", "The domain does not exist", report.High, true,
		"register the domain, or check how it is spelt", "RFC 1035 §4.1.1"},

	// Mail exchangers.
	{"mx-missing", "No MX record", report.Low, false,
		"publish an MX record; for a domain without mail publish a null MX (MX 0 .)", "RFC 5321 §5.1, RFC 7505"},
	{"mx-none-reachable", "No MX record and no address: mail cannot be delivered", report.Medium, false,
		"publish an MX record, or MX 0 . for a domain without mail", "RFC 5321 §5.1"},
	{"sender-null-mx", "Envelope or From domain declares it sends/receives no mail", report.Medium, false,
		"publish v=spf1 -all where the domain sends no mail, or an MX record where it does: receivers may refuse senders that cannot be answered", "RFC 7505 §4.2"},
	{"mx-null-not-alone", "A null MX stands beside other MX records", report.High, true,
		"remove either the null MX or the others", "RFC 7505 §3"},
	{"mx-cname", "An MX record points at an alias", report.Medium, false,
		"point the MX record at the name that has the addresses", "RFC 2181 §10.3, RFC 5321 §5.1"},
	{"mx-address-literal", "An MX record holds an IP address", report.High, true,
		"publish a host name with the address, and name that in the MX record", "RFC 1035 §3.3.9"},
	{"mx-unresolvable", "An MX host has no address", report.High, true,
		"publish A or AAAA records for the host, or remove it from the MX records", "RFC 5321 §5.1"},
	{"mx-private-address", "An MX host has an address that the Internet cannot reach", report.High, false,
		"name a real host with a public address in the MX record; MX 0 . (null MX) where the domain takes no mail", "RFC 1918, RFC 6890"},
	{"mx-name-invalid", "The name of an MX host is not valid as a host name", report.Low, false,
		"give the host a name of letters, digits and hyphens: some senders refuse others", "RFC 5321 §2.3.5, RFC 952"},
	{"mx-two-providers", "The MX records belong to several providers", report.Medium, false,
		"remove the records of the provider that is given up: mail that goes there is refused, or lies in old mailboxes", "RFC 5321 §5.1"},
	{"mx-duplicate", "The same MX host is named twice", report.Low, false,
		"remove the duplicate, or keep the one preference that is meant", "RFC 5321 §5.1"},
	{"mx-parked", "A parked domain accepts mail", report.Info, false,
		"publish a null MX (MX 0 .)", "RFC 7505 §3"},
	{"helo-or-rdns-defect", "HELO/PTR inconsistent", report.Low, false,
		"publish a PTR record for the address and an address record for that name", "RFC 1912 §2.1"},

	// SPF.
	{"spf-none", "No SPF record", report.Low, false,
		"publish v=spf1 with the hosts that send, then -all; v=spf1 -all where none does", "RFC 7208 §3"},
	{"spf-not-recognised", "A record is meant as SPF but is not read as one", report.Medium, false,
		"begin the record with v=spf1 and a space, without quotes or other bytes before it", "RFC 7208 §4.5"},
	{"spf-permerror-syntax", "Record syntax or duplicate", report.High, true,
		"correct the terms named; publish one record only", "RFC 7208 §4.5, §4.6"},
	{"spf-permerror-lookup-limit", "More than 10 lookup terms", report.High, true,
		"remove includes of services that no longer send, and name the networks of your own hosts in place of a and mx", "RFC 7208 §4.6.4"},
	{"spf-void-lookups", "More than 2 lookups returned nothing", report.Medium, false,
		"remove the terms whose names do not exist", "RFC 7208 §4.6.4"},
	{"spf-include-none", "An include or redirect leads to a domain without a usable record", report.High, true,
		"remove the term, or correct the name", "RFC 7208 §5.2, §6.1"},
	{"spf-include-loop", "Records include each other in a loop", report.High, true,
		"remove the term that closes the loop", "RFC 7208 §4.6.4"},
	{"spf-mx-limit", "An mx term leads to more than 10 hosts", report.High, true,
		"name the networks of the hosts in place of mx", "RFC 7208 §4.6.4"},
	{"spf-nobody-passes", "The record names senders and lets nobody pass", report.High, false,
		"name the networks that send mail of the domain, or give the names in the record their addresses", "RFC 7208 §2.6.4"},
	{"spf-overbroad-pass", "Pass proves little", report.Medium, false,
		"name only the networks that send mail of the domain", "RFC 7208 §2.6.3"},
	{"spf-softfail-or-neutral", "Result is weak, not a failure", report.Low, false,
		"end the record with -all or ~all", "RFC 7208 §5.1, §8.2"},
	{"spf-ptr", "The record uses ptr or %{p}", report.Low, false,
		"name networks or hosts in its place", "RFC 7208 §5.5, §7.2"},
	{"spf-unreachable-term", "A term is never reached", report.Low, false,
		"remove it, or put it before the term that hides it", "RFC 7208 §4.6.2, §5.1, §6.1"},
	{"spf-redundant-term", "A term adds nothing", report.Low, false,
		"remove it", "RFC 7208 §10.1.1"},
	{"spf-useless-term", "A term matches no client on the Internet", report.Low, false,
		"remove it, or name the public address", "RFC 7208 §5"},
	{"spf-void-term", "A term names a host without address or record", report.Low, false,
		"remove the term, or correct the name", "RFC 7208 §4.6.4"},
	{"spf-host-bits", "A network is written with host bits", report.Info, false,
		"write the network address, or the prefix length that is meant", "RFC 7208 §5.6"},
	{"spf-unknown-modifier", "The record has a modifier that receivers ignore", report.Low, false,
		"check how the term is spelt; mechanisms take a colon", "RFC 7208 §6"},
	{"spf-record-long", "The record is long for a DNS answer over UDP", report.Low, false,
		"move parts of it into an include", "RFC 7208 §3.4"},
	{"spf-response-long", "All TXT records of the name are long for a DNS answer over UDP", report.Info, false,
		"remove TXT records that are no longer needed", "RFC 7208 §3.4, DNS flag day 2020"},
	{"spf-explanation-broken", "The explanation of the record cannot be had", report.Low, false,
		"publish exactly one TXT record at the name that exp= gives", "RFC 7208 §6.2"},
	{"spf-macro-target", "An include or redirect depends on the message", report.Info, false,
		"nothing, if this is meant; its addresses cannot be listed", "RFC 7208 §7"},
	{spfRemark, "A remark on the SPF record", report.Info, false,
		"shorten the record: so many remarks on one record are more than anybody reads", "RFC 7208 §10.1"},
	{"spf-type99", "A record of the obsolete type SPF", report.Low, false,
		"remove it: receivers read TXT only, and the two can differ", "RFC 7208 §3.1"},
	{"spf-shorter-record", "A shorter record would authorise the same addresses", report.Info, false,
		"publish the suggested record", "RFC 7208 §10.1.1"},
	{"spf-parked-passes", "A parked domain lets hosts send", report.Medium, false,
		"publish v=spf1 -all", "RFC 7208 §10.1.2"},
	{"spf-helo-none", "The name of an MX host has no SPF record", report.Info, false,
		"publish v=spf1 a -all at the names that servers say as HELO; bounces are judged by it", "RFC 7208 §2.3, §10.1.3"},
	{"spf-helo-defect", "The SPF record of an MX host fails the host itself, or is broken", report.Low, false,
		"publish v=spf1 a -all at the name of the host", "RFC 7208 §10.1.3"},
	{"spf-mx-ipv6-uncovered", "An MX host is authorised over IPv4 but not over IPv6", report.Medium, false,
		"add the IPv6 address of the host, if it sends mail too", "RFC 7208 §5.6"},

	// DKIM.
	{"dkim-none-known", "No DKIM key is known", report.Info, false,
		"give the selectors in use, or a message that the domain signed", "RFC 6376 §3.1"},
	{"dkim-key-missing", "No key at selector", report.High, true,
		"publish the key at SELECTOR._domainkey.DOMAIN, or sign with a selector that has one", "RFC 6376 §3.6.2"},
	{"dkim-key-revoked", "Key published with empty p=", report.Low, false,
		"nothing, if the selector is out of use; remove the record when no signed mail is under way", "RFC 6376 §3.6.1"},
	{"dkim-key-weak", "RSA key below 1024 or 2048 bits", report.Medium, false,
		"make a key of 2048 bits under a new selector", "RFC 8301 §3.2"},
	{"dkim-algorithm-obsolete", "rsa-sha1 or DomainKeys", report.High, true,
		"publish the key without h=, or with h=sha256", "RFC 8301 §3.1"},
	{"dkim-key-testing", "t=y testing flag", report.Low, false,
		"remove t=y when the tests are done: receivers may treat signed mail as unsigned", "RFC 6376 §3.6.1"},
	{"dkim-key-malformed", "Key record unusable", report.High, true,
		"publish the record again as the signing software gives it, in strings of at most 255 bytes", "RFC 6376 §3.6.1"},
	{"dkim-several-keys", "Several records at one selector", report.Medium, true,
		"keep one record: which one a receiver takes is undefined", "RFC 6376 §3.6.2.2"},
	{"dkim-private-key", "A private key is published", report.Critical, true,
		"make a new pair at once, publish its public key under a new selector, and remove this record: with this key everybody can sign in the name of the domain", "RFC 6376 §8.3"},
	{"dkim-cname-dangling", "A selector points at a provider that has no key there", report.High, true,
		"set the signing up at the provider again, or remove the CNAME record", "RFC 6376 §3.6.2"},
	{"dkim-selector-pending", "A selector of the provider has no key yet", report.Info, false,
		"leave the record as it is: the provider puts the next key there", "Microsoft Learn, Set up DKIM to sign mail from your cloud domain"},
	{"dkim-wildcard", "Any selector has a record", report.Low, false,
		"remove the wildcard: a selector that is not in use should not exist", "RFC 6376 §6.1.2, RFC 4592"},
	{"dkim-ed25519-only", "All keys known are Ed25519", report.Medium, false,
		"sign with an RSA key too: many receivers cannot verify Ed25519", "RFC 8463"},

	// DMARC.
	{"dmarc-record-missing", "No DMARC policy found", report.Low, false,
		"publish v=DMARC1; p=none; rua=mailto:… at _dmarc, and read the reports before going further", "RFC 9989"},
	{"dmarc-record-invalid", "Record unusable or duplicated", report.High, true,
		"publish one record that begins v=DMARC1 and has a valid p=", "RFC 9989 §4.7, §4.10"},
	{"dmarc-record-misplaced", "A DMARC record stands where nobody looks", report.Medium, false,
		"publish it at _dmarc.DOMAIN", "RFC 9989 §4.10"},
	{"dmarc-tag-invalid", "A tag of the record cannot be read, or has no effect", report.Low, false,
		"correct or remove the tag", "RFC 9989 §4.7"},
	{"dmarc-policy-not-enforced", "p=none, t=y, or legacy pct", report.Low, false,
		"go on to p=quarantine, then p=reject, when the reports show that honest mail passes", "RFC 9989"},
	{"dmarc-subdomain-weaker", "Subdomains have a weaker policy than the domain", report.Medium, false,
		"remove sp= and np=, or make them as strict as p=", "RFC 9989 §4.7"},
	{"dmarc-orgdomain-method-differs", "PSL and Tree Walk give different answers", report.Medium, false,
		"publish a record at the domain itself; name the organisation's border with psd=n", "RFC 9989 §4.10, RFC 7489 §3.2"},
	{"dmarc-report-unauthorised", "A report address outside the organisation has not agreed", report.Medium, false,
		"let the destination publish v=DMARC1 at the name given, or use an address of the own domain", "RFC 9990 §4"},
	{"dmarc-report-unreachable", "A report address takes no mail", report.Medium, false,
		"give an address whose domain has a mail host, or an MX record to that domain", "RFC 9990, RFC 5321 §5.1"},
	{"dmarc-no-reports", "No aggregate reports are asked for", report.Low, false,
		"add rua=mailto:…: without reports nobody sees what fails", "RFC 9989 §4.7"},
	{"dmarc-psd", "psd= of the record does not fit the domain", report.Medium, false,
		"remove psd=y, unless names below the domain belong to other organisations", "RFC 9989 §4.7"},
	{"dmarc-parked-not-reject", "A parked domain can be used by spoofers", report.Medium, false,
		"publish v=DMARC1; p=reject", "RFC 9989"},

	// Transport.
	{"transport-policy-missing", "Receiver publishes no MTA-STS, DANE or TLS-RPT", report.Info, false,
		"publish an MTA-STS policy or TLSA records, and ask for TLS reports", "RFC 8461, RFC 7672, RFC 8460"},
	{"mta-sts-record-invalid", "The MTA-STS record cannot be used", report.Medium, true,
		"publish one record v=STSv1; id=… at _mta-sts", "RFC 8461 §3.1"},
	{"mta-sts-policy-unreachable", "The MTA-STS policy cannot be fetched", report.Medium, true,
		"serve the policy over HTTPS at the address given, with status 200, a valid certificate and no redirect", "RFC 8461 §3.3"},
	{"mta-sts-policy-invalid", "The MTA-STS policy cannot be used", report.Medium, true,
		"correct the lines named", "RFC 8461 §3.2"},
	{"mta-sts-mx-mismatch", "An MX host is not in the MTA-STS policy", report.High, false,
		"add the host to the policy and change id=; in mode enforce senders do not deliver to it", "RFC 8461 §4.1"},
	{"mta-sts-mx-unused", "The MTA-STS policy names a host that is not an MX host", report.Info, false,
		"remove it from the policy when it is out of use", "RFC 8461 §4.1"},
	{"mta-sts-not-enforced", "The MTA-STS policy is not enforced", report.Low, false,
		"go on to mode: enforce when the TLS reports show no failure", "RFC 8461 §5"},
	{"mta-sts-max-age-short", "Senders forget the MTA-STS policy soon", report.Low, false,
		"set max_age to weeks: 1209600 or more", "RFC 8461 §3.2, §10.2"},
	{"tls-rpt-record-invalid", "The TLS-RPT record cannot be used", report.Low, true,
		"publish one record v=TLSRPTv1; rua=mailto:… at _smtp._tls", "RFC 8460 §3"},
	{"tls-rpt-missing", "No reports on TLS are asked for", report.Low, false,
		"publish v=TLSRPTv1; rua=mailto:… at _smtp._tls: without reports failures of the policy go unseen", "RFC 8460 §3"},
	{"dane-record-invalid", "A TLSA record cannot be used for mail", report.Medium, false,
		"publish 3 1 1 with the SHA-256 of the server's public key, or 2 1 1 with that of its issuer", "RFC 7672 §3.1"},
	{"dane-none-usable", "An MX host has TLSA records, but none that can be used", report.High, true,
		"publish 3 1 1 with the SHA-256 of the server's public key; until then senders cannot authenticate the host", "RFC 7672 §2.2"},
	{"dane-not-secure", "TLSA records without DNSSEC", report.Medium, false,
		"sign the zones of the domain and of its MX hosts; until then senders ignore the records", "RFC 7672 §2.2"},
	{"dane-partial", "Only some MX hosts have TLSA records", report.Low, false,
		"publish TLSA records for all MX hosts: an attacker picks the weakest", "RFC 7672 §2.2.1"},

	// The servers themselves, where they were asked.
	{"smtp-refused", "An MX host refuses connections", report.Medium, false,
		"start the server, or remove the host from the MX records", "RFC 5321 §5.1"},
	{"smtp-no-starttls", "An MX host does not offer TLS", report.Medium, false,
		"switch on STARTTLS with a certificate for the name of the host", "RFC 3207, RFC 8314"},
	{"smtp-tls-broken", "TLS does not come about with an MX host", report.High, false,
		"repair the certificate and key of the server: many senders do not fall back to sending in the clear", "RFC 3207 §4"},
	{"smtp-tls-old", "An MX host speaks old versions of TLS only", report.Medium, false,
		"switch on TLS 1.2 and 1.3", "RFC 8996"},
	{"smtp-certificate-invalid", "The certificate of an MX host is not valid for it", report.Medium, false,
		"install a certificate of a public authority for the name in the MX record, with those between", "RFC 8461 §4.2"},
	{"smtp-certificate-expires", "The certificate of an MX host ends soon", report.Low, false,
		"renew it, and see that the renewal runs by itself", "RFC 8461 §4.2"},
	{"smtp-dane-mismatch", "No TLSA record matches the certificate of the MX host", report.High, false,
		"publish the TLSA record of the new certificate first, and install it when the old records have run out of the caches", "RFC 7672 §3, §8.1"},
	{"smtp-one-family", "An MX host takes mail over IPv4 only", report.Low, false,
		"let the server listen on its IPv6 address, or remove the AAAA record", "RFC 5321 §5.2"},
	{"smtp-greeting-name", "An MX host calls itself by no full name", report.Info, false,
		"set the name of the server to one that leads to its address", "RFC 5321 §2.3.5, §4.1.1.1"},

	// Brand indicator.
	{"bimi-record-invalid", "The BIMI record cannot be used", report.Low, true,
		"publish one record v=BIMI1; l=https://….svg; a=https://….pem at default._bimi", "draft-brand-indicators-for-message-identification"},
	{"bimi-record-misplaced", "A BIMI record stands where nobody looks", report.Low, false,
		"publish it at default._bimi.DOMAIN, or at the selector that BIMI-Selector names", "draft-brand-indicators-for-message-identification §4.3"},
	{"bimi-logo-format", "The logo is hardly of the form that receivers take", report.Low, false,
		"publish the logo as SVG in the profile SVG Tiny PS, and name that file in l=", "draft-svg-tiny-ps-abrotman"},
	{"bimi-certificate-invalid", "The mark certificate is not valid for the domain", report.Low, false,
		"put the certificate of the mark with those of its issuers into the file that a= names, in PEM form, the mark's first", "draft-fetch-validation-vmc-wchuang"},
	{"bimi-logo-differs", "The logo is not the one in the mark certificate", report.Low, false,
		"serve the very file that the certificate was issued for", "draft-fetch-validation-vmc-wchuang"},
	{"bimi-not-eligible", "DMARC is not enforced as BIMI demands", report.Low, false,
		"set p=quarantine or p=reject, for subdomains too", "draft-brand-indicators-for-message-identification"},
	{"bimi-no-certificate", "The brand indicator has no certificate", report.Info, false,
		"add a= with a mark certificate: large receivers show no indicator without one", "draft-brand-indicators-for-message-identification"},

	// Name servers, where they were asked.
	{"ns-lame", "A name server does not serve the zone", report.Medium, false,
		"set the zone up on it, or remove it from the NS records and from the delegation: some questions get no answer", "RFC 1912 §2.8"},
	{"ns-host-broken", "The name of a name server leads nowhere", report.Medium, false,
		"give the name addresses, or remove it from the NS records and from the delegation", "RFC 1035 §3.3.11, RFC 2181 §10.3"},
	{"ns-delegation-differs", "The zone above names other name servers than the zone", report.Medium, false,
		"give the registrar the servers that the zone names, or correct its NS records", "RFC 1034 §4.2.2"},
	{"ns-serials-differ", "The name servers have different versions of the zone", report.Low, false,
		"see that the zone is transferred; shortly after a change this is normal", "RFC 1034 §4.3.5"},
	{"ns-one-network", "All name servers are in one place", report.Low, false,
		"add a server in another network: when this one fails, mail to and from the domain does", "RFC 2182 §3.1, RFC 1034 §4.1"},
	{"cname-and-data", "A CNAME record stands beside others", report.High, false,
		"remove the CNAME record or the others: which of them a receiver sees is chance", "RFC 1034 §3.6.2, RFC 2181 §10.1"},
	{"caa-invalid", "A CAA record is not understood", report.Low, false,
		"correct or remove it", "RFC 8659 §4"},
	{"caa-forbids", "No authority may issue the certificate that MTA-STS needs", report.Medium, false,
		"name the authority in a CAA record of the policy host", "RFC 8659 §4.2, RFC 8461 §3.3"},

	// DNSSEC.
	{"dnssec-absent", "Authentication records are not DNSSEC-signed", report.Info, false,
		"sign the zone", "RFC 4033 §3"},
	{"dnssec-bogus", "DNSSEC validation fails", report.High, true,
		"repair the signatures, or remove the DS record: validating receivers get no answer", "RFC 4033 §5, RFC 4035 §5.5"},
}

// kind returns the row of a code. A test holds the source against the table; a
// code that is missing there all the same is shown under its own name.
func kind(code string) *Problem {
	for i := range problems {
		if problems[i].Code == code {
			return &problems[i]
		}
	}
	return &Problem{Code: code, Title: code, Severity: report.Info, Advice: "see the message", Source: "mailtrace"}
}
