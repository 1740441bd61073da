package dns

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/mailtrace/mailtrace/dns/internal/names"
)

// parseJSON reads a DNS cache of mailauth.
func (r *Replay) parseJSON(source string, data []byte) error {
	r.closed = make(map[string]bool)
	errs := SyntaxError{Source: source}
	var cache map[string]map[string]json.RawMessage
	if err := json.Unmarshal(data, &cache); err != nil {
		line := 1
		var se *json.SyntaxError
		if errors.As(err, &se) {
			line += bytes.Count(data[:min(int(se.Offset), len(data))], []byte("\n"))
		}
		errs.Add(line, err.Error(), `{"example.com": {"TXT": [["v=spf1 -all"]]}}`)
		return &errs
	}
	hosts := make([]string, 0, len(cache))
	for name := range cache {
		hosts = append(hosts, name)
	}
	slices.Sort(hosts) // for errors in a stable order
	for _, given := range hosts {
		name := Canonical(given)
		if why := names.Bad(name); why != "" {
			errs.Add(1, "bad name "+names.Quoted(given)+": "+why, "")
			continue
		}
		r.closed[name] = true
		for typ, value := range cache[given] {
			t, ok := ParseType(typ)
			if !ok {
				continue // such as the methods a cache may list
			}
			records, err := nodeRecords(name, t, value)
			if errors.Is(err, errNotRead) {
				r.outcomes[Question{name, t}] = outcome{err: &Error{Name: name, Type: t, Failure: NotRecorded, Server: r.server, Err: err}}
				continue
			}
			if err != nil {
				errs.Add(1, given+" "+typ+": "+err.Error(), "")
				continue
			}
			q := Question{name, t}
			a := r.outcomes[q].answer
			a.Records = append(a.Records, records...)
			a.Name, a.Type, a.Status, a.Server = name, t, Success, r.server
			if len(a.Records) == 0 {
				a.Status = NoData
			}
			r.outcomes[q] = outcome{answer: a}
		}
	}
	slices.SortFunc(errs.Lines, func(a, b LineError) int { return bytes.Compare([]byte(a.Text), []byte(b.Text)) })
	return errs.ErrorOrNil()
}

// errNotRead says that a JSON cache has something on a type, but not what.
var errNotRead = errors.New("this type is not read from JSON")

// nodeRecords reads the value that Node's dns.resolve gives for a type.
func nodeRecords(name string, t Type, value json.RawMessage) ([]Record, error) {
	var out []Record
	add := func(r Record) {
		r.Name, r.Type = name, t
		r.Data, _ = r.Presentation()
		out = append(out, r)
	}
	switch t {
	case TypeTXT, TypeSPF:
		var list []json.RawMessage
		if err := json.Unmarshal(value, &list); err != nil {
			return nil, errors.New(`want [["..."]]`)
		}
		for _, v := range list {
			var pieces []string
			if json.Unmarshal(v, &pieces) != nil {
				var one string
				if err := json.Unmarshal(v, &one); err != nil {
					return nil, errors.New(`want [["..."]]`)
				}
				pieces = []string{one}
			}
			if len(pieces) == 0 {
				return nil, errors.New("a TXT record without strings")
			}
			var r Record
			for _, p := range pieces {
				r.Text += p
			}
			r.Strings = pieces
			add(r)
		}
	case TypeMX:
		var list []struct {
			Exchange string
			Priority uint16
		}
		if err := json.Unmarshal(value, &list); err != nil {
			return nil, errors.New(`want [{"exchange": "...", "priority": 0}]`)
		}
		for _, v := range list {
			host := Canonical(v.Exchange)
			if why := names.Bad(host); why != "" {
				return nil, fmt.Errorf("bad name %s: %s", names.Quoted(v.Exchange), why)
			}
			add(Record{Host: host, Pref: v.Priority})
		}
	case TypeA, TypeAAAA, TypePTR, TypeCNAME, TypeNS:
		var list []string
		if err := json.Unmarshal(value, &list); err != nil {
			return nil, errors.New(`want ["..."]`)
		}
		for _, v := range list {
			if t != TypeA && t != TypeAAAA {
				host := Canonical(v)
				if why := names.Bad(host); why != "" {
					return nil, fmt.Errorf("bad name %s: %s", names.Quoted(v), why)
				}
				add(Record{Host: host})
				continue
			}
			addr, err := netip.ParseAddr(v)
			if err != nil || addr.Is4() != (t == TypeA) || addr.Zone() != "" {
				return nil, fmt.Errorf("not an address of this type: %s", names.Quoted(v))
			}
			add(Record{Addr: addr})
		}
	default:
		return nil, errNotRead
	}
	return out, nil
}

// lookupClosed answers for a name of a JSON cache that does not list the type:
// by its CNAME record if there is one, otherwise there is nothing.
func (r *Replay) lookupClosed(name string, t Type) (Answer, error) {
	a := Answer{Name: name, Type: t, Status: NoData, Server: r.server}
	for target := name; ; {
		if out, ok := r.outcomes[Question{target, t}]; ok {
			a.Status, a.Records = out.answer.Status, out.answer.Records
			return a, nil
		}
		if !r.closed[target] {
			return Answer{}, &Error{Name: name, Type: t, Failure: NotRecorded, Server: r.server, Err: errors.New("asked for the CNAME target " + target)}
		}
		cname := r.outcomes[Question{target, TypeCNAME}].answer.Records
		if len(cname) == 0 {
			return a, nil
		}
		target = cname[0].Host
		if err := a.Follow(target); err != nil {
			err.Server = r.server
			return Answer{}, err
		}
	}
}
