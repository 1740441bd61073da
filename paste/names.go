package paste

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// trace are the fields that mail servers put on top of a message.
var trace = set(`received return-path delivered-to envelope-to x-envelope-to x-original-to x-received authentication-results
received-spf dkim-signature domainkey-signature arc-seal arc-message-signature arc-authentication-results x-received-spf
x-google-smtp-source x-google-dkim-signature dkim-filter x-ms-exchange-organization-authas authentication-results-original
x-authentication-results x-forefront-antispam-report x-ms-exchange-authentication-results x-spam-status x-envelope-from
x-delivered-to x-forwarded-to x-forwarded-for x-apparently-to x-sg-eid`)

// known are names of fields that a line of damaged text is believed to begin.
var known = join(trace, set(`from to cc bcc subject date message-id mime-version content-type content-transfer-encoding
content-disposition content-language content-id content-description reply-to sender in-reply-to references
resent-from resent-to resent-date resent-message-id resent-sender list-id list-unsubscribe list-unsubscribe-post list-post
list-help list-archive list-subscribe list-owner precedence auto-submitted thread-topic thread-index importance priority user-agent x-mailer
x-priority x-originating-ip x-ms-has-attach x-ms-tnef-correlator errors-to bounces-to feedback-id autocrypt organization
accept-language msip_labels return-receipt-to disposition-notification-to keywords comments mail-followup-to old-return-path
x-failed-recipients lines status x-status x-keywords dkim-results apparently-to original-recipient delivery-date
ironport-data ironport-phdr ironport-sdr ironport-hdrordr require-recipient-valid-since tls-required bimi-selector bimi-location bimi-indicator`))

func set(names string) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(names) {
		m[n] = true
	}
	return m
}

func join(a, b map[string]bool) map[string]bool {
	for n := range a {
		b[n] = true
	}
	return b
}

// longestName is the longest field name that is looked for.
const longestName = 76

// nameAt returns the length of the field name at the start of b, without
// blanks and colon, and the offset after the colon; 0 where there is none. A
// name is a letter, letters, digits, dashes and underscores.
func nameAt(b []byte) (n, after int) {
	for n < len(b) && n <= longestName && (isLetter(b[n]) || n > 0 && (b[n] == '-' || b[n] == '_' || '0' <= b[n] && b[n] <= '9')) {
		n++
	}
	if n < 2 || n > longestName {
		return 0, 0
	}
	i := n
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	if i == len(b) || b[i] != ':' {
		return 0, 0
	}
	return n, i + 1
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// class says what a line begins with.
type class int

const (
	noField  class = iota
	unknown        // a name that could be a field's: X-Something, Some-Thing
	standard       // a name of every header
	traced         // a name that mail servers write
)

// classify tells what field a line begins, if any.
func classify(b []byte) class {
	n, after := nameAt(b)
	if n == 0 {
		return noField
	}
	blank := after == len(b) || b[after] == ' ' || b[after] == '\t'
	return classOf(b[:n], blank)
}

// classOf is the class of a name; blank says that a blank or nothing follows
// its colon. Lists of names as in h=From:To:Subject have none.
func classOf(name []byte, blank bool) class {
	var room [longestName]byte
	low := room[:0]
	if len(name) > len(room) {
		low = bytes.ToLower(name)
	} else {
		for _, c := range name {
			if c >= utf8.RuneSelf { // letters that fold to others
				low = bytes.ToLower(name)
				break
			}
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			low = append(low, c)
		}
	}
	switch {
	case trace[string(low)]:
		return traced
	case known[string(low)]:
		if !blank {
			return noField
		}
		return standard
	case !blank:
		return noField
	case len(low) > 2 && low[0] == 'x' && low[1] == '-':
		return unknown
	case bytes.IndexByte(name, '-') > 0 && 'A' <= name[0] && name[0] <= 'Z' && name[len(name)-1] != '-':
		return unknown
	}
	return noField
}

// isField reports whether a line of damaged text begins a field.
func isField(b []byte) bool { return classify(b) != noField }
