package received

import "strings"

// proofpoint: from HELO (rdns [addr]) by mx0a-001b2d01.pphosted.com (PPS) with
// ESMTPS id 3ea9jqgdd9-1 (version=TLSv1.2 cipher=C bits=256 verify=NOT); D
//
// Behind it stands the hop of its filter over the loopback:
// from pps.filterd (HOST [127.0.0.1]) by HOST (8.18.1.2/8.18.1.2) with ESMTP id QUEUE.
// On a customer's own machines HOST is the customer's.
var proofpoint = dialect{
	name: "proofpoint", product: "Proofpoint", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: isProofpoint,
	read:   readProofpoint,
}

// proofpointShape is a customer's machine: no comment behind its name, and the
// id ends with "-1".
var proofpointShape = dialect{
	shape: true,
	name:  "proofpoint", product: "Proofpoint", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool {
		id, n, ok := strings.Cut(c.word(kID, 0), "-")
		return ok && all(n, 1, 2, isDigit) && all(id, 9, 12, isAlnum) && c.untagged() && c.plainPeer() && c.smtpWith() &&
			(!protoTLS(c.words(kWith)) || strings.Contains(c.comment(kID, 0)+c.comment(kFor, 0), "verify="))
	},
	read: readProofpoint,
}

func isProofpoint(c *clauses) bool {
	return c.word(kFrom, 0) == "pps.filterd" || c.byTag() == "PPS" ||
		inDomain(c.byHost(), "pphosted.com") || inDomain(c.byHost(), "ppops.net")
}

func readProofpoint(c *clauses, r *Received) {
	tag := c.byTag()
	if isSendmailVersion(tag) { // the engine is a Sendmail
		r.Version, _ = sendmailVersion(tag)
		c.useText(tag)
	}
	if tag == "PPS" {
		c.useText(tag)
	}
	if c.word(kFrom, 0) == "pps.filterd" {
		r.OwnHost = true
		r.form("loop")
	}
}
