package mailtrace

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// convert writes the facts down as plain data.
func convert(f *headers.Facts, o Options) *report.Report {
	r := &report.Report{
		Schema:           report.Schema,
		Kind:             report.DocMessage,
		Tool:             report.Tool{Name: "mailtrace", Version: Version},
		EvaluatedAt:      f.At,
		EvaluatedAtBasis: f.AtBasis,
		Message:          messageOf(f),
		Hops:             hopsOf(f),
		Zones:            zonesOf(f),
		Claims:           claimsOf(f),
		SPF:              spfOf(f.SPF, !o.lean()),
		SPFMatrix:        matrixOf(f),
		DKIM:             dkimOf(f),
		ARC:              arcOf(f),
		DMARC:            dmarcOf(f),
		CrossChecks:      []report.CrossCheck{},
		Gaps:             []report.Gap{},
		DNS:              []report.DNSAnswer{},
	}
	r.Border, r.Borders = bordersOf(f)
	if !o.lean() {
		r.Machines = machinesOf(f)
		r.Links = linksOf(f, r.Machines)
	}
	if o.Header {
		r.Header, r.HeaderCut = headerOf(f.Msg)
	}
	for _, g := range f.Gaps {
		r.Gaps = append(r.Gaps, report.Gap{What: g.What, Why: g.Why})
	}
	for _, n := range f.Msg.Notes {
		r.Notes = append(r.Notes, report.Note{Kind: string(n.Kind), Line: n.Line, Count: n.Count})
	}
	if f.DSN != nil {
		d := &report.DSN{ReportingMTA: f.DSN.ReportingMTA, Recipients: []report.DSNRecipient{}}
		for _, x := range f.DSN.Recipients {
			d.Recipients = append(d.Recipients, report.DSNRecipient{
				Final: x.Final, Original: x.Original, Action: x.Action, Status: x.Status, RemoteMTA: x.RemoteMTA, Diagnostic: x.Diagnostic,
			})
		}
		r.DSN = d
	}
	return r
}

func messageOf(f *headers.Facts) report.Message {
	m := report.Message{
		From: []report.Address{}, MailFrom: f.MailFrom, MailFromBasis: f.MailFromBasis, Helo: f.Helo,
		RcptTo: []string{}, Subject: headers.Decode(f.ShownValue("Subject")), MessageID: f.ShownValue("Message-ID"), Date: f.ShownValue("Date"),
	}
	for _, a := range f.From {
		m.From = append(m.From, report.Address{Name: headers.Decode(a.Name), Address: a.Address, Domain: a.Domain, Problem: a.Problem})
	}
	m.RcptTo = append(m.RcptTo, f.Recipients...)
	return m
}

func ipText(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

func hopsOf(f *headers.Facts) []report.Hop {
	out := make([]report.Hop, 0, len(f.Hops))
	for i := range f.Hops {
		h := &f.Hops[i]
		x := report.Hop{
			Index: h.Index, Field: h.Field, Line: h.Line, Dialect: h.Dialect,
			From:     report.HopFrom{Helo: h.Helo, RDNS: h.RDNS, IP: ipText(h.IP)},
			By:       report.HopBy{Name: h.By, IP: ipText(h.ByIP)},
			Protocol: h.With, Auth: h.AuthUser, ID: h.ID, For: h.For, EnvelopeFrom: h.EnvelopeFrom,
			Zone: f.RunOf(i).Name(), Trust: report.Claimed,
		}
		if h.Auth && x.Auth == "" {
			x.Auth = "yes"
		}
		if f.Observed(i) {
			x.Trust = report.Observed
		}
		if h.TLS {
			x.TLS = &report.TLS{Version: h.TLSVersion, Cipher: h.TLSCipher}
		}
		if !h.Time.IsZero() {
			t := h.Time
			x.Time = &t
		}
		if h.Delay != nil {
			s := h.Delay.Seconds()
			x.DelaySeconds = &s
		}
		if h.Product != "" {
			x.Software = softwareOf(h)
		}
		for _, n := range h.Notes {
			x.Notes = append(x.Notes, string(n))
		}
		out = append(out, x)
	}
	return out
}

func zonesOf(f *headers.Facts) []report.Zone {
	out := []report.Zone{}
	for i := len(f.Runs) - 1; i >= 0; i-- {
		r := &f.Runs[i]
		z := report.Zone{Name: r.Name(), Role: string(r.Role), Hops: []int{}}
		for k := r.First; k <= r.Last; k++ {
			z.Hops = append(z.Hops, f.Hops[k].Index)
		}
		out = append(out, z)
	}
	return out
}

func bordersOf(f *headers.Facts) (*report.Border, []report.Border) {
	all := []report.Border{}
	var last *report.Border
	for i := len(f.Runs) - 1; i >= 0; i-- {
		r := &f.Runs[i]
		if i == 0 && f.Custody.Above {
			// Hop 0: the border's own Received field is still to come.
			last = &report.Border{ClientIP: ipText(f.ClientIP(r)), Helo: r.Helo, MailFrom: r.MailFrom, Basis: r.Basis}
			all = append(all, *last)
			continue
		}
		if r.Border < 0 || r.Role != headers.Recipient && r.Role != headers.Intermediary {
			continue
		}
		b := report.Border{
			Hop: f.Hops[r.Border].Index, ClientIP: ipText(f.ClientIP(r)), Helo: r.Helo, MailFrom: r.MailFrom, Basis: r.Basis,
		}
		all = append(all, b)
		if i == 0 {
			last = &b
		}
	}
	return last, all
}

func claimsOf(f *headers.Facts) []report.Claim {
	out := make([]report.Claim, 0, len(f.Claims))
	for i := range f.Claims {
		c := &f.Claims[i]
		x := report.Claim{
			Method: c.Method, Result: c.Result, Reason: c.Reason, Comment: c.Comment,
			Header: f.Msg.Name(c.Field), Field: c.Field, Line: f.Msg.Fields[c.Field].Line,
			Writer: c.Writer, AuthservID: c.AuthservID, ClientIP: ipText(c.IP), ClientIPBasis: c.IPBasis,
			Domain: c.Domain, Selector: c.Selector, Trust: string(c.Trust),
		}
		if c.Normal != "" && c.Result != "bestguesspass" { // no result of DMARC, and no other word says it
			x.Result = c.Normal
		}
		x.Doubt, x.Defect = c.Doubt(), string(c.Defect)
		if c.Hop >= 0 {
			n := f.Hops[c.Hop].Index
			x.Hop = &n
		}
		if x.Reason == "" && c.Why != "" {
			x.Reason = c.Why
		}
		out = append(out, x)
	}
	return out
}

// spfOf writes an evaluation down, with its tree or without; nil for one that
// ended without a result.
func spfOf(e *spf.Evaluation, tree bool) *report.SPF {
	if e == nil || e.Result == "" {
		return nil
	}
	out := &report.SPF{
		Result: string(e.Result), Identity: string(e.Identity), Domain: e.Domain, ClientIP: ipText(e.IP), Record: e.Record,
		Matched: e.Matched, Lookups: e.Lookups, VoidLookups: e.VoidLookups, Reason: e.Reason, Explanation: e.Explanation,
	}
	if tree {
		out.Tree = spfTree(e.Tree)
	}
	return out
}

func spfTree(n *spf.Node) *report.SPFNode {
	if n == nil {
		return nil
	}
	x := &report.SPFNode{
		Term: n.Term, Kind: n.Kind, Domain: n.Domain, Position: n.Position, Outcome: n.Outcome, Question: n.Question, Answer: n.Answer,
		Lookups: n.Lookups, VoidLookups: n.VoidLookups, Note: n.Note,
	}
	for _, c := range n.Children {
		x.Children = append(x.Children, spfTree(c))
	}
	return x
}

func matrixOf(f *headers.Facts) []report.SPFCell {
	out := []report.SPFCell{}
	for _, c := range f.Matrix {
		out = append(out, report.SPFCell{
			Hop: f.Hops[c.Hop].Index, ClientIP: ipText(c.IP), Domain: c.Eval.Domain, Result: string(c.Eval.Result), Matched: c.Eval.Matched,
		})
	}
	return out
}

func dkimOf(f *headers.Facts) []report.DKIM {
	out := []report.DKIM{}
	for i := range f.DKIM {
		s := &f.DKIM[i]
		x := report.DKIM{
			Field: s.Field, Line: f.Msg.Fields[s.Field].Line, Domain: s.Domain, Selector: s.Selector, Identity: s.Identity, Algorithm: s.Algorithm,
			KeyType: s.KeyType, KeyBits: s.KeyBits, Result: string(s.Result), Reason: s.Reason,
			BodyHash: string(s.BodyHash), HeaderSignature: string(s.HeaderSignature),
			SignedAt: s.SignedAt, ExpiresAt: s.ExpiresAt, UnsignedBytes: int(s.UnsignedBytes), Aligned: i < len(f.Aligned) && f.Aligned[i],
		}
		if x.Result == "" {
			// No verdict was reached; RFC 8601 has no word for it, and the gap
			// says why.
			x.Result = "neutral"
		}
		if s.HeaderCanon != "" {
			x.Canonicalization = s.HeaderCanon + "/" + s.BodyCanon
		}
		x.SignedFields = slices.Clone(s.SignedFields[:min(len(s.SignedFields), maxSignedFields)])
		x.Repair = repairOf(f.Repair(i))
		out = append(out, x)
	}
	return out
}

// repairOf writes down the changes that make a signature verify again.
func repairOf(r *repair.Repaired) *report.Repair {
	if r == nil {
		return nil
	}
	x := &report.Repair{Changes: []report.Change{}, Proved: r.Complete()}
	for _, c := range r.Changes {
		x.Changes = append(x.Changes, report.Change{Kind: string(c.Kind), Description: c.Description, Diff: c.Diff})
	}
	return x
}

func arcOf(f *headers.Facts) *report.ARC {
	c := f.ARC
	if c == nil {
		return nil
	}
	x := &report.ARC{Result: string(c.Result), Sets: []report.ARCSet{}, Reason: c.Reason}
	if c.OldestPass >= 0 && len(c.Sets) > 0 {
		n := c.OldestPass
		x.OldestPass = &n
	}
	if c.FailedInstance > 0 {
		n := c.FailedInstance
		x.FailedInstance = &n
	}
	for _, s := range c.Sets {
		set := report.ARCSet{
			Instance: s.Instance, Domain: s.Domain, Selector: s.Selector, CV: s.CV, Seal: s.SealResult, MessageSignature: s.AMSResult,
			Reason: strings.Trim(s.SealReason+"; "+s.AMSReason, "; "),
		}
		for i := range f.Claims {
			cl := &f.Claims[i]
			if cl.Field != s.Results {
				continue
			}
			switch cl.Method {
			case "spf":
				set.Results.SPF = cmp.Or(set.Results.SPF, cl.Result)
			case "dkim":
				if set.Results.DKIM != "pass" {
					set.Results.DKIM = cl.Result
				}
			case "dmarc":
				set.Results.DMARC = cmp.Or(set.Results.DMARC, cl.Result)
			}
		}
		x.Sets = append(x.Sets, set)
	}
	return x
}

func dmarcOf(f *headers.Facts) *report.DMARC {
	d := f.DMARC
	if d == nil {
		if f.FromDomain != "" || f.FromFields == 0 || f.MaskedFrom {
			return nil
		}
		return &report.DMARC{
			Result: "permerror", Method: "rfc9989", FromDomain: strings.Join(f.FromOthers, ", "),
			Reason: "the message has no single author domain (RFC 9989 §5.3.1)",
		}
	}
	x := &report.DMARC{
		Result: string(d.Result), FromDomain: d.From, RecordDomain: "", Policy: string(d.Policy), Disposition: string(d.Disposition),
		SPFAligned: d.SPFAligned, DKIMAligned: d.DKIMAligned, Method: string(d.Method), Reason: d.Reason,
	}
	if d.Discovered.Record != nil {
		x.RecordDomain, x.Record = d.Discovered.Domain, d.Discovered.Record.Raw
	}
	if o := f.DMARC7489; o != nil {
		x.Other = &report.DMARCOther{Method: string(o.Method), Result: string(o.Result), Policy: string(o.Policy)}
		if o.Discovered.Record != nil {
			x.Other.RecordDomain = o.Discovered.Domain
		}
	}
	return x
}

// dnsAnswers lists the answers that were used.
func dnsAnswers(b *budget) []report.DNSAnswer {
	out := make([]report.DNSAnswer, 0, b.size())
	b.each(func(q dns.Question, a *dns.Answer, err *dns.Error) {
		x := report.DNSAnswer{Name: q.Name, Type: q.Type.String(), Values: []string{}}
		if err != nil {
			x.Status, x.Server = string(err.Failure), err.Server
			out = append(out, x)
			return
		}
		x.Status, x.TTL, x.Authenticated, x.Server = string(a.Status), a.TTL, a.Authenticated, a.Server
		if len(a.Records) > 0 {
			x.Values = make([]string, 0, len(a.Records))
		}
		for i := range a.Records {
			rr := &a.Records[i]
			v := rr.Data
			if rr.Type == dns.TypeTXT {
				v = rr.Text
			}
			x.Values = append(x.Values, v)
		}
		out = append(out, x)
	})
	return out
}
