//go:generate go test . -run ^TestDialectTables$ -update

package received

import "strings"

// dialect is how one kind of server writes the field.
type dialect struct {
	name     string // family: the names of its forms begin with it
	product  string // "" where read finds it
	order    order
	rdns     RDNS // what a name from the DNS is worth in it, RDNSNone where it writes none
	tlsShown bool
	// shape says that the arrangement of the parts alone tells the dialect. It is
	// asked only where none claims the field that names the software, the service
	// or its hosts in it, or has a mark that nobody else has.
	shape bool
	// confidence is 0 for 1: a server's own form.
	confidence float64
	// claims says whether the field is in this dialect. Of all dialects of one
	// table at most one claims a field, so their order means nothing.
	claims func(*clauses) bool
	// read puts right what the general reader could not know. May be nil.
	read func(*clauses, *Received)
}

// form names the form of the dialect: "postfix" becomes "postfix-local".
func (r *Received) form(name string) { r.Dialect = r.Family + "-" + name }

// signature returns a function that claims the fields with a comment that
// begins with one of the prefixes, letters of either case. The comments behind
// "from" do not count: a client has a say in those.
func signature(prefixes ...string) func(*clauses) bool {
	return func(c *clauses) bool { return c.signatureIndex(prefixes) >= 0 }
}

func (c *clauses) signatureIndex(prefixes []string) int32 {
	for _, i := range c.servers() {
		for _, p := range prefixes {
			if hasPrefixFold(c.at(i), p) {
				return i
			}
		}
	}
	return -1
}

// servers are the comments that do not stand behind "from", found once for all
// dialects.
func (c *clauses) servers() []int32 {
	if c.ownWords == nil {
		c.ownWords = c.ownRoom[:0]
		from := c.parts[kFrom]
		for i := range c.tok {
			if c.tok[i].comment && !(from.ok && int32(i) >= from.lo && int32(i) < from.hi) {
				c.ownWords = append(c.ownWords, int32(i))
			}
		}
	}
	return c.ownWords
}

// versioned returns a read function for dialects whose comment is PREFIX and a
// version, anything else being as the general reader has it.
func versioned(prefixes ...string) func(*clauses, *Received) {
	return func(c *clauses, r *Received) {
		if i := c.signatureIndex(prefixes); i >= 0 {
			r.Version = versionIn(c.use(i))
		}
	}
}

// versionIn returns the first word that begins with a digit (or a "v" and a
// digit) and holds a dot, or "".
func versionIn(s string) string {
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] != ' ' && s[j] != '/' && s[j] != '(' && s[j] != ')' && s[j] != ',' {
			j++
		}
		w := s[i:j]
		if len(w) > 1 && (w[0] == 'v' || w[0] == 'V') && isDigit(w[1]) {
			w = w[1:]
		}
		if w != "" && isDigit(w[0]) && strings.Contains(w, ".") {
			return w
		}
		i = j + 1
	}
	return ""
}

// plainPeer says whether "from" reads HELO (rdns [addr]) or HELO ([addr]).
func (c *clauses) plainPeer() bool {
	s := c.comment(kFrom, 0)
	i := strings.IndexByte(s, '[')
	return i >= 0 && strings.HasSuffix(s, "]") && strings.Count(s[:i], " ") <= 1
}

// byTag returns the first comment behind the server's name that is not an
// address.
func (c *clauses) byTag() string {
	p := c.parts[kBy]
	for i := p.lo; i < p.hi; i++ {
		if c.tok[i].comment {
			if _, _, ok := parseIPPort(strings.TrimSpace(c.at(i))); !ok {
				return c.at(i)
			}
		}
	}
	return ""
}

// untagged says that no comment follows the server's name.
func (c *clauses) untagged() bool { return c.has(kBy) && c.commentIndex(kBy, 0) < 0 }

func (c *clauses) byHost() string { return host(c.word(kBy, 0)) }

// smtpWith says whether "with" is SMTP or ESMTP with the registered suffixes in
// capitals.
func (c *clauses) smtpWith() bool {
	switch c.words(kWith) {
	case "SMTP", "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA":
		return true
	}
	return false
}

// all says whether s is made of n to m bytes that ok allows.
func all(s string, n, m int, ok func(byte) bool) bool {
	if len(s) < n || len(s) > m {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isUpperHex(b byte) bool { return isDigit(b) || 'A' <= b && b <= 'F' }
func isLowerHex(b byte) bool { return isDigit(b) || 'a' <= b && b <= 'f' }
func isAlnum(b byte) bool    { return isDigit(b) || isAlpha(b) }
