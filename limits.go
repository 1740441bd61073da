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
		{"DKIM signatures that are verified", dkim.DefaultMaxSignatures, "", "dkim.DefaultMaxSignatures, dkim.Options.MaxSignatures"},
		{"key records at one name", dkim.MaxKeys, "", "dkim.MaxKeys: the reason of the signature"},
		{"tags of a signature or key", dkim.MaxTags, "", "dkim.MaxTags: permerror"},
		{"an RSA key", dkim.MaxKeyBits, "bits", "dkim.MaxKeyBits: dkim-key-malformed"},
		{"hashes of one search for what broke a signature", repair.DefaultMaxHashes, "", "repair.DefaultMaxHashes, repair.Options: the search is not complete"},
		{"a body that is searched", repair.MaxRepairBody, "bytes", "repair.MaxRepairBody: the search is not complete"},
		{"ARC sets", arc.MaxInstance, "", "arc.MaxInstance, RFC 8617 §4.2.1: the chain fails"},
		{"DMARC look-ups of one walk", dmarc.MaxQueries, "", "dmarc.MaxQueries, RFC 9989 §4.10"},
		{"SPF terms with look-ups", spf.DefaultMaxLookups, "", "spf.DefaultMaxLookups, RFC 7208 §4.6.4: permerror"},
		{"an SPF record", spf.MaxRecord, "bytes", "spf.MaxRecord: permerror"},
		{"nested includes", spf.MaxDepth, "", "spf.MaxDepth: permerror"},
		{"an expanded macro", spf.MaxExpansion, "bytes", "spf.MaxExpansion: not asked for"},
		{"CNAMEs behind a name", dns.MaxCNAMEs, "", "dns.MaxCNAMEs: malformed"},
		{"DNS questions, one domain", domain.MaxQuestions, "", "domain.MaxQuestions: a gap"},
		{"DNS questions under way, one domain", domain.MaxConcurrent, "", "domain.MaxConcurrent"},
		{"problems of one kind that are listed", domain.MaxAlike, "", "domain.MaxAlike: the rest is counted"},
		{"an MTA-STS policy", domain.MaxPolicy, "bytes", "domain.MaxPolicy: a problem"},
		{"a header that is authenticated in one pass", MaxHeader, "bytes", "mailtrace.MaxHeader: Authenticate returns an error"},
		{"notes on the form of a message", message.MaxNotes, "", "message.MaxNotes: a repeated one is counted"},
		{"verdicts read of a message", authres.MaxVerdicts, "", "authres.MaxVerdicts: Verdict.Truncated"},
		{"properties of one verdict", authres.MaxProperties, "", "authres.MaxProperties: Verdict.Truncated"},
		{"comments of one verdict", authres.MaxComments, "", "authres.MaxComments: Verdict.Truncated"},
		{"a body from a reader", dkim.MaxBody, "bytes", "dkim.MaxBody: an error"},
		{"copied fields read of z=", dkim.MaxCopied, "", "dkim.MaxCopied"},
		{"the signed fields of a header that is searched", repair.MaxRepairHeader, "bytes", "repair.MaxRepairHeader: the search is not complete"},
		{"the text of one change", repair.MaxChangeText, "bytes", "repair.MaxChangeText: cut"},
		{"the lines shown of one change", repair.MaxChangeDiff, "bytes", "repair.MaxChangeDiff: cut"},
		{"problems of an ARC set", arc.MaxProblems, "", "arc.MaxProblems"},
		{"tags of a DMARC record", dmarc.MaxTags, "", "dmarc.MaxTags: a problem of the record"},
		{"addresses of one rua= or ruf=", dmarc.MaxReportURIs, "", "dmarc.MaxReportURIs"},
		{"domains that DMARC compares", dmarc.MaxIdentifiers, "", "dmarc.MaxIdentifiers: the reason says so"},
		{"rules of a public suffix list", dmarc.MaxSuffixRules, "", "dmarc.MaxSuffixRules: an error"},
		{"void look-ups of SPF", spf.DefaultMaxVoids, "", "spf.DefaultMaxVoids, RFC 7208 §4.6.4: permerror"},
		{"hosts of one mx term", spf.MaxMX, "", "spf.MaxMX, RFC 7208 §4.6.4: permerror"},
		{"names of a client that ptr looks at", spf.MaxPTR, "", "spf.MaxPTR, RFC 7208 §4.6.4: the rest is left out"},
		{"nodes of the tree of an SPF evaluation", spf.MaxNodes, "", "spf.MaxNodes: a note of the root"},
		{"notes on an SPF record", spf.MaxNotes, "", "spf.MaxNotes: the last note says so"},
		{"SPF terms with look-ups of a lint or listing", spf.MaxWalked, "", "spf.MaxWalked"},
		{"DNS questions of a lint or listing", spf.MaxQuestions, "", "spf.MaxQuestions"},
		{"networks that a lint compares", spf.MaxNetworks, "", "spf.MaxNetworks"},
		{"the sender in a macro", spf.MaxMacroValue, "bytes", "spf.MaxMacroValue"},
		{"values listed of one answer", spf.MaxAnswer, "", "spf.MaxAnswer"},
		{"selectors asked for", domain.MaxSelectors, "", "domain.MaxSelectors: a gap"},
		{"mail exchangers of a domain", domain.MaxHosts, "", "domain.MaxHosts: a gap"},
		{"addresses of one of them", domain.MaxAddresses, "", "domain.MaxAddresses: a gap"},
		{"PTR names of one address", domain.MaxNames, "", "domain.MaxNames"},
		{"TLSA records of one host", domain.MaxTLSA, "", "domain.MaxTLSA"},
		{"records of a kind where one belongs", domain.MaxRecords, "", "domain.MaxRecords"},
		{"a record of MTA-STS, TLS-RPT or BIMI", domain.MaxRecordBytes, "bytes", "domain.MaxRecordBytes: not read"},
		{"fields of such a record", domain.MaxFields, "", "domain.MaxFields"},
		{"mx lines of an MTA-STS policy", domain.MaxPolicyMX, "", "domain.MaxPolicyMX"},
		{"a logo or mark certificate", domain.MaxMark, "bytes", "domain.MaxMark: a problem"},
		{"problems that one check lists", domain.MaxProblems, "", "domain.MaxProblems: the rest is counted"},
		{"networks listed for one address family", domain.MaxRanges, "", "domain.MaxRanges: the rest is counted"},
		{"terms of a record for which a shorter one is sought", domain.MaxTrial, "", "domain.MaxTrial"},
		{"its terms with all includes", domain.MaxTrialNodes, "", "domain.MaxTrialNodes"},
		{"its networks", domain.MaxTrialNetworks, "", "domain.MaxTrialNetworks"},
		{"records that are tried for that", domain.MaxTrials, "", "domain.MaxTrials"},
		{"a file that selectors are read from", domain.MaxList, "bytes", "domain.MaxList: an error"},
	}
}
