package received

// icewarp: from HELO ([addr]) by HOST (IceWarp 12.3.0.1 x64) with ESMTPSSA id …; D; it was Merak before.
var icewarp = dialect{
	name: "icewarp", product: "IceWarp", rdns: RDNSNone,
	claims: signature("IceWarp", "Merak"),
	read:   versioned("IceWarp", "Merak"),
}
