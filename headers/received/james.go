package received

// james: from ADDR (EHLO name) ([addr]) by HOST (JAMES SMTP Server ) with ESMTPA ID
// 132243158 for <rcpt>; D
//
// The first word is the name from the DNS, or the address where there is none.
var james = dialect{
	name: "james", product: "Apache James", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: signature("JAMES SMTP Server", "Apache James"),
	read:   versioned("JAMES SMTP Server", "Apache James"),
}
