package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message/mailbox"
)

// bulk reports whether the message says that it goes to many, or was made by a
// robot: then answers and names follow other rules.
func bulk(f *Facts) bool {
	for _, name := range []string{"List-Id", "List-Post", "List-Unsubscribe", "X-BeenThere", "Mailing-List", "Feedback-ID", "X-Original-From"} {
		if f.Msg.First(name) >= 0 {
			return true
		}
	}
	p := strings.ToLower(f.Msg.Get("Precedence"))
	a := strings.ToLower(strings.TrimSpace(f.Msg.Get("Auto-Submitted")))
	return strings.Contains(p, "bulk") || strings.Contains(p, "list") || a != "" && a != "no"
}

// replyTo is the first mailbox of Reply-To with its field; nil where there is
// none, or several fields.
func replyTo(f *Facts) (*mailbox.Mailbox, int) {
	i := f.Msg.First("Reply-To")
	if i < 0 {
		return nil, -1
	}
	for _, mb := range mailbox.Parse(f.Msg.Value(i)) {
		if mb.Domain != "" {
			return &mb, i
		}
	}
	return nil, -1
}

// nameAddress finds an e-mail address in the display name of From, "" where
// there is none. name is the whole display name.
func nameAddress(f *Facts) (addr, name string) {
	if len(f.From) != 1 {
		return "", ""
	}
	name = headers.Decode(f.From[0].Name)
	if len(name) > maxName {
		return "", name
	}
	for _, w := range strings.FieldsFunc(looksLikeASCII.Replace(name), func(r rune) bool { return strings.ContainsRune(" \t\"'<>()[],;:", r) }) {
		if local, domain, _ := mailname.Split(w); local != "" && mailname.Org(domain) != "" {
			return strings.ToLower(strings.Trim(w, ".")), name
		}
	}
	return "", name
}

// looksLikeASCII brings what looks like an @ or a dot, and shows an address to
// people, into the form of one.
var looksLikeASCII = strings.NewReplacer("\uff20", "@", "\ufe6b", "@", "\uff0e", ".", "\u3002", ".", "\uff61", ".", "\u2024", ".")

// maxName is the longest display name that is looked at.
const maxName = 512

// onBehalf reports whether a display name says that somebody else passes the
// message on for the author, as lists, groups and helpdesks do.
func onBehalf(name string) bool {
	n := " " + strings.ToLower(name) + " "
	for _, w := range []string{" via ", "(via ", " on behalf of ", " (google ", " by way of ", " through "} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}

// namesAddress reports whether one of these fields holds the address.
func namesAddress(f *Facts, addr string, fields ...string) bool {
	for _, name := range fields {
		for _, i := range f.Msg.All(name) {
			for _, mb := range mailbox.Parse(f.Msg.Value(i)) {
				if strings.EqualFold(mb.Address, addr) {
					return true
				}
			}
		}
	}
	return false
}
