package dns

import "errors"

// MaxCNAMEs is how many CNAME records are followed for one question. A longer
// chain is Malformed.
const MaxCNAMEs = 8

// Follow adds a target to the CNAME chain, unless it loops or gets longer than
// [MaxCNAMEs], which is Malformed.
func (a *Answer) Follow(target string) *Error {
	e := &Error{Name: a.Name, Type: a.Type, Failure: Malformed}
	if target == a.Name {
		e.Err = errors.New("the CNAME chain comes back to " + target)
		return e
	}
	for _, c := range a.CNAMEs {
		if c == target {
			e.Err = errors.New("the CNAME chain comes back to " + target)
			return e
		}
	}
	if len(a.CNAMEs) == MaxCNAMEs {
		e.Err = errors.New("the CNAME chain is too long at " + target)
		return e
	}
	a.CNAMEs = append(a.CNAMEs, target)
	return nil
}
