package dns

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns/internal/names"
)

// recordingHeader is the first line of a recording: format and version.
const recordingHeader = "mailtrace-dns 1"

// recordingHelp explains the format within every file.
const recordingHelp = `# DNS answers that mailtrace used; replay them with --dns replay:FILE.
#
# NAME TYPE STATUS        what was asked, and the outcome: noerror, nodata or nxdomain;
#                         or a failure: servfail, timeout, refused, malformed, unreachable
#   ttl=SECONDS           of the outcome
#   ad                    the resolver says that DNSSEC holds
#   cname=NAME            a target in the CNAME chain, in order
#   from="SERVER"         who answered
#   text="..."            what went wrong
# <tab>NAME TTL TYPE DATA a record of the outcome above, as in a master file
#
# Names are absolute. Questions are sorted, domain by domain; records keep their order.
`

// WriteTo writes the recording as text: questions sorted, a line each, with a
// line for each record. Failures without a server in them, such as Cancelled,
// are left out: a replay does not hold what was not answered.
func (r *Recorder) WriteTo(w io.Writer) (int64, error) {
	list := r.Answers()
	list = slices.DeleteFunc(list, func(rec Recorded) bool { return rec.Err != nil && !rec.Err.Asked() || names.Bad(rec.Name) != "" })
	slices.SortFunc(list, func(a, b Recorded) int {
		return cmp.Or(compareNames(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
	b := []byte(recordingHeader + "\n" + recordingHelp)
	if n := r.Dropped(); n > 0 {
		b = append(b, "# Not complete: "+strconv.Itoa(n)+" more questions were not kept.\n"...)
	}
	var out int64
	for i := range list {
		b = appendRecorded(b, &list[i])
		if len(b) >= 1<<16 || i == len(list)-1 {
			n, err := w.Write(b)
			out += int64(n)
			if err != nil {
				return out, err
			}
			b = b[:0]
		}
	}
	if len(b) > 0 {
		n, err := w.Write(b)
		return out + int64(n), err
	}
	return out, nil
}

// compareNames orders names by their labels from the right, so that a domain
// and what is below it stand together.
func compareNames(a, b string) int {
	for {
		i, j := strings.LastIndexByte(a, '.'), strings.LastIndexByte(b, '.')
		if c := strings.Compare(a[i+1:], b[j+1:]); c != 0 || i < 0 || j < 0 {
			return cmp.Or(c, cmp.Compare(i, j), strings.Compare(a, b))
		}
		a, b = a[:i], b[:j]
	}
}

// appendName writes a name with its final dot. A "#" in front would make the
// line a comment.
func appendName(b []byte, name string) []byte {
	if strings.HasPrefix(name, "#") {
		b = names.AppendDDD(b, '#')
		name = name[1:]
	}
	return append(append(b, name...), '.')
}

func appendRecorded(b []byte, rec *Recorded) []byte {
	b = append(appendName(b, rec.Name), ' ')
	b = append(append(b, rec.Type.String()...), ' ')
	if e := rec.Err; e != nil {
		b = append(b, e.Failure...)
		b = appendAttribute(b, "from", e.Server)
		if e.Err != nil {
			b = appendAttribute(b, "text", e.Err.Error())
		}
		return append(b, '\n')
	}
	a := &rec.Answer
	b = append(b, a.Status...)
	b = append(b, " ttl="...)
	b = strconv.AppendUint(b, uint64(a.TTL), 10)
	if a.Authenticated {
		b = append(b, " ad"...)
	}
	for _, c := range a.CNAMEs {
		b = appendName(append(b, " cname="...), Canonical(c))
	}
	b = append(appendAttribute(b, "from", a.Server), '\n')
	if a.Status != Success {
		return b
	}
	for _, r := range a.Records {
		b = appendName(append(b, '\t'), Canonical(r.Name))
		b = append(b, ' ')
		b = strconv.AppendUint(b, uint64(r.TTL), 10)
		b = append(b, ' ')
		b = append(append(b, r.Type.String()...), ' ')
		b = append(append(b, recordedData(r)...), '\n')
	}
	return b
}

func appendAttribute(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(append(b, ' '), name...), '=')
	return strconv.AppendQuoteToASCII(b, value)
}

// recordedData writes the data of a record from the fields of its type, as a
// resolver of somebody else may have left Data empty.
func recordedData(r Record) string {
	if r.Strings == nil && r.Text != "" {
		for s := r.Text; s != ""; {
			n := min(len(s), 255)
			r.Strings = append(r.Strings, s[:n])
			s = s[n:]
		}
	}
	r.Host = Canonical(r.Host)
	data, ok := r.Presentation()
	if !ok {
		data = r.Data
	}
	// One line is one record, whatever is in it.
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\r' {
			return ' '
		}
		return c
	}, data)
}

// isRecording reports whether text begins like a recording of any version.
func isRecording(text []byte) bool {
	return bytes.HasPrefix(text, []byte("mailtrace-dns "))
}
