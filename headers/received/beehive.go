package received

// beehive: from HELO (/addr) by default (Oracle Beehive Gateway v4.0) with ESMTP ; D
var beehive = dialect{
	name: "beehive", product: "Oracle Beehive", rdns: RDNSNone,
	claims: signature("Oracle Beehive Gateway"),
	read:   versioned("Oracle Beehive Gateway"),
}
