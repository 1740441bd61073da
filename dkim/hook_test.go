package dkim

import (
	"context"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

// The second opinion imports this package: the tests of package dkim_test lend
// it to those of this one.
var (
	CrossCheck    func(context.Context, dns.Resolver, *message.Message) ([]CrossResult, error)
	ErrCrossLimit error
)

// CrossResult is what the second opinion says of one signature.
type CrossResult struct {
	Field      int
	Result     Result
	Reason     string
	Agrees     func(*Signature) bool
	Difference func(*message.Message, *Signature) string
}
