package mailtrace

import (
	"context"
	"fmt"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/secondopinion"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// maxCrossCheck is the size of a message up to which DKIM is cross-checked.
const maxCrossCheck = 4 << 20

// crossCheck asks independent libraries the questions that the report answers,
// over the same DNS answers. A disagreement is shown, with its cause where that
// is known.
func crossCheck(ctx context.Context, f *headers.Facts, res dns.Resolver) []report.CrossCheck {
	out := []report.CrossCheck{}
	if e := f.SPF; e != nil && e.Result != "" {
		q := spf.Query{IP: e.IP, Helo: f.Helo, MailFrom: e.Sender, Identity: e.Identity}
		got, note, err := secondopinion.SPF(ctx, res, q)
		x := report.CrossCheck{Method: "spf", Library: secondopinion.SPFModule, Version: secondopinion.SPFVersion, Result: string(got), Agrees: got == e.Result}
		switch {
		case err != nil:
			x.Result, x.Note = "", "not asked: "+err.Error()
		case !x.Agrees:
			x.Note = secondopinion.SPFDifference(e, got)
			if x.Note == "" {
				x.Note = note
			}
		}
		if err == nil {
			out = append(out, x)
		}
	}
	// The library canonicalizes the body byte by byte and once for each
	// signature; a large message would take longer than all the rest.
	if len(f.DKIM) > 0 && f.Body == headers.BodyWhole && len(f.Msg.Raw) <= maxCrossCheck {
		out = append(out, crossCheckDKIM(ctx, f, res)...)
	}
	if d := f.DMARC; d != nil && d.Discovered.Record != nil {
		o := secondopinion.DMARC(d.Discovered.Record)
		out = append(out, report.CrossCheck{
			Method: "dmarc", Library: secondopinion.MsgauthModule, Version: secondopinion.MsgauthVersion, Result: o.Result, Agrees: o.Agrees, Note: o.Note,
		})
	}
	return out
}

func crossCheckDKIM(ctx context.Context, f *headers.Facts, res dns.Resolver) []report.CrossCheck {
	got, err := secondopinion.DKIM(ctx, res, f.Msg)
	if err != nil {
		return []report.CrossCheck{{
			Method: "dkim", Library: secondopinion.MsgauthModule, Version: secondopinion.MsgauthVersion, Agrees: true, Note: "not asked: " + err.Error(),
		}}
	}
	var out []report.CrossCheck
	for _, c := range got {
		for i := range f.DKIM {
			s := &f.DKIM[i]
			if s.Field != c.Field || c.Result == "" {
				continue
			}
			x := report.CrossCheck{
				Method: fmt.Sprintf("dkim %s/%s", s.Domain, s.Selector), Library: secondopinion.MsgauthModule, Version: secondopinion.MsgauthVersion,
				Result: string(c.Result), Agrees: c.Agrees(s),
			}
			if !x.Agrees {
				x.Note = secondopinion.DKIMDifference(f.Msg, s, c)
				if x.Note == "" {
					x.Note = c.Reason
				}
			}
			out = append(out, x)
		}
	}
	return out
}
