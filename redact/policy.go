package redact

import (
	"reflect"
	"strings"
	"sync"

	"github.com/mailtrace/mailtrace/report"
)

// policy says how the text of a key is treated.
type policy int

const (
	text      policy = iota // secrets in it are replaced, the rest stays
	keep                    // a word of the report's own, never touched
	byKind                  // as the kind beside it says
	field                   // a quoted header field
	fieldName               // of a field that holds verdicts
	prose                   // a stranger's sentence: only known words stay
	lines                   // lines of the message: only how many, and how long
	change                  // says what was changed, with quotations
	person                  // a display name
	topic                   // the subject
	address                 // an e-mail address
	envelope                // one whose domain stays
	login                   // an authenticated user
	messageID
	serial   // a queue id
	host     // a host name
	zone     // a host name or a domain that stays
	domain   // a domain that stays
	named    // a host name, or words in its place
	version  // of software, as written
	path     // on disk
	server   // a name server, or the file in its place
	record   // the value of a DNS answer
	selector // of a DKIM key
)

// policies of the keys, by struct and field. A test wants every text of a
// report listed.
var policies = sync.OnceValue(func() map[string]policy {
	m := map[string]policy{}
	for p, keys := range map[policy]string{
		keep: `Report.EvaluatedAtBasis Report.Kind Tool.Name Tool.Version Source.Kind Source.Part Message.MailFromBasis Address.Problem
			Hop.Dialect Hop.Trust Hop.Notes Software.Product Software.Release Software.Released Software.Supported Zone.Role
			Claim.ClientIPBasis Claim.Trust Claim.Defect SPF.Result SPF.Identity SPFNode.Kind SPFNode.Outcome SPFCell.Result DKIM.Result
			DKIM.BodyHash DKIM.HeaderSignature Change.Kind ARC.Result ARCSet.Seal ARCSet.MessageSignature DMARC.Result DMARC.Method
			DMARCOther.Method DMARCOther.Result CrossCheck.Library CrossCheck.Version Verdict.Status Verdict.RootCause Verdict.AtFault
			Finding.Code Finding.Title Finding.Severity Finding.Confidence Finding.Because Part.Kind Fix.Recipe Fix.Product Fix.Version
			Fix.Finding Fix.Effect Fix.YourOwn Fix.Basis Fix.Source Fix.Date Fix.Checked Receiver.Vendor Receiver.Header Receiver.Meaning
			Receiver.Weight Receiver.Source Receiver.Date Party.Role Party.Product Held.Method Held.Result Evidence.Kind Evidence.Ref
			BulkRule.Rule BulkRule.Receivers BulkRule.Scope BulkRule.State BulkRule.Source BulkRule.Since DNSAnswer.Type DNSAnswer.Status
			Note.Kind Collected.Kind Collected.Part Mended.Kind Mended.Description Fork.Worst Reading.Status Machine.Role Link.Kind`,
		text: `Message.Date Hop.Protocol HopFrom.IP HopBy.IP TLS.Version TLS.Cipher Border.ClientIP Border.Basis Claim.Method Claim.Result
			Claim.Reason Claim.Comment Claim.ClientIP Claim.Domain Claim.Doubt SPF.ClientIP SPF.Record SPF.Matched SPF.Reason
			SPF.Explanation SPFNode.Term SPFNode.Domain SPFNode.Question SPFNode.Answer SPFNode.Note SPFCell.ClientIP SPFCell.Domain
			SPFCell.Matched DKIM.Identity DKIM.Algorithm DKIM.Canonicalization DKIM.SignedFields DKIM.KeyType DKIM.Reason ARC.Reason
			ARCSet.CV ARCSet.Reason ARCResults.SPF ARCResults.DKIM ARCResults.DMARC DMARC.Record DMARC.Policy DMARC.Disposition
			DMARC.Reason DMARCOther.Policy CrossCheck.Method CrossCheck.Result CrossCheck.Note Verdict.Summary Triple.SPF Triple.DKIM
			Triple.DMARC Finding.Message Finding.Advice Reason.Text Fix.Test Fix.Risk FixStep.Text FixStep.Command Receiver.Code
			Evidence.DNS Gap.What Gap.Why BulkRule.Why DNSAnswer.Name DSNRecipient.Action DSNRecipient.Status Fork.Question Fork.Settle
			Reading.Summary Machine.Inside Machine.Outside Machine.Software`,
		byKind: `Evidence.Text Part.Text Part.Ref`, field: `HeaderField.Text`, fieldName: `Claim.Header`,
		prose: `DSNRecipient.Diagnostic`, lines: `Change.Diff`, change: `Change.Description`,
		person: `Address.Name`, topic: `Message.Subject`, messageID: `Message.MessageID`, serial: `Hop.ID`, login: `Hop.Auth`,
		address:  `Address.Address Hop.For Hop.EnvelopeFrom Border.MailFrom DSNRecipient.Final DSNRecipient.Original`,
		envelope: `Message.MailFrom Message.RcptTo`,
		host: `Message.Helo HopFrom.Helo HopFrom.RDNS HopBy.Name Border.Helo Claim.Writer DSN.ReportingMTA DSNRecipient.RemoteMTA
			Party.Host`,
		zone:   `Hop.Zone Zone.Name Claim.AuthservID`,
		domain: `Address.Domain SPF.Domain DKIM.Domain ARCSet.Domain DMARC.FromDomain DMARC.RecordDomain DMARCOther.RecordDomain`,
		named: `Party.Organisation Party.Server Held.By Collected.Submitter Collected.Domain Machine.Names Machine.Org Machine.Service
			Link.From Link.To`,
		version: `Software.Version`, path: `Source.Path`, server: `DNSAnswer.Server`, record: `DNSAnswer.Values`,
		selector: `Claim.Selector DKIM.Selector ARCSet.Selector`,
	} {
		for _, k := range strings.Fields(keys) {
			m[k] = p
		}
	}
	return m
})

var byType sync.Map // of reflect.Type: []policy

// policiesOf are the policies of the fields of a struct.
func policiesOf(s reflect.Type) []policy {
	if of, ok := byType.Load(s); ok {
		return of.([]policy)
	}
	of := make([]policy, s.NumField())
	for i := range of {
		of[i] = policies()[s.Name()+"."+s.Field(i).Name]
	}
	byType.Store(s, of)
	return of
}

// kindPolicy is the policy of a text whose kind stands beside it.
func kindPolicy(of any) policy {
	switch x := of.(type) {
	case *report.Evidence:
		if x.Kind == report.EvidenceHeader {
			return field
		}
	case *report.Part:
		switch x.Kind {
		case report.PartHost, report.PartDomain:
			return named
		case report.PartMailbox:
			return address
		case report.PartHop, report.PartFinding:
			return keep
		}
	}
	return text
}
