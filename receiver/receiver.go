// Package receiver says in words what the filter of the receiver wrote about
// the sender's authentication: result and reason codes, categories and rules.
// There is one table a vendor, with the source and date of each meaning. What
// spam filters say about content is not looked at.
//
// Not stable: it follows what vendors write.
package receiver

import (
	"bytes"
	"embed"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

// code is one row of a table.
type code struct {
	vendor                                             string
	header, key, code, meaning, weight, source, dateOf string
}

//go:embed tables/*.csv
var tables embed.FS

var vendors = map[string]string{
	"microsoft": "Microsoft", "google": "Google", "yahoo": "Yahoo", "apple": "Apple iCloud", "spamassassin": "SpamAssassin", "rspamd": "rspamd",
	"proofpoint": "Proofpoint", "mimecast": "Mimecast", "cisco": "Cisco",
}

// codes are read when the first is asked for.
var codes = sync.OnceValue(read)

func read() map[string][]code {
	out := map[string][]code{}
	for name, vendor := range vendors {
		text, err := tables.ReadFile("tables/" + name + ".csv")
		if err != nil {
			panic(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			panic(name + ": " + err.Error())
		}
		for _, r := range rows[1:] {
			out[name] = append(out[name], code{vendor, r[0], r[1], r[2], r[3], r[4], r[5], r[6]})
		}
	}
	return out
}

// find looks a code up: the exact one before a family such as 1xx, a range such
// as 4-7, and "*".
func find(table, header, key, value string) (code, bool) {
	best, rank := code{}, 0
	for _, c := range codes()[table] {
		if c.header != header || c.key != key {
			continue
		}
		r := 0
		switch {
		case strings.EqualFold(c.code, value):
			return c, true
		case slices.Contains(strings.Split(c.code, "|"), strings.ToLower(value)), inRange(c.code, value):
			r = 3
		case len(c.code) == 3 && len(value) == 3 && strings.HasSuffix(c.code, "xx") && c.code[0] == value[0]:
			r = 2
		case c.code == "*":
			r = 1
		}
		if r > rank {
			best, rank = c, r
		}
	}
	return best, rank > 0
}

func inRange(r, value string) bool {
	low, high, ok := strings.Cut(r, "-")
	a, err1 := strconv.Atoi(low)
	b, err2 := strconv.Atoi(high)
	n, err3 := strconv.Atoi(value)
	return ok && err1 == nil && err2 == nil && err3 == nil && a <= n && n <= b
}

// maxNotes bounds what is said of one message.
const maxNotes = 40

// Notes reads the fields that the recipient's side wrote.
func Notes(f *headers.Facts) []report.Receiver {
	r := reader{f: f}
	r.microsoft()
	r.results()
	r.rules("spamassassin", "X-Spam-Status")
	r.rules("rspamd", "X-Spamd-Result")
	r.plain("proofpoint", "X-Proofpoint-SPF-Result", "")
	r.plain("cisco", "X-IronPort-Anti-Spam-Filtered", "")
	r.plain("google", "X-Gm-Spam", "")
	r.plain("google", "X-Gm-Phishy", "")
	r.pairs("apple", "X-DMARC-Info", "; ", "=", "pass", "dmarc-policy")
	r.pairs("apple", "X-ARC-Info", "; ", "=", "arc")
	r.pairs("mimecast", "X-Mimecast-Impersonation-Protect", ";", "=", "Similar Internal Domain", "Reply-to Address Mismatch")
	return r.out
}

type reader struct {
	f   *headers.Facts
	out []report.Receiver
}

func (r *reader) add(field int, said string, c code) {
	if len(r.out) >= maxNotes || c.meaning == "" {
		return
	}
	x := report.Receiver{
		Vendor: c.vendor, Field: field, Line: r.f.Msg.Fields[field].Line, Header: r.f.Msg.Name(field), Code: said, Meaning: c.meaning, Weight: c.weight,
		Source: c.source, Date: c.dateOf,
	}
	if !slices.ContainsFunc(r.out, func(y report.Receiver) bool { return y.Vendor == x.Vendor && y.Code == x.Code }) {
		r.out = append(r.out, x)
	}
}

// cloud reports whether a server of Exchange Online stands on the recipient's
// side: its own fields then come from it, since it takes those of others out.
func (r *reader) cloud() bool {
	last := r.f.LastRun()
	if last == nil {
		return false
	}
	for k := last.First; k <= last.Last; k++ {
		if h := &r.f.Hops[k]; r.f.Observed(k) && strings.HasPrefix(h.Dialect, "exo") {
			return true
		}
	}
	return false
}

// above reports whether a field stands above the line of the border: whoever
// sent the message can't have put it there.
func (r *reader) above(field int) bool {
	last := r.f.LastRun()
	return last != nil && last.Border >= 0 && field < r.f.Hops[last.Border].Field
}

// believed reports whether a field is the recipient's: it stands above the
// border, or a verdict in it was found to be trusted.
func (r *reader) believed(field int) bool {
	if r.above(field) {
		return true
	}
	return slices.ContainsFunc(r.f.Claims, func(c headers.Claim) bool { return c.Field == field && c.Trust == headers.Trusted })
}

func (r *reader) named(name string, each func(i int, value string)) {
	for i := range r.f.Msg.Fields {
		if strings.EqualFold(r.f.Msg.Name(i), name) {
			each(i, strings.Join(strings.Fields(r.f.Msg.Value(i)), " "))
		}
	}
}

func (r *reader) plain(table, header, key string) {
	r.named(header, func(i int, value string) {
		value, _, _ = strings.Cut(value, " ")
		if c, ok := find(table, header, key, value); ok && r.believed(i) {
			r.add(i, header+": "+short(value), c)
		}
	})
}

func (r *reader) pairs(table, header, between, is string, keys ...string) {
	r.named(header, func(i int, value string) {
		if !r.believed(i) {
			return
		}
		for _, p := range strings.Split(value, strings.TrimSpace(between)) {
			k, v, ok := strings.Cut(strings.TrimSpace(p), is)
			if !ok || !slices.Contains(keys, k) {
				continue
			}
			if c, ok := find(table, header, k, v); ok {
				r.add(i, k+"="+short(v), c)
			}
		}
	})
}

// short bounds what is quoted of a field.
func short(s string) string {
	if len(s) > 60 {
		return s[:60]
	}
	return s
}

// microsoft reads the fields of Exchange Online.
func (r *reader) microsoft() {
	if !r.cloud() {
		return
	}
	for i := range r.f.Claims {
		c := &r.f.Claims[i]
		if c.Trust != headers.Trusted || c.Dialect != "exchange-online" {
			continue
		}
		switch c.Method {
		case "compauth":
			if x, ok := find("microsoft", "Authentication-Results", "compauth reason", c.Reason); ok {
				r.add(c.Field, "compauth="+short(c.Result)+" reason="+short(c.Reason), x)
			} else if x, ok := find("microsoft", "Authentication-Results", "compauth", c.Result); ok {
				r.add(c.Field, "compauth="+short(c.Result), x)
			}
		case "dmarc":
			if x, ok := find("microsoft", "Authentication-Results", "action", c.Action); ok && c.Action != "none" {
				r.add(c.Field, "dmarc="+short(c.Result)+" action="+short(c.Action), x)
			}
		case "dkim":
			if x, ok := find("microsoft", "Authentication-Results", "dkim comment", c.Comment); ok && c.Result != "pass" {
				r.add(c.Field, "dkim="+short(c.Result)+" ("+short(c.Comment)+")", x)
			}
		}
	}
	list := func(header string, keys ...string) {
		r.named(header, func(i int, value string) {
			for _, p := range strings.Split(value, ";") {
				k, v, ok := strings.Cut(strings.TrimSpace(p), ":")
				if !ok || !slices.Contains(keys, k) {
					continue
				}
				if c, ok := find("microsoft", header, k, v); ok {
					r.add(i, k+":"+short(v), c)
				}
			}
		})
	}
	list("X-Forefront-Antispam-Report", "CAT", "SFV", "SCL", "SFTY")
	list("X-Microsoft-Antispam-Mailbox-Delivery", "dest", "OFR")
	for _, h := range []string{"X-CustomSpam", "X-MS-Exchange-ExternalOriginalInternetSender", "X-MS-Exchange-SkipListedInternetSender"} {
		r.plain("microsoft", h, "")
	}
	if !slices.ContainsFunc(r.out, func(x report.Receiver) bool { return strings.HasPrefix(x.Code, "SCL:") }) {
		r.named("X-MS-Exchange-Organization-SCL", func(i int, value string) {
			if c, ok := find("microsoft", "X-MS-Exchange-Organization-SCL", "", value); ok {
				r.add(i, "SCL:"+short(value), c)
			}
		})
	}
}

// results reads what Google and Yahoo add to their results.
func (r *reader) results() {
	for i := range r.f.Claims {
		c := &r.f.Claims[i]
		if c.Trust != headers.Trusted {
			continue
		}
		switch {
		case strings.HasSuffix(c.AuthservID, "google.com"):
			if x, ok := find("google", "Authentication-Results", "dmarc dis", c.Action); ok && c.Method == "dmarc" {
				r.add(c.Field, "dmarc="+short(c.Result)+" dis="+short(c.Action), x)
			}
			if c.Method == "spf" && strings.Contains(c.Comment, "best guess record") {
				x, _ := find("google", "Authentication-Results", "spf comment", "best guess record")
				r.add(c.Field, "spf="+short(c.Result)+" (best guess record)", x)
			}
			if c.Method == "dkim" && strings.Contains(c.Comment, "body hash did not verify") {
				x, _ := find("google", "Authentication-Results", "dkim comment", "body hash did not verify")
				r.add(c.Field, "dkim="+short(c.Result)+" (body hash did not verify)", x)
			}
		case strings.Contains(c.AuthservID, "yahoo.com"):
			if x, ok := find("yahoo", "Authentication-Results", c.Method, c.Result); ok {
				r.add(c.Field, c.Method+"="+short(c.Result), x)
			}
		}
	}
}

// rules reads the names of the rules that fired.
func (r *reader) rules(table, header string) {
	// rspamd writes at the end of the header and takes the fields of others out;
	// any sender can bring along the one that SpamAssassin would write.
	told := r.believed
	if table == "spamassassin" {
		told = r.above
	}
	r.named(header, func(i int, value string) {
		if !told(i) {
			return
		}
		seen := 0
		for _, w := range strings.FieldsFunc(value, func(c rune) bool { return !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_') }) {
			if seen++; seen > 400 {
				return
			}
			if len(w) < 5 {
				continue
			}
			if c, ok := find(table, header, "rule", w); ok {
				r.add(i, w, c)
			}
		}
	})
}
