package spf

import "strings"

// verdict is the outcome of check_host for one domain.
type verdict struct {
	result  Result
	code    Reason
	domain  string // whose record it is
	problem string // for an error: the domain that caused it
	matched string
	byAll   bool // the term that matched is all
	detail  string
	atTerm  bool  // an error that a term of the record ran into
	err     error // no verdict

	exp       *Term // of the record that decided, see explain
	expDomain string
	expNode   *Node
}

// text is Evaluation.Reason.
func (v *verdict) text(e *evaluator) string {
	client := e.vals.ip.String()
	switch v.code {
	case ReasonMatch:
		if v.byAll {
			last := v.matched[strings.LastIndexByte(v.matched, ' ')+1:]
			return "nothing before " + last + " of " + v.domain + " matches " + client
		}
		s := client + " matches " + v.matched
		if v.detail != "" {
			s += ": " + v.detail
		}
		return s
	case ReasonDefault:
		return "no term of " + v.domain + " matches " + client + ", and it has neither all nor redirect"
	case ReasonNoRecord:
		return v.domain + " has no SPF record"
	case ReasonNXDomain:
		return v.domain + " does not exist"
	case ReasonNoDomain:
		if v.domain == "" {
			return "there is no domain to check"
		}
		return v.detail
	}
	return v.detail
}

func permError(code Reason, problem, detail string) verdict {
	return verdict{result: PermError, code: code, problem: problem, detail: detail}
}
