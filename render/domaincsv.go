package render

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/report"
)

// domainColumns are the columns of a table of domains. Those up to
// smtp_tls_reporting_warnings have the names and the order that checkdmarc
// gives them, and are filled as it fills them, so that scripts for its output go
// on working: a check with an error has the error and nothing else, an absent
// record is an error, warnings speak of the domain's own record. What was not
// looked at (the TLS of the MX hosts without --smtp) stays empty. Where the DNS
// did not answer the error says so and the validity stays empty, never False.
var domainColumns = [...]struct {
	name string
	cell func(*report.Domain) string
}{
	{"domain", func(d *report.Domain) string { return d.Domain }},
	{"base_domain", baseDomain},
	{"dnssec", func(d *report.Domain) string {
		switch d.DNSSEC.Status {
		case "secure":
			return "True"
		case "insecure", "bogus":
			return "False"
		}
		return ""
	}},
	{"spf_valid", func(d *report.Domain) string { return validity(&d.SPF.DomainCheck) }},
	{"dmarc_valid", func(d *report.Domain) string { return validity(&d.DMARC.DomainCheck) }},
	{"dmarc_adkim", dmarcTag("adkim")},
	{"dmarc_aspf", dmarcTag("aspf")},
	{"dmarc_fo", dmarcTag("fo")},
	{"dmarc_p", dmarcTag("p")},
	{"dmarc_rua", dmarcTag("rua")},
	{"dmarc_ruf", dmarcTag("ruf")},
	{"dmarc_sp", dmarcTag("sp")},
	{"tls", ofServers(func(h *report.SMTPHost) bool { return h.Certificate != nil })},
	{"starttls", ofServers(func(h *report.SMTPHost) bool { return h.StartTLS != nil && *h.StartTLS })},
	{"spf_record", func(d *report.Domain) string { return recordCell(&d.SPF.DomainCheck) }},
	{"dmarc_record", func(d *report.Domain) string { return recordCell(&d.DMARC.DomainCheck) }},
	{"dmarc_record_location", func(d *report.Domain) string {
		if d.DMARC.State != report.StatePresent || d.DMARC.Location == nil {
			return ""
		}
		return strings.TrimPrefix(*d.DMARC.Location, "_dmarc.")
	}},
	{"mx", func(d *report.Domain) string {
		hosts := make([]string, len(d.MX.Hosts))
		for i, h := range d.MX.Hosts {
			hosts[i] = strconv.Itoa(h.Preference) + ", " + h.Hostname
		}
		return strings.Join(hosts, "|")
	}},
	{"mx_error", func(d *report.Domain) string { return errorOf(d, "mx", &d.MX.DomainCheck) }},
	{"mx_warnings", ownWarnings("mx", func(d *report.Domain) *report.DomainCheck { return &d.MX.DomainCheck })},
	{"mta_sts_id", func(d *report.Domain) string {
		if mtaSTSError(d) != "" {
			return ""
		}
		return d.MTASTS.ID
	}},
	{"mta_sts_mode", ofPolicy(func(p *report.MTASTSPolicy) string { return p.Mode })},
	{"mta_sts_max_age", ofPolicy(func(p *report.MTASTSPolicy) string { return strconv.FormatInt(p.MaxAge, 10) })},
	{"smtp_tls_reporting_valid", func(d *report.Domain) string { return validity(&d.TLSRPT.DomainCheck) }},
	{"smtp_tls_reporting_rua", func(d *report.Domain) string {
		if errorOf(d, "tls_rpt", &d.TLSRPT.DomainCheck) != "" {
			return ""
		}
		return strings.Join(d.TLSRPT.RUA, "|")
	}},
	{"mta_sts_mx", ofPolicy(func(p *report.MTASTSPolicy) string { return strings.Join(p.MX, "|") })},
	{"mta_sts_error", mtaSTSError},
	{"mta_sts_warnings", func(d *report.Domain) string {
		if mtaSTSError(d) != "" {
			return ""
		}
		return ownWarnings("mta_sts", func(d *report.Domain) *report.DomainCheck { return &d.MTASTS.DomainCheck })(d)
	}},
	{"spf_error", func(d *report.Domain) string { return errorOf(d, "spf", &d.SPF.DomainCheck) }},
	{"spf_warnings", ownWarnings("spf", func(d *report.Domain) *report.DomainCheck { return &d.SPF.DomainCheck })},
	{"dmarc_error", func(d *report.Domain) string { return errorOf(d, "dmarc", &d.DMARC.DomainCheck) }},
	{"dmarc_warnings", ownWarnings("dmarc", func(d *report.Domain) *report.DomainCheck { return &d.DMARC.DomainCheck })},
	{"ns", ofNameServers(func(n *report.NameServers) string { return strings.Join(n.Own, "|") })},
	{"ns_error", ofNameServers(func(n *report.NameServers) string {
		if n.State == report.StateUnknown {
			return "the name servers were not answered for"
		}
		return ""
	})},
	{"ns_warnings", ofNameServers(func(n *report.NameServers) string { return strings.Join(n.Warnings, "|") })},
	{"bimi_selector", func(d *report.Domain) string { return d.BIMI.Selector }},
	{"bimi_error", func(d *report.Domain) string { return errorOf(d, "bimi", &d.BIMI.DomainCheck) }},
	{"bimi_warnings", ownWarnings("bimi", func(d *report.Domain) *report.DomainCheck { return &d.BIMI.DomainCheck })},
	{"smtp_tls_reporting_error", func(d *report.Domain) string { return errorOf(d, "tls_rpt", &d.TLSRPT.DomainCheck) }},
	{"smtp_tls_reporting_warnings", ownWarnings("tls_rpt", func(d *report.Domain) *report.DomainCheck { return &d.TLSRPT.DomainCheck })},
	// From here on columns of our own.
	{"spf_dns_lookups", ofSPF(func(s *report.DomainSPF) int { return s.DNSLookups })},
	{"spf_void_dns_lookups", ofSPF(func(s *report.DomainSPF) int { return s.VoidDNSLookups })},
	{"dkim_selectors", func(d *report.Domain) string {
		var out []string
		for i := range d.DKIM.Keys {
			if k := &d.DKIM.Keys[i]; k.State == report.StatePresent {
				out = append(out, k.Selector)
			}
		}
		return strings.Join(out, "|")
	}},
	{"dmarc_policy", func(d *report.Domain) string {
		for i := range d.DMARC.Discovery {
			if dis := &d.DMARC.Discovery[i]; dis.Method == "rfc9989" {
				return dis.Policy
			}
		}
		return ""
	}},
	{"dane", func(d *report.Domain) string { return d.DANE.State }},
	{"findings", func(d *report.Domain) string {
		out := make([]string, len(d.Findings))
		for i := range d.Findings {
			out[i] = d.Findings[i].Severity + " " + d.Findings[i].Code
		}
		return strings.Join(out, "|")
	}},
	{"gaps", func(d *report.Domain) string { return strconv.Itoa(len(d.Gaps)) }},
}

// ofNameServers fills a cell where the name servers were asked.
func ofNameServers(cell func(*report.NameServers) string) func(*report.Domain) string {
	return func(d *report.Domain) string {
		if d.NS == nil {
			return ""
		}
		return cell(d.NS)
	}
}

// baseDomain is the organisational domain by the public suffix list.
func baseDomain(d *report.Domain) string {
	for i := range d.DMARC.Discovery {
		if dis := &d.DMARC.Discovery[i]; dis.Method == "rfc7489" {
			return dis.OrgDomain
		}
	}
	return ""
}

// validity is True or False; False where there is no record, as checkdmarc has
// it, and empty where that is not known.
func validity(c *report.DomainCheck) string {
	switch {
	case c.State == report.StateAbsent:
		return "False"
	case c.Valid == nil:
		return ""
	case *c.Valid:
		return "True"
	}
	return "False"
}

func recordCell(c *report.DomainCheck) string {
	if c.Record != nil {
		return *c.Record
	}
	return strings.Join(c.Records, "|")
}

// absent is what the error of a check says where there is no record. Domains
// without MX records have none there.
var absent = map[string]string{"spf": "an SPF record does not exist", "dmarc": "a DMARC record does not exist", "mta_sts": "an MTA-STS record does not exist",
	"tls_rpt": "a TLS-RPT record does not exist", "bimi": "a BIMI record does not exist"}

// errorOf is why a check did not find a usable record; "" where it did.
func errorOf(d *report.Domain, check string, c *report.DomainCheck) string {
	switch {
	case c.Error != nil:
		return *c.Error
	case c.State == report.StateUnknown && c.Location != nil:
		return "not known: the DNS did not answer"
	case c.State == report.StateAbsent && absent[check] != "":
		for i := range d.Problems { // a better word on it
			if p := &d.Problems[i]; p.Check == check && (p.Invalid || p.Code == check+"-none" || p.Code == check+"-record-missing" || strings.HasSuffix(p.Code, "-misplaced")) {
				return p.Message
			}
		}
		return absent[check]
	}
	return ""
}

// mtaSTSError is the error of the record, or of the policy.
func mtaSTSError(d *report.Domain) string {
	if e := errorOf(d, "mta_sts", &d.MTASTS.DomainCheck); e != "" {
		return e
	}
	if p := d.MTASTS.Policy; p != nil && p.State == report.StateUnknown {
		return "not known: the policy was not fetched"
	}
	return ""
}

// ownWarnings are the warnings of a check on the domain's own record: not those
// on its hosts' names, and nothing beside an error.
func ownWarnings(check string, of func(*report.Domain) *report.DomainCheck) func(*report.Domain) string {
	return func(d *report.Domain) string {
		if errorOf(d, check, of(d)) != "" {
			return ""
		}
		var out []string
		for i := range d.Problems {
			p := &d.Problems[i]
			if p.Check != check || p.Invalid || check == "spf" && (p.Severity == report.Info || strings.HasPrefix(p.Code, "spf-helo") || isMXHost(d, p.Name)) {
				continue
			}
			out = append(out, p.Message)
		}
		return strings.Join(out, "|")
	}
}

func isMXHost(d *report.Domain, name string) bool {
	return name != d.Domain && slices.ContainsFunc(d.MX.Hosts, func(h report.MXHost) bool { return h.Hostname == name })
}

func dmarcTag(tag string) func(*report.Domain) string {
	return func(d *report.Domain) string {
		if errorOf(d, "dmarc", &d.DMARC.DomainCheck) != "" {
			return ""
		}
		value := d.DMARC.Tags[tag].Value
		if tag != "rua" && tag != "ruf" {
			return value
		}
		var out []string
		for uri := range strings.SplitSeq(value, ",") {
			uri, _, _ = strings.Cut(strings.TrimSpace(uri), "!") // without its size limit
			if uri != "" {
				out = append(out, uri)
			}
		}
		return strings.Join(out, "|")
	}
}

// ofServers is True where all MX hosts that answered do something; empty where
// none was asked.
func ofServers(does func(*report.SMTPHost) bool) func(*report.Domain) string {
	return func(d *report.Domain) string {
		text := ""
		for i := range d.SMTP {
			switch h := &d.SMTP[i]; {
			case h.State != report.StatePresent:
			case !does(h):
				return "False"
			default:
				text = "True"
			}
		}
		return text
	}
}

func ofPolicy(cell func(*report.MTASTSPolicy) string) func(*report.Domain) string {
	return func(d *report.Domain) string {
		if p := d.MTASTS.Policy; p != nil && mtaSTSError(d) == "" && p.Valid != nil && *p.Valid {
			return cell(p)
		}
		return ""
	}
}

func ofSPF(count func(*report.DomainSPF) int) func(*report.Domain) string {
	return func(d *report.Domain) string {
		if d.SPF.Parsed == nil {
			return ""
		}
		return strconv.Itoa(count(&d.SPF))
	}
}

// maxCell bounds a cell, in characters.
const maxCell = 32 << 10

// cell makes text safe for a spreadsheet and a terminal: control characters
// become visible, and what a spreadsheet would take for a formula begins with
// an apostrophe.
func cell(s string) string {
	s = cleanTo(s, maxCell)
	// Some spreadsheets take the full-width signs for the others.
	if first, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20", first) && s != "" {
		s = "'" + s
	}
	return s
}

type domainCSV struct {
	w     *csv.Writer
	begun bool
	row   []string
}

func newDomainCSV(w io.Writer) DomainWriter {
	return &domainCSV{w: csv.NewWriter(w), row: make([]string, len(domainColumns))}
}

func (c *domainCSV) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	for i := range domainColumns {
		c.row[i] = domainColumns[i].name
	}
	return c.w.Write(c.row)
}

func (c *domainCSV) Domain(d *report.Domain) error {
	if err := c.begin(); err != nil {
		return err
	}
	for i := range domainColumns {
		c.row[i] = cell(domainColumns[i].cell(d))
	}
	if err := c.w.Write(c.row); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

// Close writes the heading where there was no domain.
func (c *domainCSV) Close() error {
	if err := c.begin(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}
