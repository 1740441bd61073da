package spf

import (
	"context"

	"github.com/mailtrace/mailtrace/dns"
)

// The second opinion imports this package: the tests of package spf_test lend
// it to those of this one.
var (
	CrossCheck      func(context.Context, dns.Resolver, Query) (Result, string, error)
	KnownDifference func(*Evaluation, Result) string
)
