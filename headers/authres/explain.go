package authres

import "strings"

// ExplainCompauth says what a reason code of Exchange Online's composite
// authentication means (compauth=fail reason=001), "" where it is not known.
// One newer page of Microsoft's documentation has a shorter table that
// contradicts this one.
func ExplainCompauth(reason string) string {
	switch reason {
	case "000":
		return "explicit failure: DMARC failed with a policy of quarantine or reject"
	case "001":
		return "implicit failure: the domain has no authentication records, or weak ones, and the message passed none"
	case "002":
		return "the organisation forbids this pair of sender and domain"
	case "010":
		return "DMARC failed with a policy of quarantine or reject, and the From domain is one of the recipient's own"
	case "100":
		return "pass: SPF or DKIM passed and is aligned with From"
	case "130":
		return "pass: ARC of a trusted sealer overrides the DMARC failure"
	}
	if len(reason) != 3 || !digits(reason) {
		return ""
	}
	switch reason[0] {
	case '1', '7':
		return "pass"
	case '2':
		return "soft pass: implicit signals spoke for the sender"
	case '3':
		return "not checked"
	case '4', '9':
		return "bypassed"
	case '6':
		return "implicit failure, and the From domain is one of the recipient's own"
	}
	return ""
}

// ExplainSFV says what the spam filtering verdict SFV of
// X-Forefront-Antispam-Report means, "" where it is not known.
func ExplainSFV(sfv string) string {
	switch strings.ToUpper(sfv) {
	case "NSPM":
		return "not spam"
	case "SPM":
		return "spam"
	case "SKA":
		return "not filtered: the sender or domain is on an allow list"
	case "SKB":
		return "spam: the sender or domain is on a block list"
	case "SKI":
		return "not filtered: mail inside the organisation"
	case "SKN":
		return "not filtered: marked as not spam before it came here (SCL -1)"
	case "SKS":
		return "marked as spam before it came here"
	case "SKQ":
		return "released from quarantine"
	case "SFE":
		return "not filtered: on the recipient's list of safe senders"
	case "BLK":
		return "blocked: on the recipient's list of blocked senders"
	}
	return ""
}

// ExplainCAT says what the category CAT of X-Forefront-Antispam-Report means,
// "" where it is not known.
func ExplainCAT(cat string) string {
	switch strings.ToUpper(cat) {
	case "NONE":
		return "nothing found"
	case "AMP":
		return "malware"
	case "BIMP":
		return "impersonation of a brand"
	case "BULK":
		return "bulk mail"
	case "DIMP":
		return "impersonation of a domain"
	case "FTBP":
		return "attachment type that the policy forbids"
	case "GIMP":
		return "impersonation found by mailbox intelligence"
	case "HPHISH", "HPHSH":
		return "phishing, high confidence"
	case "HSPM":
		return "spam, high confidence"
	case "INTOS":
		return "phishing inside the organisation"
	case "MALW":
		return "malware"
	case "OSPM":
		return "outbound spam"
	case "PHSH":
		return "phishing"
	case "SAP":
		return "safe attachments"
	case "SPM":
		return "spam"
	case "SPOOF":
		return "spoofing"
	case "UIMP":
		return "impersonation of a user"
	}
	return ""
}
