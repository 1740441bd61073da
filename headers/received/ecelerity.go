package received

// ecelerity: Momentum, SparkPost: from [HELO] ([addr:port] helo=name) by HOST
// (envelope-from <s>) (ecelerity 4.3.1.69410 r(Core:4.3.1.0)) with ESMTPS(cipher=C) id X; D
//
// ECSTREAM is its own protocol between its servers; [local] is an injection by
// this host.
var ecelerity = dialect{
	name: "ecelerity", product: "ecelerity", order: either, rdns: RDNSUnconfirmed,
	claims: signature("ecelerity "),
	read: func(c *clauses, r *Received) {
		r.Version = firstWord(c.use(c.signatureIndex([]string{"ecelerity "}))[len("ecelerity "):])
	},
}
