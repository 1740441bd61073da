package received

// icloud: the last stage of iCloud Mail: from HOST by HOST (mailgateway BUILD) with SMTP id
// X for <rcpt>; D. Its border is a Postfix, by the name of a container without a domain.
var icloud = dialect{
	name: "icloud", product: "iCloud Mail", rdns: RDNSNone,
	claims: signature("mailgateway "),
	read:   func(c *clauses, _ *Received) { c.use(c.signatureIndex([]string{"mailgateway "})) },
}
