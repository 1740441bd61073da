package render

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// spfArea shows the record, its cost and its reach, and the tree of includes.
func spfArea(d *report.Domain) area {
	s := &d.SPF
	a := checked(d, "SPF", "spf", &s.DomainCheck)
	a.text = record(&s.DomainCheck)
	a.lines = allRecords(&s.DomainCheck)
	for i := range s.Meant {
		a.lines = append(a.lines, areaLine{mark: markWarn, text: "meant as one: " + join("; ", strconv.Quote(Clean(s.Meant[i].Text)), Clean(s.Meant[i].Why))})
	}
	if s.Record == nil {
		return a
	}
	cost := areaLine{mark: markGood, text: fmt.Sprintf("%d of %d lookups, %d void; %d bytes", s.DNSLookups, s.MaxDNSLookups, s.VoidDNSLookups, s.RecordBytes)}
	if s.DNSLookups > s.MaxDNSLookups {
		cost.mark = markBad
	} else if s.Authorized != nil && !s.Authorized.Complete && a.mark == markUnknown {
		cost.mark, cost.text = markUnknown, "at least "+cost.text
	} else if s.VoidDNSLookups > maxVoids {
		cost.mark = markWarn
	}
	a.lines = append(a.lines, cost)
	if r := s.Authorized; r != nil {
		text := "lets pass " + addresses(&r.IPv4, "IPv4") + " and " + addresses(&r.IPv6, "IPv6")
		if !r.Complete {
			text += ", perhaps more"
		}
		a.lines = append(a.lines, areaLine{text: text})
		for _, set := range [...]*report.AddressSet{&r.IPv4, &r.IPv6} {
			ranges := make([]string, 0, len(set.Ranges))
			for _, n := range set.Ranges {
				ranges = append(ranges, Clean(n))
			}
			if set.More > 0 {
				ranges = append(ranges, fmt.Sprintf("and %d more", set.More))
			}
			if len(ranges) > 0 {
				a.more = append(a.more, areaLine{indent: 1, text: strings.Join(ranges, " ")})
			}
		}
	}
	a.short = branches(s.Tree, false)
	a.more = append(a.more, branches(s.Tree, true)...)
	return a
}

// maxVoids is the limit of RFC 7208 §4.6.4 on void lookups.
const maxVoids = 2

func addresses(s *report.AddressSet, family string) string {
	switch s.Count {
	case "", "0":
		return "no " + family
	case "1":
		return "1 " + family + " address"
	}
	return grouped(Clean(s.Count)) + " " + family + " addresses"
}

// grouped puts commas between the thousands of a number.
func grouped(s string) string {
	if len(s) > maxCount || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		return s
	}
	var out []byte
	for i := range len(s) {
		if i > 0 && (len(s)-i)%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// maxCount is more digits than a number of addresses has.
const maxCount = 40

// branches shows the terms that cost lookups, with what each branch costs; all
// terms with question and answer at full detail.
func branches(root *report.SPFBranch, full bool) []areaLine {
	var out []areaLine
	nodes := 0
	var walk func(b *report.SPFBranch, depth int)
	walk = func(b *report.SPFBranch, depth int) {
		if b == nil || depth > maxTreeDepth {
			return
		}
		for _, c := range b.Children {
			if c == nil {
				continue
			}
			if c.Kind == "record" { // the record behind an include
				walk(c, depth)
				continue
			}
			if !full && c.DNSLookups == 0 && c.Note == "" {
				continue
			}
			if nodes++; nodes > maxTreeNodes {
				if nodes == maxTreeNodes+1 {
					out = append(out, areaLine{indent: depth, text: "…"})
				}
				return
			}
			l := areaLine{indent: depth, text: Clean(c.Term)}
			if c.DNSLookups > 0 {
				cost := plural(c.DNSLookups, "lookup")
				if c.Voids > 0 {
					cost += ", " + strconv.Itoa(c.Voids) + " void"
				}
				l.text += "  " + cost
			}
			if c.Note != "" {
				l.mark = markWarn
				l.text += "  (" + Clean(c.Note) + ")"
			}
			out = append(out, l)
			if full && c.Question != "" {
				out = append(out, areaLine{indent: depth + 2, text: Clean(c.Question) + ": " + cmp.Or(Clean(c.Answer), "no answer")})
			}
			walk(c, depth+1)
		}
	}
	walk(root, 0)
	return out
}
