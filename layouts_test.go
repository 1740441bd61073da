package mailtrace_test

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

// TestLayouts judges layouts of servers and attacks that look like them. Each
// file of testdata/layouts holds one kind: a zone for all its messages, and of
// each message NAME.eml what is right, NAME.want, a demand a line:
//
//	# why
//	options  rcpt=… client-ip=… helo=… mail-from=… trust=… no-dns
//	attack   not authenticated, no pass of dmarc anywhere, no verdict that passes
//	         trusted, nobody of the reader's side at fault
//	honest   nobody accused at high or critical, no spoof
//	status   one of these
//	client   the address of the border's client, or none
//	spf, dmarc, delivery   the result at the border, and DMARC's at delivery
//	root     one of these codes, or none
//	fault    one of these roles
//	code     must be among the findings
//	not      must not be
//	trusted  METHOD=RESULT that a trusted verdict says
//	fork     the report asks
func TestLayouts(t *testing.T) {
	files, err := filepath.Glob("testdata/layouts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no layouts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			names, messages, parts := readArchive(t, file)
			for _, name := range names {
				t.Run(name, func(t *testing.T) { judgeLayout(t, messages[name].zone, messages[name].text, parts[name+".want"]) })
			}
		})
	}
}

func judgeLayout(t *testing.T, zone, text, want string) {
	z, err := zonefile.Parse("zone", []byte("$TTL 300\n"+zone))
	if err != nil {
		t.Fatal(err)
	}
	o := mailtrace.Options{Resolver: z}
	type demand struct{ key, rest string }
	var demands []demand
	for line := range strings.Lines(want) {
		key, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch rest = strings.TrimSpace(rest); key {
		case "", "#":
		case "options":
			for _, x := range strings.Fields(rest) {
				name, value, _ := strings.Cut(x, "=")
				switch name {
				case "rcpt":
					o.Rcpt = value
				case "helo":
					o.Helo = value
				case "mail-from":
					o.MailFrom = &value
				case "client-ip":
					o.ClientIP = netip.MustParseAddr(value)
				case "trust":
					o.Trust = append(o.Trust, value)
				case "no-dns":
					o.Resolver = nil
				default:
					t.Fatalf("no option %s", name)
				}
			}
		default:
			demands = append(demands, demand{key, rest})
		}
	}
	if len(demands) == 0 {
		t.Fatal("nothing is demanded")
	}
	r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() || testing.Verbose() {
			t.Log(inShort(r))
		}
	})
	v := r.Verdict
	client := "none"
	if r.Border != nil && r.Border.ClientIP != "" {
		client = r.Border.ClientIP
	}
	for _, d := range demands {
		among := func(got string) {
			if got == "" {
				got = "none"
			}
			if !slices.Contains(strings.Fields(d.rest), got) {
				t.Errorf("%s %s, want %s", d.key, got, d.rest)
			}
		}
		has := slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Code == d.rest })
		switch d.key {
		case "attack":
			if v.Status == report.Authenticated || v.Border.DMARC == "pass" || v.Delivery.DMARC == "pass" {
				t.Errorf("an attack is %s, dmarc %q at the border and %q at delivery", v.Status, v.Border.DMARC, v.Delivery.DMARC)
			}
			for _, c := range r.Claims {
				if c.Trust == "trusted" && c.Result == "pass" && (c.Method == "dmarc" || c.Method == "dkim" && strings.Contains(c.Domain, "bank")) {
					t.Errorf("%s=%s of %q is trusted", c.Method, c.Result, c.AuthservID)
				}
			}
			if v.AtFault == report.RoleRecipient {
				t.Error("the recipient is at fault")
			}
			for _, f := range r.Findings {
				if grave(f) && f.AtFault.Role == report.RoleRecipient {
					t.Errorf("the recipient is accused: %s: %s", f.Code, f.Message)
				}
			}
		case "honest":
			for _, f := range r.Findings {
				if grave(f) {
					t.Errorf("accused: %s %s: %s", f.Severity, f.Code, f.Message)
				}
			}
			if v.Status == report.SpoofSuspected {
				t.Error("honest mail is called a spoof")
			}
		case "status":
			among(v.Status)
		case "client":
			among(client)
		case "spf":
			among(v.Border.SPF)
		case "dmarc":
			among(v.Border.DMARC)
		case "delivery":
			among(v.Delivery.DMARC)
		case "root":
			among(rootOf(r))
		case "fault":
			among(v.AtFault)
		case "code":
			if !has {
				t.Errorf("no finding %s", d.rest)
			}
		case "not":
			if has {
				t.Errorf("finding %s", d.rest)
			}
		case "trusted":
			if !slices.ContainsFunc(r.Claims, func(c report.Claim) bool { return c.Trust == "trusted" && c.Method+"="+c.Result == d.rest }) {
				t.Errorf("no trusted %s", d.rest)
			}
		case "fork":
			if len(r.Forks) == 0 {
				t.Error("nothing is asked")
			}
		default:
			t.Fatalf("no demand %q", d.key)
		}
	}
}

// grave reports whether a finding accuses whoever is at fault.
func grave(f report.Finding) bool { return f.Severity == report.High || f.Severity == report.Critical }

// inShort is what a person wants to see of a report.
func inShort(r *report.Report) string {
	var b strings.Builder
	v := r.Verdict
	fmt.Fprintf(&b, "%s: %s\n", v.Status, v.Summary)
	if r.Border != nil {
		fmt.Fprintf(&b, "border: hop %d, client %s: %s\n", r.Border.Hop, r.Border.ClientIP, r.Border.Basis)
	}
	fmt.Fprintf(&b, "spf %s, dmarc %s; delivery %s; root %s, fault %s\n", v.Border.SPF, v.Border.DMARC, v.Delivery.DMARC, rootOf(r), v.AtFault)
	for _, f := range r.Forks {
		fmt.Fprintf(&b, "fork: %+v\n", f)
	}
	for _, c := range r.Claims {
		fmt.Fprintf(&b, "claim: field %d %s=%s %s by %s: %s\n", c.Field, c.Method, c.Result, c.Domain, c.AuthservID, c.Trust)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s %s (%s): %s\n", f.Severity, f.Confidence, f.Code, f.AtFault.Role, f.Message)
	}
	for _, g := range r.Gaps {
		fmt.Fprintf(&b, "gap: %s: %s\n", g.What, g.Why)
	}
	return b.String()
}
