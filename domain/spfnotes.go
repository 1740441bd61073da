package domain

import "github.com/mailtrace/mailtrace/spf"

// noteCodes are the codes of what spf.Lint notes. A test holds the rows against
// the kinds in the source of package spf.
var noteCodes = map[spf.NoteKind]string{
	spf.NoteLookups:         "spf-permerror-lookup-limit",
	spf.NoteVoidLookups:     "spf-void-lookups",
	spf.NoteLoop:            "spf-include-loop",
	spf.NoteManyMX:          "spf-mx-limit",
	spf.NoteNoRecord:        "spf-include-none",
	spf.NoteMacroTarget:     "spf-macro-target",
	spf.NoteVoid:            "spf-void-term",
	spf.NoteUseless:         "spf-useless-term",
	spf.NoteRedundant:       "spf-redundant-term",
	spf.NoteUnreachable:     "spf-unreachable-term",
	spf.NoteOverbroad:       "spf-overbroad-pass",
	spf.NoteNeutral:         "spf-softfail-or-neutral",
	spf.NotePTR:             "spf-ptr",
	spf.NoteUnknownModifier: "spf-unknown-modifier",
	spf.NoteHostBits:        "spf-host-bits",
	spf.NoteLong:            "spf-record-long",
	spf.NoteExplanation:     "spf-explanation-broken",
}

// classify gives the code of a note. An error of no kind is a syntax error,
// anything else a remark.
func classify(n spf.Note) (string, at) {
	where := at{name: n.Domain, term: n.Term, pos: n.Position}
	code, known := noteCodes[n.Kind]
	switch {
	case known:
		where.harmless = !n.Error && kind(code).Invalid
		return code, where
	case n.Error:
		return "spf-permerror-syntax", where
	}
	return spfRemark, where
}

// spfRemark is the code of what has none of its own: it is shown, whatever it
// is about.
const spfRemark = "spf-remark"
