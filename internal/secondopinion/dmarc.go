package secondopinion

import (
	"fmt"
	"slices"
	"strings"

	msgauth "github.com/emersion/go-msgauth/dmarc"

	"github.com/mailtrace/mailtrace/dmarc"
)

// Record is what go-msgauth makes of a record.
type Record struct {
	Result string // "p=reject sp=none adkim=r aspf=r pct=100", or its error
	Agrees bool
	Note   string // why the two differ, where that is known
}

// DMARC lets go-msgauth read a record and compares what both read: the
// policies, alignment modes, pct= and the number of report addresses. It knows
// no np=, psd= and t=, so these are not compared; RFC 7489 is its standard.
func DMARC(r *dmarc.Record) Record {
	ours := dmarcWords(r.Policy, r.Subdomain, r.StrictDKIM, r.StrictSPF, r.Percent, len(r.Aggregate), len(r.Failure))
	if !r.Usable(dmarc.RFC7489) {
		ours = "unusable"
	}
	rec, err := msgauth.Parse(r.Raw)
	var o Record
	theirs := "unusable"
	if err != nil {
		o.Result = err.Error()
	} else {
		pct := 100
		if rec.Percent != nil {
			pct = *rec.Percent
		}
		theirs = dmarcWords(dmarc.Policy(rec.Policy), dmarc.Policy(rec.SubdomainPolicy), rec.DKIMAlignment == msgauth.AlignmentStrict,
			rec.SPFAlignment == msgauth.AlignmentStrict, pct, len(rec.ReportURIAggregate), len(rec.ReportURIFailure))
		o.Result = theirs
	}
	if o.Agrees = ours == theirs; !o.Agrees {
		o.Note = dmarcDifference(r, err)
	}
	return o
}

func dmarcWords(p, sp dmarc.Policy, adkim, aspf bool, pct, rua, ruf int) string {
	mode := map[bool]string{false: "r", true: "s"}
	if sp == "" {
		sp = p
	}
	return fmt.Sprintf("p=%s sp=%s adkim=%s aspf=%s pct=%d rua=%d ruf=%d", p, sp, mode[adkim], mode[aspf], pct, rua, ruf)
}

// dmarcDifferences are the places where go-msgauth is known to read otherwise. The
// first that fits explains a disagreement.
var dmarcDifferences = [...]struct {
	note string
	fits func(*dmarc.Record, error) bool
}{
	{"go-msgauth takes v= anywhere in the record; RFC 9989 §4.7 wants it first", func(r *dmarc.Record, err error) bool {
		v, ok := r.Tag("v")
		return err == nil && !r.IsDMARC() && ok && v == "DMARC1"
	}},
	{"go-msgauth reads tag names only in lower case", func(r *dmarc.Record, err error) bool {
		for _, t := range r.Tags {
			if !strings.HasPrefix(r.Raw[t.Offset:], t.Name) {
				return true
			}
		}
		return false
	}},
	{"go-msgauth reads keywords only in lower case; they match in any case (RFC 5234 §2.3)", func(r *dmarc.Record, err error) bool {
		for _, t := range r.Tags {
			switch t.Name {
			case "p", "sp", "adkim", "aspf", "rf":
				if err != nil && t.Value != strings.ToLower(t.Value) {
					return true
				}
			}
		}
		return false
	}},
	{"go-msgauth demands p= even beside a usable rua=", func(r *dmarc.Record, err error) bool {
		_, ok := r.Tag("p")
		return err != nil && !ok
	}},
	{"go-msgauth takes the last of a tag that comes twice", func(r *dmarc.Record, _ error) bool {
		for i, t := range r.Tags {
			for _, u := range r.Tags[:i] {
				if u.Name == t.Name {
					return true
				}
			}
		}
		return false
	}},
	{"go-msgauth refuses the record for one bad tag; RFC 9989 §4.8 discards the tag", func(r *dmarc.Record, err error) bool {
		return err != nil && len(r.Problems) > 0
	}},
	{"go-msgauth refuses a value that the standards allow", func(r *dmarc.Record, err error) bool {
		return err != nil && len(r.Problems) == 0
	}},
	{"go-msgauth does not check report addresses", func(r *dmarc.Record, err error) bool {
		for _, p := range r.Problems {
			if err == nil && (p.Tag == "rua" || p.Tag == "ruf") {
				return true
			}
		}
		return false
	}},
	{"with np= invalid RFC 9989 reads p=none; go-msgauth does not know np=", func(r *dmarc.Record, err error) bool {
		return err == nil && slices.ContainsFunc(r.Problems, func(p dmarc.Problem) bool { return p.Tag == "np" })
	}},
}

func dmarcDifference(r *dmarc.Record, err error) string {
	for _, d := range dmarcDifferences {
		if d.fits(r, err) {
			return d.note
		}
	}
	return ""
}
