package main

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// engine is what the commands call. Tests put their own in its place.
type engine struct {
	analyze func(ctx context.Context, raw []byte, o Options) (*report.Report, error)
	rules   func() []render.Rule
}

// Options are the settings of an analysis.
type Options struct {
	Resolver    dns.Resolver
	Trust       []string
	At          time.Time
	AtBasis     string
	ClientIP    netip.Addr
	Helo        string
	MailFrom    *string
	Rcpt        string
	CrossCheck  bool
	Path        string
	Index       int
	Redact      bool
	Now         time.Time
	Version     string
	HeadersOnly bool
}

func libraryEngine() engine {
	return engine{
		analyze: func(context.Context, []byte, Options) (*report.Report, error) {
			return nil, errors.New("not joined yet")
		},
		rules: func() []render.Rule { return nil },
	}
}
