package receiver

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// Story says in one sentence what became of the message at the receiver and why,
// tied to the root cause. It is empty where the receiver's codes say nothing
// that the results do not.
func Story(notes []report.Receiver, v report.Verdict) report.Text {
	by := map[string]*report.Receiver{}
	for i := range notes {
		k, _, ok := strings.Cut(notes[i].Code, ":")
		if !ok || strings.Contains(k, " ") {
			k, _, _ = strings.Cut(notes[i].Code, "=")
		}
		if by[k] == nil && notes[i].Vendor == "Microsoft" {
			by[k] = &notes[i]
		}
	}
	value := func(k string) string {
		if by[k] == nil {
			return ""
		}
		_, v, _ := strings.Cut(by[k].Code, ":")
		return v
	}
	var t report.Text
	say := func(format string, args ...any) {
		if len(t) > 0 {
			t = t.Add(report.Words("; ")...)
		}
		t = t.Add(report.Say(format, args...)...)
	}
	switch value("dest") {
	case "J":
		say("in Junk (dest:J)")
	case "I":
		say("in the Inbox (dest:I)")
	case "C":
		say("in another folder, by a rule of the user (dest:C)")
	}
	if s := value("SCL"); s != "" {
		say("spam confidence SCL %s: %s", s, lower(by["SCL"].Meaning))
	}
	if c := value("CAT"); c != "" && c != "NONE" {
		say("category %s: %s", c, lower(by["CAT"].Meaning))
	} else if c := value("SFV"); c != "" && c != "NSPM" && c != "SPM" {
		say("SFV %s: %s", c, lower(by["SFV"].Meaning))
	}
	failed := false
	if x := by["compauth"]; x != nil && !strings.HasPrefix(x.Code, "compauth=pass") {
		failed = strings.HasPrefix(x.Code, "compauth=fail")
		say("%s: %s", x.Code, lower(x.Meaning))
	}
	if x := by["dmarc"]; x != nil && !failed {
		failed = true
		say("%s: %s", x.Code, lower(x.Meaning))
	}
	// The cause lies in the check, not in the message, or in what the finding says.
	if root := v.RootCause; failed && root != nil {
		switch {
		case v.Status == report.CheckedInWrongPlace && v.Hop != nil:
			say("because SPF was asked at %v", report.HopRef(*v.Hop))
		default:
			say("behind it: %v", report.FindingRef(*root))
		}
	}
	return t
}

// lower begins a meaning as a part of a sentence.
func lower(s string) string {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'a' && s[1] <= 'z' && !strings.HasPrefix(s, "Microsoft") {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
