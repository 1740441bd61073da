package mailtrace_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// The published record of this field as a list of tests: vulnerabilities of
// programs that do what this one does, and attacks on mail authentication.
// docs/attacks.md is the table for people; TestAttackTable holds the two
// against each other. victim.example is who is imitated (p=reject), evil.example
// who attacks, mx.reader.example the server of the reader.

// attackKey signs for both, from a fixed seed.
var attackKey = ed25519.NewKeyFromSeed(func() []byte { s := sha256.Sum256([]byte("attacks")); return s[:] }())

var attackZone = `reader.example. MX 10 mx.reader.example.
mx.reader.example. A 203.0.113.5
5.113.0.203.in-addr.arpa. PTR mx.reader.example.
victim.example. MX 10 mail.victim.example.
victim.example. TXT "v=spf1 ip4:192.0.2.10 -all"
mail.victim.example. A 192.0.2.10
10.2.0.192.in-addr.arpa. PTR mail.victim.example.
_dmarc.victim.example. TXT "v=DMARC1; p=reject"
s._domainkey.victim.example. TXT "v=DKIM1; k=ed25519; p=KEY"
evil.example. MX 10 mx.evil.example.
evil.example. TXT "v=spf1 ip4:198.51.100.66 -all"
mx.evil.example. A 198.51.100.66
66.100.51.198.in-addr.arpa. PTR mx.evil.example.
_dmarc.evil.example. TXT "v=DMARC1; p=none"
s._domainkey.evil.example. TXT "v=DKIM1; k=ed25519; p=KEY"
`

const (
	fromVictim = "From: Victim Bank <service@victim.example>\r\n"
	fromEvil   = "From: Mallory <m@evil.example>\r\n"
	otherLines = "To: bob@reader.example\r\nSubject: Thursday\r\nDate: Wed, 2 Dec 2026 10:00:00 +0000\r\nMessage-ID: <1@x.example>\r\n"
	shortBody  = "\r\nHello\r\n"
)

// received is the line of the reader's server on a message from the attacker.
func fromEvilHost(mailFrom string) string {
	return "Return-Path: <" + mailFrom + ">\r\nReceived: from mx.evil.example (mx.evil.example [198.51.100.66])\r\n\tby mx.reader.example (Postfix) with ESMTPS id 4XyZ055bKz9\r\n\tfor <bob@reader.example>; Wed, 2 Dec 2026 10:00:05 +0000 (UTC)\r\n"
}

// sign puts a signature of a domain on top of a message.
func sign(t *testing.T, domain, text string, names ...string) string {
	t.Helper()
	if len(names) == 0 {
		names = []string{"From", "To", "Subject", "Date"}
	}
	field, err := dkim.Sign(message.Parse([]byte(text)), dkim.SignOptions{Domain: domain, Selector: "s", Key: attackKey, Headers: names})
	if err != nil {
		t.Fatal(err)
	}
	return string(field) + text
}

// attacksTo is a folder for the inputs of all attacks, for other programs:
// scripts/beside reads it.
var attacksTo = flag.String("attacks-to", "", "write the messages and zones of TestAttacks into this `folder`")

// An attackInput is one message and the zone that it is judged with.
type attackInput struct {
	Name    string      `json:"name"`
	Zone    [][3]string `json:"zone"` // name, type, value; the bytes of a TXT record as characters up to U+00FF
	IP      string      `json:"ip"`   // the client, its HELO and MAIL FROM
	Helo    string      `json:"helo"`
	From    string      `json:"from"`
	Verdict string      `json:"verdict"` // what this program says
	Author  string      `json:"author"`  // the domain of the author
	DMARC   string      `json:"dmarc"`
	Warned  string      `json:"warned"` // a finding of medium severity or above
}

var attackNumber int

func writeAttack(t *testing.T, raw string, zone *zonefile.Zone, text string, r *report.Report) {
	t.Helper()
	x := attackInput{Name: strings.TrimPrefix(t.Name(), "TestAttacks/"), IP: "198.51.100.66", Helo: "mx.evil.example", Verdict: string(r.Verdict.Status), Warned: warned(r)}
	if b := regexp.MustCompile(`^(?:[^\n]*\n)??Return-Path: <([^\n>]*)>`).FindStringSubmatch(raw); b != nil {
		x.From = b[1]
	}
	if b := regexp.MustCompile(`\nReceived: from (\S+) \(mx\.evil`).FindStringSubmatch(raw); b != nil {
		x.Helo = b[1]
	}
	if r.DMARC != nil {
		x.Author, x.DMARC = r.DMARC.FromDomain, string(r.DMARC.Result)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, ". ")
		if seen[name] {
			continue
		}
		seen[name] = true
		for _, typ := range []dns.Type{dns.TypeTXT, dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypePTR} {
			a, err := zone.Lookup(context.Background(), name, typ)
			if err != nil {
				t.Fatal(err)
			}
			for _, record := range a.Records {
				value := record.Data
				if typ == dns.TypeTXT {
					value = octets(record.Text)
				}
				x.Zone = append(x.Zone, [3]string{record.Name, typ.String(), value})
			}
		}
	}
	writeInput(t, x, []byte(raw))
}

// octets are the bytes of a text as characters up to U+00FF, which JSON keeps.
func octets(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func writeInput(t *testing.T, x attackInput, raw []byte) {
	t.Helper()
	attackNumber++
	base := filepath.Join(*attacksTo, fmt.Sprintf("%03d", attackNumber))
	out, err := json.Marshal(x)
	if err == nil {
		err = os.WriteFile(base+".json", out, 0o644)
	}
	if err == nil && raw != nil {
		err = os.WriteFile(base+".eml", raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// judged analyses a message; extra are further records of the zone.
func judged(t *testing.T, raw string, extra ...string) *report.Report {
	t.Helper()
	r, zone, text := judgedHonest(t, raw, extra...)
	if *attacksTo != "" {
		writeAttack(t, raw, zone, text, r)
	}
	return r
}

// judgedHonest is judged for a twin of an attack that is none: it is not handed to
// other programs. It returns the zone and its text too.
func judgedHonest(t *testing.T, raw string, extra ...string) (*report.Report, *zonefile.Zone, string) {
	t.Helper()
	public := base64.StdEncoding.EncodeToString(attackKey.Public().(ed25519.PublicKey))
	text := strings.ReplaceAll(attackZone, "KEY", public) + strings.Join(extra, "\n") + "\n"
	zone, err := zonefile.Parse("attacks.zone", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(raw), mailtrace.Options{Resolver: zone, TimeLimit: -1, CrossCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	everyFormat(t, r)
	return r, zone, text
}

// notVictim fails where the message counts as the victim's.
func notVictim(t *testing.T, r *report.Report) {
	t.Helper()
	if r.Verdict.Status == report.Authenticated && (r.DMARC == nil || r.DMARC.FromDomain == "victim.example") && warned(r) == "" {
		t.Errorf("authenticated: %s", r.Verdict.Summary)
	}
	if r.DMARC != nil && r.DMARC.FromDomain == "victim.example" && r.DMARC.Result == "pass" && warned(r) == "" {
		t.Errorf("DMARC passes for victim.example: %s", r.Verdict.Summary)
	}
}

// warned is a finding of severity medium or above, "" where there is none.
func warned(r *report.Report) string {
	for _, f := range r.Findings {
		if f.Severity == report.Critical || f.Severity == report.High || f.Severity == report.Medium {
			return f.Code
		}
	}
	return ""
}

func found(t *testing.T, r *report.Report, codes ...string) {
	t.Helper()
	for _, f := range r.Findings {
		for _, c := range codes {
			if f.Code == c {
				return
			}
		}
	}
	var have []string
	for _, f := range r.Findings {
		have = append(have, f.Code)
	}
	t.Errorf("none of %v found, but %v", codes, have)
}

// spfOf evaluates a record with the client 198.51.100.66.
func spfOf(t *testing.T, record string, from string) *spf.Evaluation {
	t.Helper()
	e, err := spf.Check(context.Background(), texts{"d.example": record, "x.d.example": record}, spf.Query{IP: mustAddr("198.51.100.66"), Helo: "mx.evil.example", MailFrom: from}, spf.Options{Tree: true, Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	if *attacksTo != "" {
		x := attackInput{Name: strings.TrimPrefix(t.Name(), "TestAttacks/"), IP: "198.51.100.66", Helo: "mx.evil.example", From: octets(from), Verdict: string(e.Result)}
		x.Zone = [][3]string{{"d.example", "TXT", octets(record)}, {"x.d.example", "TXT", octets(record)}}
		writeInput(t, x, nil)
	}
	return e
}

// paperAttacks are attacks on mail authentication that research has published, by
// the name that the table has.
var paperAttacks = map[string]func(t *testing.T){
	// "Composition Kills", USENIX Security 2020, by what they do.
	"Composition Kills: HELO": func(t *testing.T) { // SPF passes for HELO, From is another
		raw := strings.Replace(fromEvilHost(""), "mx.evil.example (mx", "helo.evil.example (mx", 1)
		notVictim(t, judged(t, raw+fromVictim+otherLines+shortBody, `helo.evil.example. TXT "v=spf1 +all"`))
	},
	"Composition Kills: empty MAIL FROM": func(t *testing.T) { // an empty or broken MAIL FROM
		for _, from := range []string{"", "(any@victim.example", "service@victim.example(.evil.example", "@evil.example,@victim.example:service@victim.example"} {
			notVictim(t, judged(t, fromEvilHost(from)+fromVictim+otherLines+shortBody))
		}
	},
	"Composition Kills: NUL in a name": func(t *testing.T) { // a NUL in d= or s=: the DNS is asked for less than is shown
		for _, d := range []string{"victim.example\x00.evil.example", "victim.example\\000.evil.example"} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=ed25519-sha256; d="+d+"; s=s; h=from; bh=AAAA; b=AAAA\r\n"+fromVictim+otherLines+shortBody))
		}
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"DKIM-Signature: v=1; a=ed25519-sha256; d=victim.example; s=attacker.com\x00.any; h=from; bh=AAAA; b=AAAA\r\n"+fromVictim+otherLines+shortBody))
	},
	"Composition Kills: comment in a domain": func(t *testing.T) { injected(t, "x@victim.example(.evil.example", "victim.example(.evil.example") },
	"Composition Kills: quote in a domain":   func(t *testing.T) { injected(t, "'@victim.example'x.evil.example", "victim.example'x.evil.example") },
	"Composition Kills: several From fields": func(t *testing.T) { // several From fields
		for _, from := range []string{fromEvil + fromVictim, fromVictim + fromEvil, " " + fromVictim + fromEvil, strings.Replace(fromVictim, "From:", "From :", 1) + fromEvil} {
			r := judged(t, fromEvilHost("m@evil.example")+"X-A: b\r\n"+sign(t, "evil.example", from+otherLines+shortBody))
			notVictim(t, r)
		}
	},
	"Composition Kills: folded From": func(t *testing.T) { // the name of the field stands alone on its line
		r := judged(t, fromEvilHost("m@evil.example")+"X-A: b\r\n"+sign(t, "evil.example", "From\r\n : <m@evil.example>\r\n"+fromVictim+otherLines+shortBody))
		notVictim(t, r)
	},
	"Composition Kills: subdomain in MAIL FROM": func(t *testing.T) { // a name below the victim that does not exist, SPF falls back to HELO
		raw := strings.Replace(fromEvilHost("any@mailfrom.notexist.victim.example"), "mx.evil.example (mx", "helo.evil.example (mx", 1)
		notVictim(t, judged(t, raw+fromVictim+otherLines+shortBody, `helo.evil.example. TXT "v=spf1 +all"`))
	},
	"Composition Kills: route in MAIL FROM": func(t *testing.T) {
		injected(t, "@victim.example,@any.example:'any@evil.example", "victim.example")
	},
	"Composition Kills: quoted pair":        func(t *testing.T) { ambiguous(t, `<service@victim.example>\,<m@evil.example>`) },
	"Composition Kills: special characters": func(t *testing.T) { ambiguous(t, "service@victim.example,<m@evil.example>") },
	"Composition Kills: several authors": func(t *testing.T) { // several addresses in From
		for _, v := range []string{"<service@victim.example>, <m@evil.example>", "<m@evil.example>, <service@victim.example>", "service@victim.example, m@evil.example"} {
			r := judged(t, fromEvilHost("m@evil.example")+"From: "+v+"\r\n"+otherLines+shortBody)
			notVictim(t, r)
			found(t, r, "dmarc-multiple-from")
		}
	},
	"Composition Kills: Sender and Resent-From": func(t *testing.T) { // From and Sender, Resent-From
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+fromVictim+"Sender: <m@evil.example>\r\nResent-From: <m@evil.example>\r\n"+otherLines+shortBody))
	},
	"Composition Kills: encoded words": func(t *testing.T) { ambiguous(t, "=?utf-8?q?=73ervice=40victim.example?= <m@evil.example>") },
	"Composition Kills: route": func(t *testing.T) { // a route
		ambiguous(t, "<@victim.example,@any.example:m@evil.example>")
	},
	"Composition Kills: address outside brackets": func(t *testing.T) { ambiguous(t, "<service@victim.example>m@evil.example") },
	"Composition Kills: several @ and quotes": func(t *testing.T) { // several @ and quotes
		ambiguous(t, "service@victim.example@evil.example")
		ambiguous(t, `"service@victim.example"@evil.example`)
	},
	"Composition Kills: comment or NUL in From": func(t *testing.T) { // a comment, a NUL or a character that ends the address
		ambiguous(t, "service@victim.example(m@evil.example")
		ambiguous(t, "service@victim.example\x00@evil.example")
	},
	"Composition Kills: replay with a second Subject": func(t *testing.T) { // replay of a signed message with another subject
		r := judged(t, fromEvilHost("m@evil.example")+"Subject: Your account\r\n"+sign(t, "victim.example", fromVictim+otherLines+shortBody))
		found(t, r, "header-field-doubled")
	},
	"Composition Kills: replay with a second Content-Type": func(t *testing.T) { // replay with a Content-Type that hides the signed body
		r := judged(t, fromEvilHost("m@evil.example")+"Content-Type: multipart/mixed; boundary=x\r\n"+sign(t, "victim.example", fromVictim+"Content-Type: text/plain\r\n"+otherLines+shortBody, "From", "To", "Subject", "Date", "Content-Type"))
		found(t, r, "header-field-doubled")
	},
	"Composition Kills: replay with a longer body": func(t *testing.T) { // text or a subject put to a signed message
		signed := sign(t, "victim.example", fromVictim+otherLines+shortBody)
		for _, changed := range []string{signed + "appended\r\n", strings.Replace(signed, "Subject: ", "Subject: [pay now] ", 1), strings.Replace(signed, "\r\nHello", "\r\nPay now to evil.example\r\nHello", 1)} {
			r := judged(t, fromEvilHost("m@evil.example")+changed)
			if r.DKIM[0].Result == "pass" {
				t.Error("text behind a signed body passes")
			}
			// The client may have made the change, so nothing holds for the victim, and
			// the recipient's server is not the one at fault.
			if r.DMARC.Result == "pass" || r.Verdict.Border.DMARC == "pass" || r.Verdict.AtFault == report.RoleRecipient {
				t.Errorf("dmarc=%s, %s at fault: %s", r.DMARC.Result, r.Verdict.AtFault, r.Verdict.Summary)
			}
			// From the victim's own host nobody but the recipient's server can have.
			own := strings.NewReplacer("mx.evil.example", "mail.victim.example", "198.51.100.66", "192.0.2.10").Replace(fromEvilHost("service@victim.example"))
			if r, _, _ := judgedHonest(t, own+changed); r.DMARC.Result != "pass" || r.Verdict.Border.DKIM != "pass" {
				t.Errorf("dmarc=%s, dkim=%s: %s", r.DMARC.Result, r.Verdict.Border.DKIM, r.Verdict.Summary)
			}
		}
	},
	"Composition Kills: repaired by a gateway": func(t *testing.T) { // a header that a gateway of the reader repairs before it signs
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"X-A: b\rFrom: Victim <service@victim.example>\r\n"+fromEvil+otherLines+shortBody))
		found(t, judged(t, fromEvilHost("m@evil.example")+"X-A: b\rFrom: Victim <service@victim.example>\r\n"+fromEvil+otherLines+shortBody), "header-field-hidden")
	},
	"Composition Kills: signed by a provider": func(t *testing.T) { // a mail provider signs whatever From its user gives
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", fromVictim+otherLines+shortBody)))
	},

	// "Weak Links in Authentication Chains", USENIX Security 2021.
	"Weak Links: empty MAIL FROM": func(t *testing.T) { notVictim(t, judged(t, fromEvilHost("")+fromVictim+otherLines+shortBody)) },
	"Weak Links: subdomain": func(t *testing.T) { // a name below the victim that does not exist
		r := judged(t, fromEvilHost("m@evil.example")+strings.Replace(fromVictim, "victim.example", "mail-admin.victim.example", 1)+otherLines+shortBody)
		if r.Verdict.Status == report.Authenticated {
			t.Error(r.Verdict.Summary)
		}
	},
	"Weak Links: IDN homograph": func(t *testing.T) { // xn-- of a look-alike
		r := judged(t, fromEvilHost("m@evil.example")+"From: Bank <service@xn--vctim-q4a.example>\r\n"+otherLines+shortBody)
		if r.Verdict.Status == report.Authenticated {
			t.Error(r.Verdict.Summary)
		}
	},
	"Weak Links: right-to-left override": func(t *testing.T) { // judged shows every format without it
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+"From: \u202eknab@elpmaxe.mitciv <m@evil.example>\r\n"+otherLines+shortBody))
	},
	"Weak Links: missing UI rendering": func(t *testing.T) { // characters that do not show
		r := judged(t, fromEvilHost("m@evil.example")+"From: service\u200b@victim.example <m@evil.example>\r\n"+otherLines+shortBody)
		notVictim(t, r)
	},
	"Weak Links: unauthorised forwarding": func(t *testing.T) { // the forwarder's SPF, the victim's From
		notVictim(t, judged(t, fromEvilHost("bounce+x@evil.example")+"Received: from a ([192.0.2.10]) by mx.evil.example with ESMTP id 1; Wed, 2 Dec 2026 10:00:03 +0000\r\n"+fromVictim+otherLines+shortBody))
	},
	"Weak Links: ARC of the attacker": func(t *testing.T) { // a chain that claims dmarc=pass
		arc := "ARC-Seal: i=1; a=ed25519-sha256; d=evil.example; s=s; cv=none; b=AAAA\r\nARC-Message-Signature: i=1; a=ed25519-sha256; d=evil.example; s=s; h=from; bh=AAAA; b=AAAA\r\nARC-Authentication-Results: i=1; mx.reader.example; dmarc=pass header.from=victim.example\r\n"
		notVictim(t, judged(t, fromEvilHost("m@evil.example")+arc+fromVictim+otherLines+shortBody))
	},

	"Weak Links: user name and MAIL FROM": func(t *testing.T) { // the user of a provider writes another one's address
		notVictim(t, judged(t, fromEvilHost("service@victim.example")+sign(t, "evil.example", fromVictim+otherLines+shortBody)))
	},
	"Weak Links: MAIL FROM and From": func(t *testing.T) { // SPF passes for MAIL FROM, From is another
		for _, from := range []string{fromVictim, "From: service@mail.victim.example\r\n"} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+from+otherLines+shortBody))
		}
	},
	"Weak Links: several From fields": func(t *testing.T) { // and unlike names that some read as From
		for _, from := range []string{fromVictim + fromEvil, fromEvil + fromVictim, "Sender: service@victim.example\r\n" + fromEvil, "From\xff: service@victim.example\r\n" + fromEvil, "FrOM: service@victim.example\r\n" + fromEvil} {
			notVictim(t, judged(t, fromEvilHost("m@evil.example")+sign(t, "evil.example", from+otherLines+shortBody)))
		}
	},
	"Weak Links: several authors": func(t *testing.T) { ambiguous(t, "<service@victim.example>, <m@evil.example>") },
	"Weak Links: parsing": func(t *testing.T) { // bytes and characters at which programs stop
		for _, v := range []string{"<service@victim.example\xff@evil.example>", "<service@victim.example\x00@evil.example>", "<service@victim.example\u3002evil.example>", "<service@victim.example ,m@evil.example>", "<service@victim.example;m@evil.example>", "(<service@victim.example>)<m@evil.example>,", ",()<m@evil.example>(service@victim.example),("} {
			r := judged(t, fromEvilHost("m@evil.example")+"From: "+v+"\r\n"+otherLines+shortBody)
			notVictim(t, r)
		}
	},
	"Weak Links: encoding": func(t *testing.T) { // an encoded local part before the attacker's domain
		ambiguous(t, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte("service@victim.example"))+"?==?utf-8?b?/w==?=@evil.example")
		ambiguous(t, "<=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte("service@victim.example"))+"?=@evil.example>")
	},
	"Weak Links: DKIM fraud": func(t *testing.T) { // a forwarder signs what it forwards with its own domain
		r := judged(t, fromEvilHost("srs0=x=y=victim.example=service@evil.example")+sign(t, "evil.example", "X-Forwarded-To: bob@reader.example\r\n"+fromVictim+otherLines+shortBody))
		notVictim(t, r)
		if r.DMARC == nil || r.DMARC.Result == "pass" {
			t.Errorf("%+v", r.DMARC)
		}
	},

	// SMTP smuggling, 2023 and 2026.
	"CVE-2023-51764": smuggled, "CVE-2023-51765": smuggled, "CVE-2023-51766": smuggled, "CVE-2026-94057": smuggled,

	// Replay.
	"DKIM replay": func(t *testing.T) { // a whole signed message, sent on to others
		r := judged(t, strings.Replace(fromEvilHost("m@evil.example"), "bob@", "carl@", 1)+sign(t, "victim.example", fromVictim+otherLines+shortBody))
		if r.DKIM[0].Result != "pass" || r.SPF == nil || r.SPF.Domain == "victim.example" {
			t.Errorf("%+v", r.DKIM[0])
		}
		// One message alone does not prove a replay: a forwarder looks the same.
		if r.Border == nil || r.Border.ClientIP != "198.51.100.66" {
			t.Errorf("%+v", r.Border)
		}
	},
	"BIMI by l=": func(t *testing.T) { // zone.eu 2024: l= of a signature, Content-Type not signed
		signed := sign(t, "victim.example", fromVictim+otherLines+shortBody)
		signed = strings.Replace(signed, "d=victim.example", "d=victim.example; l=7", 1)
		r := judged(t, fromEvilHost("m@evil.example")+signed+"<h1>pay here</h1>\r\n")
		notVictim(t, r)
	},
}

func injected(t *testing.T, mailFrom, d string) {
	t.Helper()
	signature := "DKIM-Signature: v=1; a=ed25519-sha256; d=" + d + "; s=s; h=from; bh=AAAA; b=AAAA\r\n"
	results := "Authentication-Results: mx.reader.example; spf=pass smtp.mailfrom=" + mailFrom + "; dkim=pass header.d=" + d + "; dmarc=pass header.from=" + d + "\r\n"
	notVictim(t, judged(t, fromEvilHost(mailFrom)+signature+fromVictim+otherLines+shortBody))
	notVictim(t, judged(t, fromEvilHost(mailFrom)+results+signature+fromVictim+otherLines+shortBody))
}

// ambiguous is a From that programs read differently: the victim is never
// believed, and where another author is, that is said.
func ambiguous(t *testing.T, from string) {
	t.Helper()
	r := judged(t, fromEvilHost("m@evil.example")+"From: "+from+"\r\n"+otherLines+shortBody)
	notVictim(t, r)
	if r.DMARC != nil && r.DMARC.FromDomain == "victim.example" {
		return
	}
	found(t, r, "author-ambiguous", "display-name-spoof", "dmarc-multiple-from", "direct-spoof", "header-field-hidden")
}

// smuggled is a second message behind an end that only some servers see. What
// arrives as one message stays one, and what arrives apart is judged apart.
func smuggled(t *testing.T) {
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n\x00.\r\n"} {
		first := fromEvilHost("m@evil.example") + fromEvil + otherLines + shortBody
		second := fromVictim + otherLines + shortBody
		r := judged(t, first+end+"MAIL FROM:<service@victim.example>\r\nDATA\r\n"+second)
		if len(r.Message.From) != 1 || r.Message.From[0].Domain != "evil.example" {
			t.Errorf("%q: %+v", end, r.Message.From)
		}
		// It came through the server of the victim's provider: SPF passes for the
		// provider, and the message has no signature of the victim.
		notVictim(t, judged(t, fromEvilHost("service@victim.example")+second))
	}
}

// attacks are all, by the name that the table has.
func attacks() map[string]func(t *testing.T) {
	all := maps.Clone(programAttacks)
	maps.Copy(all, paperAttacks)
	return all
}

func TestAttacks(t *testing.T) {
	for name, test := range attacks() {
		t.Run(name, test)
	}
}

// The table for people and the tests name the same.
func TestAttackTable(t *testing.T) {
	text, err := os.ReadFile("docs/attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	text, _, found := bytes.Cut(text, []byte("\n## Beside other programs\n")) // from there on: who holds
	if !found {
		t.Error("no section on other programs")
	}
	rows := map[string]bool{}
	for line := range bytes.Lines(text) {
		if cells := strings.Split(string(line), "|"); len(cells) > 4 && strings.HasPrefix(string(line), "| ") && !strings.HasPrefix(cells[1], " name") {
			rows[strings.TrimSpace(cells[1])] = true
		}
	}
	attacks := attacks()
	for name := range attacks {
		if !rows[name] {
			t.Errorf("%s has a test, and no row in docs/attacks.md", name)
		}
	}
	for name := range rows {
		if attacks[name] == nil {
			t.Errorf("%s has a row in docs/attacks.md, and no test", name)
		}
	}
}
