package findings

import "github.com/mailtrace/mailtrace/report"

var transportPolicyMissing = &Rule{
	Code:       "transport-policy-missing",
	Group:      GroupPath,
	Title:      "Receiver publishes no MTA-STS, DANE or TLS-RPT",
	Severity:   report.Info,
	Since:      "0.1",
	Quiet:      true,
	Refs:       []string{"RFC 8461 §3", "RFC 7672 §2", "RFC 8460 §3"},
	DomainOnly: true,
	Doc: `
## What happened
The receiving domain gives senders no way to insist on TLS: who can interfere with the connection can have mail sent in clear.

## How it is proved
The domain has no _mta-sts record and policy, none of its MX hosts has a TLSA record that DNSSEC proves, and there is no _smtp._tls record for
reports. This is a matter of the domain and of none of its messages: mailtrace domain looks for it, the analysis of a message does not.

## What looks like it
The policy may stand at the provider's MX name (DANE), not at the domain.

## What to do
Owner of the domain: publish MTA-STS in testing mode with TLS-RPT, then enforce; with DNSSEC also TLSA records for the MX hosts.
`,
	Find: func(*Facts) []report.Finding { return nil },
}
