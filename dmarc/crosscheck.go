package dmarc

import (
	"fmt"
	"strings"

	msgauth "github.com/emersion/go-msgauth/dmarc"
)

// The library that reads a record beside us.
const (
	SecondLibrary = "github.com/emersion/go-msgauth"
	SecondVersion = "v0.7.0" // of go.mod; a test compares them
)

// SecondOpinion is what go-msgauth makes of a record.
type SecondOpinion struct {
	Result string // "p=reject sp=none adkim=r aspf=r pct=100", or its error
	Agrees bool
	Note   string // why the two differ, where that is known
}

// CrossCheck lets go-msgauth read a record and compares what both read: the
// policies, alignment modes, pct= and the number of report addresses. It knows
// no np=, psd= and t=, so these are not compared; RFC 7489 is its standard.
func CrossCheck(r *Record) SecondOpinion {
	ours := opinion(r.Policy, r.Subdomain, r.StrictDKIM, r.StrictSPF, r.Percent, len(r.Aggregate), len(r.Failure))
	if !r.Usable(RFC7489) {
		ours = "unusable"
	}
	rec, err := msgauth.Parse(r.Raw)
	var o SecondOpinion
	theirs := "unusable"
	if err != nil {
		o.Result = err.Error()
	} else {
		pct := 100
		if rec.Percent != nil {
			pct = *rec.Percent
		}
		theirs = opinion(Policy(rec.Policy), Policy(rec.SubdomainPolicy), rec.DKIMAlignment == msgauth.AlignmentStrict,
			rec.SPFAlignment == msgauth.AlignmentStrict, pct, len(rec.ReportURIAggregate), len(rec.ReportURIFailure))
		o.Result = theirs
	}
	if o.Agrees = ours == theirs; !o.Agrees {
		o.Note = knownDifference(r, err)
	}
	return o
}

func opinion(p, sp Policy, adkim, aspf bool, pct, rua, ruf int) string {
	mode := map[bool]string{false: "r", true: "s"}
	if sp == "" {
		sp = p
	}
	return fmt.Sprintf("p=%s sp=%s adkim=%s aspf=%s pct=%d rua=%d ruf=%d", p, sp, mode[adkim], mode[aspf], pct, rua, ruf)
}

// differences are the places where go-msgauth is known to read otherwise. The
// first that fits explains a disagreement.
var differences = [...]struct {
	note string
	fits func(*Record, error) bool
}{
	{"go-msgauth takes v= anywhere in the record; RFC 9989 §4.7 wants it first", func(r *Record, err error) bool {
		v, ok := r.Tag("v")
		return err == nil && !r.IsDMARC() && ok && v == "DMARC1"
	}},
	{"go-msgauth reads tag names only in lower case", func(r *Record, err error) bool {
		for _, t := range r.Tags {
			if !strings.HasPrefix(r.Raw[t.Offset:], t.Name) {
				return true
			}
		}
		return false
	}},
	{"go-msgauth reads keywords only in lower case; they match in any case (RFC 5234 §2.3)", func(r *Record, err error) bool {
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
	{"go-msgauth demands p= even beside a usable rua=", func(r *Record, err error) bool {
		_, ok := r.Tag("p")
		return err != nil && !ok
	}},
	{"go-msgauth takes the last of a tag that comes twice", func(r *Record, _ error) bool {
		for i, t := range r.Tags {
			for _, u := range r.Tags[:i] {
				if u.Name == t.Name {
					return true
				}
			}
		}
		return false
	}},
	{"go-msgauth refuses the record for one bad tag; RFC 9989 §4.8 discards the tag", func(r *Record, err error) bool {
		return err != nil && len(r.Problems) > 0
	}},
	{"go-msgauth refuses a value that the standards allow", func(r *Record, err error) bool {
		return err != nil && len(r.Problems) == 0
	}},
	{"go-msgauth does not check report addresses", func(r *Record, err error) bool {
		for _, p := range r.Problems {
			if err == nil && (p.Tag == "rua" || p.Tag == "ruf") {
				return true
			}
		}
		return false
	}},
	{"with np= invalid RFC 9989 reads p=none; go-msgauth does not know np=", func(r *Record, err error) bool {
		v, ok := r.Tag("np")
		_, valid := parsePolicy(v)
		return err == nil && ok && !valid
	}},
}

func knownDifference(r *Record, err error) string {
	for _, d := range differences {
		if d.fits(r, err) {
			return d.note
		}
	}
	return ""
}
