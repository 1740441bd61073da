package received

// mirapoint: from HELO (rdns [addr]) by HOST (MOS 4.4.6-GA) with ESMTP id FBO03345; D
var mirapoint = dialect{
	name: "mirapoint", product: "Mirapoint", rdns: RDNSUnconfirmed,
	claims: signature("MOS ", "Mirapoint "),
	read:   versioned("MOS ", "Mirapoint "),
}
