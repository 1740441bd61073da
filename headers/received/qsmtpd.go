package received

// qsmtpd: from rdns ([::ffff:192.0.2.1]:37098 HELO name) (auth=u@d) by HOST (Qsmtpd 0.38dev)
// with (C encrypted) ESMTPSA for <rcpt>; D
var qsmtpd = dialect{
	name: "qsmtpd", product: "Qsmtpd", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: signature("Qsmtpd "),
	read:   versioned("Qsmtpd "),
}
