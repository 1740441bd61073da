package findings

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// sealerName is what people know a sealer by.
func sealerName(f *Facts, s *arc.Set) string {
	if k := f.SealerHop(s); k >= 0 && f.Hops[k].By != "" && mailname.SameOrg(f.Hops[k].By, s.Domain) {
		return byName(f, k)
	}
	return cmp.Or(s.Domain, s.AMSDomain, "an unnamed sealer")
}

// sealerParty is the party at fault where a sealer did wrong.
func sealerParty(f *Facts, s *arc.Set) report.Party {
	p := report.Party{Role: report.RoleIntermediary, Host: sealerName(f, s)}
	if k := f.SealerHop(s); k >= 0 {
		p.Role = role(f.RunOf(k))
	}
	return p
}

// setEvidence quotes the fields of a set, the seal first.
func setEvidence(f *Facts, s *arc.Set) []report.Evidence {
	var ev []report.Evidence
	for _, i := range []int{s.Seal, s.MessageSignature, s.Results} {
		if i >= 0 {
			ev = append(ev, field(f, i))
		}
	}
	return ev
}

// setAt returns the set with an instance, nil where there is none.
func setAt(c *arc.Chain, instance int) *arc.Set {
	for i := range c.Sets {
		if c.Sets[i].Instance == instance {
			return &c.Sets[i]
		}
	}
	return nil
}

// newestSet is the set on top, nil where there is none.
func newestSet(c *arc.Chain) *arc.Set {
	if len(c.Sets) == 0 {
		return nil
	}
	return &c.Sets[len(c.Sets)-1]
}

// testimony says in words what the verdicts of a set are: "spf=pass,
// dkim=pass, dmarc=pass"; "" where they say nothing.
func testimony(f *Facts, s *arc.Set) string {
	var out []string
	for _, method := range []string{"spf", "dkim", "dmarc"} {
		if r := setResult(f, s, method); r != "" {
			out = append(out, method+"="+r)
		}
	}
	return strings.Join(out, ", ")
}

// setResult is what a set says of one method, the best of several results; ""
// where it says nothing.
func setResult(f *Facts, s *arc.Set, method string) string {
	r := ""
	for _, c := range f.SetClaims(s) {
		if c.Method == method && c.Normal != "" && (r == "" || c.Normal == "pass") {
			r = c.Normal
		}
	}
	return r
}

// setsLine is one line about the sets of a chain, oldest first, for the
// evidence.
func setsLine(c *arc.Chain) string {
	var out []string
	for i := range c.Sets {
		if i == 8 {
			out = append(out, "…")
			break
		}
		s := &c.Sets[i]
		out = append(out, fmt.Sprintf("i=%d %s cv=%s seal %s, message signature %s", s.Instance, cmp.Or(s.Domain, s.AMSDomain), cmp.Or(s.CV, "(none)"), cmp.Or(s.SealResult, "missing"), cmp.Or(s.AMSResult, "missing")))
	}
	return strings.Join(out, "; ")
}
