package received

// facebook: from facebook.com (token) by HOST with Thrift id X; D
//
// The message was made by a program over Facebook's own protocol.
var facebook = dialect{
	name: "facebook", product: "Facebook", rdns: RDNSNone,
	claims: func(c *clauses) bool { return c.words(kWith) == "Thrift" },
	read: func(_ *clauses, r *Received) {
		r.Local = true
		r.RDNS, r.RDNSKind = "", RDNSNone // the token
	},
}
