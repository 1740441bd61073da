package render

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// check is one line of the border block. Everything in it is clean.
type check struct {
	method, result, domain, detail string
}

func spfCheck(r *report.Report) check {
	s := r.SPF
	if s == nil {
		return check{"spf", cmp.Or(word(r.Verdict.Border.SPF), "-"), "", "not evaluated"}
	}
	return check{"spf", word(s.Result), Clean(s.Domain), spfDetail(s)}
}

// spfDetail says in a line why SPF came out as it did.
func spfDetail(s *report.SPF) string {
	ip, term := Clean(s.ClientIP), Clean(s.Matched)
	name := term
	if i := strings.LastIndex(name, "> "); i >= 0 {
		name = name[i+2:]
	}
	bare := strings.ToLower(strings.TrimLeft(name, "+-~?"))
	var text string
	switch {
	case s.Result == "permerror" || s.Result == "temperror" || term == "":
		text = Clean(s.Reason)
	case bare == "all":
		text = ip + " is in no other term; " + term + " decides"
	case strings.HasPrefix(bare, "ip4") || strings.HasPrefix(bare, "ip6"):
		text = ip + " is in " + term
	default:
		text = ip + " matches " + term
	}
	if s.Identity == "helo" {
		text = join(", ", text, "HELO checked")
	}
	return text
}

func dkimDetail(d *report.DKIM) string {
	var parts []string
	if d.Result == "pass" {
		parts = append(parts, "selector "+Clean(d.Selector))
		if d.KeyBits > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", cmp.Or(word(d.KeyType), "key"), d.KeyBits))
		}
	} else {
		body, header := d.BodyHash == report.Mismatch, d.HeaderSignature == report.Mismatch
		switch {
		case body && header:
			parts = append(parts, "body hash and header signature differ")
		case body && d.HeaderSignature == report.Match:
			parts = append(parts, "body hash differs, header signature holds")
		case body:
			parts = append(parts, "body hash differs")
		case header:
			parts = append(parts, "header signature differs")
		default:
			parts = append(parts, cmp.Or(Clean(d.Reason), "no reason given"))
		}
	}
	if !d.Aligned {
		parts = append(parts, "not aligned with From")
	}
	if d.UnsignedBytes > 0 {
		parts = append(parts, plural(d.UnsignedBytes, "body byte")+" after l= not signed")
	}
	text := strings.Join(parts, ", ")
	if d.Repair != nil && len(d.Repair.Changes) > 0 {
		var undo []string
		for _, c := range d.Repair.Changes {
			undo = append(undo, cmp.Or(Clean(c.Description), Clean(c.Kind)))
		}
		text += "; " + strings.Join(undo, ", ")
		if d.Repair.Proved {
			text += ", it verifies"
		} else {
			text += ", not proved"
		}
	}
	return text
}

func dmarcCheck(r *report.Report) check {
	d := r.DMARC
	if d == nil {
		return check{"dmarc", cmp.Or(word(r.Verdict.Border.DMARC), "-"), "", "not evaluated"}
	}
	var aligned string
	switch {
	case d.SPFAligned && d.DKIMAligned:
		aligned = "aligned by SPF and DKIM"
	case d.SPFAligned:
		aligned = "aligned by SPF"
	case d.DKIMAligned:
		aligned = "aligned by DKIM"
	case d.Result == "fail":
		aligned = "neither SPF nor DKIM passes aligned"
	}
	policy := ""
	if d.Policy != "" {
		policy = "p=" + word(d.Policy)
	}
	if d.RecordDomain != "" && d.RecordDomain != d.FromDomain {
		policy = join(" ", policy, "of "+Clean(d.RecordDomain))
	}
	text := join(", ", policy, aligned)
	if d.Result != "pass" && d.Result != "fail" {
		text = join(", ", text, Clean(d.Reason))
	}
	if o := d.Other; o != nil && o.Result != d.Result {
		text = join("; ", text, fmt.Sprintf("%s says %s", standardName(o.Method), word(o.Result)))
	}
	return check{"dmarc", word(d.Result), Clean(d.FromDomain), text}
}

// standardName is "RFC 7489" for "rfc7489".
func standardName(s string) string {
	if n, ok := strings.CutPrefix(s, "rfc"); ok {
		return "RFC " + Clean(n)
	}
	return Clean(s)
}

func arcCheck(a *report.ARC) check {
	text := plural(len(a.Sets), "set")
	domain := ""
	if n := len(a.Sets); n > 0 {
		domain = Clean(a.Sets[n-1].Domain)
	}
	if a.FailedInstance != nil {
		text += fmt.Sprintf(", i=%d fails", *a.FailedInstance)
	}
	text = join(": ", text, Clean(a.Reason))
	return check{"arc", word(a.Result), domain, text}
}
