package received

// ezmts: from HELO (addr) by HOST (EzMTS MTSSmtp 1.55d5) ; D for <rcpt>
//
// The recipient stands behind the date.
var ezmts = dialect{
	name: "ezmts", product: "EzMTS", rdns: RDNSNone,
	claims: signature("EzMTS "),
	read:   versioned("EzMTS "),
}
