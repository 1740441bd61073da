package mailtrace

import (
	"context"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

func crossCheck(ctx context.Context, f *headers.Facts, res dns.Resolver) []report.CrossCheck {
	return []report.CrossCheck{}
}
