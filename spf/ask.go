package spf

import (
	"errors"

	"github.com/mailtrace/mailtrace/dns"
)

// ask asks a question. A name that cannot be asked for gives no answer and
// bad. A verdict with a result or an error ends the evaluation.
func (e *evaluator) ask(name string, t dns.Type) (ans dns.Answer, bad bool, end *verdict) {
	if !askable(name) {
		return ans, true, nil
	}
	ans, err := e.res.Lookup(e.ctx, name, t)
	if err == nil {
		return ans, false, nil
	}
	bad, asked := failure(err)
	switch {
	case bad:
		return dns.Answer{}, true, nil
	case asked:
		return ans, false, &verdict{result: TempError, code: ReasonDNS, problem: name,
			detail: name + " " + t.String() + ": " + why(err)}
	}
	return ans, false, &verdict{err: err}
}

// failure sorts a resolver's error: the name cannot be asked for, a server was
// asked in vain, or (neither) nobody was asked.
func failure(err error) (bad, asked bool) {
	var de *dns.Error
	if !errors.As(err, &de) {
		return false, false
	}
	return de.Failure == dns.BadName, de.Asked()
}

// why is the failure in one word where there is one.
func why(err error) string {
	var de *dns.Error
	if errors.As(err, &de) {
		return string(de.Failure)
	}
	return err.Error()
}
