package dnssec

import (
	"context"
	"crypto"
	"crypto/sha1"
	"encoding/base32"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
	"github.com/mailtrace/mailtrace/dns/internal/names"

	mdns "github.com/miekg/dns"
)

// signedNow is the time at which the signatures of the test zones are valid.
var signedNow = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// testKey is a key with its record.
type testKey struct {
	rr     *mdns.DNSKEY
	signer crypto.Signer
}

var testKeys struct {
	sync.Mutex
	made map[testKeyID]*testKey
}

type testKeyID struct {
	algorithm uint8
	bits, n   int
}

// key makes a key, or takes one made before: RSA takes long.
func key(t testing.TB, apex string, algorithm uint8, flags uint16, n int) *testKey {
	bits := map[uint8]int{mdns.RSASHA1: 1024, mdns.RSASHA256: 2048, mdns.RSASHA512: 2048, mdns.ECDSAP256SHA256: 256, mdns.ECDSAP384SHA384: 384, mdns.ED25519: 256}[algorithm]
	testKeys.Lock()
	defer testKeys.Unlock()
	id := testKeyID{algorithm, bits, n}
	k := testKeys.made[id]
	if k == nil {
		rr := &mdns.DNSKEY{Protocol: 3, Algorithm: algorithm}
		private, err := rr.Generate(bits)
		if err != nil {
			t.Fatal(err)
		}
		k = &testKey{rr, private.(crypto.Signer)}
		if testKeys.made == nil {
			testKeys.made = make(map[testKeyID]*testKey)
		}
		testKeys.made[id] = k
	}
	rr := *k.rr
	rr.Hdr = mdns.RR_Header{Name: apex + ".", Rrtype: mdns.TypeDNSKEY, Class: mdns.ClassINET, Ttl: 3600}
	rr.Flags = flags
	return &testKey{&rr, k.signer}
}

// testZone is a zone that signs itself.
type testZone struct {
	apex       string
	algorithm  uint8
	unsigned   bool // without keys
	noDS       bool // the zone above has no DS record
	nsec3      bool
	optOut     bool
	iterations uint16
	salt       string
	text       string // records, without origin

	// Faults, each before signing.
	inception, expiration time.Time
	signer                string // another name of the signer
	ds                    func(good []mdns.RR, ksk *mdns.DNSKEY) []mdns.RR
	extraKeys             func(z *testZone) []mdns.RR
	after                 func(z *testZone)

	sets     map[dns.Question][]mdns.RR
	sigs     map[dns.Question][]mdns.RR
	names    []string // that exist, empty non-terminals included, in canonical order
	nsecs    []string // owners of NSEC, or hashes of NSEC3, in order
	ksk, zsk *testKey
}

// world is a tree of signed zones, and a resolver that knows all of them.
type world struct {
	zones   map[string]*testZone
	fail    map[dns.Question]int // rcode; -1 is not an answer
	change  func(*mdns.Msg)
	mu      sync.Mutex
	asked   []dns.Question
	anchors []Anchor
}

func newWorld(t testing.TB, zones ...*testZone) *world {
	t.Helper()
	w := &world{zones: make(map[string]*testZone), fail: make(map[dns.Question]int)}
	slices.SortFunc(zones, func(a, b *testZone) int { return labels(b.apex) - labels(a.apex) }) // children first: they give the DS records
	for _, z := range zones {
		w.zones[z.apex] = z
		z.load(t)
	}
	for _, z := range zones {
		if z.apex == "" {
			continue
		}
		up, _ := names.Parent(z.apex)
		for w.zones[up] == nil {
			up, _ = names.Parent(up)
		}
		above := w.zones[up]
		above.add(t, z.apex+". 3600 NS ns."+z.apex+".")
		if z.unsigned || z.noDS {
			continue
		}
		good := []mdns.RR{z.ksk.rr.ToDS(mdns.SHA256)}
		if z.ds != nil {
			good = z.ds(good, z.ksk.rr)
		}
		for _, ds := range good {
			ds.Header().Name = z.apex + "."
			ds.Header().Class = mdns.ClassINET
			ds.Header().Ttl = 3600
			above.put(ds)
		}
	}
	for _, z := range zones {
		if !z.unsigned {
			z.sign(t)
		}
		if z.after != nil {
			z.after(z)
		}
	}
	if root := w.zones[""]; root != nil && !root.unsigned {
		ds := root.ksk.rr.ToDS(mdns.SHA256)
		w.anchors = []Anchor{{ds.KeyTag, ds.Algorithm, ds.DigestType, ds.Digest}}
	}
	return w
}

func (z *testZone) put(rr mdns.RR) {
	q := dns.Question{Name: dns.Canonical(rr.Header().Name), Type: dns.Type(rr.Header().Rrtype)}
	z.sets[q] = append(z.sets[q], rr)
}

func (z *testZone) add(t testing.TB, line string) {
	t.Helper()
	rr, err := mdns.NewRR(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	z.put(rr)
}

func (z *testZone) load(t testing.TB) {
	t.Helper()
	z.sets, z.sigs = make(map[dns.Question][]mdns.RR), make(map[dns.Question][]mdns.RR)
	dot := z.apex + "."
	ns := "ns." + strings.TrimPrefix(dot, ".")
	text := "$ORIGIN " + dot + "\n$TTL 300\n@ SOA " + ns + " root. 1 2 3 4 60\n@ NS " + ns + "\n" + ns + " A 192.0.2.53\n" + z.text
	p := mdns.NewZoneParser(strings.NewReader(text), "", "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		z.put(rr)
	}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	if z.unsigned {
		return
	}
	if z.algorithm == 0 {
		z.algorithm = mdns.ECDSAP256SHA256
	}
	// Each zone has keys of its own, but RSA is made once.
	n := 0
	if z.algorithm != mdns.RSASHA256 && z.algorithm != mdns.RSASHA512 && z.algorithm != mdns.RSASHA1 {
		for _, c := range z.apex {
			n = n*31 + int(c)
		}
		n = n&0xffff + 1
	}
	z.ksk = key(t, z.apex, z.algorithm, 257, 2*n)
	z.zsk = key(t, z.apex, z.algorithm, 256, 2*n+1)
	z.put(z.ksk.rr)
	z.put(z.zsk.rr)
	if z.extraKeys != nil {
		for _, rr := range z.extraKeys(z) {
			z.put(rr)
		}
	}
	if z.inception.IsZero() {
		z.inception = signedNow.Add(-24 * time.Hour)
	}
	if z.expiration.IsZero() {
		z.expiration = signedNow.Add(14 * 24 * time.Hour)
	}
	if z.signer == "" {
		z.signer = z.apex
	}
}

// exists reports whether a name is there, perhaps without records.
func (z *testZone) exists(name string) bool { return slices.Contains(z.names, name) }

// cutAbove reports whether the zone delegates above a name.
func (z *testZone) cutAbove(name string) bool {
	for name != z.apex {
		name, _ = names.Parent(name)
		if name != z.apex && z.sets[dns.Question{Name: name, Type: dns.TypeNS}] != nil {
			return true
		}
	}
	return false
}

// index lists the names that exist.
func (z *testZone) index() {
	seen := map[string]bool{}
	for q := range z.sets {
		if z.cutAbove(q.Name) {
			continue
		}
		for name := q.Name; !seen[name]; name, _ = names.Parent(name) {
			seen[name] = true
			if name == z.apex {
				break
			}
		}
	}
	z.names = z.names[:0]
	for name := range seen {
		z.names = append(z.names, name)
	}
	slices.SortFunc(z.names, func(a, b string) int { return strings.Compare(sortKey(a), sortKey(b)) })
}

// sortKey is a string whose order is the canonical order of names that have no
// escapes.
func sortKey(name string) string {
	l := strings.Split(name, ".")
	slices.Reverse(l)
	return strings.Join(l, "\x00")
}

func (z *testZone) types(name string) []uint16 {
	var out []uint16
	for q := range z.sets {
		if q.Name == name {
			out = append(out, uint16(q.Type))
		}
	}
	return out
}

func (z *testZone) hash(name string) string {
	salt, _ := hex.DecodeString(z.salt)
	var wire []byte
	if name != "" {
		for _, l := range strings.Split(name, ".") {
			wire = append(append(wire, byte(len(l))), l...)
		}
	}
	sum := sha1.Sum(append(append(wire, 0), salt...))
	for range z.iterations {
		sum = sha1.Sum(append(sum[:], salt...))
	}
	return strings.ToLower(base32.HexEncoding.EncodeToString(sum[:]))
}

func (z *testZone) under(label string) string { return strings.TrimSuffix(label+"."+z.apex, ".") }

func (z *testZone) sign(t testing.TB) {
	z.index()
	header := func(name string, typ uint16) mdns.RR_Header {
		return mdns.RR_Header{Name: name + ".", Rrtype: typ, Class: mdns.ClassINET, Ttl: 60}
	}
	unsignedCut := func(name string) bool {
		return name != z.apex && z.sets[dns.Question{Name: name, Type: dns.TypeNS}] != nil && z.sets[dns.Question{Name: name, Type: dns.TypeDS}] == nil
	}
	if z.nsec3 {
		lists := map[string][]uint16{}
		for _, name := range z.names {
			if z.optOut && unsignedCut(name) {
				continue
			}
			list := z.types(name)
			if len(list) > 0 && !unsignedCut(name) {
				list = append(list, mdns.TypeRRSIG)
			}
			lists[z.hash(name)] = list
		}
		for h := range lists {
			z.nsecs = append(z.nsecs, h)
		}
		slices.Sort(z.nsecs)
		flags := uint8(0)
		if z.optOut {
			flags = 1
		}
		for i, h := range z.nsecs {
			list := lists[h]
			slices.Sort(list)
			z.put(&mdns.NSEC3{Hdr: header(z.under(h), mdns.TypeNSEC3), Hash: 1, Flags: flags, Iterations: z.iterations, SaltLength: uint8(len(z.salt) / 2), Salt: z.salt,
				HashLength: 20, NextDomain: strings.ToUpper(z.nsecs[(i+1)%len(z.nsecs)]), TypeBitMap: list})
		}
	} else {
		for _, name := range z.names {
			if len(z.types(name)) > 0 {
				z.nsecs = append(z.nsecs, name)
			}
		}
		for i, name := range z.nsecs {
			list := append(z.types(name), mdns.TypeRRSIG, mdns.TypeNSEC)
			slices.Sort(list)
			z.put(&mdns.NSEC{Hdr: header(name, mdns.TypeNSEC), NextDomain: z.nsecs[(i+1)%len(z.nsecs)] + ".", TypeBitMap: list})
		}
	}
	for q, set := range z.sets {
		if z.cutAbove(q.Name) || q.Name != z.apex && q.Type == dns.TypeNS {
			continue
		}
		k := z.zsk
		if q.Type == dns.TypeDNSKEY {
			k = z.ksk
		}
		z.sigs[q] = []mdns.RR{z.signature(t, k, set)}
	}
}

func (z *testZone) signature(t testing.TB, k *testKey, set []mdns.RR) *mdns.RRSIG {
	sig := &mdns.RRSIG{
		Hdr:       mdns.RR_Header{Ttl: set[0].Header().Ttl},
		Algorithm: k.rr.Algorithm, KeyTag: k.rr.KeyTag(), SignerName: z.signer + ".",
		Inception: uint32(z.inception.Unix()), Expiration: uint32(z.expiration.Unix()),
	}
	if err := sig.Sign(k.signer, set); err != nil {
		t.Fatal(err)
	}
	return sig
}

// with copies records under a name, in front of their signatures.
func (z *testZone) with(q dns.Question, name string) []mdns.RR {
	var out []mdns.RR
	for _, list := range [][]mdns.RR{z.sets[q], z.sigs[q]} {
		for _, rr := range list {
			c := mdns.Copy(rr)
			c.Header().Name = name + "."
			out = append(out, c)
		}
	}
	return out
}

// match and cover are the NSEC or NSEC3 records of a name, and over one that
// does not exist.
func (z *testZone) match(name string) []mdns.RR {
	if z.nsec3 {
		h := z.under(z.hash(name))
		return z.with(dns.Question{Name: h, Type: dns.TypeNSEC3}, h)
	}
	return z.with(dns.Question{Name: name, Type: dns.TypeNSEC}, name)
}

func (z *testZone) cover(name string) []mdns.RR {
	if z.unsigned {
		return nil
	}
	key, less := sortKey(name), func(a string) string { return sortKey(a) }
	if z.nsec3 {
		key, less = z.hash(name), func(a string) string { return a }
	}
	found := z.nsecs[len(z.nsecs)-1]
	for _, n := range z.nsecs {
		if less(n) < key {
			found = n
		}
	}
	if z.nsec3 {
		return z.with(dns.Question{Name: z.under(found), Type: dns.TypeNSEC3}, z.under(found))
	}
	return z.with(dns.Question{Name: found, Type: dns.TypeNSEC}, found)
}

// encloser is the closest encloser of a name that does not exist, and the next
// closer name.
func (z *testZone) encloser(name string) (ce, next string) {
	ce = name
	for !z.exists(ce) && ce != z.apex {
		next = ce
		ce, _ = names.Parent(ce)
	}
	return ce, next
}

func wildcardOf(ce string) string { return strings.TrimSuffix("*."+ce, ".") }

// respond is what a resolver says that passes on everything.
func (w *world) respond(name string, t dns.Type) *mdns.Msg {
	m := new(mdns.Msg)
	m.SetQuestion(name+".", uint16(t))
	m.Response, m.RecursionAvailable = true, true
	m.SetEdns0(1232, true)
	if rcode, ok := w.fail[dns.Question{Name: name, Type: t}]; ok {
		m.Rcode = rcode
		return m
	}
	at := name
	for range 4 * dns.MaxCNAMEs {
		z := w.zone(at, t)
		next, negative := z.lookup(m, at, t)
		if negative {
			m.Ns = append(m.Ns, z.with(dns.Question{Name: z.apex, Type: dns.TypeSOA}, z.apex)...)
		}
		if next == "" {
			break
		}
		at = next
	}
	m.Ns = once(m.Ns)
	if w.change != nil {
		w.change(m)
	}
	return m
}

func once(list []mdns.RR) []mdns.RR {
	var out []mdns.RR
	for _, rr := range list {
		if !slices.ContainsFunc(out, func(o mdns.RR) bool { return o.String() == rr.String() }) {
			out = append(out, rr)
		}
	}
	return out
}

func (w *world) zone(name string, t dns.Type) *testZone {
	if t == dns.TypeDS && name != "" {
		name, _ = names.Parent(name)
	}
	for w.zones[name] == nil {
		name, _ = names.Parent(name)
	}
	return w.zones[name]
}

func (z *testZone) lookup(m *mdns.Msg, at string, t dns.Type) (next string, negative bool) {
	if len(z.names) == 0 {
		z.index()
	}
	q := dns.Question{Name: at, Type: t}
	if z.sets[q] != nil {
		m.Answer = append(m.Answer, z.with(q, at)...)
		return "", false
	}
	q.Type = dns.TypeCNAME
	if c := z.sets[q]; c != nil {
		m.Answer = append(m.Answer, z.with(q, at)...)
		return dns.Canonical(c[0].(*mdns.CNAME).Target), false
	}
	for up := at; up != z.apex; {
		up, _ = names.Parent(up)
		d := z.sets[dns.Question{Name: up, Type: typeDNAME}]
		if d == nil {
			continue
		}
		m.Answer = append(m.Answer, z.with(dns.Question{Name: up, Type: typeDNAME}, up)...)
		to := strings.TrimSuffix(at, up) + dns.Canonical(d[0].(*mdns.DNAME).Target)
		m.Answer = append(m.Answer, &mdns.CNAME{Hdr: mdns.RR_Header{Name: at + ".", Rrtype: mdns.TypeCNAME, Class: mdns.ClassINET, Ttl: 300}, Target: to + "."})
		return to, false
	}
	if z.exists(at) {
		switch proof := z.match(at); {
		case proof != nil:
			m.Ns = append(m.Ns, proof...)
		case z.nsec3: // left out by opt-out
			ce, nc := at, at
			for z.match(ce) == nil {
				nc = ce
				ce, _ = names.Parent(ce)
			}
			m.Ns = append(append(m.Ns, z.match(ce)...), z.cover(nc)...)
		default:
			m.Ns = append(m.Ns, z.cover(at)...)
		}
		return "", true
	}
	ce, nc := z.encloser(at)
	wild := wildcardOf(ce)
	if z.exists(wild) {
		for _, typ := range []dns.Type{t, dns.TypeCNAME} {
			q := dns.Question{Name: wild, Type: typ}
			set := z.sets[q]
			if set == nil {
				continue
			}
			m.Answer = append(m.Answer, z.with(q, at)...)
			m.Ns = append(m.Ns, z.cover(nc)...)
			if typ != t {
				return dns.Canonical(set[0].(*mdns.CNAME).Target), false
			}
			return "", false
		}
		if z.nsec3 {
			m.Ns = append(m.Ns, z.match(ce)...)
		}
		m.Ns = append(append(m.Ns, z.cover(nc)...), z.match(wild)...)
		return "", true
	}
	m.Rcode = mdns.RcodeNameError
	if z.nsec3 {
		m.Ns = append(m.Ns, z.match(ce)...)
	}
	m.Ns = append(append(m.Ns, z.cover(nc)...), z.cover(wild)...)
	return "", true
}

// LookupRaw makes the world a source without a network.
func (w *world) LookupRaw(_ context.Context, name string, t dns.Type) (dns.Raw, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, dns.Question{Name: name, Type: t})
	m := w.respond(name, t)
	packet, err := m.Pack()
	if err != nil {
		return dns.Raw{}, &dns.Error{Name: name, Type: t, Failure: dns.Malformed, Err: err}
	}
	return dns.Raw{Message: packet, Server: "world"}, nil
}

// serve answers as a name server, cut off over UDP as the client wants it.
func (w *world) serve(t testing.TB) string {
	return dnstest.Serve(t, func(rw mdns.ResponseWriter, q *mdns.Msg) {
		w.mu.Lock()
		defer w.mu.Unlock()
		name, typ := dns.Canonical(q.Question[0].Name), dns.Type(q.Question[0].Qtype)
		if w.fail[dns.Question{Name: name, Type: typ}] < 0 {
			return
		}
		m := w.respond(name, typ)
		m.Id, m.Question = q.Id, q.Question
		if rw.RemoteAddr().Network() == "udp" {
			m.Truncate(int(q.IsEdns0().UDPSize()))
		}
		rw.WriteMsg(m)
	})
}
