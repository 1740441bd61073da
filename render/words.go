package render

import (
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

// Marks stand before a result word and repeat it.
const (
	markGood    = "✓"
	markBad     = "✗"
	markNeutral = "·"
)

// markOf returns the mark of a result word of RFC 8601 §2.7. Anything that is
// neither a pass nor a failure gets the neutral mark.
func markOf(result string) (string, style) {
	switch strings.ToLower(result) {
	case "pass":
		return markGood, green
	case "fail", "softfail", "hardfail", "permerror":
		return markBad, red
	case "temperror":
		return markBad, yellow
	}
	return markNeutral, faint
}

func markStyle(mark string) style {
	switch mark {
	case markGood:
		return green
	case markBad:
		return red
	}
	return faint
}

func severityStyle(s string) style {
	switch s {
	case report.Critical, report.High:
		return red
	case report.Medium:
		return yellow
	}
	return unstyled
}

func statusStyle(s string) style {
	switch s {
	case report.Authenticated:
		return green
	case report.Undetermined, report.Unauthenticated:
		return yellow
	}
	return red
}

// statusWords is the status as people write it.
func statusWords(s string) string {
	switch s {
	case report.CheckedInWrongPlace:
		return "checked in the wrong place"
	case "":
		return report.Undetermined
	}
	return strings.ReplaceAll(Clean(s), "-", " ")
}

// delay is a time span in the largest two units that it fills.
func delay(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	d := time.Duration(*seconds * float64(time.Second)).Round(time.Second)
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	n := int64(d / time.Second)
	unit := func(big, small int64, bigName, smallName string) string {
		s := sign + strconv.FormatInt(n/big, 10) + " " + bigName
		if rest := n % big / small; rest > 0 {
			s += " " + strconv.FormatInt(rest, 10) + " " + smallName
		}
		return s
	}
	switch {
	case n < 60:
		return sign + strconv.FormatInt(n, 10) + " s"
	case n < 3600:
		return unit(60, 1, "min", "s")
	case n < 86400:
		return unit(3600, 60, "h", "min")
	}
	return unit(86400, 3600, "d", "h")
}

// plural is "1 lookup" or "3 lookups".
func plural(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return strconv.Itoa(n) + " " + word
}

// join joins the texts that are not empty.
func join(sep string, texts ...string) string {
	var b strings.Builder
	for _, s := range texts {
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
	}
	return b.String()
}

// sentences splits a summary into its first sentence, without its full stop,
// and the rest. A full stop ends a sentence where a blank and a capital letter
// follow, so that names and numbers stay whole.
func sentences(s string) (head, rest string) {
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '.' && s[i+1] == ' ' && 'A' <= s[i+2] && s[i+2] <= 'Z' {
			return s[:i], s[i+2:]
		}
	}
	return strings.TrimSuffix(s, "."), ""
}
