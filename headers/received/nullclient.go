package received

import "strings"

// nullclient: the small programs that only hand a message on:
// by HOST (sSMTP sendmail emulation); D and (nullmailer pid 7315 invoked by uid 1000); D
var nullclient = dialect{
	name: "nullclient",
	claims: func(c *clauses) bool {
		return signature("sSMTP sendmail emulation")(c) || strings.HasPrefix(c.comment(kLead, 0), "nullmailer pid ")
	},
	read: func(c *clauses, r *Received) {
		r.Local = true
		r.Product = "sSMTP"
		if lead, ok := strings.CutPrefix(c.comment(kLead, 0), "nullmailer pid "); ok {
			c.useIf(kLead, 0)
			r.Product = "nullmailer"
			r.ID = firstWord(lead)
			_, r.UID, _ = strings.Cut(lead, " invoked by uid ")
			return
		}
		c.useIf(kBy, 0)
	},
}
