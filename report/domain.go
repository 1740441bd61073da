package report

import "time"

// States of a check of a domain. Unknown is a question without an answer: it
// says nothing about whether there is a record.
const (
	StatePresent = "present"
	StateAbsent  = "absent"
	StateUnknown = "unknown"
)

// Domain is what a domain publishes for mail, as found at one time. A check
// says what is there; Problems say what of it is worth a person's time.
type Domain struct {
	Schema    int         `json:"schema"`
	Kind      string      `json:"kind"` // DocDomain
	Tool      Tool        `json:"tool"`
	Domain    string      `json:"domain"`     // lower case, A-labels
	CheckedAt time.Time   `json:"checked_at"` // zero where the caller gave no time
	Exists    *bool       `json:"exists"`     // null where the DNS did not answer
	Parked    bool        `json:"parked"`     // judged as a domain that neither sends nor receives mail
	MX        DomainMX    `json:"mx"`
	SPF       DomainSPF   `json:"spf"`
	DKIM      DomainDKIM  `json:"dkim"`
	DMARC     DomainDMARC `json:"dmarc"`
	MTASTS    MTASTS      `json:"mta_sts"`
	TLSRPT    TLSRPT      `json:"tls_rpt"`
	BIMI      BIMI        `json:"bimi"`
	DANE      DANE        `json:"dane"`
	DNSSEC    DNSSEC      `json:"dnssec"`
	// NS is what the name servers of the zone say by themselves; null where they
	// were not asked.
	NS *NameServers `json:"name_servers,omitempty"`
	// SMTP is what the MX hosts say, where they were asked; one entry an address.
	SMTP []SMTPHost `json:"smtp,omitempty"`
	// Bulk is how the domain stands to the rules of large receivers for bulk
	// senders.
	Bulk []BulkRule `json:"bulk_sender"`
	// Problems are in the order of the checks, and within one as they were
	// found. Findings are made from them.
	Problems []DomainProblem `json:"problems"`
	Findings []Finding       `json:"findings"`
	Gaps     []Gap           `json:"gaps"`
	DNS      []DNSAnswer     `json:"dns"` // sorted by name and type
	// Suggested is a piece of a zone file with the records to publish instead;
	// "" where there is nothing to suggest.
	Suggested string `json:"suggested,omitempty"`
	// Changes are the same records one by one. Each was tried out: with it, and
	// with those before it, no address, host or key that passes stops doing so.
	Changes []DomainChange `json:"changes,omitempty"`
}

// DomainChange is a record to publish.
type DomainChange struct {
	Check  string       `json:"check"` // as in DomainProblem
	Name   string       `json:"name"`
	Type   string       `json:"type"`  // "TXT" or "MX"
	Value  string       `json:"value"` // TXT: the text; else the data in the form of a zone file
	Remove []ZoneRecord `json:"remove,omitempty"`
	// Why says what was repaired, or what the record is for, line by line.
	Why []string `json:"why"`
	// Starts warns of what was written but never counted and begins to.
	Starts string `json:"starts,omitempty"`
	// Shows are problems that the owner wrote and that only show when
	// the record can be read.
	Shows []string `json:"shows,omitempty"`
	// Repairs says that the record is made from one that is published.
	Repairs bool `json:"repairs"`
}

// ZoneRecord is a record as it stands.
type ZoneRecord struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// MeantText is a text that its owner takes for a record, and nobody else does.
type MeantText struct {
	Name   string `json:"name"`
	Text   string `json:"text"`
	Mended string `json:"mended,omitempty"` // "" where it cannot be repaired
	Why    string `json:"why,omitempty"`
}

// DomainCheck is what all checks have in common.
type DomainCheck struct {
	State    string   `json:"state"`    // StatePresent, StateAbsent, StateUnknown
	Record   *string  `json:"record"`   // as published; null where there is not exactly one
	Location *string  `json:"location"` // the name that the record stands at
	Valid    *bool    `json:"valid"`    // null where there is nothing to judge
	Warnings []string `json:"warnings"`
	Error    *string  `json:"error"` // why the record is not valid
	// Records are all that stand there, where there are several.
	Records []string `json:"records,omitempty"`
	// Others are texts that stand where a record belongs and are none.
	Others []string `json:"others,omitempty"`
}

// DomainProblem is something wrong with what a domain publishes.
type DomainProblem struct {
	Check    string `json:"check"` // "mx", "spf", "dkim" …, as the keys of Domain
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Message  string `json:"message"` // holds text from the DNS as it is
	Parts    Text   `json:"parts,omitempty"`
	Advice   string `json:"advice"`
	Source   string `json:"source"`             // standard and section
	Invalid  bool   `json:"invalid"`            // the record cannot be used as it is
	Name     string `json:"name,omitempty"`     // the DNS name that it is about
	Term     string `json:"term,omitempty"`     // the part of the record
	Position *int   `json:"position,omitempty"` // byte offset in the record
	Host     string `json:"host,omitempty"`     // who has to change it, where that is not the domain
}

// DomainMX are the mail exchangers of a domain.
type DomainMX struct {
	DomainCheck
	Null     bool     `json:"null_mx"`  // "MX 0 .": no mail is accepted (RFC 7505)
	Implicit bool     `json:"implicit"` // no MX, the addresses of the domain stand for it (RFC 5321 §5.1)
	Hosts    []MXHost `json:"hosts"`    // by preference
}

// MXHost is one mail exchanger.
type MXHost struct {
	Preference int         `json:"preference"`
	Hostname   string      `json:"hostname"`
	State      string      `json:"state"`           // of its addresses
	CNAME      []string    `json:"cname,omitempty"` // where its name is an alias, which RFC 2181 §10.3 forbids
	Addresses  []MXAddress `json:"addresses"`
	SPF        *HeloSPF    `json:"spf,omitempty"` // of its name, which it may say as HELO
}

// MXAddress is an address of a mail exchanger with its names.
type MXAddress struct {
	Address string   `json:"address"`
	Scope   string   `json:"scope"`     // "public", "private", "loopback", "link-local", "documentation" …
	Names   []string `json:"names"`     // PTR
	State   string   `json:"ptr_state"` // of the PTR question
	// Confirmed says that one of the names has the address; null where that
	// could not be asked.
	Confirmed *bool `json:"confirmed"`
}

// HeloSPF is the SPF record of a host name.
type HeloSPF struct {
	State  string `json:"state"`
	Record string `json:"record,omitempty"`
	Error  string `json:"error,omitempty"` // why the record is a permerror
	// Passes says whether each known address of the host gets a pass; null
	// where there is no record or a question had no answer.
	Passes *bool `json:"passes"`
}

// DomainSPF is the SPF record of a domain with all that it includes.
type DomainSPF struct {
	DomainCheck
	// DNSLookups and VoidDNSLookups count over all branches: what a client
	// runs into that nothing matches. Where a question had no answer they are
	// lower bounds.
	DNSLookups     int         `json:"dns_lookups"`
	VoidDNSLookups int         `json:"void_dns_lookups"`
	MaxDNSLookups  int         `json:"max_dns_lookups"` // of RFC 7208 §4.6.4
	RecordBytes    int         `json:"record_bytes"`    // of the record
	ResponseBytes  int         `json:"response_bytes"`  // of a DNS answer with all TXT records of the name, without EDNS options; 0 where not known
	Parsed         *SPFParsed  `json:"parsed"`          // null where there is no one record
	Tree           *SPFBranch  `json:"tree"`            // the whole include tree
	Authorized     *Authorized `json:"authorized_addresses"`
	Type99         []string    `json:"type99,omitempty"` // records of the obsolete type SPF
	Macros         []string    `json:"macros,omitempty"` // terms whose target depends on the message
	// Shorter is a record that authorises the same addresses with fewer
	// lookups or bytes; null where none is known to.
	Shorter *SPFShorter `json:"shorter"`
	// Meant are texts that are not an SPF record and are plainly meant as one.
	Meant []MeantText `json:"meant,omitempty"`
}

// SPFParsed is a record taken apart.
type SPFParsed struct {
	Mechanisms []SPFTerm `json:"mechanisms"`
	Modifiers  []SPFTerm `json:"modifiers"`
	Redirect   string    `json:"redirect,omitempty"`
	Exp        string    `json:"exp,omitempty"`
	All        string    `json:"all,omitempty"` // "fail", "softfail", "neutral", "pass"
}

// SPFTerm is a mechanism or modifier.
type SPFTerm struct {
	Mechanism  string `json:"mechanism"` // its name
	Value      string `json:"value,omitempty"`
	Action     string `json:"action,omitempty"` // "pass", "fail", "softfail", "neutral"; "" for a modifier
	Term       string `json:"term"`             // as written
	Position   int    `json:"position"`
	Error      string `json:"error,omitempty"`
	DNSLookups int    `json:"dns_lookups"` // of the term with all below it
	Voids      int    `json:"void_dns_lookups"`
}

// SPFBranch is a record or a term in the tree of all includes.
type SPFBranch struct {
	Term     string `json:"term"` // as written; the record for a record
	Kind     string `json:"kind"` // "record", or the name of the mechanism or modifier
	Domain   string `json:"domain,omitempty"`
	Position int    `json:"position"`
	Question string `json:"question,omitempty"`
	Answer   string `json:"answer,omitempty"`
	// DNSLookups and Voids are those of this branch alone.
	DNSLookups int          `json:"dns_lookups"`
	Voids      int          `json:"void_dns_lookups"`
	Note       string       `json:"note,omitempty"` // why the branch ends here
	Children   []*SPFBranch `json:"children,omitempty"`
}

// Authorized are the addresses that get a pass.
type Authorized struct {
	IPv4 AddressSet `json:"ipv4"`
	IPv6 AddressSet `json:"ipv6"`
	// Open are terms that depend on the message and may add addresses.
	Open []string `json:"open"`
	// Stops are places where clients that nothing before them matches run into
	// permerror or temperror.
	Stops []string `json:"stops"`
	// Complete says that the ranges are all: nothing is open, and no question
	// was left without an answer.
	Complete bool `json:"complete"`
}

// AddressSet is a set of addresses of one family.
type AddressSet struct {
	Count  string   `json:"count"` // decimal; IPv6 goes beyond what JSON numbers hold
	Ranges []string `json:"ranges"`
	More   int      `json:"more,omitempty"` // ranges that are left out
}

// SPFShorter is a suggested record.
type SPFShorter struct {
	Record     string   `json:"record"`
	DNSLookups int      `json:"dns_lookups"`
	Changes    []string `json:"changes"`
	// Proved says that the addresses with a pass were computed for both and
	// are the same.
	Proved bool `json:"proved"`
}

// DomainDKIM are the keys that were found. That a selector is not among them
// says nothing: any name can be a selector.
type DomainDKIM struct {
	DomainCheck
	Keys []DKIMKey `json:"keys"` // present keys, those asked for that are not, and those without an answer
	// Tried is how many selectors were asked for, the built-in ones included.
	Tried    int  `json:"tried"`
	Wildcard bool `json:"wildcard"` // a selector that nobody uses has a record too
	// NoKeys says that the name _domainkey does not exist, so that no selector
	// does (RFC 8020). Not all servers heed that.
	NoKeys bool `json:"no_keys"`
	// Revoked says that every selector has a revoked key, by a wildcard: the
	// domain sends no mail.
	Revoked bool `json:"all_revoked,omitempty"`
}

// DKIMKey is the record of one selector.
type DKIMKey struct {
	Selector string   `json:"selector"`
	Basis    string   `json:"basis"`              // "given", or "common" for a built-in one
	Provider string   `json:"provider,omitempty"` // who uses the selector; a guess where Basis is "common"
	State    string   `json:"state"`
	Location string   `json:"location"`
	CNAME    []string `json:"cname,omitempty"`
	Record   string   `json:"record,omitempty"`
	Records  int      `json:"records"` // TXT records at the name
	Type     string   `json:"type,omitempty"`
	Bits     int      `json:"bits,omitempty"`
	Hashes   []string `json:"hashes,omitempty"`
	Services []string `json:"services,omitempty"`
	Flags    []string `json:"flags,omitempty"`
	Notes    string   `json:"notes,omitempty"`
	Revoked  bool     `json:"revoked"`
	Testing  bool     `json:"testing"`
	Valid    *bool    `json:"valid"`
	Problems []string `json:"problems,omitempty"`
}

// DomainDMARC is the policy that applies to a domain.
type DomainDMARC struct {
	DomainCheck
	Tags      map[string]DMARCTag `json:"tags"`
	Discovery []DMARCDiscovery    `json:"discovery"` // by RFC 9989, then by RFC 7489
	Misplaced []string            `json:"misplaced,omitempty"`
	External  []ReportDestination `json:"external_reports"`
	Spoofs    []SpoofEffect       `json:"spoof_effects"`
	Enforced  *bool               `json:"enforced"` // by RFC 9989, for the domain itself
}

// DMARCTag is a tag of the record, or its default.
type DMARCTag struct {
	Value    string `json:"value"`
	Explicit bool   `json:"explicit"`
}

// DMARCDiscovery is the way to the record by one method.
type DMARCDiscovery struct {
	Method       string       `json:"method"` // "rfc9989" or "rfc7489"
	RecordDomain string       `json:"record_domain,omitempty"`
	OrgDomain    string       `json:"org_domain,omitempty"`
	Policy       string       `json:"policy,omitempty"`
	PolicyTag    string       `json:"policy_tag,omitempty"`
	Path         []DMARCQuery `json:"path"`
	Error        string       `json:"error,omitempty"` // the question that was not answered
}

// DMARCQuery is one step of a discovery.
type DMARCQuery struct {
	Name   string `json:"name"`
	Answer string `json:"answer"`
}

// ReportDestination is where reports go outside the organisation.
type ReportDestination struct {
	Domain     string   `json:"domain"`
	URIs       []string `json:"uris"`
	Location   string   `json:"location"`
	Answer     string   `json:"answer"`
	Authorized *bool    `json:"authorized"` // null where the DNS did not answer
}

// SpoofEffect says what becomes of mail with a forged From that nothing
// authenticates.
type SpoofEffect struct {
	From   string `json:"from"` // "domain", "existing subdomain", "non-existent subdomain"
	Method string `json:"method"`
	Domain string `json:"domain"` // an example
	Policy string `json:"policy"` // "none", "quarantine", "reject"; "" where DMARC does not apply; after t= and pct=
	Tag    string `json:"tag,omitempty"`
	Text   string `json:"text"`
	// Unknown says that the DNS did not answer.
	Unknown bool `json:"unknown,omitempty"`
}

// MTASTS is the policy of RFC 8461.
type MTASTS struct {
	DomainCheck
	ID     string        `json:"id,omitempty"`
	Policy *MTASTSPolicy `json:"policy"` // null where it was not fetched
}

// MTASTSPolicy is the policy file.
type MTASTSPolicy struct {
	URL     string   `json:"url"`
	State   string   `json:"state"`
	Status  int      `json:"status,omitempty"` // of HTTP
	Text    string   `json:"text,omitempty"`
	Valid   *bool    `json:"valid"`
	Mode    string   `json:"mode,omitempty"`
	MX      []string `json:"mx,omitempty"`
	MaxAge  int64    `json:"max_age,omitempty"` // seconds
	Errors  []string `json:"errors,omitempty"`
	Unmatch []string `json:"unmatched_mx,omitempty"` // MX hosts that no pattern matches
	Unused  []string `json:"unused_mx,omitempty"`    // patterns that match no MX host
	Pending bool     `json:"pending,omitempty"`      // a file that was given, and no record announces yet
}

// TLSRPT says where reports on TLS go (RFC 8460).
type TLSRPT struct {
	DomainCheck
	RUA []string `json:"rua"`
}

// BIMI is the record of a brand indicator.
type BIMI struct {
	DomainCheck
	Selector  string `json:"selector"`
	Logo      string `json:"logo,omitempty"`      // l=
	Authority string `json:"authority,omitempty"` // a=
	Declined  bool   `json:"declined"`            // empty l= and a=: the domain wants no indicator
	// Eligible says that DMARC is enforced as BIMI demands; null where that is
	// not known.
	Eligible *bool `json:"eligible"`
	// Misplaced are records at names where nobody looks, "NAME: TEXT".
	Misplaced []string `json:"misplaced,omitempty"`
	// LogoValid says whether the logo is SVG Tiny PS; null where it was not
	// fetched. Certificate is the mark certificate, MarkType what it says of the
	// mark ("Registered Mark"), where they were fetched.
	LogoValid   *bool        `json:"logo_valid,omitempty"`
	Certificate *Certificate `json:"certificate,omitempty"`
	MarkType    string       `json:"mark_type,omitempty"`
}

// DANE are the TLSA records of the mail exchangers (RFC 7672).
type DANE struct {
	DomainCheck
	Hosts []DANEHost `json:"hosts"`
}

// DANEHost is one mail exchanger.
type DANEHost struct {
	Hostname string `json:"hostname"`
	Location string `json:"location"` // "_25._tcp.mx.example.com"
	State    string `json:"state"`
	Records  []TLSA `json:"records"`
	// Secure says that MX, addresses and TLSA are protected by DNSSEC, which
	// DANE needs; null where that is not known. Basis is as in DNSSEC.
	Secure *bool  `json:"secure"`
	Basis  string `json:"basis"`
	Usable *bool  `json:"usable"` // secure, and one record at least can be used
}

// TLSA is one record (RFC 6698).
type TLSA struct {
	Usage    int    `json:"usage"`
	Selector int    `json:"selector"`
	Matching int    `json:"matching"`
	Data     string `json:"data"` // hexadecimal
	Usable   bool   `json:"usable"`
	Problem  string `json:"problem,omitempty"`
}

// DNSSEC says how the names of the domain are protected.
type DNSSEC struct {
	DomainCheck
	Status string       `json:"status"` // "secure", "insecure", "bogus", "unknown"; the weakest of Names
	Basis  string       `json:"basis"`  // "ad" is the resolver's word, "validated" our own check
	Reason string       `json:"reason,omitempty"`
	Names  []DNSSECName `json:"names"`
}

// DNSSECName is the state of one name.
type DNSSECName struct {
	Name   string `json:"name"`
	What   string `json:"what"` // "domain", "dmarc", "mx host" …
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// SMTPHost is what a mail exchanger says at one of its addresses.
type SMTPHost struct {
	Hostname string `json:"hostname"`
	Address  string `json:"address"`
	// State is "present" where it answered, "absent" where it refused the
	// connection, "unknown" where nothing came back: port 25 may be closed from here.
	State  string `json:"state"`
	Error  string `json:"error,omitempty"`
	Banner string `json:"banner,omitempty"`
	Name   string `json:"name,omitempty"` // in the answer to EHLO
	// NameOK says that this name leads to the address; null where that is not known.
	NameOK     *bool    `json:"name_confirmed"`
	Extensions []string `json:"extensions,omitempty"`
	StartTLS   *bool    `json:"starttls"`     // null where that is not known
	RequireTLS *bool    `json:"requiretls"`   // RFC 8689; offered inside TLS
	Versions   []string `json:"tls_versions"` // of TLS that it speaks, the newest first
	// Certificate is that of its end of the TLS connection; null without one.
	Certificate *Certificate `json:"certificate"`
	// STS says whether the certificate will do for MTA-STS, DANE whether one of
	// the usable TLSA records matches; null where that is not to be judged.
	STS  *bool `json:"mta_sts_ok"`
	DANE *bool `json:"dane_ok"`
}

// Certificate is an X.509 certificate.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	SHA256    string    `json:"sha256"`            // of the certificate, hexadecimal
	Problem   string    `json:"problem,omitempty"` // why a verifier refuses it; "" where it does not
}

// NameServers are those of the zone that a domain is in.
type NameServers struct {
	DomainCheck
	Zone string `json:"zone"` // that the domain is in
	// Delegation are the servers that the zone above names, Own those that the
	// zone itself names.
	Delegation []string     `json:"delegation"`
	Own        []string     `json:"own"`
	Servers    []NameServer `json:"servers"` // one entry an address
	// CAA are the records that say who may issue certificates (RFC 8659), and
	// CAAAt the name that they stand at.
	CAA   []string `json:"caa"`
	CAAAt string   `json:"caa_at,omitempty"`
}

// NameServer is one address of a name server.
type NameServer struct {
	Hostname string `json:"hostname"`
	Address  string `json:"address"`
	// State is "present" where it serves the zone, "absent" where it answers and
	// does not, "unknown" where nothing came back.
	State  string `json:"state"`
	Serial *int64 `json:"serial"`           // of the SOA record
	Why    string `json:"reason,omitempty"` // where it does not serve the zone
}

// BulkRule is one rule of large receivers for bulk senders.
type BulkRule struct {
	Rule      string   `json:"rule"`
	Receivers []string `json:"receivers"`
	Scope     string   `json:"scope"` // "all" senders, or "bulk"
	State     string   `json:"state"` // "pass", "fail", "unknown"
	Why       string   `json:"why"`
	Source    string   `json:"source"`
	Since     string   `json:"since"` // date in force
}
