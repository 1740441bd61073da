package received

// halon: from HELO (rdns [addr]) by HOST (Halon) with ESMTPS id UUID; D
var halon = dialect{
	name: "halon", product: "Halon", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: signature("Halon"),
	read:   versioned("Halon"),
}
