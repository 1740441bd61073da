// Package services knows the large mail services by their hosts: under which
// names they take mail from the world, which names stand for their inner
// machines, from where they send, and which addresses they publish.
//
// The table is data, services.jsonl, one service a line. A service has many
// customers behind the same names, so two of its hosts are not one
// organisation: the names tell only whether a line faces the Internet. Rented
// machines, access lines and cloud instances under a service's domain are in no
// list: they are anybody's.
//
// In the patterns * stands for any characters, # for digits, ? for a letter.
//
// Not stable: the table follows the services.
package services

import (
	_ "embed"
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"sync"
)

// Date is the day of the table. Names come from headers counted in public mail
// and from the vendors' pages, address ranges from the services' SPF records;
// the source of each entry says which.
const Date = "2026-11-27"

// The roles of a service.
const (
	Mailbox   = "mailbox"   // mailboxes, of people or companies
	Hoster    = "hoster"    // mailboxes and sending beside web hosting
	Gateway   = "gateway"   // filters in front of others' mailboxes, or behind their senders
	ESP       = "esp"       // only sends
	Forwarder = "forwarder" // takes mail and sends it on
	List      = "list"      // mailing lists
)

// Service is one entry of the table.
type Service struct {
	Name      string         `json:"name"`
	Title     string         `json:"title"` // as people know it, "" where its domain does
	Role      string         `json:"role"`
	Zones     []string       `json:"zones"`    // registrable domains that are the service's own; the first names it
	MX        []string       `json:"mx"`       // what MX records of its customers name
	Border    []string       `json:"border"`   // by-names of lines that face the Internet
	Inside    []string       `json:"inside"`   // hosts that take mail from the service only
	Outbound  []string       `json:"outbound"` // clients that others see
	Nets      []netip.Prefix `json:"nets"`     // published addresses
	SPF       []string       `json:"spf"`      // names of the SPF records that customers include
	Tenant    string         `json:"tenant"`   // regular expression: its group is the customer's part of a host name, in MX and Outbound alike; "" where names are shared
	Below     string         `json:"below"`    // where it writes its verdicts below its own Received field: BelowBlock, BelowAnywhere, or ""
	Source    string         `json:"source"`
	Certainty string         `json:"certainty"` // "high", "medium", "low"
}

// Kind selects lists of names.
type Kind uint8

// The lists of a service. They can be added up.
const (
	MX Kind = 1 << iota
	Border
	Inside
	Outbound
	Any = MX | Border | Inside | Outbound
)

// Where a service writes its verdicts, when not above its own Received field.
const (
	BelowBlock    = "block"    // directly under it
	BelowAnywhere = "anywhere" // further down; their id is the by-name of that field
)

// Set is a set of services.
type Set [2]uint64

// Empty reports whether no service is in the set.
func (s Set) Empty() bool { return s[0]|s[1] == 0 }

// And is the intersection of two sets.
func (s Set) And(o Set) Set { return Set{s[0] & o[0], s[1] & o[1]} }

// Or is the union of two sets.
func (s Set) Or(o Set) Set { return Set{s[0] | o[0], s[1] | o[1]} }

// Without is s less what is in o.
func (s Set) Without(o Set) Set { return Set{s[0] &^ o[0], s[1] &^ o[1]} }

// Has reports whether a service is in the set.
func (s Set) Has(i int) bool { return s[i>>6]&(1<<(i&63)) != 0 }

func (s *Set) add(i int) { s[i>>6] |= 1 << (i & 63) }

// First is the first service of the set in the order of the table, nil where it
// is empty.
func (s Set) First() *Service {
	if s.Empty() {
		return nil
	}
	for i := range table().all {
		if s.Has(i) {
			return &table().all[i]
		}
	}
	return nil
}

// Of returns the services of a set that have one of these roles.
func (s Set) Of(roles ...string) Set {
	var out Set
	for i := range table().all {
		for _, r := range roles {
			if s.Has(i) && table().all[i].Role == r {
				out.add(i)
			}
		}
	}
	return out
}

//go:embed services.jsonl
var data string

type pattern struct {
	text    string
	service int
	kind    Kind
}

// index is the table with its patterns by the end of the names that they match.
type index struct {
	all    []Service
	byTail map[string][]pattern // the last two labels, or the last one
	byZone map[string]Set
	rest   []pattern // patterns that end in a wildcard
}

var table = sync.OnceValue(func() *index {
	t := &index{byTail: map[string][]pattern{}, byZone: map[string]Set{}}
	for line := range strings.Lines(data) {
		var s Service
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			panic("services.jsonl: " + err.Error()) // a test reads every line
		}
		n := len(t.all)
		t.all = append(t.all, s)
		for _, z := range s.Zones {
			set := t.byZone[z]
			set.add(n)
			t.byZone[z] = set
		}
		for _, l := range []struct {
			kind Kind
			list []string
		}{{MX, s.MX}, {Border, s.Border}, {Inside, s.Inside}, {Outbound, s.Outbound}} {
			for _, text := range l.list {
				p := pattern{text, n, l.kind}
				if tail := literalTail(text); tail != "" {
					t.byTail[tail] = append(t.byTail[tail], p)
				} else {
					t.rest = append(t.rest, p)
				}
			}
		}
	}
	return t
})

// literalTail is the last two labels of a pattern, or the last one where the
// one before has a wildcard; "" where the last has.
func literalTail(p string) string {
	tail := p[strings.LastIndexAny(p, "*#?")+1:]
	if tail != p { // what follows a wildcard is a label only behind its dot
		dot := strings.IndexByte(tail, '.')
		if dot < 0 {
			return ""
		}
		tail = tail[dot+1:]
	}
	return LastLabels(tail, 2)
}

// LastLabels is the last n labels of a name, or all of it.
func LastLabels(name string, n int) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			if n--; n == 0 {
				return name[i+1:]
			}
		}
	}
	return name
}

// All is the table, in its order. It must not be changed.
func All() []Service { return table().all }

// Find returns the services that a host name belongs to by one of the lists.
// Services that only send are left out: they take mail for nobody. name is in
// lower case and without final dot.
func Find(name string, kinds Kind) Set {
	s, _ := find(name, kinds)
	return s
}

// Senders is Find for the services that only send.
func Senders(name string, kinds Kind) Set {
	_, esp := find(name, kinds)
	return esp
}

func find(name string, kinds Kind) (out, esp Set) {
	t := table()
	look := func(list []pattern) {
		for _, p := range list {
			if p.kind&kinds == 0 || !match(p.text, name) {
				continue
			}
			if t.all[p.service].Role == ESP {
				esp.add(p.service)
			} else {
				out.add(p.service)
			}
		}
	}
	if !strings.Contains(name, ".") {
		return out, esp // a name without a domain is nobody's
	}
	two, one := LastLabels(name, 2), LastLabels(name, 1)
	look(t.byTail[two])
	look(t.byTail[one])
	look(t.rest)
	return out, esp
}

// InZone returns the services whose own domain a name, in lower case, lies in.
// It says whose domain it is, and nothing of what stands under the name.
func InZone(name string) Set {
	t := table()
	for {
		if s, ok := t.byZone[name]; ok {
			return s
		}
		i := strings.IndexByte(name, '.')
		if i < 0 {
			return Set{}
		}
		name = name[i+1:]
	}
}

// TenantOf is the customer that a host name of the service spells, "" where its
// names spell none.
func (s *Service) TenantOf(name string) string {
	if s.Tenant == "" {
		return ""
	}
	if m := tenants()[s.Tenant].FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return ""
}

// tenants are the expressions of the table, compiled.
var tenants = sync.OnceValue(func() map[string]*regexp.Regexp {
	out := map[string]*regexp.Regexp{}
	for i := range table().all {
		if t := table().all[i].Tenant; t != "" {
			out[t] = regexp.MustCompile(t) // a test compiles every one
		}
	}
	return out
})

// Org is the domain that names the service.
func (s *Service) Org() string {
	if len(s.Zones) == 0 {
		return ""
	}
	return s.Zones[0]
}

// ByAddr returns the services that publish an address as theirs.
func ByAddr(ip netip.Addr) Set {
	var out Set
	for i := range table().all {
		s := &table().all[i]
		if s.Role == ESP {
			continue
		}
		for _, n := range s.Nets {
			if n.Contains(ip) {
				out.add(i)
				break
			}
		}
	}
	return out
}

// match reports whether a name fits a pattern. It takes at most the product of
// both lengths.
func match(p, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) || i < len(p) {
		if i < len(p) {
			switch c := p[i]; {
			case c == '*':
				star, mark = i, j
				i++
				continue
			case j == len(s):
			case c == '#' && isDigit(s[j]):
				for j < len(s) && isDigit(s[j]) {
					j++
				}
				i++
				continue
			case c == '?' && 'a' <= s[j] && s[j] <= 'z', c == s[j] && c != '#' && c != '?':
				i, j = i+1, j+1
				continue
			}
		}
		if star < 0 || mark >= len(s) {
			return false
		}
		mark++
		i, j = star+1, mark
	}
	return true
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
