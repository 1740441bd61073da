package spf

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/fieldtext"
)

// Received writes the value of a Received-SPF field for the evaluation (RFC
// 7208 §9.1), folded, to stand above the Received field of the same hop.
// receiver is the name of the server that checked, helo what the client called
// itself. What a client sent is quoted, so that it cannot end the field or write
// a key of its own.
func (e *Evaluation) Received(receiver, helo string) string {
	why := map[Result]string{
		None:      "no SPF record, or no domain to check",
		Neutral:   "the record says nothing of the client",
		Pass:      "the client is permitted to send",
		Fail:      "the client is not permitted to send",
		SoftFail:  "the client is probably not permitted to send",
		TempError: "the DNS did not answer",
		PermError: "the record cannot be interpreted",
	}[e.Result]
	var b strings.Builder
	b.WriteString(" " + string(e.Result) + " " + fieldtext.Comment(receiver+": "+e.Domain+": "+why))
	key := func(name, value string) {
		if value != "" {
			b.WriteString("\r\n\t" + name + "=" + value + ";")
		}
	}
	key("client-ip", e.IP.String())
	if e.Identity == MailFrom {
		key("envelope-from", quoted(e.Sender))
	}
	if helo != "" {
		key("helo", quoted(helo))
	}
	key("identity", string(e.Identity))
	key("receiver", quoted(receiver))
	if e.Matched != "" {
		last := e.Matched[strings.LastIndexByte(e.Matched, ' ')+1:]
		key("mechanism", quoted(last))
	}
	if e.Result == TempError || e.Result == PermError {
		key("problem", quoted(e.Reason))
	}
	return strings.TrimSuffix(b.String(), ";")
}

// quoted writes a value as a dot-atom where it is one, else as a quoted string
// (RFC 5322 §3.2.3, §3.2.4).
func quoted(s string) string {
	if fieldtext.IsDotAtom(s) {
		return s
	}
	return fieldtext.Quoted(s)
}
