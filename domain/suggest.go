package domain

import (
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// Suggest writes a piece of a zone file with records that would repair or
// complete what the domain publishes, each with its reason. Lines that begin
// with ";" are for the reader: what must be decided first, and what others have
// to publish. It is "" where there is nothing to suggest. Where a question got
// no answer nothing is suggested for that check.
func Suggest(r *Result) string {
	s := &snippet{r: r, has: map[string]bool{}}
	for i := range r.Problems {
		s.has[r.Problems[i].Code] = true
	}
	if r.Exists != nil && !*r.Exists || s.has["domain-nonexistent"] {
		return ""
	}
	if r.Parked {
		s.parked()
	} else {
		s.mx()
		s.spf()
		s.dmarc()
		s.transport()
	}
	return s.b.String()
}

type snippet struct {
	r   *Result
	b   strings.Builder
	has map[string]bool // codes of problems
}

func (s *snippet) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for line := range strings.SplitSeq(clean(text), "\n") {
		s.b.WriteString("; " + line + "\n")
	}
}

// record writes a record, after removing those that it replaces by hand.
func (s *snippet) record(name, kind, data string) {
	fmt.Fprintf(&s.b, "%s. IN %s %s\n", name, kind, data)
}

func (s *snippet) txt(name, text string) { s.record(name, "TXT", txtData(text)) }

// replaces says what is there now.
func (s *snippet) replaces(c *report.DomainCheck) {
	if c.Record != nil {
		s.say("in place of: %s", *c.Record)
	}
	for _, r := range c.Records {
		s.say("in place of: %s", r)
	}
}

func (s *snippet) parked() {
	r, d := s.r, s.r.Domain
	if !r.MX.Null && r.MX.State != report.StateUnknown || s.has["mx-null-not-alone"] {
		s.say("%s takes no mail (RFC 7505)", d)
		s.replaces(&r.MX.DomainCheck)
		s.record(d, "MX", "0 .")
	}
	if r.SPF.State != report.StateUnknown && (s.has["spf-none"] || s.has["spf-parked-passes"] || r.SPF.Error != nil) {
		s.say("no host sends mail for %s (RFC 7208 §10.1.2)", d)
		s.replaces(&r.SPF.DomainCheck)
		s.txt(d, "v=spf1 -all")
	}
	if s.has["dmarc-parked-not-reject"] {
		s.say("mail in its name is forged (RFC 9989)")
		if s.ownDMARC() {
			s.replaces(&r.DMARC.DomainCheck)
		}
		s.txt("_dmarc."+d, "v=DMARC1; p=reject")
	}
}

func (s *snippet) mx() {
	if s.has["mx-none-reachable"] {
		s.say("%s cannot receive mail; if that is meant, say so (RFC 7505), else name the host in an MX record", s.r.Domain)
		s.record(s.r.Domain, "MX", "0 .")
	}
}

func (s *snippet) spf() {
	r, d := s.r, s.r.Domain
	switch {
	case r.SPF.Shorter != nil:
		s.say("the same addresses with %d lookups in place of %d:", r.SPF.Shorter.DNSLookups, r.SPF.DNSLookups)
		for _, c := range r.SPF.Shorter.Changes {
			s.say("  %s", c)
		}
		s.replaces(&r.SPF.DomainCheck)
		s.txt(d, r.SPF.Shorter.Record)
	case s.has["spf-none"] && s.r.MX.Null || s.has["spf-none"] && len(s.r.MX.Hosts) == 0 && s.r.MX.State != report.StateUnknown:
		s.say("%s receives no mail; this says that it sends none either", d)
		s.txt(d, "v=spf1 -all")
	case s.has["spf-none"] && s.r.MX.State == report.StatePresent:
		s.say("a beginning: only the MX hosts send. Add the hosts and services that send for %s,", d)
		s.say("and go from ~all to -all when all are named")
		s.txt(d, "v=spf1 mx ~all")
	}
	for i := range r.MX.Hosts {
		h := &r.MX.Hosts[i]
		if h.SPF != nil && h.SPF.State == report.StateAbsent && (h.Hostname == d || strings.HasSuffix(h.Hostname, "."+d)) && len(h.CNAME) == 0 {
			s.say("bounces from %s are judged by its own name (RFC 7208 §2.3)", h.Hostname)
			s.txt(h.Hostname, "v=spf1 a -all")
		}
	}
}

// ownDMARC reports that the record stands at the domain itself.
func (s *snippet) ownDMARC() bool {
	l := s.r.DMARC.Location
	return l != nil && *l == "_dmarc."+s.r.Domain
}

func (s *snippet) dmarc() {
	r, d := s.r, s.r.Domain
	name := "_dmarc." + d
	switch {
	case r.DMARC.State == report.StateUnknown:
	case s.has["dmarc-record-misplaced"] && r.DMARC.State == report.StateAbsent && len(r.DMARC.Misplaced) == 1:
		_, text, _ := strings.Cut(r.DMARC.Misplaced[0], ": ")
		s.say("the record that stands at another name; remove it there")
		s.txt(name, text)
	case r.DMARC.State == report.StateAbsent:
		s.say("a beginning: reports on who sends in the name of %s. Read them, then go on to", d)
		s.say("p=quarantine and p=reject. The mailbox must exist")
		s.txt(name, "v=DMARC1; p=none; rua=mailto:dmarc-reports@"+d)
	case r.DMARC.Error != nil:
		s.say("one valid record; choose the policy that is meant. The mailbox must exist")
		if s.ownDMARC() {
			s.replaces(&r.DMARC.DomainCheck)
		}
		s.txt(name, "v=DMARC1; p=none; rua=mailto:dmarc-reports@"+d)
	case s.has["dmarc-no-reports"] && r.DMARC.Record != nil && s.ownDMARC():
		s.say("with reports. The mailbox must exist")
		s.replaces(&r.DMARC.DomainCheck)
		s.txt(name, strings.TrimRight(*r.DMARC.Record, "; \t")+"; rua=mailto:dmarc-reports@"+d)
	}
	for i := range r.DMARC.External {
		e := &r.DMARC.External[i]
		if e.Authorized != nil && !*e.Authorized {
			s.say("to be published by %s, which is to receive reports (RFC 9990 §4):", e.Domain)
			s.say("%s. IN TXT %s", e.Location, txtData("v=DMARC1"))
		}
	}
}

func (s *snippet) transport() {
	r, d := s.r, s.r.Domain
	if len(r.MX.Hosts) == 0 {
		return
	}
	if s.has["transport-policy-missing"] && r.MTASTS.State == report.StateAbsent {
		var b strings.Builder
		b.WriteString("version: STSv1\nmode: testing\n")
		for i := range r.MX.Hosts {
			fmt.Fprintf(&b, "mx: %s\n", r.MX.Hosts[i].Hostname)
		}
		b.WriteString("max_age: 1209600")
		s.say("MTA-STS (RFC 8461). First serve this file at https://mta-sts.%s%s,", d, policyDefault)
		s.say("then publish the record; change id= with each change of the file:")
		for line := range strings.SplitSeq(b.String(), "\n") {
			s.say("  %s", line)
		}
		s.txt("_mta-sts."+d, "v=STSv1; id=1")
	}
	if r.TLSRPT.State == report.StateAbsent || r.TLSRPT.Error != nil {
		s.say("reports on TLS (RFC 8460). The mailbox must exist")
		s.replaces(&r.TLSRPT.DomainCheck)
		s.txt("_smtp._tls."+d, "v=TLSRPTv1; rua=mailto:tls-reports@"+d)
	}
}

// txtData is a text as TXT data in a zone file: strings of at most 255 bytes,
// quoted and escaped (RFC 1035 §5.1).
func txtData(text string) string {
	var b strings.Builder
	for first := true; first || text != ""; first = false {
		piece := text[:min(len(text), 255)]
		text = text[len(piece):]
		if !first {
			b.WriteByte(' ')
		}
		b.WriteByte('"')
		for i := 0; i < len(piece); i++ {
			switch c := piece[i]; {
			case c == '"' || c == '\\':
				b.WriteByte('\\')
				b.WriteByte(c)
			case c < ' ' || c > '~':
				fmt.Fprintf(&b, "\\%03d", c)
			default:
				b.WriteByte(c)
			}
		}
		b.WriteByte('"')
	}
	return b.String()
}

// clean keeps text from the DNS inside a comment line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f || r > '~' && r != '§' {
			return '?'
		}
		return r
	}, s)
}
