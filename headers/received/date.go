package received

import (
	"strings"
	"time"
)

// maxDate is how many octets of a date are read.
const maxDate = 256

// ParseDate reads a date-time of RFC 5322 §3.3 and §4.3 and what mail servers
// write in its place: no weekday, no seconds, two-digit years, zones by name or
// only in a comment, "(GMT-8)", C's asctime, ISO 8601, Go's default format with
// its monotonic clock, 5/15/2024 where it can be read in one way only, and
// 15.05.2024. Words behind a whole date end it. A date without a zone is read as
// UTC. ok is false where day, month, year or time of day is missing or impossible.
func ParseDate(s string) (t time.Time, ok bool) {
	t, _, ok = parseDate(s)
	return t, ok
}

// dateParts collects the fields of a date in whatever order they come.
type dateParts struct {
	day, month, year int
	hour, min, sec   int
	nsec             int
	hasTime, pm, am  bool
	offset           int // seconds east of UTC
	zoned            bool
	numeric          bool // the zone was a number, which outranks a name
	odd              bool // a zone's name that nobody knows was there
}

// parseDate also says whether the date named a time zone.
func parseDate(s string) (t time.Time, zoned, ok bool) {
	if len(s) > maxDate {
		s = s[:maxDate]
	}
	var d dateParts
	for i := 0; i < len(s); {
		switch {
		case s[i] == ' ' || s[i] == ',' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n':
			i++
		case s[i] == '(':
			end := commentEnd(s[i:])
			d.comment(strings.Trim(s[i:i+end], "() "))
			i += end
		default:
			end := i
			for end < len(s) && !strings.ContainsRune(" ,\t\r\n(", rune(s[end])) {
				end++
			}
			if before := d; !d.word(s[i:end]) {
				if d = before; !d.whole() || !isAlpha(s[i]) && s[i] != '<' && s[i] != '"' {
					return time.Time{}, false, false
				}
				return d.time() // words behind it
			}
			i = end
		}
	}
	return d.time()
}

// whole says that day, month, year and time of day are there.
func (d *dateParts) whole() bool {
	return d.day != 0 && d.month != 0 && d.year != 0 && d.hasTime
}

// commentEnd returns the length of the comment that s begins with, nested ones
// included.
func commentEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// comment takes the zone from a comment such as "GMT-8" or "PDT" where none
// stands outside.
func (d *dateParts) comment(s string) {
	if d.zoned {
		return
	}
	if off, ok := namedZone(s); ok {
		d.offset, d.zoned = off, true
	}
}

// word reads one word. It returns false where a date has no such word.
func (d *dateParts) word(w string) bool {
	switch {
	case strings.HasPrefix(w, "m="): // Go's monotonic clock
		return true
	case isDigit(w[0]):
		return d.number(w)
	case w[0] == '+' || w[0] == '-':
		off, ok := numericZone(w)
		if !ok {
			return false
		}
		if !d.numeric {
			d.offset, d.zoned, d.numeric = off, true, true
		}
		return true
	case isAlpha(w[0]):
		return d.name(strings.TrimSuffix(w, "."))
	}
	return false
}

func (d *dateParts) name(w string) bool {
	if m := monthNumber(w); m > 0 {
		if d.month != 0 {
			return false
		}
		d.month = m
		return true
	}
	if isWeekday(w) {
		return true
	}
	if strings.EqualFold(w, "AM") {
		d.am = true
		return true
	}
	if strings.EqualFold(w, "PM") {
		d.pm = true
		return true
	}
	if off, ok := namedZone(w); ok {
		if !d.zoned {
			d.offset, d.zoned = off, true
		}
		return true
	}
	// RFC 5322 §4.3: other names of zones mean no more than "-0000".
	if d.odd || !d.hasTime || len(w) > 5 || strings.ToUpper(w) != w {
		return false
	}
	d.odd = true
	return true
}

// number reads a word that begins with a digit: day, year, time of day, or a
// whole date.
func (d *dateParts) number(w string) bool {
	if i := strings.IndexByte(w, ':'); i >= 0 {
		if len(w) > 11 && w[4] == '-' && (w[10] == 'T' || w[10] == 't') {
			return d.isoDate(w[:10]) && d.clock(w[11:])
		}
		return d.clock(w)
	}
	if strings.IndexByte(w, '-') > 0 {
		return d.dashed(w)
	}
	if i := strings.IndexAny(w, "/."); i > 0 {
		return d.figures(strings.Split(w, w[i:i+1]), w[i] == '/')
	}
	n, ok := atoi(w)
	if !ok {
		return false
	}
	switch {
	case len(w) <= 2 && d.day == 0:
		d.day = n
	case d.year == 0 && d.day != 0 && len(w) <= 4:
		d.year = fullYear(n, len(w))
	case d.year == 0 && len(w) == 4:
		d.year = n
	default:
		return false
	}
	return true
}

// fullYear reads short years by RFC 5322 §4.3: 00–49 are of this century, 50–99
// and three digits count from 1900.
func fullYear(n, digits int) int {
	switch {
	case digits == 2 && n < 50:
		return 2000 + n
	case digits <= 3:
		return 1900 + n
	}
	return n
}

// dashed reads "2026-06-01" and "5-Mar-02".
func (d *dateParts) dashed(w string) bool {
	if len(w) == 10 && w[4] == '-' {
		return d.isoDate(w)
	}
	day, rest, _ := strings.Cut(w, "-")
	month, year, ok := strings.Cut(rest, "-")
	if !ok || d.day != 0 || d.month != 0 || d.year != 0 {
		return false
	}
	var okDay, okYear bool
	d.day, okDay = atoi(day)
	d.month = monthNumber(month)
	d.year, okYear = atoi(year)
	d.year = fullYear(d.year, len(year))
	return okDay && okYear && d.month > 0
}

// figures reads "5/15/2024" and "2024/05/15", and with dots "15.05.2024". With
// slashes some put the day first and some the month: where both are possible
// and differ, nothing can be read.
func (d *dateParts) figures(w []string, slashes bool) bool {
	if len(w) != 3 || d.day != 0 || d.month != 0 || d.year != 0 {
		return false
	}
	if len(w[0]) == 4 {
		w[0], w[2] = w[2], w[0]
		slashes = false
	}
	a, okA := atoi(w[0])
	b, okB := atoi(w[1])
	year, okYear := atoi(w[2])
	if !okA || !okB || !okYear || len(w[0]) > 2 || len(w[1]) > 2 || len(w[2]) != 4 {
		return false
	}
	switch {
	case !slashes, a > 12, a == b:
		d.day, d.month = a, b
	case b > 12:
		d.day, d.month = b, a
	default:
		return false
	}
	d.year = year
	return d.month >= 1 && d.month <= 12
}

func (d *dateParts) isoDate(w string) bool {
	if len(w) != 10 || w[4] != '-' || w[7] != '-' || d.year != 0 || d.month != 0 || d.day != 0 {
		return false
	}
	var a, b, c bool
	d.year, a = atoi(w[:4])
	d.month, b = atoi(w[5:7])
	d.day, c = atoi(w[8:])
	return a && b && c
}

// clock reads "10:00", "10:00:00", "10:00:00.864" and, behind an ISO date, a
// zone: "10:00:00Z", "10:00:00+02:00".
func (d *dateParts) clock(w string) bool {
	if d.hasTime {
		return false
	}
	if i := strings.IndexAny(w, "Zz+-"); i > 0 {
		zone := w[i:]
		w = w[:i]
		if zone != "Z" && zone != "z" {
			off, ok := numericZone(zone)
			if !ok {
				return false
			}
			d.offset = off
		}
		d.zoned, d.numeric = true, true
	}
	h, rest, _ := strings.Cut(w, ":")
	m, s, hasSec := strings.Cut(rest, ":")
	var ok bool
	if d.hour, ok = atoi(h); !ok || len(h) > 2 {
		return false
	}
	if d.min, ok = atoi(m); !ok || len(m) > 2 {
		return false
	}
	if hasSec {
		s, frac, _ := strings.Cut(s, ".")
		if d.sec, ok = atoi(s); !ok || len(s) > 2 {
			return false
		}
		scale := int(time.Second) / 10
		for i := 0; i < len(frac) && scale > 0; i++ {
			if !isDigit(frac[i]) {
				return false
			}
			d.nsec += int(frac[i]-'0') * scale
			scale /= 10
		}
	}
	d.hasTime = true
	return d.hour <= 23 && d.min <= 59 && d.sec <= 60
}

func (d *dateParts) time() (t time.Time, zoned, ok bool) {
	if d.day < 1 || d.month < 1 || d.month > 12 || d.year < 1900 || d.year > 9999 || !d.hasTime {
		return time.Time{}, false, false
	}
	if d.am || d.pm {
		if d.hour < 1 || d.hour > 12 {
			return time.Time{}, false, false
		}
		d.hour %= 12
		if d.pm {
			d.hour += 12
		}
	}
	loc := time.UTC
	if d.offset != 0 {
		loc = time.FixedZone("", d.offset)
	}
	t = time.Date(d.year, time.Month(d.month), d.day, d.hour, d.min, d.sec, d.nsec, loc)
	if d.sec < 60 && t.Day() != d.day { // 31 April
		return time.Time{}, false, false
	}
	if lastOf := time.Date(d.year, time.Month(d.month)+1, 0, 0, 0, 0, 0, time.UTC).Day(); d.day > lastOf {
		return time.Time{}, false, false
	}
	return t, d.zoned, true
}

// numericZone reads "+0100", "-08:00", "+07" and "+530".
func numericZone(w string) (offset int, ok bool) {
	digits := w[1:]
	hh, mm := "", "0"
	switch i := strings.IndexByte(digits, ':'); {
	case i > 0:
		hh, mm = digits[:i], digits[i+1:]
	case len(digits) == 3 || len(digits) == 4:
		hh, mm = digits[:len(digits)-2], digits[len(digits)-2:]
	default:
		hh = digits
	}
	h, ok1 := atoi(hh)
	m, ok2 := atoi(mm)
	if !ok1 || !ok2 || len(hh) > 2 || h > 24 || m > 59 {
		return 0, false
	}
	offset = h*3600 + m*60
	if w[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// namedZone reads the zones of RFC 5322 §4.3, a few that are common in mail,
// and "GMT-8".
func namedZone(w string) (offset int, ok bool) {
	const hour = 3600
	if len(w) < 2 || len(w) > 12 {
		return 0, len(w) == 1 && isAlpha(w[0]) // military zones: the sign is unreliable, read as UTC
	}
	for _, base := range [...]string{"GMT", "UTC", "UT"} {
		if !hasPrefixFold(w, base) {
			continue
		}
		if rest := w[len(base):]; rest == "" {
			return 0, true
		} else if rest[0] == '+' || rest[0] == '-' {
			return numericZone(rest)
		}
	}
	switch strings.ToUpper(w) {
	case "WET":
		return 0, true
	case "EST", "CDT":
		return -5 * hour, true
	case "EDT":
		return -4 * hour, true
	case "CST", "MDT":
		return -6 * hour, true
	case "MST", "PDT":
		return -7 * hour, true
	case "PST":
		return -8 * hour, true
	case "CET", "MET", "MEZ", "WEST", "BST":
		return 1 * hour, true
	case "CEST", "MEST", "MESZ", "EET":
		return 2 * hour, true
	case "EEST", "MSK":
		return 3 * hour, true
	case "JST", "KST":
		return 9 * hour, true
	}
	return 0, false
}

func monthNumber(w string) int {
	if len(w) < 3 || len(w) > 9 {
		return 0
	}
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	for m := 0; m < 12; m++ {
		if strings.EqualFold(w[:3], names[3*m:3*m+3]) {
			if len(w) == 3 || strings.EqualFold(w, time.Month(m+1).String()) || strings.EqualFold(w, "sept") {
				return m + 1
			}
		}
	}
	return 0
}

func isWeekday(w string) bool {
	if len(w) < 3 || len(w) > 9 {
		return false
	}
	const names = "sunmontuewedthufrisat"
	for d := 0; d < 7; d++ {
		if strings.EqualFold(w[:3], names[3*d:3*d+3]) {
			return len(w) == 3 || strings.EqualFold(w, time.Weekday(d).String()) ||
				strings.EqualFold(w, "tues") || strings.EqualFold(w, "thur") || strings.EqualFold(w, "thurs")
		}
	}
	return false
}

// atoi reads up to four decimal digits and nothing else.
func atoi(s string) (int, bool) {
	if s == "" || len(s) > 4 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}
