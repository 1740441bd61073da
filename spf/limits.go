package spf

// The limits of RFC 7208 §4.6.4.
const (
	DefaultMaxLookups = 10 // terms that cause lookups, over the whole evaluation
	DefaultMaxVoids   = 2  // void lookups, over the whole evaluation
	MaxMX             = 10 // hosts of one mx; more are a permerror
	MaxPTR            = 10 // names of the client that ptr and %{p} look at; more are left out
)

// Bounds of our own. They keep hostile records cheap and are reported where
// they are hit.
const (
	// MaxRecord is the size in bytes above which a record is not read
	// (ReasonRecordTooLong). The largest records in use are near 4 KiB.
	MaxRecord = 16 << 10
	// MaxDepth bounds nested includes and redirects (ReasonDepth). Only an
	// Options.MaxLookups above it lets an evaluation come that far.
	MaxDepth = 32
	// MaxNodes bounds the tree of one evaluation. Where it is hit the root's
	// Note says so.
	MaxNodes = 4096
	// MaxNotes bounds the notes of one record and those of one lint.
	MaxNotes = 256
	// MaxWalked bounds the terms with lookups that one evaluation, lint or
	// listing goes through, whatever Options.MaxLookups says. Records that
	// include the same domains again and again come here.
	MaxWalked = 1000
	// MaxQuestions bounds what one lint or listing asks; an evaluation is held
	// by the limits above.
	MaxQuestions = 200
	// MaxNetworks bounds the networks of a domain and its includes that a lint
	// holds against each other.
	MaxNetworks = 10_000
	// MaxExpansion bounds the outcome of a macro expansion in bytes. A name
	// that would become longer is not asked for, an explanation is not given.
	MaxExpansion = 8 << 10
	// MaxMacroValue bounds the sender and the HELO name in macros, in bytes.
	// SMTP ends at 256 (RFC 5321 §4.5.3.1.3).
	MaxMacroValue = 1 << 10
	// MaxAnswer bounds how many values Node.Answer lists.
	MaxAnswer = 12
)
