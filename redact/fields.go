package redact

import (
	"reflect"

	"github.com/mailtrace/mailtrace/report"
)

// policy says how the text of a key is treated.
type policy int

const (
	text     policy = iota // secrets in it are replaced, the rest stays
	keep                   // a word of the report's own, never touched
	prose                  // a stranger's sentence: only known words stay
	lines                  // lines of the message: only how many, and how long
	person                 // a display name
	topic                  // the subject
	address                // an e-mail address
	login                  // an authenticated user
	serial                 // a queue id
	host                   // a host name, or words in its place
	version                // of software, as written
	path                   // on disk
	server                 // a name server, or the file in its place
	record                 // the value of a DNS answer
	selector               // of a DKIM key
)

var reportPath = reflect.TypeFor[report.Report]().PkgPath()

// policies of the keys, by struct and field. A key that is not listed is
// text; a test wants every key listed.
var policies = map[string]policy{
	"Report.EvaluatedAtBasis": keep,

	"Report.Kind": keep, "Tool.Name": keep, "Tool.Version": keep,

	"Source.Path": path, "Source.Kind": keep, "Source.Part": keep,

	"Message.MailFrom": address, "Message.MailFromBasis": keep, "Message.Helo": host, "Message.RcptTo": address,
	"Message.Subject": topic, "Message.MessageID": text, "Message.Date": text,
	"Address.Name": person, "Address.Address": address, "Address.Domain": host, "Address.Problem": keep,

	"Hop.Dialect": keep, "Hop.Protocol": text, "Hop.Auth": login, "Hop.ID": serial, "Hop.For": address,
	"Hop.EnvelopeFrom": address, "Hop.Zone": host, "Hop.Trust": keep, "Hop.Notes": keep,
	"HopFrom.Helo": host, "HopFrom.RDNS": host, "HopFrom.IP": text,
	"HopBy.Name": host, "HopBy.IP": text,
	"TLS.Version": text, "TLS.Cipher": text,
	"Software.Product": keep, "Software.Version": version, "Software.Release": keep,
	"Software.Released": keep, "Software.Supported": keep,

	"Zone.Name": host, "Zone.Role": keep,
	"Border.ClientIP": text, "Border.Helo": host, "Border.MailFrom": address, "Border.Basis": text,

	"Claim.Method": text, "Claim.Result": text, "Claim.Reason": text, "Claim.Comment": text, "Claim.Header": text,
	"Claim.Writer": host, "Claim.AuthservID": host, "Claim.ClientIP": text, "Claim.ClientIPBasis": keep,
	"Claim.Domain": text, "Claim.Selector": selector, "Claim.Trust": keep, "Claim.Defect": keep, "Claim.Doubt": text,

	"SPF.Result": keep, "SPF.Identity": keep, "SPF.Domain": text, "SPF.ClientIP": text, "SPF.Record": text, "SPF.Matched": text,
	"SPF.Reason": text, "SPF.Explanation": text,
	"SPFNode.Term": text, "SPFNode.Kind": keep, "SPFNode.Domain": text, "SPFNode.Outcome": keep,
	"SPFNode.Question": text, "SPFNode.Answer": text, "SPFNode.Note": text,
	"SPFCell.ClientIP": text, "SPFCell.Domain": text, "SPFCell.Result": keep, "SPFCell.Matched": text,

	"DKIM.Domain": text, "DKIM.Selector": selector, "DKIM.Identity": text, "DKIM.Algorithm": text, "DKIM.Canonicalization": text, "DKIM.SignedFields": text,
	"DKIM.KeyType": text, "DKIM.Result": keep, "DKIM.Reason": text, "DKIM.BodyHash": keep, "DKIM.HeaderSignature": keep,
	"Change.Kind": keep, "Change.Description": text, "Change.Diff": lines,

	"ARC.Result": keep, "ARC.Reason": text,
	"ARCSet.Domain": text, "ARCSet.Selector": selector, "ARCSet.CV": text, "ARCSet.Seal": keep, "ARCSet.MessageSignature": keep,
	"ARCSet.Reason":  text,
	"ARCResults.SPF": text, "ARCResults.DKIM": text, "ARCResults.DMARC": text,

	"DMARC.Result": keep, "DMARC.FromDomain": text, "DMARC.RecordDomain": text, "DMARC.Record": text, "DMARC.Policy": text,
	"DMARC.Disposition": text, "DMARC.Method": keep, "DMARC.Reason": text,
	"DMARCOther.Method": keep, "DMARCOther.Result": keep, "DMARCOther.RecordDomain": text, "DMARCOther.Policy": text,

	"CrossCheck.Method": text, "CrossCheck.Library": keep, "CrossCheck.Version": keep, "CrossCheck.Result": text, "CrossCheck.Note": text,

	"Verdict.Status": keep, "Verdict.Summary": text, "Verdict.RootCause": keep, "Verdict.AtFault": keep,
	"Triple.SPF": text, "Triple.DKIM": text, "Triple.DMARC": text,

	"Finding.Code": keep, "Finding.Title": keep, "Finding.Severity": keep, "Finding.Confidence": keep,
	"Finding.Message": text, "Finding.Advice": text, "Finding.Because": keep,
	"Reason.Text": text, "Part.Kind": keep, "Part.Text": text, "Part.Ref": text,
	"Fix.Recipe": keep, "Fix.Product": keep, "Fix.Version": keep, "Fix.Finding": keep, "Fix.Effect": keep, "Fix.YourOwn": keep, "Fix.Test": text, "Fix.Risk": text,
	"Fix.Basis": keep, "Fix.Source": keep, "Fix.Date": keep, "FixStep.Text": text, "FixStep.Command": text,
	"Receiver.Vendor": keep, "Receiver.Header": keep, "Receiver.Code": text, "Receiver.Meaning": keep, "Receiver.Weight": keep,
	"Receiver.Source": keep, "Receiver.Date": keep,
	"Party.Role": keep, "Party.Host": host, "Party.Organisation": host, "Party.Server": host, "Party.Product": keep,
	"Held.Method": keep, "Held.Result": keep, "Held.By": host,
	"Evidence.Kind": keep, "Evidence.Text": text, "Evidence.DNS": text, "Evidence.Ref": keep,

	"Gap.What": text, "Gap.Why": text,
	"BulkRule.Rule": keep, "BulkRule.Receivers": keep, "BulkRule.Scope": keep, "BulkRule.State": keep, "BulkRule.Why": text,
	"BulkRule.Source": keep, "BulkRule.Since": keep,
	"DNSAnswer.Name": text, "DNSAnswer.Type": keep, "DNSAnswer.Status": keep, "DNSAnswer.Values": record, "DNSAnswer.Server": server,

	"DSN.ReportingMTA": host, "DSNRecipient.Final": address, "DSNRecipient.Original": address, "DSNRecipient.Action": text,
	"DSNRecipient.Status": text, "DSNRecipient.RemoteMTA": host, "DSNRecipient.Diagnostic": prose,

	"Note.Kind":      keep,
	"Collected.Kind": keep, "Collected.Submitter": host, "Collected.Domain": host, "Collected.Part": keep,
	"Mended.Kind": keep, "Mended.Description": keep,

	"Fork.Question": text, "Fork.Settle": text, "Fork.Worst": keep, "Reading.Status": keep, "Reading.Summary": text,
	"Machine.Names": host, "Machine.Org": host, "Machine.Role": keep, "Machine.Service": host, "Machine.Inside": text, "Machine.Outside": text,
	"Machine.Software": text, "Link.Kind": keep, "Link.From": host, "Link.To": host, "HeaderField.Text": text,
}

func policyOf(s reflect.Type, field int) policy {
	return policies[s.Name()+"."+s.Field(field).Name]
}
