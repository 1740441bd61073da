package domain

// Bounds of one check. They keep hostile domains cheap; a bound that is hit is
// a gap in the result.
const (
	// MaxQuestions is how many DNS questions one check asks.
	MaxQuestions = 3000
	// MaxConcurrent is how many of them are under way at a time.
	MaxConcurrent = 16
	// MaxSelectors is how many selectors of a caller are asked for.
	MaxSelectors = 500
	// MaxHosts is how many MX hosts are looked at.
	MaxHosts = 32
	// MaxAddresses is how many addresses of one MX host are looked at.
	MaxAddresses = 16
	// MaxNames is how many PTR names of one address are looked at.
	MaxNames = 4
	// MaxTLSA is how many TLSA records of one host are read.
	MaxTLSA = 64
	// MaxRecords is how many records of a kind are listed where one belongs.
	MaxRecords = 16
	// MaxRecordBytes is the size above which a record of MTA-STS, TLS-RPT or
	// BIMI is not read.
	MaxRecordBytes = 16 << 10
	// MaxFields is how many fields of such a record are read.
	MaxFields = 64
	// MaxPolicy is the size in bytes up to which an MTA-STS policy is read
	// (RFC 8461 §3.3 suggests 64 KB).
	MaxPolicy = 64 << 10
	// MaxPolicyMX is how many mx lines of a policy are read.
	MaxPolicyMX = 1000
	// MaxProblems is how many problems one check lists, MaxAlike how many of
	// one code; how many more there are of a code is told in one line.
	MaxProblems = 200
	MaxAlike    = 32
	// MaxRanges is how many networks are listed for one address family.
	MaxRanges = 2000
	// MaxTrial is how many terms a record may have for a shorter one to be
	// sought, MaxTrialNodes how many it may have with all its includes, and
	// MaxTrialNetworks how many networks they may authorise. MaxTrials is how
	// many records are tried.
	MaxTrial         = 64
	MaxTrialNodes    = 1000
	MaxTrialNetworks = 4000
	MaxTrials        = 200
	// MaxList is the size in bytes of a message, mbox or list that selectors
	// are read from; more is an error.
	MaxList = 256 << 20
)
