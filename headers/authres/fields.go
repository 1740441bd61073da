package authres

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message"
)

// A source is one kind of field: what it is called and how it is read.
type source struct {
	name string // canonical; a final "*" stands for a number
	read func(input) []Verdict
}

// maxFieldName bounds the names that are looked up.
const maxFieldName = 80

// sources lists the fields that are read, except those that end in
// "Authentication-Results" or "Received-SPF", which are read as such whatever
// stands before it. Each group is in the file of its writer.
var sources = index(
	results,
	microsoft,
	hMailServer,
	spamAssassin,
	rspamd,
	barracuda,
	proofpoint,
	mDaemon,
	mimecast,
	ses,
	ironPort,
	metadefender,
	spamExperts,
)

// results are the fields of the RFCs, and their copies under other names.
var results = []source{
	{"Authentication-Results", readResults},
	{"ARC-Authentication-Results", readResults},
	{"Authentication-Results-Original", readResults},
	{"Original-Authentication-Results", readResults},
	{"Old-Authentication-Results", readResults},
	{"X-Authentication-Results", readResults},
	{"X-Original-Authentication-Results", readResults},
	{"X-MS-Exchange-Authentication-Results", readResults},
	{"X-ME-Authentication-Results", readResults},
	{"X-Google-Original-Authentication-Results", readResults},
	{"Received-SPF", readReceivedSPF},
	{"X-Received-SPF", readReceivedSPF},
	{"X-TM-Received-SPF", readReceivedSPF},
	{"X-Default-Received-SPF", readReceivedSPF},
}

func index(groups ...[]source) map[string]source {
	m := map[string]source{}
	for _, g := range groups {
		for _, s := range g {
			m[mailname.Lower(s.name)] = s
		}
	}
	return m
}

// find returns the source of field i.
func find(m *message.Message, i int) (source, bool) {
	s := m.Fields[i].Name
	raw := m.Raw[s.Start:s.End]
	if len(raw) < 5 || len(raw) > maxFieldName {
		return source{}, false
	}
	var buf [maxFieldName]byte
	name := buf[:0]
	for _, c := range raw {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		name = append(name, c)
	}
	switch name[0] {
	case 'a', 'o', 'r', 'x':
	default:
		return source{}, false
	}
	if src, ok := sources[string(name)]; ok {
		return src, true
	}
	if src, ok := numbered(name); ok {
		return src, true
	}
	switch {
	case hasSuffix(name, "authentication-results"):
		return source{string(raw), readResults}, true
	case hasSuffix(name, "received-spf"):
		return source{string(raw), readReceivedSPF}, true
	}
	return source{}, false
}

// numbered looks up names that end in a number: X-hMailServer-Reason-2.
func numbered(name []byte) (source, bool) {
	n := len(name)
	for n > 0 && '0' <= name[n-1] && name[n-1] <= '9' {
		n--
	}
	if n == len(name) || n == 0 || name[n-1] != '-' {
		return source{}, false
	}
	number := string(name[n:])
	src, ok := sources[string(append(name[:n:n], '*'))]
	src.name = strings.TrimSuffix(src.name, "*") + number
	return src, ok
}

func hasSuffix(b []byte, suffix string) bool {
	return len(b) >= len(suffix) && string(b[len(b)-len(suffix):]) == suffix
}

// Parse reads one field. It returns nil where the field is none that holds
// verdicts, and an empty slice where it is one but says nothing.
func Parse(m *message.Message, field int) []Verdict {
	if field < 0 || field >= len(m.Fields) {
		return nil
	}
	src, ok := find(m, field)
	if !ok {
		return nil
	}
	s := m.Fields[field].Value
	return src.read(input{
		field:  field,
		header: src.name,
		text:   string(m.Raw[s.Start:s.End]),
		base:   s.Start,
	})
}

// All reads all fields in their order, the topmost (newest) first. Where the
// message holds more than MaxVerdicts, the last Verdict is Truncated.
func All(m *message.Message) []Verdict {
	var all []Verdict
	for i := range m.Fields {
		vs := Parse(m, i)
		if len(vs) == 0 {
			continue
		}
		if len(all)+len(vs) > MaxVerdicts {
			all = append(all, vs[:MaxVerdicts-len(all)]...)
			all[len(all)-1].Truncated = true
			break
		}
		all = append(all, vs...)
	}
	return all
}
