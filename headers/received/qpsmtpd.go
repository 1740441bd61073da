package received

// qpsmtpd: from rdns (HELO name) (addr) by HOST (qpsmtpd/0.94) with
// (TLS_AES_256_GCM_SHA384 encrypted) ESMTPS; D
var qpsmtpd = dialect{
	name: "qpsmtpd", product: "qpsmtpd", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: signature("qpsmtpd/"),
	read: func(c *clauses, r *Received) {
		r.Version = c.use(c.anyComment("qpsmtpd/"))[len("qpsmtpd/"):]
		if r.With == "" && c.again[kWith].ok {
			r.With = c.wordOf(c.again[kWith], 0)
			r.Proto = protoName(r.With)
		}
		if r.TLS && (r.Proto == "SMTP" || r.Proto == "ESMTP") {
			r.Proto = "ESMTPS"
		}
	},
}
