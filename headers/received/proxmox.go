package received

// proxmox: Proxmox Mail Gateway, a Postfix under its own name:
// from HELO (rdns [addr]) by HOST (Proxmox) with ESMTPS id QUEUE for <rcpt>; D
//
// Its lines between the two Postfixes and the filter come from and to localhost.
var proxmox = dialect{
	name: "proxmox", product: "Proxmox Mail Gateway", rdns: RDNSUnconfirmed, tlsShown: true,
	claims: func(c *clauses) bool { return c.byTag() == "Proxmox" },
	read: func(c *clauses, r *Received) {
		readPostfix(c, r)
		r.Comments = nil
		r.Release = ""
	},
}
