package dns

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns/internal/names"
)

// Replay answers from a recording. A question that is not in it fails with
// NotRecorded: nobody knows the answer. It is made by [ParseReplay].
type Replay struct {
	server   string
	outcomes map[Question]outcome
	// closed holds the names that a JSON cache lists: what it does not list of
	// them was not there.
	closed map[string]bool
}

// ParseReplay reads what [Recorder.WriteTo] wrote, or the DNS cache of
// mailauth: a JSON object {NAME: {TYPE: VALUE}} with the values of Node's
// dns.resolve, where a type that is missing under a name was not there.
//
// source names the file in messages and answers. The error is a *[SyntaxError].
func ParseReplay(source string, text []byte) (*Replay, error) {
	r := &Replay{server: "replay:" + source, outcomes: make(map[Question]outcome)}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		if err := r.parseJSON(source, text); err != nil {
			return nil, err
		}
		return r, nil
	}
	return r.parseRecording(source, string(text))
}

// Len returns how many questions the recording holds.
func (r *Replay) Len() int { return len(r.outcomes) }

// Has reports whether the recording holds a question.
func (r *Replay) Has(name string, t Type) bool {
	name = Canonical(name)
	_, ok := r.outcomes[Question{name, t}]
	return ok || r.closed[name]
}

// AtOnce tells [AtOnce].
func (r *Replay) AtOnce() bool { return true }

// Lookup answers from the recording.
func (r *Replay) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	name, bad := CheckName(name, t)
	if bad != nil {
		return Answer{}, bad
	}
	if ctx.Err() != nil {
		return Answer{}, CancelledBy(ctx, name, t)
	}
	if out, ok := r.outcomes[Question{name, t}]; ok {
		return out.answer, out.err
	}
	if r.closed[name] {
		return r.lookupClosed(name, t)
	}
	return Answer{}, &Error{Name: name, Type: t, Failure: NotRecorded, Server: r.server}
}

func (r *Replay) parseRecording(source, text string) (*Replay, error) {
	errs := SyntaxError{Source: source}
	var open *Answer // the answer that takes records
	var q Question
	finish := func() {
		if open != nil {
			r.outcomes[q] = outcome{answer: *open}
			open = nil
		}
	}
	number, bad := 0, false
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		switch {
		case number == 1:
			if line != recordingHeader {
				what, hint := "not a recording: the first line is not "+strconv.Quote(recordingHeader), "make one with --record FILE"
				if isRecording([]byte(line)) {
					what, hint = "this version of the format is not known: "+names.Quoted(line), "a newer mailtrace reads it"
				}
				errs.Add(1, what, hint)
				return nil, &errs
			}
		case strings.TrimSpace(line) == "", line[0] == '#':
		case line[0] == '\t':
			if bad {
				continue // belongs to a line that cannot be read
			}
			if open == nil || open.Status != Success {
				errs.Add(number, "a record without an answer above it", "")
				bad = true
				continue
			}
			rec, what := parseRecorded(line[1:])
			if what != "" {
				errs.Add(number, what, "NAME TTL TYPE DATA")
				continue
			}
			open.Records = append(open.Records, rec)
		default:
			finish()
			var out outcome
			var what string
			if q, out, what = r.parseOutcome(line); what != "" {
				errs.Add(number, what, "NAME TYPE STATUS ttl=SECONDS")
				bad = true
				continue
			}
			bad = false
			if _, twice := r.outcomes[q]; twice {
				errs.Add(number, "this question was answered above", "")
				bad = true
				continue
			}
			if out.err != nil {
				r.outcomes[q] = out
				continue
			}
			a := out.answer
			open = &a
		}
	}
	finish()
	if number == 0 {
		errs.Add(1, "the file is empty", "make one with --record FILE")
	}
	if err := errs.ErrorOrNil(); err != nil {
		return nil, err
	}
	return r, nil
}

// parseOutcome reads a line "NAME TYPE STATUS [attributes]".
func (r *Replay) parseOutcome(line string) (q Question, out outcome, what string) {
	next := func() (word string) {
		word, line, _ = strings.Cut(line, " ")
		return word
	}
	var ok bool
	if q.Name, ok = absolute(next()); !ok {
		return q, out, "the name is not valid, or lacks its final dot"
	}
	word := next()
	if q.Type, ok = ParseType(word); !ok {
		return q, out, "unknown type " + names.Quoted(word)
	}
	word = next()
	a := Answer{Name: q.Name, Type: q.Type, Status: Status(word), Server: r.server}
	e := &Error{Name: q.Name, Type: q.Type, Failure: Failure(word), Server: r.server}
	switch a.Status {
	case Success, NoData, NXDomain:
		e = nil
	default:
		if !e.Asked() {
			return q, out, "unknown status " + names.Quoted(word)
		}
	}
	for line != "" {
		name, value, hasValue := line, "", false
		if i := strings.IndexAny(line, " ="); i >= 0 {
			name, hasValue = line[:i], line[i] == '='
			line = line[i+1:]
		} else {
			line = ""
		}
		quotedValue := hasValue && strings.HasPrefix(line, `"`)
		if quotedValue {
			prefix, err := strconv.QuotedPrefix(line)
			if err != nil {
				return q, out, "a quoted value does not end"
			}
			value, _ = strconv.Unquote(prefix)
			line = strings.TrimPrefix(line[len(prefix):], " ")
		} else if hasValue {
			value = next()
		}
		switch {
		case name == "ttl" && e == nil:
			n, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return q, out, "bad ttl " + names.Quoted(value)
			}
			a.TTL = uint32(n)
		case name == "ad" && e == nil && !hasValue:
			a.Authenticated = true
		case name == "cname" && e == nil:
			target, ok := absolute(value)
			if !ok || len(a.CNAMEs) == MaxCNAMEs {
				return q, out, "bad cname " + names.Quoted(value)
			}
			a.CNAMEs = append(a.CNAMEs, target)
		case name == "from" && quotedValue:
			// Who answered then; now it is the file.
		case name == "text" && e != nil && quotedValue:
			e.Err = errors.New(value)
		default:
			return q, out, "unknown attribute " + names.Quoted(name)
		}
	}
	if e != nil {
		return q, outcome{err: e}, ""
	}
	return q, outcome{answer: a}, ""
}

// absolute reads a name that must have its final dot.
func absolute(s string) (string, bool) {
	if !strings.HasSuffix(s, ".") {
		return "", false
	}
	c := Canonical(s)
	return c, names.Bad(c) == ""
}

// parseRecorded reads "NAME TTL TYPE DATA".
func parseRecorded(line string) (r Record, what string) {
	f := strings.SplitN(line, " ", 4)
	if len(f) < 4 {
		return r, "a record needs name, TTL, type and data"
	}
	var ok bool
	if r.Name, ok = absolute(f[0]); !ok {
		return r, "the name is not valid, or lacks its final dot"
	}
	n, err := strconv.ParseUint(f[1], 10, 32)
	if err != nil {
		return r, "bad TTL " + names.Quoted(f[1])
	}
	r.TTL = uint32(n)
	if r.Type, ok = ParseType(f[2]); !ok {
		return r, "unknown type " + names.Quoted(f[2])
	}
	if !r.parseData(f[3]) {
		return r, "bad data for " + f[2] + ": " + names.Quoted(f[3])
	}
	return r, ""
}

// parseData is the inverse of presentation; other types keep their data as it
// is.
func (r *Record) parseData(data string) bool {
	switch r.Type {
	case TypeTXT, TypeSPF:
		list, ok := parseStrings(data)
		r.Strings, r.Text = list, strings.Join(list, "")
		if !ok {
			return false
		}
	case TypeA, TypeAAAA:
		a, err := netip.ParseAddr(data)
		if err != nil || a.Is4() != (r.Type == TypeA) || a.Zone() != "" {
			return false
		}
		r.Addr = a
	case TypeMX:
		pref, host, _ := strings.Cut(data, " ")
		n, err := strconv.ParseUint(pref, 10, 16)
		if err != nil {
			return false
		}
		r.Pref = uint16(n)
		var ok bool
		if r.Host, ok = absolute(host); !ok {
			return false
		}
	case TypeNS, TypePTR, TypeCNAME:
		var ok bool
		if r.Host, ok = absolute(data); !ok {
			return false
		}
	}
	if data, ok := r.Presentation(); ok {
		r.Data = data
		return true
	}
	r.Data = data
	return true
}

// parseStrings reads character strings in quotes, a blank between them.
func parseStrings(s string) ([]string, bool) {
	var out []string
	for s != "" {
		if s[0] != '"' {
			return nil, false
		}
		i := 1
		for i < len(s) && s[i] != '"' {
			_, n := names.UnescapeOctet(s[i:])
			i += n
		}
		if i >= len(s) {
			return nil, false
		}
		out = append(out, names.Unescape(s[1:i]))
		if s = s[i+1:]; s != "" {
			if s[0] != ' ' || s == " " {
				return nil, false
			}
			s = s[1:]
		}
	}
	return out, len(out) > 0
}
