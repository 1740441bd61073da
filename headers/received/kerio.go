package received

// kerio: from HELO ([addr]) (authenticated user u@d) by HOST (Kerio Connect 9.2.12 patch 1) with
// ESMTPSA (using TLSv1.2 with cipher C (256 bits)) for rcpt; D
var kerio = dialect{
	name: "kerio", product: "Kerio", rdns: RDNSNone, tlsShown: true,
	claims: signature("Kerio Connect", "Kerio MailServer"),
	read:   versioned("Kerio Connect", "Kerio MailServer"),
}
