package received

// clearswift: MAILsweeper: from HELO (unverified) by HOST (Clearswift SMTPRS 5.1.7) with ESMTP id <T…@HOST>; D
var clearswift = dialect{
	name: "clearswift", product: "Clearswift SMTPRS", rdns: RDNSUnconfirmed,
	claims: signature("Clearswift SMTPRS", "Content Technologies SMTPRS"),
	read:   versioned("Clearswift SMTPRS", "Content Technologies SMTPRS"),
}
