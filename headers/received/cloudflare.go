package received

// cloudflare: Email Routing: from HELO (addr) by cloudflare-email.net (cloudflare) id X for <rcpt>; D
//
// No name from the DNS, nothing about TLS.
var cloudflare = dialect{
	name: "cloudflare", product: "Cloudflare Email Routing", rdns: RDNSNone,
	claims: signature("cloudflare"),
	read:   func(c *clauses, _ *Received) { c.useIf(kBy, 0) },
}
