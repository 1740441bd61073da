package headers

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/headers/services"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message"
)

// statement is one header field with the verdicts that stand in it. One server
// wrote it, so it is bound and graded as a whole.
type statement struct {
	field    int
	verdicts []authres.Verdict
	id       string // authserv-id or receiver, in lower case
	ips      []netip.Addr
}

// statements puts the verdicts of the header together by the fields that they
// stand in.
func statements(verdicts []authres.Verdict) []statement {
	var out []statement
	start := 0
	for i := range verdicts {
		v := &verdicts[i]
		n := len(out)
		if n == 0 || out[n-1].field != v.Field {
			out = append(out, statement{field: v.Field})
			n++
			start = i
		}
		s := &out[n-1]
		s.verdicts = verdicts[start : i+1 : i+1]
		if s.id == "" {
			s.id = mailname.Host(cmp.Or(v.AuthservID, v.Receiver))
		}
		if v.IP.IsValid() && !slices.Contains(s.ips, v.IP) {
			s.ips = append(s.ips, v.IP)
		}
	}
	return out
}

// binder finds for each statement who wrote it, and what it is worth by where it
// stands. It knows the path and the chain of custody only; what the message
// itself has to say against a statement is weighed later.
type binder struct {
	m       *message.Message
	hops    []Hop
	custody *Custody
	trust   *trustList
	marks   []mark
	sealers map[int]string // d= of ARC-Seal, by instance
	// verdictField says which fields hold verdicts.
	verdictField map[int]bool
	all          []statement
}

// mark is a field in which a filter names the message as the server that took
// it in calls it. Nobody outside knows that id beforehand.
type mark struct {
	field    int
	host, id string
}

// filterFields name the queue id of the server that they were made for: "DKIM-Filter:
// OpenDKIM Filter v2.11.0 HOST QUEUEID".
var filterFields = []string{"DKIM-Filter", "DMARC-Filter", "ARC-Filter"}

// idFields hold an id of their server alone.
var idFields = []string{"X-Rspamd-Queue-Id", "X-CM-TRANSID", "X-KPN-MessageId"}

func readMarks(m *message.Message) []mark {
	const most = 64
	var out []mark
	for _, name := range filterFields {
		for _, i := range m.All(name) {
			w := strings.Fields(m.Value(i))
			if n := len(w); n >= 3 && len(out) < most {
				out = append(out, mark{i, mailname.Host(w[n-2]), w[n-1]})
			}
		}
	}
	for _, name := range idFields {
		for _, i := range m.All(name) {
			if id := strings.TrimSpace(m.Value(i)); len(id) >= 6 && len(out) < most {
				out = append(out, mark{field: i, id: id})
			}
		}
	}
	return out
}

// claimsOf binds every verdict of the header to the hop at which it was written
// and grades it by who can have written there.
func claimsOf(f Facts) (claims []Claim) {
	verdicts := f.verdicts
	b := &binder{m: f.Msg, hops: f.Hops, custody: &f.Custody, trust: f.trust, marks: readMarks(f.Msg), sealers: readSealers(f.Msg), verdictField: map[int]bool{}}
	for i := range verdicts {
		b.verdictField[verdicts[i].Field] = true
	}
	type said struct {
		hop              int
		method, identity string
	}
	var below map[said]*authres.Verdict
	b.all = statements(verdicts)
	claims = make([]Claim, 0, min(len(verdicts), MaxClaims))
	for _, s := range b.all {
		hop, tie := b.writer(&s)
		grade, why := b.grade(&s, hop, tie)
		doubts := make([]string, len(s.verdicts))
		for i := range s.verdicts {
			doubts[i] = s.verdicts[i].Doubt()
		}
		if hop >= 0 && grade == Trusted && s.field > b.hops[hop].Field {
			// Below the border's own field the message's begin: what its server says
			// a second time may be the sender's.
			for i, v := range s.verdicts {
				key := said{hop, v.Method, v.Identity}
				first := below[key]
				switch {
				case first == nil:
					if below == nil {
						below = map[said]*authres.Verdict{}
					}
					below[key] = &s.verdicts[i]
				case first.Field != s.field && (first.Normal != v.Normal || first.Domain != v.Domain && first.Domain != "" && v.Domain != ""):
					doubts[i] = cmp.Or(doubts[i], "its server had given another result of "+v.Method+" above")
				}
			}
		}
		for i, v := range s.verdicts {
			if len(claims) == MaxClaims {
				f.ask.addGap(Gap{What: "verdicts in the header", Why: "more than are read"})
				return claims
			}
			x := b.claim(v, hop)
			x.Trust, x.Why, x.Tie = grade, why, tie
			if doubts[i] != "" && x.Trust == Trusted {
				x.Trust, x.Why = Testimony, doubts[i]
			}
			claims = append(claims, x)
		}
	}
	return claims
}

// claim is a verdict with the hop and the address that it is about.
func (b *binder) claim(v authres.Verdict, hop int) Claim {
	c := Claim{Verdict: v, Hop: hop, IP: v.IP, IPBasis: string(v.IPBasis), Writer: cmp.Or(v.AuthservID, v.Receiver)}
	if v.IPBasis == authres.IPSibling {
		// Another method of the same field names the address outright.
		c.IPBasis = string(authres.IPExplicit)
	}
	if hop < 0 {
		return c
	}
	h := &b.hops[hop]
	if !strings.Contains(c.Writer, ".") {
		c.Writer = cmp.Or(mailname.Host(h.By), c.Writer)
	}
	// SpamAssassin judges the first relay outside its trusted networks, which its
	// place does not tell; amavis' own line shows the server that fed it.
	if !c.IP.IsValid() && c.Method == "spf" && c.Dialect != "spamassassin" && !h.OwnHost {
		if ip := b.judged(hop); ip.IsValid() {
			c.IP, c.IPBasis = ip, "position"
		}
	}
	return c
}

// judged is the address that the writer of a line judged, as far as its place
// tells: the client of the line. An inner host of a service (Yahoo's atlas) writes
// down what its border found.
func (b *binder) judged(hop int) netip.Addr {
	h := &b.hops[hop]
	if c := b.custody; hop > c.First && !services.Find(mailname.Host(h.By), services.Inside).Empty() && services.Find(mailname.Host(h.By), services.Border).Empty() {
		for k := hop; k >= 0; k-- {
			if o := &b.hops[k]; Public(o.IP) && services.Find(mailname.Host(o.Helo), services.Any).Empty() {
				return o.IP
			}
		}
	}
	return h.IP
}

// writer finds the hop whose server wrote a statement, and what ties them
// together beyond the place, "" where nothing does. A server writes its verdicts
// above its own Received field, and filters that append write theirs below it;
// an id that was given out on arrival decides, then names and addresses (RFC
// 8601 §5, RFC 7208 §9.1).
func (b *binder) writer(s *statement) (hop int, tie string) {
	if len(b.hops) == 0 {
		return -1, ""
	}
	v := &s.verdicts[0]
	if v.Header == "X-hMailServer-Reason" || v.Dialect == "hmailserver" {
		if k := b.hopOfFamily("hmailserver"); k >= 0 {
			return k, ""
		}
		return b.plainHop(), ""
	}
	if k, tie := b.tied(s); k >= 0 {
		return k, tie
	}
	below := b.below(s.field)
	best, score := -1, 0
	foreign := b.sealedByOthers(s)
	for n, k := range []int{below, below + 1, below - 1, below - 2} {
		switch {
		case foreign && k >= b.custody.First:
			continue
		case below < 0 && n == 1:
			k = 0 // below all Received fields: the oldest hop is next above
		case below < 0, k < 0, k >= len(b.hops):
			continue
		}
		if p := b.fit(s, k, n); p > score {
			best, score = k, p
		}
	}
	// A server that puts its verdicts at the end of the header is known by its
	// name only.
	if s.id != "" && !foreign && (best < 0 || b.hops[best].writer() != s.id) && below < b.custody.First {
		for k := len(b.hops) - 1; k >= b.custody.First; k-- {
			if b.hops[k].writer() == s.id {
				return k, ""
			}
		}
	}
	return best, ""
}

// sealedByOthers reports whether a statement of an ARC set came with the message
// and is sealed for a domain that is none of the reader's side: whatever name it
// bears, none of its servers wrote it (RFC 8617 §4.1.1).
func (b *binder) sealedByOthers(s *statement) bool {
	c, set := b.custody, s.verdicts[0].Instance
	if set == 0 || c.First >= len(b.hops) || s.field < b.hops[c.First].Field {
		return false
	}
	d := b.sealers[set]
	return d != "" && !c.Own(d) && !b.trust.hasName(d)
}

// readSealers are the domains of the seals, by instance.
func readSealers(m *message.Message) map[int]string {
	const most = 50 // RFC 8617 §4.2.1
	out := map[int]string{}
	for _, i := range m.All("ARC-Seal") {
		if len(out) == most {
			break
		}
		tags, err := dkim.ParseTags(m.Value(i))
		if err != nil {
			continue
		}
		n, _ := dkim.TagValue(tags, "i")
		d, _ := dkim.TagValue(tags, "d")
		if k, err := strconv.Atoi(n); err == nil && out[k] == "" {
			out[k] = mailname.Host(d)
		}
	}
	return out
}

// fit says how well hop k, the n-th candidate by distance, fits a statement.
func (b *binder) fit(s *statement, k, n int) int {
	h := &b.hops[k]
	p := [...]int{3, 2, 0, 0}[n]
	by := h.writer()
	switch {
	case s.id == "":
	case s.id == by:
		p += 5
	case mailname.Org(s.id) != "" && mailname.Org(s.id) == mailname.Org(by), hostOrg(s.id) != "" && hostOrg(s.id) == h.Org:
		p += 3
	case mailname.DomainOf(h.For) != "" && mailname.SameOrg(s.id, mailname.DomainOf(h.For)):
		p += 2
	default:
		p -= 3
	}
	if n == 0 && h.Fetched {
		return p + 8 // whoever fetched it wrote this on it
	}
	if len(s.ips) > 0 && h.IP.IsValid() {
		if slices.Contains(s.ips, h.IP) {
			p += 4
		} else if n > 1 {
			p -= 4
		}
	}
	if s.verdicts[0].Dialect == "exchange-online" && h.Product != "" {
		if h.Product == "Exchange Online" {
			p += 2
		} else {
			p -= 2
		}
	}
	return p
}

// below is the newest hop whose field stands below a field, -1 where none does.
func (b *binder) below(field int) int {
	for k := len(b.hops) - 1; k >= 0; k-- {
		if b.hops[k].Field > field {
			return k
		}
	}
	return -1
}

func (b *binder) hopOfFamily(family string) int {
	for k := len(b.hops) - 1; k >= 0; k-- {
		if b.hops[k].Family == family {
			return k
		}
	}
	return -1
}

// plainHop is the only hop without id and date, as hMailServer's field is where
// the date was not copied along; -1 where there is none, or several.
func (b *binder) plainHop() int {
	found := -1
	for k := range b.hops {
		if h := &b.hops[k]; h.ID == "" && h.TimeRaw == "" && h.Family == "rfc5321" && h.By != "" {
			if found >= 0 {
				return -1
			}
			found = k
		}
	}
	return found
}

// tied finds the hop whose server gave out the id that a filter wrote above the
// statement. The mark holds for what its filter writes, next below it: whatever
// follows may be the message's own.
func (b *binder) tied(s *statement) (int, string) {
	for i := range b.marks {
		mk := &b.marks[i]
		name := b.m.Name(mk.field)
		near := s.field - mk.field
		switch {
		case mk.host != "" && mk.host != s.id && (mailname.Org(mk.host) == "" || mailname.Org(mk.host) != mailname.Org(s.id)):
			continue
		case strings.EqualFold(name, "DKIM-Filter"):
			if near != 1 || !onlyMethods(s, "dkim", "domainkeys", "dkim-adsp", "dkim-atps") {
				continue
			}
		case strings.EqualFold(name, "DMARC-Filter"):
			if near < 1 || near > 2 || !onlyMethods(s, "dmarc", "spf") {
				continue
			}
		case strings.EqualFold(name, "ARC-Filter"):
			if near < 1 || near > 4 || !onlyMethods(s, "arc") {
				continue
			}
		case strings.EqualFold(name, "X-Rspamd-Queue-Id"):
			if s.verdicts[0].Dialect != "rspamd" && (!b.firstUnderReceived(s.field) || !b.saidByRspamd(s, mk)) || s.verdicts[0].Dialect == "rspamd" && !appended(s, mk) {
				continue
			}
		case near != 1:
			continue
		}
		for k := len(b.hops) - 1; k >= 0; k-- {
			if id := b.hops[k].ID; id != "" && (id == mk.id || len(mk.id) >= 12 && strings.Contains(id, mk.id)) {
				if strings.EqualFold(name, "X-Rspamd-Queue-Id") && s.verdicts[0].Dialect != "rspamd" && !b.beside(b.hops[k].Field, s.field) {
					break // under the line of another server
				}
				return k, name + " names its queue id"
			}
		}
	}
	return -1, ""
}

// appended reports whether a statement of rspamd stands in one block with the
// field that names the queue id: it writes both at the end of the header.
func appended(s *statement, mk *mark) bool {
	return s.field-mk.field <= 6 && mk.field-s.field <= 6
}

// saidByRspamd reports whether the rspamd that wrote a mark says itself that
// everything passes which a statement says passes. It need not write
// Authentication-Results, and then leaves those of the sender where they are.
func (b *binder) saidByRspamd(s *statement, mk *mark) bool {
	for i := range s.verdicts {
		v := &s.verdicts[i]
		if v.Normal != "pass" || v.Method != "spf" && v.Method != "dkim" && v.Method != "dmarc" {
			continue
		}
		if !slices.ContainsFunc(b.all, func(o statement) bool {
			return o.verdicts[0].Dialect == "rspamd" && appended(&o, mk) && slices.ContainsFunc(o.verdicts, func(x authres.Verdict) bool {
				return x.Method == v.Method && x.Normal == "pass" && (x.Domain == "" || v.Domain == "" || mailname.Org(x.Domain) == mailname.Org(v.Domain))
			})
		}) {
			return false
		}
	}
	return true
}

func onlyMethods(s *statement, methods ...string) bool {
	return !slices.ContainsFunc(s.verdicts, func(v authres.Verdict) bool { return !slices.Contains(methods, v.Method) })
}

// beside reports whether nothing but verdicts and filters' marks stand between
// two fields.
func (b *binder) beside(x, y int) bool {
	if x > y {
		x, y = y, x
	}
	if y-x > 24 {
		return false
	}
	for i := x + 1; i < y; i++ {
		if !b.verdictField[i] && !b.isMark(i) {
			return false
		}
	}
	return true
}

func (b *binder) isMark(i int) bool {
	return slices.ContainsFunc(b.marks, func(m mark) bool { return m.field == i }) || strings.HasPrefix(b.m.Name(i), "ARC-") || len(b.m.Name(i)) > 6 && strings.EqualFold(b.m.Name(i)[:6], "X-ICL-")
}

// firstUnderReceived reports whether a field is the first with verdicts under a
// Received field.
func (b *binder) firstUnderReceived(field int) bool {
	for i := field - 1; i >= 0 && field-i <= 24; i-- {
		switch {
		case strings.EqualFold(b.m.Name(i), "Received"):
			return true
		case !b.isMark(i) || b.verdictField[i] && !strings.HasPrefix(b.m.Name(i), "ARC-"):
			return false
		}
	}
	return false
}

// relayed are the names under which servers keep verdicts that came with the
// message.
var relayed = []string{
	"Authentication-Results-Original", "Original-Authentication-Results", "X-Original-Authentication-Results",
	"X-Authentication-Results", "X-MS-Exchange-Authentication-Results", "ARC-Authentication-Results",
	"X-Forefront-Antispam-Report-Untrusted",
}

// grade says what a statement is worth by who can have written where it stands.
// What is above the oldest believed Received field was put there after the
// message had come in; all below it came with the message, save for what the
// border's own software is known to put there.
func (b *binder) grade(s *statement, hop int, tie string) (ClaimTrust, string) {
	v := &s.verdicts[0]
	if slices.ContainsFunc(relayed, func(n string) bool { return strings.EqualFold(n, v.Header) }) {
		return Testimony, "kept from an earlier server under another name"
	}
	if len(b.hops) == 0 {
		return Untrusted, "no Received field shows who wrote it"
	}
	c := b.custody
	if c.First < len(b.hops) && s.field < b.hops[c.First].Field {
		if !b.ownID(s) {
			return Testimony, "it names " + s.id + ", which is not a host of the recipient's side (RFC 8601 §5)"
		}
		return Trusted, ""
	}
	if hop >= c.First {
		switch {
		case tie != "":
			return Trusted, ""
		case b.habit(s, hop):
			return Trusted, ""
		case !filterField(v) && !b.underBorder(s, hop):
			return Untrusted, "it stands below the Received field of the border, where the sender could have written it"
		case slices.ContainsFunc(s.verdicts, func(v authres.Verdict) bool { return v.Normal == "pass" }):
			// The place is one where the border's filter writes, and where a sender
			// would put a lie. Nobody lies to their own harm.
			return Testimony, "it stands where the border's filter writes, but the sender could have written it too"
		}
		return Trusted, ""
	}
	if hop >= 0 && (s.field < b.hops[hop].Field || filterField(v) || tie != "" || b.beside(b.hops[hop].Field, s.field) || s.id != "" && s.id == b.hops[hop].writer()) {
		return Testimony, "written on the way, before the recipient's border"
	}
	return Untrusted, "it came with the message"
}

// ownID reports whether the id of a statement is the reader's side's, or none
// that could be anybody's.
func (b *binder) ownID(s *statement) bool {
	v := &s.verdicts[0]
	if s.id == "" || b.custody.Own(s.id) || b.trust.hasName(s.id) || filterField(v) {
		return true
	}
	if v.AuthservID == "" {
		// Received-SPF: many write a word for the receiver, and nothing else names
		// one in the field (RFC 7208 §9.1).
		return !strings.Contains(s.id, ".")
	}
	return false
}

// habit reports whether the software of the border is known to write below its
// own Received field, and either removes what strangers write in its name or
// leaves something that they can't know.
func (b *binder) habit(s *statement, hop int) bool {
	h := &b.hops[hop]
	by := mailname.Host(h.By)
	at := services.Find(by, services.Border|services.Inside)
	if at.Empty() && !strings.Contains(by, ".") && slices.ContainsFunc(b.hops[hop:], func(h Hop) bool { return h.Family == "icloud" }) {
		at = services.InZone("icloud.com").And(b.custody.at) // a container, without a domain
	}
	if at.Empty() {
		return false
	}
	v := &s.verdicts[0]
	switch v.Dialect {
	case "forefront", "microsoft":
		return !at.And(microsoft()).Empty()
	}
	for i := range services.All() {
		if !at.Has(i) {
			continue
		}
		svc := &services.All()[i]
		switch svc.Below {
		case services.BelowBlock:
			// Directly under its own Received field, in its own name.
			if services.InZone(s.id).Has(i) && b.beside(h.Field, s.field) {
				return true
			}
		case services.BelowAnywhere:
			if s.id == by {
				return true
			}
		}
	}
	return false
}

// underBorder reports whether a statement stands directly under the border's
// Received field and judges the border's client, as far as it names one.
func (b *binder) underBorder(s *statement, hop int) bool {
	if hop != b.custody.Border || hop < 0 || !b.beside(b.hops[hop].Field, s.field) || s.field < b.hops[hop].Field {
		return false
	}
	return len(s.ips) == 0 || slices.Contains(s.ips, b.hops[hop].IP)
}

// filterField reports whether a verdict is of a kind that the writing server
// puts at the end of the header, so that its place says nothing.
func filterField(v *authres.Verdict) bool {
	switch v.Dialect {
	case "hmailserver", "forefront", "microsoft", "spamassassin", "rspamd":
		return true
	}
	return false
}

// Trusted returns the trusted verdicts of a method that the recipient's servers
// wrote, from the newest hop down.
func (f *Facts) Trusted(method string) []*Claim {
	var out []*Claim
	for n := range f.Claims {
		if c := &f.Claims[n]; c.Trust == Trusted && c.Method == method {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *Claim) int { return b.Hop - a.Hop })
	return out
}
