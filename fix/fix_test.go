package fix

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

func ptr[T any](v T) *T { return &v }

// Every recipe says what, for whom, from where and since when; nothing that is
// not certain gives a command.
func TestRecipes(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range recipes() {
		if seen[r.ID] {
			t.Errorf("%s is there twice", r.ID)
		}
		seen[r.ID] = true
		if r.Product == "" || len(r.Fixes) == 0 || len(r.Steps) == 0 || r.Test == "" || r.Source == "" {
			t.Errorf("%s lacks something: %+v", r.ID, r)
		}
		if _, err := time.Parse("2006-01-02", r.Date); err != nil {
			t.Errorf("%s: date %q", r.ID, r.Date)
		}
		if r.Effect != "cause" && r.Effect != "tolerate" {
			t.Errorf("%s: effect %q", r.ID, r.Effect)
		}
		for _, w := range strings.Split(r.Who, " or ") {
			switch w {
			case "recipient", "forwarder", "sender", "list":
			default:
				t.Errorf("%s: who %q", r.ID, r.Who)
			}
		}
		if c := r.Checked; c != nil {
			if _, err := time.Parse("2006-01-02", c.On); err != nil || c.Text == "" || c.On < r.Date {
				t.Errorf("%s: checked on %q in %q", r.ID, c.On, c.Text)
			}
		}
		for _, s := range r.Steps {
			if s.Text == "" {
				t.Errorf("%s has a step without text", r.ID)
			}
			// A command was looked up in the vendor's own text, or it is a record that a
			// standard defines.
			if s.Command != "" && r.Checked == nil && !strings.HasPrefix(r.Source, "RFC ") {
				t.Errorf("%s gives a command that nobody looked up: %s", r.ID, s.Command)
			}
			switch r.Certainty {
			case "vendor's text", "source code":
			case "community":
				if s.Command != "" {
					t.Errorf("%s gives a command on the word of %s", r.ID, r.Certainty)
				}
			default:
				t.Errorf("%s: certainty %q", r.ID, r.Certainty)
			}
		}
	}
}

// cloud is a message that Exchange Online checked against the recipient's relay.
func cloud() *report.Report {
	return &report.Report{
		Message: report.Message{From: []report.Address{{Address: "ann@example.com", Domain: "example.com"}}},
		Border:  &report.Border{Hop: 1, ClientIP: "192.0.2.10"},
		Hops: []report.Hop{
			{Index: 1, Dialect: "postfix", From: report.HopFrom{IP: "192.0.2.10"}, By: report.HopBy{Name: "mx.example.org"}, Trust: report.Observed},
			{Index: 2, Dialect: "exchange-2010", From: report.HopFrom{IP: "10.0.0.1"}, By: report.HopBy{Name: "hub.example.org"}, Trust: report.Observed},
			{Index: 3, Dialect: "exo-entry", From: report.HopFrom{IP: "203.0.113.9"}, By: report.HopBy{Name: "x.mail.protection.outlook.com"}, Trust: report.Observed},
		},
		Verdict: report.Verdict{RootCause: ptr("spf-rechecked-behind-border")},
		Findings: []report.Finding{{Code: "spf-rechecked-behind-border", Severity: report.High, Hop: ptr(3),
			AtFault: report.Party{Role: report.RoleRecipient, Product: "Exchange Online"}}},
	}
}

func TestReport(t *testing.T) {
	r := cloud()
	got := Report(r)
	if len(got) != 1 || got[0].Product != "Exchange Online" || !strings.Contains(got[0].Steps[0].Command, "-EFSkipIPs 203.0.113.9 ") {
		t.Fatalf("%+v", got)
	}
	if strings.Join(got[0].YourOwn, " ") != "<CONNECTOR> <TEST_USER>" {
		t.Errorf("left to the reader: %v", got[0].YourOwn)
	}
	// One relay only: the last address is skipped.
	r.Border.Hop = 2
	if got := Report(r); !strings.Contains(got[0].Steps[2].Command, "-EFSkipLastIP $true") {
		t.Errorf("%+v", got)
	}
	// No product is seen: what holds for any. The sender is told nothing about it.
	r.Hops[2].Dialect, r.Findings[0].AtFault.Product = "rfc5321", ""
	if got := Report(r); len(got) != 1 || got[0].Product != anyProduct {
		t.Errorf("%+v", got)
	}
	r.Findings[0].AtFault.Role = report.RoleSender
	if got := Report(r); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// What somebody else wrote into the header gets into no command unless it is a
// plain name or address of a believed hop.
func TestHostileValues(t *testing.T) {
	r := cloud()
	r.Findings[0].AtFault.Product = ""
	r.Hops[2] = report.Hop{Index: 3, Dialect: "postfix", From: report.HopFrom{IP: "203.0.113.9", RDNS: "x; rm -rf /"}, Trust: report.Observed}
	r.Message.From[0].Domain = "$(id).example"
	r.Border.ClientIP = "`id`"
	bad := regexp.MustCompile("rm -rf|\\$\\(id|`id`")
	for _, c := range recipes() {
		f := fill(c, &r.Findings[0], values(r, &r.Findings[0]))
		for _, s := range f.Steps {
			if bad.MatchString(s.Text + s.Command) {
				t.Errorf("%s: %s %s", c.ID, s.Text, s.Command)
			}
		}
	}
	// A claimed hop fills in nothing.
	r.Hops[2].Trust, r.Hops[2].From.RDNS = report.Claimed, "mail.evil.example"
	for k, s := range values(r, &r.Findings[0]) {
		if s == "203.0.113.9" || s == "mail.evil.example" {
			t.Errorf("%s is %s, from a hop that anybody could write", k, s)
		}
	}
}
