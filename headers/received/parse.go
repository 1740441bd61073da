package received

import (
	"net/netip"
	"strings"
)

// Parse reads the value of a Received field, folded or not. It never fails;
// what it could not read is absent, and Notes says what was odd.
func Parse(value string) Received {
	var r Received
	c := split(value)
	d, byShape := choose(c)
	r.ByShape = byShape
	r.Dialect, r.Family = d.name, d.name
	r.Product = d.product
	r.TLSShown = d.tlsShown
	r.Confidence = d.confidence
	if r.Confidence == 0 {
		r.Confidence = 1
	}
	if c.dup {
		r.Confidence = unparsed.confidence
	}
	r.Ambiguous = c.dup || c.ambiguous
	c.common(&r)
	c.from(&r, d.order, d.rdns)
	if d.read != nil {
		d.read(c, &r)
	}
	c.rest(&r)
	return r
}

// choose returns the dialect that claims the field: one that signs its fields
// with its name, before one that is known by its shape only.
func choose(c *clauses) (d *dialect, byShape bool) {
	if c.dup { // no server writes two: somebody put words of their own in
		return &grammar, false
	}
	for _, d := range signed {
		if d.claims(c) {
			return d, false
		}
	}
	for _, d := range shaped {
		if d.claims(c) {
			return d, true
		}
	}
	if c.has(kBy) || c.has(kFrom) {
		return &grammar, false
	}
	return &unparsed, false
}

// grammar is RFC 5321 §4.4 with the usual liberties.
var grammar = dialect{name: "rfc5321", confidence: 0.5, order: either, rdns: RDNSNone,
	claims: func(*clauses) bool { return false }}

// unparsed keeps what can be picked out: protocol, id, date.
var unparsed = dialect{name: "unparsed", confidence: 0.2,
	claims: func(*clauses) bool { return false }}

// common reads what stands alike in all dialects: all clauses but "from".
func (c *clauses) common(r *Received) {
	c.by(r)
	r.Via = c.words(kVia)
	r.With = c.words(kWith)
	r.Proto = protoName(r.With)
	r.ID = strings.Trim(c.word(kID, 0), "<>,")
	r.For = c.recipient()
	if c.has(kEnvelopeFrom) {
		r.setEnvelopeFrom(c.word(kEnvelopeFrom, 0))
	}
	if v, cipher, ok := readTLS(c.word(kTLS, 0)); ok {
		r.setTLS(v, cipher)
	}
	from, peer := c.parts[kFrom], c.peerComment()
	for i := range c.tok {
		if j := int32(i); c.tok[i].comment && (!from.ok || j < from.lo || j > peer) {
			c.commonComment(r, j)
		}
	}
	if protoTLS(r.Proto) {
		r.TLS = true
	}
	if protoAuth(r.Proto) && !c.early[kWith] {
		r.Auth = true
	}
	switch {
	case c.early[kWith]: // the client's word
	case r.With == "local", strings.HasPrefix(r.With, "local-"), r.With == "spam-scanned":
		r.Local = true
	case r.Proto == "POP3" || r.Proto == "IMAP":
		r.Fetched = true
	}
	if c.date != "" {
		r.TimeRaw = c.date
		t, zoned, ok := parseDate(c.date)
		switch {
		case !ok:
			c.note(NoteBadDate)
		case !zoned:
			c.note(NoteNoZone)
		}
		r.Time = t
	}
}

// recipient reads the address of a "for" clause. Several recipients are none:
// "for <multiple recipients>", "for 3 recipients".
func (c *clauses) recipient() string {
	w, next := c.word(kFor, 0), c.word(kFor, 1)
	addr := strings.Trim(w, "<>,")
	switch {
	case strings.ContainsRune(addr, '@'):
		return addr
	case strings.HasPrefix(next, "recipient"), strings.HasSuffix(w, ":;"), strings.HasSuffix(addr, ":;"), strings.HasPrefix(w, "<") && !strings.HasSuffix(w, ">"):
		return ""
	}
	return addr
}

// commonComment takes TLS, login and envelope sender from a comment.
func (c *clauses) commonComment(r *Received, i int32) {
	s := c.at(i)
	if v, cipher, ok := readTLS(s); ok {
		r.setTLS(v, cipher)
		c.tok[i].used = true
		return
	}
	if user, ok := readAuth(s); ok {
		r.Auth = true
		if user != "" {
			r.AuthUser = user
		}
		for _, mark := range [...]string{", TLS: ", ", SSL: "} { // Courier puts both into one comment
			if i := strings.Index(s, mark); i >= 0 {
				v, cipher, _ := readTLS(s[i+2:])
				r.setTLS(v, cipher)
			}
		}
		c.tok[i].used = true
		return
	}
	for _, key := range [...]string{"envelope-from ", "envelope-from: ", "envelope-sender "} {
		if hasPrefixFold(s, key) {
			r.setEnvelopeFrom(firstWord(s[len(key):]))
			c.tok[i].used = true
			return
		}
	}
}

func (r *Received) setTLS(version, cipher string) {
	r.TLS = true
	if version != "" {
		r.TLSVersion = version
	}
	if cipher != "" {
		r.TLSCipher = cipher
	}
}

func (r *Received) setEnvelopeFrom(s string) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
	r.EnvelopeFrom = &s
}

// by reads host and address of the server.
func (c *clauses) by(r *Received) {
	p := c.parts[kBy]
	r.By = host(c.word(kBy, 0))
	if a, ok := parseIP(r.By); ok {
		r.ByIP = a
	} else if a, _, ok := parseIPPort(c.word(kBy, 1)); ok { // MDaemon: by name [addr]
		r.ByIP = a
	}
	for i := p.lo; i < p.hi; i++ {
		if !c.tok[i].comment {
			continue
		}
		if a, _, ok := parseIPPort(strings.TrimSpace(c.at(i))); ok {
			r.ByIP = a
			c.tok[i].used = true
		}
		break
	}
}

// order says what stands in front of the parenthesis behind "from".
type order uint8

const (
	heloFirst order = iota // from HELO (rdns [addr])
	nameFirst              // from rdns (HELO name) (addr), HELO left out where equal
	either                 // heloFirst unless a HELO stands in the comments
)

// from reads the client. kind is what a name is worth in this dialect, RDNSNone
// where the dialect has no place for one.
func (c *clauses) from(r *Received, o order, kind RDNS) {
	if !c.has(kFrom) {
		c.fromLead(r)
		return
	}
	p := peer{last: o == heloFirst}
	part := c.parts[kFrom]
	first, bare := "", false
	for i := part.lo; i < part.hi; i++ {
		s := c.at(i)
		switch {
		case c.tok[i].used:
		case c.tok[i].comment:
			had := p.verified
			if c.addPeer(&p, s) {
				c.tok[i].used = true
				p.verified = p.verified && (had || i <= part.lo+1) // of one word as HELO
			}
		case first == "" && i == part.lo:
			first = s
		default: // from name [addr]
			if a, port, ok := parseIPPort(strings.Trim(s, "()")); ok {
				p.twoIPs = p.twoIPs || p.ip.IsValid() && p.ip != a
				p.ip, p.port, bare = a, port, true
			}
		}
	}
	if p.twoIPs {
		r.Ambiguous = true
		c.note(NoteTwoAddresses)
	}
	r.IP, r.Port, r.Ident = p.ip, p.port, p.ident
	r.Local = r.Local || p.local
	r.HeloVerified = p.verified
	if p.account != "" {
		r.Auth, r.AuthUser = true, p.account
	}
	addr, port, literal := parseIPPort(first)
	if o == either {
		o = heloFirst
		if p.helo != "" {
			o = nameFirst
		}
		if literal && !p.ip.IsValid() && p.name == "" {
			r.IP, r.Port = addr, port
		}
	}
	switch o {
	case heloFirst:
		r.Helo = first
		if !bare { // the name from the DNS stands with the address
			r.RDNS = p.name
		}
		if p.helo != "" {
			r.Helo = p.helo
		}
		p.unknown = p.unknown && p.name == ""
	case nameFirst:
		r.Helo = p.helo
		if r.Helo == "" && p.name != "" { // Exim's sender_fullhost: rdns (HELO) [addr]
			r.Helo = p.name
		}
		switch {
		case literal:
			if !r.IP.IsValid() {
				r.IP = addr
			}
			if r.Port == 0 {
				r.Port = port
			}
			if r.Helo == "" {
				r.Helo = first
			}
		case isUnknown(first):
			p.unknown = true
		default:
			r.RDNS = strings.TrimSuffix(first, ".")
			if r.Helo == "" {
				r.Helo = r.RDNS
			}
		}
	}
	switch {
	case p.local: // nothing was looked up
		r.RDNS = ""
	case p.forged:
		r.RDNSKind = RDNSForged
	case r.RDNS != "":
		r.RDNSKind = kind
		if kind == RDNSNone {
			r.RDNSKind = RDNSUnconfirmed
		}
	case p.unknown, kind != RDNSNone && r.IP.IsValid():
		r.RDNSKind = RDNSUnknown
	}
}

// addPeer adds what a comment says. The server's own word about the client is
// the last comment with an address before "by" (RFC 5321 §4.4): what stands
// before it, a client with a HELO of several words may have put there. The name
// from the DNS stands with the address: a name alone gives way to it.
func (c *clauses) addPeer(p *peer, s string) bool {
	if aboutSession(s) {
		return false
	}
	if !p.ip.IsValid() && p.name == "" {
		return p.add(s)
	}
	var q peer
	if !q.add(s) {
		return false
	}
	if q.ip.IsValid() {
		p.twoIPs = p.twoIPs || p.ip.IsValid() && p.ip != q.ip
		p.name, p.ip, p.port, p.forged, p.unknown, p.local = "", netip.Addr{}, 0, false, false, false
	}
	return p.add(s)
}

// peerComment returns the index of the comment in which the server tells of its
// client, or -1. Only behind it the server tells of login and encryption.
func (c *clauses) peerComment() int32 {
	part := c.parts[kFrom]
	for i := part.hi - 1; i > part.lo; i-- {
		if !c.tok[i].comment {
			if _, _, ok := parseIPPort(strings.Trim(c.at(i), "()")); ok {
				return i
			}
			continue
		}
		if aboutSession(c.at(i)) {
			continue
		}
		var p peer
		if p.add(c.at(i)) && p.ip.IsValid() {
			return i
		}
	}
	return -1
}

// aboutSession knows the comments behind "from" that tell of the session. A
// certificate's names are the client's text and may look like an address.
func aboutSession(s string) bool {
	for _, p := range [...]string{"Client CN ", "using ", "No client ", "Client did not", "Client certificate", "Authenticated ", "authenticated ", "AUTH: ", "version=", "proxying for "} {
		if hasPrefixFold(s, p) {
			return true
		}
	}
	return false
}

// fromLead reads "(from user@host) by …", a message of this host, and
// "(from HELO [addr]) by …" (NAVGW).
func (c *clauses) fromLead(r *Received) {
	lead, ok := strings.CutPrefix(c.comment(kLead, 0), "from ")
	if !ok {
		return
	}
	name, addr, _ := strings.Cut(lead, " ")
	switch a, port, ok := parseIPPort(addr); {
	case ok:
		r.Helo, r.IP, r.Port = name, a, port
	case addr == "" && strings.Contains(name, "@"):
		r.Local = true
	default:
		return
	}
	c.useIf(kLead, 0)
}

// maxComments is how many unread comments a field keeps.
const maxComments = 16

// rest keeps what no part was taken from.
func (c *clauses) rest(r *Received) {
	for i := range c.tok {
		if tail := c.parts[kTail]; tail.ok && int32(i) >= tail.lo && int32(i) < tail.hi {
			continue // stands in TimeRaw
		}
		if t := c.tok[i]; t.comment && !t.used && len(r.Comments) < maxComments {
			r.Comments = append(r.Comments, c.at(int32(i)))
		}
	}
	r.Notes = c.notes
}
