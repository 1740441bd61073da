package received

// kerio: from HELO (rdns [addr]) by HOST (Kerio Connect 9.4.2) with ESMTPSA for rcpt; D
var kerio = dialect{
	name: "kerio", product: "Kerio", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: signature("Kerio Connect", "Kerio MailServer"),
	read:   versioned("Kerio Connect", "Kerio MailServer"),
}
