// Package dns asks the DNS, or something that stands for it, and keeps apart
// what must never be mixed up: an answer, the proof that there is none, and
// the failure to get either.
//
// A [Resolver] is a parameter of everything in mailtrace that asks a question;
// there is no default. dns/live asks servers, dns/zonefile reads a master file,
// [Replay] is a recording that a [Recorder] made; [Cache] stands in front of any
// of them, [Chain] asks one after the other, [Std] lends them to libraries of
// package net. dns/dnssec validates answers itself, from the root down.
//
// This package and all that only needs answers import the standard library
// only; the library that speaks the protocol stays behind dns/live.
//
// Stable: Resolver, Answer, Error and what implements them stay from 1.0 on.
package dns

import (
	"context"
	"net/netip"
)

// Type is a DNS record type, with its number on the wire.
type Type uint16

// The types that mailtrace asks for.
const (
	TypeA      Type = 1
	TypeNS     Type = 2
	TypeCNAME  Type = 5
	TypeSOA    Type = 6
	TypePTR    Type = 12
	TypeMX     Type = 15
	TypeTXT    Type = 16
	TypeAAAA   Type = 28
	TypeDS     Type = 43
	TypeRRSIG  Type = 46
	TypeNSEC   Type = 47
	TypeDNSKEY Type = 48
	TypeNSEC3  Type = 50
	TypeTLSA   Type = 52
	TypeSPF    Type = 99
	TypeCAA    Type = 257
)

// Status is the outcome of a question that was answered.
type Status string

// NoData (the name exists, without records of this type; RFC 2308 §2.2) and
// NXDomain are answers. Everything else that can happen is an [Error].
const (
	Success  Status = "noerror"
	NoData   Status = "nodata"
	NXDomain Status = "nxdomain"
)

// Record is one resource record of an answer. Only the fields of its type are
// set, and Data always.
type Record struct {
	Name string // owner: lower case, no final dot
	Type Type
	TTL  uint32 // seconds
	// Text is the value of a TXT record: its strings joined without a
	// separator (RFC 7208 §3.3, RFC 6376 §3.6.2.2), as bytes, not in the
	// escaped form of a zone file.
	Text string
	// Strings are the pieces that Text was joined from.
	Strings []string
	Addr    netip.Addr // A, AAAA
	Pref    uint16     // MX
	// Host is the target of MX, PTR, CNAME and NS: lower case, no final dot.
	// The root, as in a null MX (RFC 7505), is "".
	Host string
	Data string // RDATA in presentation form
}

// Answer is what came back for a question.
type Answer struct {
	Name    string // as asked: lower case, no final dot
	Type    Type
	Status  Status
	Records []Record // of the type asked, after the CNAME chain
	CNAMEs  []string // targets of the CNAME chain, in order; empty where there was none
	TTL     uint32   // seconds; the smallest of the records, or of the SOA for a negative answer
	// Authenticated is the AD bit: the resolver says that it validated the
	// answer by DNSSEC. It is worth what the way to the resolver is worth.
	Authenticated bool
	Server        string // who answered: "192.0.2.53:53", "zone:FILE", "replay:FILE"
}

// Texts returns the values of the TXT records in the answer.
func (a Answer) Texts() []string {
	var out []string
	for _, r := range a.Records {
		if r.Type == TypeTXT {
			out = append(out, r.Text)
		}
	}
	return out
}

// Addrs returns the addresses in the answer.
func (a Answer) Addrs() []netip.Addr {
	var out []netip.Addr
	for _, r := range a.Records {
		if r.Addr.IsValid() {
			out = append(out, r.Addr)
		}
	}
	return out
}

// Hosts returns the targets of the MX, PTR, CNAME or NS records in the answer,
// in the order of the answer.
func (a Answer) Hosts() []string {
	var out []string
	for _, r := range a.Records {
		switch r.Type {
		case TypeMX, TypePTR, TypeCNAME, TypeNS:
			out = append(out, r.Host)
		}
	}
	return out
}

// Resolver answers DNS questions. Implementations are safe for use by several
// goroutines. Answers may be shared among them: do not change the slices.
//
// name is an absolute name with or without its final dot, in any case,
// A-labels. An error means that the question was not answered and is an
// *[Error]; it never means that there is no such record.
type Resolver interface {
	Lookup(ctx context.Context, name string, t Type) (Answer, error)
}

// Failure says why a question was not answered.
type Failure string

const (
	ServFail    Failure = "servfail"     // the server said SERVFAIL
	Timeout     Failure = "timeout"      // no answer in time, from any server
	Refused     Failure = "refused"      // REFUSED, NOTIMP or another refusal
	Malformed   Failure = "malformed"    // the answers could not be used (FORMERR, wrong Question, lame, CNAME loop)
	Unreachable Failure = "unreachable"  // no server could be reached
	BadName     Failure = "bad-name"     // the name cannot be asked for (label over 63 octets, name over 255)
	NotRecorded Failure = "not-recorded" // a Replay does not hold the Question
	Cancelled   Failure = "cancelled"    // the context ended
	Off         Failure = "off"          // asking is switched off
)

// Error says that a question was not answered.
type Error struct {
	Name    string
	Type    Type
	Failure Failure
	Server  string // the last server asked, where known
	Err     error  // cause, may be nil
}

func (e *Error) Error() string {
	s := "dns: " + e.Name + " " + e.Type.String() + ": " + string(e.Failure)
	if e.Server != "" {
		s += " from " + e.Server
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Asked reports whether a server was asked and failed (SERVFAIL, time-out,
// refusal, rubbish). That is what the protocols call a temporary DNS error:
// RFC 7208 §2.6.6, RFC 6376 §6.1.2. The other failures are ours: no verdict
// can be drawn from them.
func (e *Error) Asked() bool {
	switch e.Failure {
	case ServFail, Timeout, Refused, Malformed, Unreachable:
		return true
	}
	return false
}

// AtOnce reports whether a resolver answers from memory, so that nothing is won
// by asking it several questions at the same time, or early. It asks the method
// AtOnce() bool of the resolver; one without it waits.
func AtOnce(r Resolver) bool {
	x, ok := r.(interface{ AtOnce() bool })
	return ok && x.AtOnce()
}
