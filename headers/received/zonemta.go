package received

// zonemta: from HELO ([addr] rdns) (Authenticated sender: u) by HOST (ZoneMTA Forwarder) with
// ESMTPSA id X for <rcpt> (version=TLSv1/SSLv3 cipher=C); D
var zonemta = dialect{
	name: "zonemta", product: "ZoneMTA", rdns: RDNSNone, tlsShown: true,
	claims: signature("ZoneMTA"),
	read:   versioned("ZoneMTA"),
}
