package desk

import (
	"strings"

	"github.com/mailtrace/mailtrace/domain"
)

// domainDoc is the page of a finding on what a domain publishes. The parts that
// are the same for all findings of a check stand in one table.
func domainDoc(p domain.Problem) string {
	proof := domainProofs[len(domainProofs)-1]
	for _, x := range domainProofs {
		if strings.HasPrefix(p.Code, x.prefix) {
			proof = x
			break
		}
	}
	effect := domainEffects[p.Code]
	return "## What happened\n" + upperFirst(p.Title) + ". " + effect +
		"\n\n## How it is proved\n" + proof.proved +
		"\n\n## What looks like it\n" + proof.alike +
		"\n\n## What to do\n" + upperFirst(p.Advice) + ". " + proof.after + "\n"
}

// domainProofs say for each check how its findings are proved, what looks like
// them, and how to see that the change works. The last is for all others.
var domainProofs = []struct{ prefix, proved, alike, after string }{
	{"spf-", "The record stands in the report word for word, with the place of the term. The lookups are counted over all includes, by the rules of RFC 7208 §4.6.4.",
		"A name server that does not answer: that is a gap, and says nothing of the record. A record that one resolver still holds from before a change.",
		"Try the new record before it is published: mailtrace spf --dns zone:FILE --dns system --ip IP --from ADDRESS."},
	{"dkim-", "The key record stands in the report as published, with its name. Only selectors that were found or named are looked at.",
		"A selector that nobody uses any more: it can be removed. A key that is missing because the selector is another one.",
		"Send yourself a message and analyse it: its signature names the selector."},
	{"dmarc-", "The record stands in the report word for word, with the name at which it was found by the tree walk of RFC 9989 §4.10.",
		"A domain that inherits the record of the one above it. A receiver that still uses the public suffix list of RFC 7489.",
		"Read the aggregate reports for a week before you make the policy stricter."},
	{"mx-", "The MX records and the addresses of each host stand in the report as the DNS gives them.",
		"A host that is only out of reach for now: the DNS answers, the server does not. A null MX (MX 0 .), which says that a domain takes no mail.",
		"Run mailtrace domain again when the TTL of the old records has run out."},
	{"mta-sts-", "The record at _mta-sts and the policy file stand in the report as they were fetched.",
		"A policy in mode testing: it refuses nothing. A policy that a sender still holds until max_age has run out.",
		"Change the id in the record with every change of the policy, so that senders fetch it again."},
	{"tlsrpt-", "The record at _smtp._tls stands in the report as published.",
		"A domain that has MTA-STS or DANE and wants no reports: that is allowed.", "Reports come once a day from senders that support them."},
	{"tls-rpt-", "The record at _smtp._tls stands in the report as published.",
		"A domain that has MTA-STS or DANE and wants no reports: that is allowed.", "Reports come once a day from senders that support them."},
	{"bimi-", "The record at default._bimi stands in the report as published.",
		"A mailbox provider that asks for a certificate: without one it shows no logo, and the record is right all the same.",
		"BIMI needs a DMARC policy of quarantine or reject; look there first."},
	{"dane-", "The TLSA records stand in the report, and whether the zone is signed. Without DNSSEC they count for nothing.",
		"A certificate that was renewed with the same key: records of type 3 1 1 stay valid.", "Publish the record for the next key before you change to it."},
	{"dnssec-", "The chain of keys from the root down to the domain is verified, and the report names the link that breaks it.",
		"A zone that is not signed at all: that is not an error. A resolver that does not validate: mailtrace asks for the proofs itself.",
		"A wrong DS record makes the domain vanish for validating resolvers: remove it first, then correct the keys."},
	{"", "The DNS answers that it rests on stand in the report word for word, each with its name and type.",
		"A name server that does not answer: that is a gap and not a finding.", "Run mailtrace domain again when the TTL of the old records has run out."},
}
