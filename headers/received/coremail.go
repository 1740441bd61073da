package received

// coremail: from HELO (rdns [addr]) by mfast9 (Coremail) with SMTP id uMCowEAJ6lTs6q1bwLXEEg--.1184S2; D
var coremail = dialect{
	name: "coremail", product: "Coremail", rdns: RDNSUnconfirmed,
	claims: signature("Coremail"),
	read:   versioned("Coremail"),
}
