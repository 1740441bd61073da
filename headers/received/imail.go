package received

// imail: Ipswitch IMail: from HELO [addr] by HOST (SMTPD32-7.07) id A4CE7F2A0028; D
var imail = dialect{
	name: "imail", product: "IMail", rdns: RDNSNone,
	claims: signature("SMTPD32-", "SMTPD-"),
	read: func(c *clauses, r *Received) {
		tag := c.use(c.signatureIndex([]string{"SMTPD"}))
		for i := range tag {
			if tag[i] == '-' {
				r.Version = tag[i+1:]
				break
			}
		}
	},
}
