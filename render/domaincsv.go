package render

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// domainColumns are the columns of a table of domains. Those up to
// smtp_tls_reporting_warnings have the names and the order that checkdmarc
// gives them, so that scripts for its output go on working; what is not looked
// at here (the TLS of the MX hosts, the name servers) stays empty there, as it
// does there where it is left out. An empty cell is "not known" or "none",
// never false.
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
	{"tls", notChecked},
	{"starttls", notChecked},
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
	{"mx_error", func(d *report.Domain) string { return errorCell(&d.MX.DomainCheck) }},
	{"mx_warnings", func(d *report.Domain) string { return warnings(&d.MX.DomainCheck) }},
	{"mta_sts_id", func(d *report.Domain) string { return d.MTASTS.ID }},
	{"mta_sts_mode", ofPolicy(func(p *report.MTASTSPolicy) string { return p.Mode })},
	{"mta_sts_max_age", ofPolicy(func(p *report.MTASTSPolicy) string { return strconv.FormatInt(p.MaxAge, 10) })},
	{"smtp_tls_reporting_valid", func(d *report.Domain) string { return validity(&d.TLSRPT.DomainCheck) }},
	{"smtp_tls_reporting_rua", func(d *report.Domain) string { return strings.Join(d.TLSRPT.RUA, "|") }},
	{"mta_sts_mx", ofPolicy(func(p *report.MTASTSPolicy) string { return strings.Join(p.MX, "|") })},
	{"mta_sts_error", func(d *report.Domain) string { return errorCell(&d.MTASTS.DomainCheck) }},
	{"mta_sts_warnings", func(d *report.Domain) string { return warnings(&d.MTASTS.DomainCheck) }},
	{"spf_error", func(d *report.Domain) string { return errorCell(&d.SPF.DomainCheck) }},
	{"spf_warnings", func(d *report.Domain) string { return warnings(&d.SPF.DomainCheck) }},
	{"dmarc_error", func(d *report.Domain) string { return errorCell(&d.DMARC.DomainCheck) }},
	{"dmarc_warnings", func(d *report.Domain) string { return warnings(&d.DMARC.DomainCheck) }},
	{"ns", notChecked},
	{"ns_error", notChecked},
	{"ns_warnings", notChecked},
	{"bimi_selector", func(d *report.Domain) string { return d.BIMI.Selector }},
	{"bimi_error", func(d *report.Domain) string { return errorCell(&d.BIMI.DomainCheck) }},
	{"bimi_warnings", func(d *report.Domain) string { return warnings(&d.BIMI.DomainCheck) }},
	{"smtp_tls_reporting_error", func(d *report.Domain) string { return errorCell(&d.TLSRPT.DomainCheck) }},
	{"smtp_tls_reporting_warnings", func(d *report.Domain) string { return warnings(&d.TLSRPT.DomainCheck) }},
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

func notChecked(*report.Domain) string { return "" }

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

func errorCell(c *report.DomainCheck) string {
	switch {
	case c.Error != nil:
		return *c.Error
	case c.State == report.StateUnknown && c.Location != nil:
		return "not known"
	}
	return ""
}

func warnings(c *report.DomainCheck) string { return strings.Join(c.Warnings, "|") }

func dmarcTag(tag string) func(*report.Domain) string {
	return func(d *report.Domain) string {
		return strings.ReplaceAll(d.DMARC.Tags[tag].Value, ",", "|")
	}
}

func ofPolicy(cell func(*report.MTASTSPolicy) string) func(*report.Domain) string {
	return func(d *report.Domain) string {
		if p := d.MTASTS.Policy; p != nil && p.Valid != nil && *p.Valid {
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
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
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
