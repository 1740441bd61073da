package mailtrace

import (
	"context"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// CheckSPF evaluates SPF once and gives the evaluation as it stands in a
// report. An error means that the DNS could not be asked; a DNS that fails is
// the result temperror.
func CheckSPF(ctx context.Context, res dns.Resolver, q spf.Query, o spf.Options) (*report.SPF, error) {
	e, err := spf.Check(ctx, res, q, o)
	if err != nil {
		return nil, err
	}
	return spfOf(e), nil
}
