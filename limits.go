package mailtrace

import (
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/message/mailbox"
	"github.com/mailtrace/mailtrace/spf"
)

// Limit is one bound that hostile input meets.
type Limit struct {
	What  string // "header fields of a message"
	Most  int64  // in Unit
	Unit  string // "", "bytes", "seconds"
	Where string // the constant, and where it is hit: in what the report says so
}

// Limits is the table of what is bounded. SECURITY.md shows it; a test holds
// the page against it.
func Limits() []Limit {
	return []Limit{
		{"a message", MaxMessage, "bytes", "mailtrace.MaxMessage: an error"},
		{"messages inside messages that are analysed", maxEmbeddedDepth, "levels", "a gap"},
		{"waiting for the DNS, one message", int64(DefaultTimeLimit.Seconds()), "seconds", "Options.TimeLimit, --time-limit: a gap"},
		{"DNS questions, one message", MaxQuestions, "", "mailtrace.MaxQuestions: a gap"},
		{"DNS answers, one message", MaxAnswerBytes, "bytes", "mailtrace.MaxAnswerBytes: a gap"},
		{"time-outs of a resolver that has answered nothing", deadAfter, "", "asked no more: a gap"},
		{"time-outs below one organisation that has answered nothing", deadZone, "", "asked no more: a gap"},
		{"header fields", message.MaxFields, "", "message.MaxFields: the note field-limit"},
		{"Received fields", headers.MaxHops, "", "headers.MaxHops: a gap"},
		{"one Received field", received.MaxField, "bytes", "received.MaxField: a note of the hop"},
		{"verdicts of servers in a header", headers.MaxClaims, "", "headers.MaxClaims: a gap"},
		{"verdicts in one field", authres.MaxFieldVerdicts, "", "authres.MaxFieldVerdicts"},
		{"authors of a From field", mailbox.Max, "", "mailbox.Max: a problem of the author"},
		{"DKIM signatures that are verified", dkim.DefaultMaxSignatures, "", "dkim.Options.MaxSignatures"},
		{"key records at one name", dkim.MaxKeys, "", "dkim.MaxKeys: the reason of the signature"},
		{"tags of a signature or key", dkim.MaxTags, "", "dkim.MaxTags: permerror"},
		{"an RSA key", dkim.MaxKeyBits, "bits", "dkim.MaxKeyBits: dkim-key-malformed"},
		{"hashes of one search for what broke a signature", repair.DefaultMaxHashes, "", "repair.Options: the search is not complete"},
		{"a body that is searched", repair.MaxRepairBody, "bytes", "repair.MaxRepairBody"},
		{"ARC sets", arc.MaxInstance, "", "RFC 8617 §4.2.1: the chain fails"},
		{"DMARC look-ups of one walk", dmarc.MaxQueries, "", "RFC 9989 §4.10"},
		{"SPF terms with look-ups", spf.DefaultMaxLookups, "", "RFC 7208 §4.6.4: permerror"},
		{"an SPF record", spf.MaxRecord, "bytes", "spf.MaxRecord: permerror"},
		{"nested includes", spf.MaxDepth, "", "spf.MaxDepth: permerror"},
		{"an expanded macro", spf.MaxExpansion, "bytes", "spf.MaxExpansion: not asked for"},
		{"CNAMEs behind a name", dns.MaxCNAMEs, "", "dns.MaxCNAMEs: malformed"},
		{"DNS questions, one domain", domain.MaxQuestions, "", "domain.MaxQuestions: a gap"},
		{"DNS questions under way, one domain", domain.MaxConcurrent, "", "domain.MaxConcurrent"},
		{"problems of one kind that are listed", domain.MaxAlike, "", "domain.MaxAlike: the rest is counted"},
		{"an MTA-STS policy", domain.MaxPolicy, "bytes", "domain.MaxPolicy: a problem"},
	}
}
