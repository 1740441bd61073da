package domain

import (
	"strings"

	"github.com/mailtrace/mailtrace/spf"
)

// notes tells what the notes of spf.Lint are about: the code of the first row
// whose text the note has at its beginning ("text…"), its end ("…text") or
// inside ("…text…"). A test holds the rows against the texts in the source of
// package spf.
var notes = [...]struct{ text, code string }{
	{"…for a client that nothing matches before; the limit is…", "spf-permerror-lookup-limit"},
	{"void lookup …", "spf-void-lookups"},
	{"a loop: …", "spf-include-loop"},
	{"nested deeper than …", "spf-include-loop"},
	{"…MX records; mx may use…", "spf-mx-limit"},
	{"…does not exist", "spf-include-none"},
	{"…has no SPF record", "spf-include-none"},
	{"…SPF records; only one is allowed", "spf-include-none"},
	{"…bytes; the bound is…", "spf-include-none"},
	{"…is a single label", "spf-include-none"},
	{"…is not a domain name", "spf-include-none"},
	{"there is no domain to check", "spf-include-none"},
	{"depends on the message; not followed", "spf-macro-target"},
	{"…cannot be asked for", "spf-void-term"},
	{"…has no address: a void lookup", "spf-void-term"},
	{"…has no MX record: a void lookup", "spf-void-term"},
	{"…has no address; some receivers count that as a void lookup", "spf-void-term"},
	{"…has a null MX (RFC 7505), which matches nothing", "spf-useless-term"},
	{"…lets nobody pass, so this never matches", "spf-useless-term"},
	{"matches nothing: …", "spf-useless-term"},
	{"a private address: …", "spf-useless-term"},
	{"…is included already, by…", "spf-redundant-term"},
	{"…which is included", "spf-redundant-term"},
	{"the same network as …", "spf-redundant-term"},
	{"lies in …", "spf-redundant-term"},
	{"stands twice in the record", "spf-redundant-term"},
	{"never reached: …", "spf-unreachable-term"},
	{"not used: …", "spf-unreachable-term"},
	{"lets every client pass", "spf-overbroad-pass"},
	{"covers every address", "spf-overbroad-pass"},
	{"covers a very large network", "spf-overbroad-pass"},
	{"neither all nor redirect…", "spf-softfail-or-neutral"},
	{"makes no statement on any other client", "spf-softfail-or-neutral"},
	{"%{p} is slow…", "spf-ptr"},
	{"ptr is slow…", "spf-ptr"},
	{"no modifier of RFC 7208…", "spf-unknown-modifier"},
	{"has host bits…", "spf-host-bits"},
	{"…the answer may not fit one UDP packet of 512", "spf-record-long"},
	{"…no explanation is given", "spf-explanation-broken"},
}

// classify gives the code of a note. An error that no row knows is a syntax
// error, anything else a remark.
func classify(n spf.Note) (string, at) {
	where := at{name: n.Domain, term: n.Term, pos: n.Position}
	for i := range notes {
		if !like(n.Text, notes[i].text) {
			continue
		}
		code := notes[i].code
		if !n.Error && kind(code).Invalid {
			where.harmless = true
		}
		return code, where
	}
	if n.Error {
		return "spf-permerror-syntax", where
	}
	return spfRemark, where
}

// spfRemark is the code of what has none of its own: it is shown, whatever it
// is about.
const spfRemark = "spf-remark"

// like reports whether text fits a pattern of notes.
func like(text, pattern string) bool {
	const gap = "…"
	inner := strings.TrimSuffix(strings.TrimPrefix(pattern, gap), gap)
	open, more := strings.HasPrefix(pattern, gap), strings.HasSuffix(pattern, gap)
	switch {
	case open && more:
		return strings.Contains(text, inner)
	case open:
		return strings.HasSuffix(text, inner)
	case more:
		return strings.HasPrefix(text, inner)
	}
	return text == inner
}
