package received

// tencent: QQ Mail: from HELO ([addr]) by newxmesmtplogicsvrszc2-1.qq.com (NewEsmtp) with SMTP
// id 1D831A41; D
//
// No name from the DNS, nothing about TLS or login.
var tencent = dialect{
	name: "tencent", product: "QQ Mail", rdns: RDNSNone,
	claims: signature("NewEsmtp", "NewMX"),
	read:   func(c *clauses, _ *Received) { c.useIf(kBy, 0) },
}
