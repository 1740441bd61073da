package findings

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// maxQuote is how much of a header field is quoted as evidence.
const maxQuote = 240

// cutQuote shortens a quotation to maxQuote bytes, between characters.
func cutQuote(text string) string {
	if len(text) <= maxQuote {
		return text
	}
	end := maxQuote
	for end > maxQuote-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// field quotes header field i of the message.
func field(f *Facts, i int) report.Evidence {
	if f.Options.Lean {
		return report.Evidence{Kind: report.EvidenceHeader}
	}
	e, ok := f.quotes[i]
	if !ok {
		text := quoteField(f.Msg.Name(i), f.Msg.Value(i))
		line := f.Msg.Fields[i].Line
		e = report.Evidence{Kind: report.EvidenceHeader, Text: text, Field: &i, Line: &line}
		f.quotes[i] = e
	}
	return e
}

// quoteField is a field with its blanks as one each, cut by cutQuote.
func quoteField(name, value string) string {
	const room = maxQuote + utf8.UTFMax // what is behind it decides nothing
	var b [room]byte
	n := copy(b[:], name)
	n += copy(b[n:], ": ")
	blank := false
	start := n
	for i := 0; i < len(value) && n < room; i++ {
		switch c := value[i]; {
		case c >= utf8.RuneSelf || c == '\v' || c == '\f':
			// Blanks of Unicode are for the library.
			return cutQuote(name + ": " + strings.Join(strings.Fields(value), " "))
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			blank = n > start
		default:
			if blank {
				b[n], blank = ' ', false
				if n++; n == room {
					continue
				}
			}
			b[n] = c
			n++
		}
	}
	return cutQuote(string(b[:n]))
}

// replied quotes what a server answered, as a bounce has it.
func replied(text, ref string) report.Evidence {
	return report.Evidence{Kind: report.EvidenceHeader, Text: cutQuote(strings.Join(strings.Fields(text), " ")), Ref: ref}
}

// claim quotes the field of a verdict.
func claim(f *Facts, c *headers.Claim) report.Evidence { return field(f, c.Field) }

// hop quotes the Received field of hop k.
func hop(f *Facts, k int) report.Evidence { return field(f, f.Hops[k].Field) }

// computed states what was worked out; ref is the standard that says how.
func computed(ref, format string, args ...any) report.Evidence {
	t := report.Say(format, args...)
	return report.Evidence{Kind: report.EvidenceComputed, Text: t.String(), Parts: t, Ref: ref}
}

// record quotes a DNS record.
func record(name, kind, text string) report.Evidence {
	return report.Evidence{Kind: report.EvidenceDNS, Text: cutQuote(text), DNS: name + " " + kind}
}

// spfRecord quotes the SPF record behind an evaluation, nothing where there is
// none.
func spfRecord(e *spf.Evaluation) []report.Evidence {
	if e == nil || e.Record == "" {
		return nil
	}
	return []report.Evidence{record(e.Domain, "TXT", e.Record)}
}

// evaluated says in one line what SPF gives for an address.
func evaluated(e *spf.Evaluation) report.Text {
	if e == nil {
		return report.Words("not evaluated")
	}
	s := report.Say("spf of %v for %v: %s", report.DomainRef(e.Domain), e.IP, e.Result)
	if e.Matched != "" {
		s = s.Add(report.Say(" (%v)", report.RecordRef(e.Domain, "TXT", e.Matched))...)
	}
	return s
}

// clientRef names the client of hop k, with its address where there is one.
func clientRef(f *Facts, k int) report.Text {
	if k < 0 || k >= len(f.Hops) {
		return report.Words("an unknown client")
	}
	h := &f.Hops[k]
	name := h.RDNS
	if name == "" || strings.EqualFold(name, "unknown") {
		name = h.Helo
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(strings.TrimPrefix(strings.Trim(name, "[]"), "ipv6:")); err == nil {
		name = "" // an address literal says no more than the address
	}
	switch {
	case name == "" && h.IP.IsValid():
		return report.Text{report.IPRef(h.IP)}
	case h.IP.IsValid():
		return report.Say("%v [%v]", report.HostRef(name), h.IP)
	case name == "":
		return report.Words("an unnamed client")
	}
	return report.Text{report.HostRef(name)}
}

// index is the number by which people and the report know hop k, nil for -1.
func index(f *Facts, k int) *int {
	if k < 0 || k >= len(f.Hops) {
		return nil
	}
	n := f.Hops[k].Index
	return &n
}

// byName names the host that wrote hop k.
func byName(f *Facts, k int) string {
	if k < 0 || k >= len(f.Hops) {
		return ""
	}
	h := &f.Hops[k]
	switch {
	case h.By != "":
		return strings.ToLower(strings.TrimSuffix(h.By, "."))
	case h.ByIP.IsValid():
		return h.ByIP.String()
	}
	if n := seenNext(f, k); n != "" {
		return n
	}
	return "hop " + fmt.Sprint(h.Index)
}

// seenNext is the writer of a line that does not name it, as the next server
// with a client in its line saw it; "" where that is no one's line of the same
// stretch, or there is none.
func seenNext(f *Facts, k int) string {
	for j := k + 1; j < len(f.Hops); j++ {
		if j == f.RunOf(k).Last+1 && f.RunOf(k).Contradicted != "" || j > f.RunOf(k).Last+1 {
			return ""
		}
		if n := fromHost(f, j); n != "" {
			return n
		}
		if f.Hops[j].By != "" {
			return ""
		}
	}
	return ""
}

// fromHost is the bare name or address of the client of hop k, for at_fault.
func fromHost(f *Facts, k int) string {
	if k < 0 || k >= len(f.Hops) {
		return ""
	}
	h := &f.Hops[k]
	for _, n := range []string{h.RDNS, h.Helo} {
		if n != "" && !strings.EqualFold(n, "unknown") {
			return strings.ToLower(strings.Trim(strings.TrimSuffix(n, "."), "[]"))
		}
	}
	if h.IP.IsValid() {
		return h.IP.String()
	}
	return ""
}

// hopFrom finds the newest hop of a run whose client has this address, -1
// where there is none.
func hopFrom(f *Facts, r *headers.Run, ip netip.Addr) int {
	for k := r.Last; k >= r.First; k-- {
		if f.Hops[k].IP == ip {
			return k
		}
	}
	return -1
}

// borderHop is the hop at which the recipient's organisation received the
// message, -1 where it is not known.
func borderHop(f *Facts) int {
	if r := f.LastRun(); r != nil {
		return r.Border
	}
	return -1
}

// live reports whether questions of the kind that findings rest on were
// answered by the DNS.
func live(f *Facts) bool { return f.Options.Resolver != nil && !f.Offline() }

// list joins names for a sentence.
func list(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// domainList lists domains.
func domainList(names []string) report.Text {
	items := make([]report.Text, len(names))
	for i, n := range names {
		items[i] = report.Text{report.DomainRef(n)}
	}
	return report.List(items...)
}
