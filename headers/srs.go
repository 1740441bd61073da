package headers

import (
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// SRS is an envelope sender that a forwarder rewrote by the Sender Rewriting
// Scheme.
type SRS struct {
	// Scheme is "SRS0", "SRS1" for a second forwarder, or "exchange-online"
	// for the form that hides the original.
	Scheme    string
	Forwarder string // domain that rewrote it: the part after the last @
	Local     string // of the original address, "" where hidden
	Domain    string // of the original address, lower case; "" where hidden
	Stamp     string // two base32 characters: days modulo 1024
	First     string // SRS1: the first forwarder
}

// Original is the address before rewriting, "" where it is hidden.
func (s SRS) Original() string {
	if s.Domain == "" {
		return ""
	}
	return s.Local + "@" + s.Domain
}

const srsBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// Age is the number of days from the day in the stamp to t, in -512 … 511; ok
// is false where there is no stamp.
func (s SRS) Age(t time.Time) (days int, ok bool) {
	if len(s.Stamp) != 2 {
		return 0, false
	}
	hi := strings.IndexByte(srsBase32, upper(s.Stamp[0]))
	lo := strings.IndexByte(srsBase32, upper(s.Stamp[1]))
	if hi < 0 || lo < 0 {
		return 0, false
	}
	today := int(t.Unix()/86400) % 1024
	days = (today - (hi<<5 | lo) + 2048) % 1024
	if days > 511 {
		days -= 1024
	}
	return days, true
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// ParseSRS reads SRS0=HHHH=TT=domain=local@forwarder and its relatives:
//
//	SRS0=HHHH=TT=orig.example=local@fwd.example
//	SRS1=HHHH=fwd1.example==HHHH=TT=orig.example=local@fwd2.example
//	bounces+SRS=<hash>=<TT>@tenant.example            Exchange Online
//
// The first separator may be "=", "+" or "-", and letter case may be lost on
// the way.
func ParseSRS(addr string) (SRS, bool) {
	local, domain, ok := mailname.Split(addr)
	if !ok {
		return SRS{}, false
	}
	fwd := mailname.Host(domain)
	if i := indexFold(local, "+srs="); i > 0 {
		parts := strings.Split(local[i+len("+srs="):], "=")
		if len(parts) >= 2 && parts[0] != "" {
			return SRS{Scheme: "exchange-online", Forwarder: fwd, Stamp: parts[1]}, true
		}
		return SRS{}, false
	}
	if len(local) < 6 || !strings.EqualFold(local[:3], "SRS") || !strings.ContainsRune("=+-", rune(local[4])) {
		return SRS{}, false
	}
	rest := local[5:]
	switch local[3] {
	case '0':
		return srs0(rest, SRS{Scheme: "SRS0", Forwarder: fwd})
	case '1':
		// HHHH=first==HHHH=TT=domain=local, where the inner separator is kept
		// from the first forwarder.
		hash := strings.IndexByte(rest, '=')
		if hash < 0 {
			return SRS{}, false
		}
		first := rest[hash+1:]
		end := strings.IndexByte(first, '=')
		if end < 0 || end+2 > len(first) {
			return SRS{}, false
		}
		return srs0(first[end+2:], SRS{Scheme: "SRS1", Forwarder: fwd, First: mailname.Host(first[:end])})
	}
	return SRS{}, false
}

// indexFold is strings.Index for an ASCII text in lower case, found in any
// case. It looks at the text itself: the offset in a lower-cased copy is
// another one where that is longer or shorter.
func indexFold(s, lower string) int {
	for i := 0; i+len(lower) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(lower)], lower) {
			return i
		}
	}
	return -1
}

func srs0(rest string, s SRS) (SRS, bool) {
	parts := strings.SplitN(rest, "=", 4)
	if len(parts) != 4 || parts[2] == "" {
		return SRS{}, false
	}
	s.Stamp, s.Domain, s.Local = parts[1], mailname.Host(parts[2]), parts[3]
	return s, true
}
