package render

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// areas are the blocks of a domain, in the order in which mail meets them.
func areas(d *report.Domain) []area {
	out := []area{
		mxArea(d), spfArea(d), dkimArea(d), dmarcArea(d), mtaSTSArea(d), tlsRPTArea(d), daneArea(d), bimiArea(d), dnssecArea(d),
	}
	if d.NS != nil {
		out = append(out, nsArea(d))
	}
	return out
}

// nsArea shows the name servers, where they were asked.
func nsArea(d *report.Domain) area {
	n := d.NS
	a := checked(d, "NS", "ns", &n.DomainCheck)
	if n.Zone != "" {
		a.text = Clean(n.Zone) + ": " + plural(len(n.Own), "name server")
	}
	for i := range n.Servers {
		s := &n.Servers[i]
		l := areaLine{mark: markGood, text: Clean(s.Hostname) + "  " + Clean(s.Address)}
		switch s.State {
		case report.StatePresent:
			if s.Serial != nil {
				l.text += fmt.Sprintf("  serial %d", *s.Serial)
			}
		case report.StateAbsent:
			l.mark, l.text = markBad, l.text+"  "+Clean(s.Why)
		default:
			l.mark, l.text = markUnknown, l.text+"  not answered"
		}
		a.lines = append(a.lines, l)
	}
	for _, c := range n.CAA {
		a.more = append(a.more, areaLine{text: "CAA at " + Clean(n.CAAAt) + ": " + Clean(c)})
	}
	return a
}

// checked begins the block of a check: mark and word by its state and its
// worst problem.
func checked(d *report.Domain, name, check string, c *report.DomainCheck) area {
	a := area{name: name}
	severity := worst(d, check)
	bad := severity == report.Critical || severity == report.High
	switch {
	case c.State == report.StateUnknown:
		a.mark, a.word = markUnknown, "unknown"
	case c.State == report.StateAbsent:
		a.mark, a.word = markNeutral, "none"
		switch {
		case bad:
			a.mark = markBad
		case severity == report.Medium || severity == report.Low:
			a.mark = markWarn
		}
	case c.State != report.StatePresent:
		a.mark, a.word = markNeutral, cmp.Or(word(c.State), "?")
	case c.Valid != nil && !*c.Valid:
		a.mark, a.word = markBad, "invalid"
	case bad:
		a.mark, a.word = markBad, "bad"
	case c.Valid == nil && (check == "spf" || check == "dane" || check == "mx"):
		// Not all of it was answered: what is known is good.
		a.mark, a.word = markUnknown, "unknown"
	case severity == report.Medium || severity == report.Low:
		a.mark, a.word = markWarn, "weak"
	default:
		a.mark, a.word = markGood, "good"
	}
	a.brief = a.word
	return a
}

// record is the text of a check: the record, or all of them.
func record(c *report.DomainCheck) string {
	if c.Record != nil {
		return Clean(*c.Record)
	}
	if len(c.Records) > 0 {
		return plural(len(c.Records), "record") + ", one is allowed"
	}
	return ""
}

func allRecords(c *report.DomainCheck) []areaLine {
	out := make([]areaLine, 0, len(c.Records))
	for _, r := range c.Records {
		out = append(out, areaLine{text: Clean(r)})
	}
	return out
}

// otherTexts shows what stands where a record belongs and is none.
func otherTexts(c *report.DomainCheck) []areaLine {
	var out []areaLine
	for _, text := range c.Others {
		out = append(out, areaLine{mark: markWarn, text: "no such record, but there stands " + strconv.Quote(Clean(text))})
	}
	return out
}

func mxArea(d *report.Domain) area {
	m := &d.MX
	a := checked(d, "MX", "mx", &m.DomainCheck)
	switch {
	case d.Exists != nil && !*d.Exists:
		a.mark, a.word, a.text, a.brief = markBad, "none", "the domain does not exist", "no such domain"
		return a
	case m.Null:
		a.text, a.brief = "null MX: no mail is accepted", "null"
	case m.Implicit:
		a.text = "no MX record; the addresses of the domain stand for it"
	case m.State == report.StatePresent:
		a.text = plural(len(m.Hosts), "host")
	}
	for i := range m.Hosts {
		h := &m.Hosts[i]
		l := areaLine{mark: markGood, text: strconv.Itoa(h.Preference) + " " + Clean(h.Hostname)}
		var addresses []string
		for j := range h.Addresses {
			at := &h.Addresses[j]
			text := Clean(at.Address)
			if at.Scope != "" && at.Scope != "public" {
				text += " (" + word(at.Scope) + ")"
			}
			switch {
			case at.Scope == "private" || at.Scope == "loopback" || at.Scope == "link-local":
				l.mark = markBad
			case at.State == report.StateUnknown || at.State == report.StatePresent && at.Confirmed == nil:
				text += ", names not answered for"
			case at.Confirmed != nil && *at.Confirmed:
				text += " = " + Clean(firstOf(at.Names))
			case len(at.Names) == 0:
				text += ", no name"
				l.mark = markWarn
			default:
				text += ", named " + Clean(at.Names[0]) + ", which has another address"
				l.mark = markWarn
			}
			addresses = append(addresses, text)
		}
		switch {
		case len(addresses) > 0:
			l.text += "  " + strings.Join(addresses, "; ")
		case h.State == report.StateUnknown:
			l.mark, l.text = markUnknown, l.text+"  not answered"
		default:
			l.mark, l.text = markBad, l.text+"  no address"
		}
		if len(h.CNAME) > 0 {
			l.mark = markWarn
			l.text += "; an alias of " + Clean(h.CNAME[len(h.CNAME)-1])
		}
		a.lines = append(a.lines, l)
		a.lines = append(a.lines, smtpLines(d, h.Hostname)...)
		if h.SPF != nil {
			text := "HELO " + cmp.Or(Clean(h.SPF.Record), "without SPF record")
			switch {
			case h.SPF.State == report.StateUnknown:
				text = "HELO: the SPF record was not answered for"
			case h.SPF.Error != "":
				text += ": " + Clean(h.SPF.Error)
			case h.SPF.Passes != nil && !*h.SPF.Passes:
				text += ": the host itself gets no pass"
			}
			a.more = append(a.more, areaLine{indent: 1, text: Clean(h.Hostname) + ": " + text})
		}
	}
	return a
}

// smtpLines shows what a host said where it was connected to.
func smtpLines(d *report.Domain, host string) []areaLine {
	var out []areaLine
	for i := range d.SMTP {
		h := &d.SMTP[i]
		if h.Hostname != host {
			continue
		}
		l := areaLine{indent: 1, mark: markGood, text: "port 25 at " + Clean(h.Address) + ": "}
		switch {
		case h.State == report.StateUnknown:
			l.mark, l.text = markUnknown, l.text+cmp.Or(Clean(h.Error), "no answer")
		case h.StartTLS == nil || h.Certificate == nil:
			l.mark, l.text = markBad, l.text+cmp.Or(Clean(h.Error), "no TLS")
		default:
			text := "STARTTLS"
			if len(h.Versions) > 0 {
				text = strings.Join(cleanAll(h.Versions), ", ")
			}
			l.text += text + ", certificate until " + h.Certificate.NotAfter.UTC().Format("2006-01-02")
			if h.Certificate.Problem != "" {
				l.mark, l.text = markWarn, l.text+" ("+Clean(h.Certificate.Problem)+")"
			}
			if h.DANE != nil && *h.DANE {
				l.text += ", TLSA matches"
			}
			if h.RequireTLS != nil && *h.RequireTLS {
				l.text += ", REQUIRETLS"
			}
			if h.STS != nil && !*h.STS || h.DANE != nil && !*h.DANE {
				l.mark = markBad
			}
		}
		out = append(out, l)
	}
	return out
}

func cleanAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = Clean(s)
	}
	return out
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func dkimArea(d *report.Domain) area {
	k := &d.DKIM
	a := checked(d, "DKIM", "dkim", &k.DomainCheck)
	present := 0
	for i := range k.Keys {
		key := &k.Keys[i]
		l := areaLine{text: Clean(key.Selector)}
		var parts []string
		switch {
		case key.State == report.StateUnknown:
			l.mark = markUnknown
			parts = append(parts, "not answered")
		case key.State == report.StateAbsent:
			l.mark = markBad
			parts = append(parts, "no key")
			if n := len(key.CNAME); n > 0 {
				parts = append(parts, "the alias leads to "+Clean(key.CNAME[n-1]))
			}
		default:
			present++
			l.mark = markGood
			if key.Valid != nil && !*key.Valid {
				l.mark = markBad
			} else if len(key.Problems) > 0 || key.Testing {
				l.mark = markWarn
			}
			if key.Type != "" || key.Bits > 0 {
				text := strings.ToUpper(word(key.Type))
				if key.Bits > 0 {
					text = join(" ", text, strconv.Itoa(key.Bits))
				}
				parts = append(parts, text)
			}
			if key.Revoked {
				l.mark = markNeutral
				parts = append(parts, "revoked")
			}
			if key.Testing {
				parts = append(parts, "testing (t=y)")
			}
			for _, problem := range key.Problems {
				parts = append(parts, Clean(problem))
			}
		}
		if key.Provider != "" {
			by := Clean(key.Provider)
			if key.Basis == "common" && len(key.CNAME) == 0 {
				by = "perhaps " + by
			}
			parts = append(parts, by)
		}
		l.text = join("  ", l.text, strings.Join(parts, ", "))
		a.lines = append(a.lines, l)
		if key.Record != "" {
			a.more = append(a.more, areaLine{indent: 1, text: Clean(key.Location) + ": " + Clean(key.Record)})
		}
	}
	tried := plural(k.Tried, "selector") + " tried"
	switch {
	case present > 0:
		a.text = plural(present, "key") + " known, " + tried
		a.brief = plural(present, "key")
	case k.NoKeys:
		a.text = "the name _domainkey does not exist, so no selector should have a key"
		a.brief = "none"
		a.word = "none"
		if a.mark == markUnknown {
			a.mark = markNeutral
		}
	case k.State == report.StateUnknown:
		a.text = "no key is known; any name can be a selector, " + tried
		a.brief = "no key known"
	default:
		a.text = "no key known, " + tried
		a.brief = "no key known"
	}
	if k.Wildcard {
		a.text += "; any selector has a record"
	}
	return a
}

func dmarcArea(d *report.Domain) area {
	m := &d.DMARC
	a := checked(d, "DMARC", "dmarc", &m.DomainCheck)
	a.text = record(&m.DomainCheck)
	a.lines = allRecords(&m.DomainCheck)
	if m.Record != nil && m.Location != nil && *m.Location != "_dmarc."+d.Domain {
		a.lines = append(a.lines, areaLine{text: "from " + Clean(*m.Location)})
	}
	if m.State == report.StatePresent {
		for i := range m.Discovery {
			dis := &m.Discovery[i]
			if dis.Method == "rfc9989" && dis.Policy != "" {
				a.brief = "p=" + word(dis.Policy)
				if a.word == "invalid" {
					a.brief = "invalid"
				}
			}
		}
	}
	for _, text := range m.Misplaced {
		a.lines = append(a.lines, areaLine{mark: markWarn, text: "nobody looks at " + Clean(text)})
	}
	a.lines = append(a.lines, otherTexts(&m.DomainCheck)...)
	for i := range m.External {
		e := &m.External[i]
		l := areaLine{text: "reports to " + Clean(e.Domain)}
		switch {
		case e.Authorized == nil:
			l.mark, l.text = markUnknown, l.text+": whether it takes them was not answered"
		case *e.Authorized:
			l.mark, l.text = markGood, l.text+": it takes them"
		default:
			l.mark, l.text = markBad, l.text+": it has not agreed, nothing at "+Clean(e.Location)
		}
		a.lines = append(a.lines, l)
	}
	for i := range m.Discovery {
		dis := &m.Discovery[i]
		a.more = append(a.more, areaLine{text: join(", ", standardName(dis.Method)+": record of "+cmp.Or(Clean(dis.RecordDomain), "no domain"),
			"organisational domain "+cmp.Or(Clean(dis.OrgDomain), "not known"), Clean(dis.Error))})
		for _, q := range dis.Path {
			a.more = append(a.more, areaLine{indent: 1, text: Clean(q.Name) + ": " + Clean(q.Answer)})
		}
	}
	return a
}

// maxPolicyLines bounds the lines of a policy file that are shown.
const maxPolicyLines = 50

func mtaSTSArea(d *report.Domain) area {
	m := &d.MTASTS
	a := checked(d, "MTA-STS", "mta_sts", &m.DomainCheck)
	if a.word == "none" {
		a.mark = markNeutral // what is missing is said once, in the problem
	}
	a.text = record(&m.DomainCheck)
	a.lines = append(allRecords(&m.DomainCheck), otherTexts(&m.DomainCheck)...)
	p := m.Policy
	if p == nil {
		if m.State == report.StatePresent {
			a.lines = append(a.lines, areaLine{mark: markUnknown, text: "the policy was not fetched"})
		}
		return a
	}
	l := areaLine{mark: markGood, text: "policy"}
	switch {
	case p.State == report.StateUnknown:
		l.mark, l.text = markUnknown, "the policy at "+Clean(p.URL)+" is not known"
		if a.mark == markGood {
			a.mark, a.word, a.brief = markUnknown, "unknown", "unknown"
		}
	case p.Valid == nil || !*p.Valid:
		l.mark, l.text = markBad, "the policy at "+Clean(p.URL)+" cannot be used"
	default:
		a.brief = cmp.Or(word(p.Mode), a.brief)
		if p.Mode != "enforce" {
			l.mark = markWarn
		}
		hosts := make([]string, len(p.MX))
		for i, h := range p.MX {
			hosts[i] = Clean(h)
		}
		l.text = "mode " + word(p.Mode) + ", kept for " + days(p.MaxAge) + ", hosts " + cmp.Or(strings.Join(hosts, ", "), "none")
	}
	a.lines = append(a.lines, l)
	for _, e := range p.Errors {
		a.lines = append(a.lines, areaLine{mark: markBad, text: Clean(e)})
	}
	for _, h := range p.Unmatch {
		a.lines = append(a.lines, areaLine{mark: markBad, text: "no line of the policy matches " + Clean(h)})
	}
	for i, text := range strings.Split(p.Text, "\n") {
		if i == maxPolicyLines {
			a.more = append(a.more, areaLine{indent: 1, text: "…"})
			break
		}
		if text = Clean(strings.TrimRight(text, "\r")); text != "" {
			a.more = append(a.more, areaLine{indent: 1, text: text})
		}
	}
	return a
}

// days is a number of seconds in days, where it is one at least.
func days(seconds int64) string {
	if seconds < 86400 {
		return strconv.FormatInt(seconds, 10) + " s"
	}
	return plural(int(seconds/86400), "day")
}

func tlsRPTArea(d *report.Domain) area {
	a := checked(d, "TLS-RPT", "tls_rpt", &d.TLSRPT.DomainCheck)
	a.text = record(&d.TLSRPT.DomainCheck)
	a.lines = append(allRecords(&d.TLSRPT.DomainCheck), otherTexts(&d.TLSRPT.DomainCheck)...)
	return a
}

func daneArea(d *report.Domain) area {
	a := checked(d, "DANE", "dane", &d.DANE.DomainCheck)
	if d.DANE.State == report.StateAbsent {
		return a
	}
	for i := range d.DANE.Hosts {
		h := &d.DANE.Hosts[i]
		l := areaLine{text: Clean(h.Hostname) + "  " + plural(len(h.Records), "TLSA record")}
		switch {
		case h.State == report.StateUnknown:
			l.mark, l.text = markUnknown, Clean(h.Hostname)+"  not answered"
		case h.State == report.StateAbsent:
			l.mark, l.text = markWarn, Clean(h.Hostname)+"  no TLSA record"
		case h.Secure == nil:
			l.mark, l.text = markUnknown, l.text+", whether DNSSEC protects them is not known"
		case !*h.Secure:
			l.mark, l.text = markWarn, l.text+", not protected by DNSSEC"
		case h.Usable != nil && !*h.Usable:
			l.mark, l.text = markBad, l.text+", none can be used"
		default:
			l.mark = markGood
		}
		a.lines = append(a.lines, l)
		for j := range h.Records {
			r := &h.Records[j]
			a.more = append(a.more, areaLine{indent: 1, text: join(": ", fmt.Sprintf("%s %d %d %d %s", Clean(h.Location), r.Usage, r.Selector, r.Matching, Clean(r.Data)), Clean(r.Problem))})
		}
	}
	return a
}

func bimiArea(d *report.Domain) area {
	b := &d.BIMI
	a := checked(d, "BIMI", "bimi", &b.DomainCheck)
	a.text = record(&b.DomainCheck)
	a.lines = append(allRecords(&b.DomainCheck), otherTexts(&b.DomainCheck)...)
	for _, text := range b.Misplaced {
		a.lines = append(a.lines, areaLine{mark: markWarn, text: "nobody looks at " + Clean(text)})
	}
	if b.LogoValid != nil && *b.LogoValid {
		a.lines = append(a.lines, areaLine{mark: markGood, text: "the logo is SVG Tiny PS"})
	}
	if c := b.Certificate; c != nil {
		l := areaLine{mark: markGood, text: join(", ", "certificate of "+Clean(c.Issuer), Clean(b.MarkType), "until "+c.NotAfter.UTC().Format("2006-01-02"))}
		if c.Problem != "" {
			l.mark, l.text = markWarn, l.text+": "+Clean(c.Problem)
		}
		a.lines = append(a.lines, l)
	}
	if b.Declined {
		a.lines = append(a.lines, areaLine{text: "the domain wants no indicator"})
	}
	return a
}

func dnssecArea(d *report.Domain) area {
	s := &d.DNSSEC
	a := checked(d, "DNSSEC", "dnssec", &s.DomainCheck)
	a.word = cmp.Or(word(s.Status), a.word)
	a.brief = a.word
	a.text = Clean(s.Reason)
	switch s.Status {
	case "secure":
		a.mark = markGood
		if s.Basis == "ad" {
			a.text = cmp.Or(a.text, "says the resolver (AD)")
		}
	case "insecure":
		a.mark = markNeutral
	case "bogus":
		a.mark = markBad
	default:
		a.mark = markUnknown
	}
	for i := range s.Names {
		n := &s.Names[i]
		l := areaLine{text: join(" ", Clean(n.Name), "("+Clean(n.What)+"):", join(", ", word(n.Status), Clean(n.Reason)))}
		if n.Status == "bogus" {
			l.mark = markBad
			a.lines = append(a.lines, l)
		} else {
			a.more = append(a.more, l)
		}
	}
	return a
}
