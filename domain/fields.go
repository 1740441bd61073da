package domain

import (
	"fmt"
	"strings"
)

// field is one name=value of a record such as that of MTA-STS.
type field struct {
	name, value string
	pos         int // of the name
}

// splitFields reads "name=value; name=value;", the form of RFC 8461 §3.1, RFC
// 8460 §3 and BIMI. Blanks around names and values are left out. The fields
// that can be read come back also with a problem, which is the first fault.
func splitFields(text string) (out []field, problem string) {
	fault := func(format string, args ...any) {
		if problem == "" {
			problem = fmt.Sprintf(format, args...)
		}
	}
	if len(text) > MaxRecordBytes {
		return nil, fmt.Sprintf("longer than %d bytes; not read", MaxRecordBytes)
	}
	for pos := 0; pos < len(text); {
		end := strings.IndexByte(text[pos:], ';')
		if end < 0 {
			end = len(text) - pos
		}
		part := text[pos : pos+end]
		trimmed := strings.Trim(part, " \t")
		switch name, value, ok := strings.Cut(trimmed, "="); {
		case trimmed == "" && pos+end >= len(text)-1:
			// What follows the last semicolon.
		case trimmed == "":
			fault("nothing between two semicolons at byte %d", pos)
		case !ok:
			fault("%s at byte %d has no \"=\"", quoted(cut(trimmed, 40)), pos)
		case len(out) == MaxFields:
			fault("more than %d fields", MaxFields)
			return out, problem
		default:
			name = strings.TrimRight(name, " \t")
			if name == "" {
				fault("a field without name at byte %d", pos)
			}
			out = append(out, field{name, strings.TrimLeft(value, " \t"), pos + strings.Index(part, trimmed)})
		}
		pos += end + 1
	}
	return out, problem
}

// withVersion picks the TXT records that begin with the version of a form; the
// standards have all others discarded. near are those that are meant as such,
// others the rest.
func withVersion(texts []string, f *form) (records, near, others []string) {
	for _, t := range texts {
		first, _, _ := strings.Cut(t, ";")
		name, value, _ := strings.Cut(first, "=")
		switch {
		case strings.Trim(name, " \t") == "v" && strings.Trim(value, " \t") == f.version && (t == "" || t[0] == 'v'):
			records = append(records, t)
		case f.meant(peel(t).text, true):
			near = append(near, t)
		default:
			others = append(others, t)
		}
	}
	return records, near, others
}

// meant notes texts that are meant as records of a form and are none.
func (s *section) meant(f *form, name string, near []string, code, consequence string) {
	for i, t := range near {
		if i == MaxRecords {
			return
		}
		where := at{name: name}
		m, ok := f.repair(t)
		why := m.why()
		if ok {
			where.advice = "publish it with only the fault fixed: " + m.text
		} else {
			why = "it does not begin with v=" + f.version
		}
		s.add(code, where, "%s at %s does not count: %s; %s", quoted(t), name, why, consequence)
	}
}

// others keeps texts that stand where a record belongs.
func (s *section) others(texts []string) {
	s.check.Others = texts[:min(len(texts), MaxRecords)]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
