package domain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// placeholder stands for a mailbox that only the owner can name. No zone file
// takes it, and no record with it is offered for publication.
const placeholder = "<YOUR-MAILBOX>"

// suggest writes a piece of a zone file with records that would repair or
// complete what the domain publishes, each with its reason. Lines that begin
// with ";" are for the reader: what is replaced, what must be decided first,
// and what others have to publish. A record is offered only where the domain,
// checked again as it would be, is not worse off: see harm. Where a question
// got no answer nothing is offered for that check.
func (c *checker) suggest() {
	r := c.out
	if r.Exists != nil && !*r.Exists || c.domainAlias() {
		return
	}
	s := &snippet{c: c, r: r, has: map[string]bool{}}
	for i := range r.Problems {
		s.has[r.Problems[i].Code] = true
	}
	s.now = standing(r, c.authorized)
	if r.Parked {
		s.parked()
	} else {
		s.mx()
		s.spf()
		s.helo()
		s.dkim()
		s.dmarc()
		s.transport()
		s.bimi()
	}
	r.Suggested, r.Changes = s.b.String(), s.changes
}

// domainAlias reports that the name is an alias, which has no records of its
// own (RFC 1034 §3.6.2).
func (c *checker) domainAlias() bool {
	a := c.ask(c.domain, dns.TypeTXT)
	return len(a.CNAMEs) > 0
}

type snippet struct {
	c       *checker
	r       *Result
	b       strings.Builder
	has     map[string]bool // codes of problems
	now     *judge
	changes []report.DomainChange
}

// maxChanges bounds the records that are offered, each of which is tried out.
const maxChanges = 24

func (s *snippet) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for line := range strings.SplitSeq(clean(text), "\n") {
		s.b.WriteString("; " + line + "\n")
	}
}

// offer tries a change out and writes it down where it does no harm. It is true
// where it was written.
func (s *snippet) offer(ch report.DomainChange) bool {
	if len(s.changes) == maxChanges || s.c.ctx.Err() != nil {
		return false
	}
	var all []*report.DomainChange
	for i := range s.changes {
		all = append(all, &s.changes[i])
	}
	then, err := s.c.would(append(all, &ch))
	var why string
	if err != nil {
		why = "it could not be tried out: " + notAnswered(err)
	} else if why, ch.Shows = s.c.harm(s.now, then, &ch); why == "" {
		why = s.works(then, &ch)
	}
	if why != "" {
		s.say("%s: no record is offered, because with the one that follows from what is there: %s", areaName(ch.Check), why)
		return false
	}
	for _, line := range ch.Why {
		s.say("%s", line)
	}
	if ch.Starts != "" {
		s.say("%s", ch.Starts)
	}
	for _, show := range ch.Shows {
		s.say("what shows then: %s", show)
	}
	for _, r := range ch.Remove {
		data := r.Value
		if r.Type == "TXT" {
			data = txtData(r.Value)
		}
		s.say("- %s. IN %s %s", r.Name, r.Type, data)
	}
	data := ch.Value
	if ch.Type == "TXT" {
		data = txtData(ch.Value)
	}
	fmt.Fprintf(&s.b, "%s. IN %s %s\n", ch.Name, ch.Type, data)
	s.changes = append(s.changes, ch)
	s.now = then
	return true
}

// works says why a repaired record would not do what it is for; "" where it does.
func (s *snippet) works(then *judge, ch *report.DomainChange) string {
	if !ch.Repairs {
		return ""
	}
	check := map[string]*report.DomainCheck{"spf": &then.out.SPF.DomainCheck, "dmarc": &then.out.DMARC.DomainCheck,
		"tls_rpt": &then.out.TLSRPT.DomainCheck, "mta_sts": &then.out.MTASTS.DomainCheck, "bimi": &then.out.BIMI.DomainCheck}[ch.Check]
	switch {
	case check == nil:
		return ""
	case check.State == report.StateUnknown:
		return "whether it holds was not answered"
	case check.State != report.StatePresent || check.Record == nil || *check.Record != ch.Value:
		return "it is not what receivers find"
	case check.Error != nil:
		return *check.Error
	case ch.Check == "spf" && then.auth != nil && len(then.auth.IPv4)+len(then.auth.IPv6)+len(then.auth.Open) == 0:
		return "nobody passes"
	case ch.Check == "mta_sts" && (then.out.MTASTS.Policy == nil || !holds(then.out.MTASTS.Policy.Valid)):
		return "the policy file cannot be fetched; serve it first"
	}
	return ""
}

func areaName(check string) string {
	switch check {
	case "mta_sts":
		return "MTA-STS"
	case "tls_rpt":
		return "TLS-RPT"
	}
	return strings.ToUpper(check)
}

func txtAt(name string, values ...string) []report.ZoneRecord {
	var out []report.ZoneRecord
	for _, v := range values {
		out = append(out, report.ZoneRecord{Name: name, Type: "TXT", Value: v})
	}
	return out
}

// published lists what a check found.
func publishedTexts(c *report.DomainCheck) []string {
	if c.Record != nil {
		return []string{*c.Record}
	}
	return c.Records
}

func (s *snippet) parked() {
	r, d := s.r, s.r.Domain
	if !r.MX.Null && r.MX.State != report.StateUnknown || s.has["mx-null-not-alone"] {
		ch := report.DomainChange{Check: "mx", Name: d, Type: "MX", Value: "0 .", Why: []string{d + " takes no mail (RFC 7505)"}}
		for _, v := range publishedTexts(&r.MX.DomainCheck) {
			ch.Remove = append(ch.Remove, report.ZoneRecord{Name: d, Type: "MX", Value: v})
		}
		s.offer(ch)
	}
	if r.SPF.State != report.StateUnknown && (s.has["spf-none"] || s.has["spf-parked-passes"] || r.SPF.Error != nil) {
		s.offer(report.DomainChange{Check: "spf", Name: d, Type: "TXT", Value: "v=spf1 -all", Remove: txtAt(d, publishedTexts(&r.SPF.DomainCheck)...),
			Why: []string{"no host sends mail for " + d + " (RFC 7208 §10.1.2)"}})
	}
	if s.has["dmarc-parked-not-reject"] {
		ch := report.DomainChange{Check: "dmarc", Name: "_dmarc." + d, Type: "TXT", Value: "v=DMARC1; p=reject", Why: []string{"mail in its name is forged (RFC 9989)"}}
		if s.ownDMARC() {
			ch.Remove = txtAt(ch.Name, publishedTexts(&r.DMARC.DomainCheck)...)
		}
		s.offer(ch)
	}
}

// senders lists what shows that the domain sends mail, or may; nil where
// nothing does. known is false where that cannot be told.
func (s *snippet) senders() (shows []string, known bool) {
	r := s.r
	known = r.SPF.State != report.StateUnknown && !s.c.dkimOpen && !s.c.ask(s.c.domain, dns.TypeSPF).gap
	for _, text := range append(publishedTexts(&r.SPF.DomainCheck), r.SPF.Type99...) {
		if rec, _ := spf.Parse(text); names(rec) {
			shows = append(shows, "its SPF record")
			break
		}
	}
	if len(r.SPF.Meant) > 0 {
		shows = append(shows, "a text that is meant as its SPF record")
	}
	for i := range r.DKIM.Keys {
		if k := &r.DKIM.Keys[i]; !k.Revoked && (k.State == report.StatePresent || len(k.CNAME) > 0) {
			shows = append(shows, "the DKIM selector "+k.Selector)
			break
		}
	}
	if len(shows) == 0 && !r.DKIM.NoKeys {
		top := s.c.ask("_domainkey."+s.c.domain, dns.TypeTXT)
		if top.gap {
			known = false
		} else if top.Status != dns.NXDomain && !r.DKIM.Revoked {
			shows = append(shows, "the name _domainkey."+s.c.domain+", below which there are keys")
		}
	}
	for _, p := range s.tokens() {
		shows = append(shows, "a TXT record that proves the domain to "+p)
		break
	}
	return shows, known
}

// tokens are the services that a TXT record proves the domain to.
func (s *snippet) tokens() []string {
	a := s.c.ask(s.c.domain, dns.TypeTXT)
	var out []string
	for _, text := range a.Texts() {
		lower := strings.ToLower(text)
		for _, t := range senderTokens {
			if strings.HasPrefix(lower, t.prefix) && !slices.Contains(out, t.provider) {
				out = append(out, t.provider)
			}
		}
	}
	return out
}

// senderTokens are the beginnings of TXT records that mail services ask for.
var senderTokens = [...]struct{ prefix, provider string }{
	{"ms=", "Microsoft 365"}, {"apple-domain=", "iCloud Mail"}, {"zoho-verification=", "Zoho Mail"}, {"protonmail-verification=", "Proton Mail"},
	{"brevo-code:", "Brevo"}, {"sendinblue-code:", "Brevo"}, {"mailerlite-domain-verification=", "MailerLite"}, {"mailjet", "Mailjet"},
	{"mandrill_verify", "Mailchimp Transactional"}, {"amazonses:", "Amazon SES"}, {"yandex-verification:", "Yandex"}, {"mailru-verification:", "Mail.ru"},
	{"klaviyo-site-verification=", "Klaviyo"}, {"t-verify=", "Tuta"}, {"hosted-email-verify=", "Migadu"}, {"purelymail_ownership_proof=", "Purelymail"},
}

func (s *snippet) mx() {
	d := s.r.Domain
	if !s.has["mx-none-reachable"] {
		return
	}
	switch shows, known := s.senders(); {
	case len(shows) > 0:
		s.say("%s sends mail (%s), but bounces and answers find no way to it: name a host in an MX record that takes them", d, shows[0])
	case !known:
		s.say("%s cannot receive mail: name a host in an MX record that does", d)
	default:
		s.offer(report.DomainChange{Check: "mx", Name: d, Type: "MX", Value: "0 .",
			Why: []string{d + " cannot receive mail; if that is meant, say so (RFC 7505), else name the host in an MX record"}})
	}
}

func (s *snippet) spf() {
	r, d := s.r, s.r.Domain
	if r.SPF.State == report.StateUnknown {
		return
	}
	records := publishedTexts(&r.SPF.DomainCheck)
	switch {
	case len(records) > 1:
		text, ok := mergeSPF(records)
		if !ok {
			s.say("one SPF record has to take the place of the %d that are there, with the terms of all", len(records))
			return
		}
		s.repaired(text, records, []string{fmt.Sprintf("one record with the terms of the %d that are there, once each, and the mildest of their endings", len(records))})
	case len(records) == 1:
		if s.mendSPF(records[0]) {
			return
		}
		if sh := r.SPF.Shorter; sh != nil {
			why := []string{fmt.Sprintf("the same addresses with %d lookups in place of %d:", sh.DNSLookups, r.SPF.DNSLookups)}
			for _, c := range sh.Changes {
				why = append(why, "  "+c)
			}
			s.offer(report.DomainChange{Check: "spf", Name: d, Type: "TXT", Value: sh.Record, Remove: txtAt(d, records[0]), Why: why})
		} else if s.has["spf-permerror-lookup-limit"] {
			s.say("SPF: more lookups than the limit. Take out the includes of services that no longer send for %s;", d)
			s.say("networks of other organisations are not to be written out: they change without notice")
		}
	case len(r.SPF.Meant) == 1:
		m := &r.SPF.Meant[0]
		if m.Mended != "" {
			s.repaired(m.Mended, []string{m.Text}, []string{"SPF: " + m.Why})
		}
	case len(r.SPF.Meant) > 1:
		var texts, mended []string
		for i := range r.SPF.Meant {
			if m := &r.SPF.Meant[i]; m.Mended != "" {
				texts, mended = append(texts, m.Text), append(mended, m.Mended)
			}
		}
		if text, ok := mergeSPF(mended); ok && len(mended) > 0 {
			s.repaired(text, texts, []string{fmt.Sprintf("one record with the terms of the %d texts that are meant as one", len(texts))})
		}
	case r.SPF.State == report.StateAbsent && len(s.c.stray["spf"]) > 0:
		s.straySPF(s.c.stray["spf"][0])
	case r.SPF.State == report.StateAbsent:
		s.firstSPF()
	}
}

// straySPF offers a record at the name where receivers look.
func (s *snippet) straySPF(x stray) {
	text, why := x.text, []string{"SPF: the record that stands at " + x.from + ", where receivers look; remove it there"}
	if rec, errs := spf.Parse(text); len(errs) > 0 || !spf.IsRecord(text) || rec == nil {
		m, ok := repairSPF(text, nil)
		if !ok {
			return
		}
		text, why = m.text, append(why, m.why())
	}
	ch := s.starting(text)
	ch.Remove, ch.Why = txtAt(x.from, x.text), why
	s.offer(ch)
}

// mendSPF offers the one record that is there without its faults.
func (s *snippet) mendSPF(record string) bool {
	var pieces []string
	a := s.c.ask(s.c.domain, dns.TypeTXT)
	for i := range a.Records {
		if a.Records[i].Text == record {
			pieces = a.Records[i].Strings
		}
	}
	m, ok := repairSPF(record, pieces)
	if !ok || worstOf(s.r, "spf") < 1 {
		return false
	}
	s.repaired(m.text, []string{record}, []string{"SPF: " + m.why()})
	return true
}

// repaired offers a record that is repaired, and says what begins to count.
func (s *snippet) repaired(text string, remove, why []string) {
	ch := s.starting(text)
	ch.Remove, ch.Why = txtAt(s.r.Domain, remove...), why
	s.offer(ch)
}

// starting is a record that is repaired, with what begins to count.
func (s *snippet) starting(text string) report.DomainChange {
	d := s.r.Domain
	ch := report.DomainChange{Check: "spf", Name: d, Type: "TXT", Value: text, Repairs: true}
	if rec, _ := spf.Parse(text); rec.All() != nil && rec.All().Qualifier == '-' {
		ch.Starts = "Its -all was never in force as it is meant: with this record it starts. The careful way is ~all until reports show that honest mail passes:\n  " +
			d + ". IN TXT " + txtData(strings.TrimSuffix(text, rec.All().Text)+"~all")
		if !strings.HasSuffix(text, rec.All().Text) {
			ch.Starts = "Its -all was never in force as it is meant: with this record it starts. The careful way is ~all until reports show that honest mail passes"
		}
	}
	return ch
}

// firstSPF offers a first record, where what is there says what it must hold.
func (s *snippet) firstSPF() {
	r, d := s.r, s.r.Domain
	if r.MX.State == report.StateUnknown {
		return
	}
	shows, known := s.senders()
	if r.MX.Null || len(r.MX.Hosts) == 0 {
		switch {
		case len(shows) > 0:
			s.say("SPF: %s sends mail (%s); name its hosts and services in a record v=spf1 … ~all", d, shows[0])
		case known:
			s.offer(report.DomainChange{Check: "spf", Name: d, Type: "TXT", Value: "v=spf1 -all",
				Why: []string{d + " receives no mail, and nothing shows that it sends any; this says so"}})
		}
		return
	}
	var terms, why []string
	add := func(p *provider, because string) {
		if p != nil && p.include != "" && !slices.Contains(terms, "include:"+p.include) && len(terms) < 8 {
			terms = append(terms, "include:"+p.include)
			why = append(why, fmt.Sprintf("  include:%s: %s (%s)", p.include, because, p.source))
		}
	}
	own, foreign := 0, ""
	for i := range r.MX.Hosts {
		h := &r.MX.Hosts[i]
		p := mxProvider(h.Hostname)
		switch {
		case p != nil && (p.include != "" || !p.boxes):
			add(p, "its MX host "+h.Hostname)
			if p.include == "" {
				foreign = h.Hostname
			}
		case s.c.own(h.Hostname) && h.State == report.StatePresent && len(h.CNAME) == 0:
			own++
		default:
			foreign = h.Hostname
		}
	}
	for i := range r.DKIM.Keys {
		k := &r.DKIM.Keys[i]
		if k.State == report.StatePresent && !k.Revoked || len(k.CNAME) > 0 {
			add(providerNamed(k.Provider), "its DKIM selector "+k.Selector)
		}
	}
	if text, ok := s.collection(); ok {
		terms = append([]string{"include:_spf." + d}, terms...)
		why = append([]string{fmt.Sprintf("  include:_spf.%s: the record that stands there, %s", d, text)}, why...)
		own = 0 // what sends is named there
	}
	if own > 0 {
		terms = append([]string{"mx"}, terms...)
		why = append([]string{"  mx: its own MX hosts"}, why...)
	}
	if len(terms) == 0 {
		s.say("SPF: who sends for %s does not show (%s takes mail in, and need not send). Name the hosts and services", d, foreign)
		s.say("that send in a record v=spf1 … ~all; their help pages give the terms")
		return
	}
	s.offer(report.DomainChange{Check: "spf", Name: d, Type: "TXT", Value: "v=spf1 " + strings.Join(terms, " ") + " ~all",
		Why: slices.Concat([]string{"SPF, a beginning: what the DNS shows of who sends for " + d + ". Add the other hosts and services that do,",
			"and go from ~all to -all when all are named:"}, why)})
}

// collection is a sound SPF record at _spf, which is there to be included. No
// receiver looks at it by itself.
func (s *snippet) collection() (string, bool) {
	name := "_spf." + s.r.Domain
	a := s.c.ask(name, dns.TypeTXT)
	var found string
	for _, text := range a.Texts() {
		if spf.IsRecord(text) {
			if found != "" {
				return "", false
			}
			found = text
		}
	}
	rec, errs := spf.Parse(found)
	return found, found != "" && len(errs) == 0 && names(rec) && !s.c.wild(name, found)
}

func (s *snippet) helo() {
	for i := range s.r.MX.Hosts {
		h := &s.r.MX.Hosts[i]
		if h.SPF == nil || h.SPF.State != report.StateAbsent || !s.c.own(h.Hostname) || len(h.CNAME) > 0 || h.Hostname == s.c.domain {
			continue
		}
		if a := s.c.ask(h.Hostname, dns.TypeTXT); slices.ContainsFunc(a.Texts(), func(t string) bool { return meansSPF(peel(t).text) }) {
			continue
		}
		s.offer(report.DomainChange{Check: "spf", Name: h.Hostname, Type: "TXT", Value: "v=spf1 a ~all",
			Why: []string{fmt.Sprintf("bounces from %s are judged by its own name (RFC 7208 §2.3); with -all where it sends from its own address only", h.Hostname)}})
	}
}

func (s *snippet) dkim() {
	for i := range s.r.DKIM.Keys {
		k := &s.r.DKIM.Keys[i]
		if k.State != report.StatePresent || holds(k.Valid) || k.Records != 1 || len(k.CNAME) > 0 || k.Revoked {
			continue
		}
		if what := privateKey(k.Record); what != "" {
			s.say("DKIM: %s stands at %s, for everybody to take. Make a new pair, publish its public key under a new", what, k.Location)
			s.say("selector, and remove this record at once")
			continue
		}
		if m, ok := repairKey(k.Record); ok {
			s.offer(report.DomainChange{Check: "dkim", Name: k.Location, Type: "TXT", Value: m.text, Remove: txtAt(k.Location, k.Record),
				Why: []string{"DKIM: " + m.why()}, Repairs: true})
		}
	}
}

// keyData is p= of a key record.
func keyData(record string) string {
	tags, _ := dkim.ParseTags(record)
	p, _ := dkim.TagValue(tags, "p")
	return strings.Join(strings.Fields(p), "")
}

// ownDMARC reports that the record stands at the domain itself.
func (s *snippet) ownDMARC() bool {
	l := s.r.DMARC.Location
	return l != nil && *l == "_dmarc."+s.r.Domain
}

func (s *snippet) dmarc() {
	r, d := s.r, s.r.Domain
	name := "_dmarc." + d
	here := s.c.ask(name, dns.TypeTXT)
	var texts []string // meant as DMARC records
	for _, t := range here.Texts() {
		if dmarc.ParseRecord(t).IsDMARC() || formDMARC.meant(peel(t).text, true) {
			texts = append(texts, t)
		}
	}
	switch {
	case here.gap || r.DMARC.State == report.StateUnknown:
		return
	case len(texts) > 0 && len(here.CNAMEs) > 0:
		if r.DMARC.Error != nil || s.has["dmarc-tag-invalid"] {
			s.say("DMARC: the record is that of %s, which %s points at: it has to be fixed there", here.CNAMEs[len(here.CNAMEs)-1], name)
		}
	case len(texts) == 0 && len(r.DMARC.Misplaced) == 1 && r.DMARC.State == report.StateAbsent:
		from, text, _ := strings.Cut(r.DMARC.Misplaced[0], ": ")
		was := text
		why := []string{"DMARC: the record that stands at " + from + ", where receivers look; remove it there"}
		if rec := dmarc.ParseRecord(text); !rec.IsDMARC() || !rec.Usable(dmarc.RFC9989) {
			m, ok := formDMARC.repair(text)
			if !ok {
				return
			}
			text = m.text
			why = append(why, m.why())
		}
		s.policy(text, txtAt(from, was), why)
	case len(texts) == 1:
		if m, ok := formDMARC.repair(texts[0]); ok && worstOf(r, "dmarc") > 0 {
			s.policy(m.text, txtAt(name, texts[0]), []string{"DMARC: " + m.why()})
		}
	case len(texts) > 1:
		if text, ok := chooseDMARC(texts); ok {
			s.policy(text, txtAt(name, texts...), []string{fmt.Sprintf("DMARC: one of the %d records that are there; receivers discard them all while there are several", len(texts))})
		}
	case r.DMARC.State == report.StateAbsent && s.c.aliasOf(name) != "":
		s.say("DMARC: %s is an alias of %s, where there is no record. Set the record up there, or remove", name, s.c.aliasOf(name))
		s.say("the CNAME record before a record of your own takes its place")
	case r.DMARC.State == report.StateAbsent:
		s.say("DMARC, a beginning: reports on who sends in the name of %s. Read them, then go on to p=quarantine", d)
		s.say("and p=reject. Put a mailbox that exists, and that takes such reports, in the place of %s:", placeholder)
		s.say("  %s. IN TXT \"v=DMARC1; p=none; rua=mailto:%s\"", name, placeholder)
	}
	if s.has["dmarc-no-reports"] && r.DMARC.Record != nil && s.ownDMARC() && len(s.changed("dmarc")) == 0 {
		text := strings.TrimRight(*r.DMARC.Record, "; \t")
		s.say("DMARC with reports: put a mailbox that exists in the place of %s:", placeholder)
		s.say("  %s. IN TXT %s", name, strings.ReplaceAll(txtData(text+"; rua=mailto:"+placeholder), "\n", " "))
	}
	for i := range r.DMARC.External {
		e := &r.DMARC.External[i]
		if e.Authorized != nil && !*e.Authorized {
			s.say("to be published by %s, which is to receive reports (RFC 9990 §4):", e.Domain)
			s.say("  %s. IN TXT %s", e.Location, txtData("v=DMARC1"))
		}
	}
}

func (s *snippet) changed(check string) []report.DomainChange {
	var out []report.DomainChange
	for _, ch := range s.changes {
		if ch.Check == check {
			out = append(out, ch)
		}
	}
	return out
}

// policy offers a DMARC record. Where its policy was not in force, the reader
// is told that it starts; where nothing that the domain sends is known to pass,
// the careful form is the record, and the owner's stands beside it.
func (s *snippet) policy(text string, remove []report.ZoneRecord, why []string) {
	d := s.r.Domain
	ch := report.DomainChange{Check: "dmarc", Name: "_dmarc." + d, Type: "TXT", Value: text, Remove: remove, Why: why, Repairs: true}
	asked := ""
	now, rec := &s.c.policies[0], dmarc.ParseRecord(text)
	tags := []string{"p", "sp", "np"}
	for i, e := range [...]effect{now.domain, now.existing, now.missing} {
		v, has := rec.Tag(tags[i])
		if word := policyWord(v); has && asked == "" && wordStrength(word) > e.strength() {
			asked = tags[i] + "=" + word
		}
	}
	if asked != "" {
		careful, _ := withTag(text, "p", "none")
		for _, tag := range [...]string{"sp", "np"} {
			if v, ok := dmarc.ParseRecord(careful).Tag(tag); ok && policyWord(v) != "none" {
				careful, _ = withTag(careful, tag, "none")
			}
		}
		other := careful
		ch.Starts = fmt.Sprintf("%s was never in force: it starts when this record is published, and mail that does not pass is then refused or sorted out.\nThe careful way is p=none first, until the reports show that honest mail passes:", asked)
		if !s.passes() {
			ch.Value, other = careful, text
			ch.Starts = fmt.Sprintf("%s was never in force. Nothing that %s sends is known to pass SPF or DKIM, so the careful way, p=none, comes first;\nthe policy that is meant starts later with:", asked, d)
		}
		ch.Starts += "\n  _dmarc." + d + ". IN TXT " + txtData(other)
	}
	s.offer(ch)
}

// passes reports whether anything that the domain sends is known to pass.
func (s *snippet) passes() bool {
	a := s.c.authorized
	if a != nil && len(a.IPv4)+len(a.IPv6)+len(a.Open) > 0 {
		return true
	}
	for _, ch := range s.changed("spf") {
		if rec, _ := spf.Parse(ch.Value); ch.Name == s.c.domain && names(rec) {
			return true
		}
	}
	return slices.ContainsFunc(s.r.DKIM.Keys, func(k report.DKIMKey) bool { return holds(k.Valid) })
}

func (s *snippet) transport() {
	r, d := s.r, s.r.Domain
	if len(r.MX.Hosts) == 0 {
		return
	}
	s.meantRecord(&formSTS, "_mta-sts."+d, &r.MTASTS.DomainCheck)
	if s.has["transport-policy-missing"] && r.MTASTS.State == report.StateAbsent && !s.has["mta-sts-record-invalid"] {
		s.stsFile()
	}
	if s.meantRecord(&formTLSRPT, "_smtp._tls."+d, &r.TLSRPT.DomainCheck) {
		return
	}
	if r.TLSRPT.State == report.StateAbsent || r.TLSRPT.Error != nil {
		s.say("TLS-RPT: reports on TLS (RFC 8460). Put a mailbox that exists in the place of %s:", placeholder)
		s.say("  _smtp._tls.%s. IN TXT \"v=TLSRPTv1; rua=mailto:%s\"", d, placeholder)
	}
}

// stsFile shows an MTA-STS policy for the MX hosts, where all that matter can be
// named.
func (s *snippet) stsFile() {
	r, d := s.r, s.r.Domain
	var lines []string
	for i := range r.MX.Hosts {
		h := &r.MX.Hosts[i]
		switch {
		case h.State == report.StateUnknown:
			return
		case h.State == report.StatePresent && reachable(h) && len(h.CNAME) == 0:
			lines = append(lines, "mx: "+h.Hostname)
		}
	}
	if len(lines) == 0 {
		return
	}
	s.say("MTA-STS (RFC 8461), in this order: a valid certificate on each MX host; this file at")
	s.say("https://mta-sts.%s%s; then the record. Change id= with each change of the file:", d, policyDefault)
	for _, line := range slices.Concat([]string{"version: STSv1", "mode: testing"}, lines, []string{"max_age: 1209600"}) {
		s.say("  %s", line)
	}
	s.say("  _mta-sts.%s. IN TXT \"v=STSv1; id=1\"", d)
}

// reachable reports whether a host has an address on the Internet.
func reachable(h *report.MXHost) bool {
	return slices.ContainsFunc(h.Addresses, func(a report.MXAddress) bool { return a.Scope == "public" || a.Scope == "documentation" })
}

// meantRecord offers the texts that are meant as a record of one form, repaired.
// It is true where there is such a text.
func (s *snippet) meantRecord(f *form, name string, check *report.DomainCheck) bool {
	a := s.c.ask(name, dns.TypeTXT)
	if a.gap || check.State == report.StatePresent && check.Error == nil {
		return false
	}
	var texts []string
	for _, t := range a.Texts() {
		if f.meant(peel(t).text, true) {
			texts = append(texts, t)
		}
	}
	if strays := s.c.stray[f.check]; len(texts) == 0 && len(strays) > 0 {
		x := strays[0]
		text, why := x.text, ""
		if m, ok := f.repair(text); ok {
			text, why = m.text, "; "+m.why()
		}
		s.offer(report.DomainChange{Check: f.check, Name: name, Type: "TXT", Value: text, Remove: txtAt(x.from, x.text), Repairs: true,
			Why: []string{f.name + ": the record that stands at " + x.from + ", where senders look; remove it there" + why}})
		return true
	}
	if len(texts) == 0 {
		if to := s.c.aliasOf(name); to != "" {
			s.say("%s: %s is an alias of %s, where there is no record: set it up there, or remove the CNAME record", f.name, name, to)
			return true
		}
		return false
	}
	if len(a.CNAMEs) > 0 {
		s.say("%s: the record is that of %s, which %s points at: it has to be fixed there", f.name, a.CNAMEs[len(a.CNAMEs)-1], name)
		return true
	}
	text, why := texts[0], ""
	if len(texts) > 1 {
		why = fmt.Sprintf("one of the %d records that are there", len(texts))
	}
	if m, ok := f.repair(texts[0]); ok {
		text, why = m.text, strings.Trim(m.why()+"; "+why, "; ")
	} else if len(texts) == 1 {
		return false
	}
	s.offer(report.DomainChange{Check: f.check, Name: name, Type: "TXT", Value: text, Remove: txtAt(name, texts...), Why: []string{f.name + ": " + why}, Repairs: true})
	return true
}

func (s *snippet) bimi() {
	r, d := s.r, s.r.Domain
	name := "default._bimi." + d
	if s.meantRecord(&formBIMI, name, &r.BIMI.DomainCheck) || r.BIMI.State != report.StateAbsent || len(r.BIMI.Misplaced) != 1 {
		return
	}
	from, text, _ := strings.Cut(r.BIMI.Misplaced[0], ": ")
	was := text
	if m, ok := formBIMI.repair(text); ok {
		text = m.text
	}
	s.offer(report.DomainChange{Check: "bimi", Name: name, Type: "TXT", Value: text, Remove: txtAt(from, was), Why: []string{"BIMI: the record that stands at " + from + ", where receivers look"}, Repairs: true})
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
		if r < ' ' && r != '\n' || r == 0x7f || r > '~' && r != '§' && r != '…' {
			return '?'
		}
		return r
	}, s)
}
