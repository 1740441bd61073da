package received

import "strings"

// smap: the proxy of the TIS firewall toolkit and Gauntlet (csmap):
// from rdns(addr) by HOST via smap (V1.3) id xma093673; D, and
// from rdns(addr, HELO name) where they differ.
var smap = dialect{
	name: "smap", product: "smap", order: nameFirst, rdns: RDNSUnconfirmed,
	claims: func(c *clauses) bool { return c.word(kVia, 0) == "smap" || c.word(kVia, 0) == "csmap" },
	read: func(c *clauses, r *Received) {
		r.Product = c.word(kVia, 0)
		if i := c.commentIndex(kVia, 0); i >= 0 {
			r.Version = strings.TrimPrefix(c.use(i), "V")
		}
		if r.RDNS == "nodnsquery" { // nothing was looked up
			if r.Helo == r.RDNS {
				r.Helo = ""
			}
			r.RDNS, r.RDNSKind = "", RDNSNone
		}
	},
}
