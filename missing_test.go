package mailtrace_test

import (
	"context"
	"slices"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/internal/unanswered"
	"github.com/mailtrace/mailtrace/report"
)

// Whatever questions stay without an answer, a half to a fifth of them: nobody is
// accused whom neither all answers nor the header alone accuse, nothing is
// believed that they do not believe, and nothing is doubted without an open
// question or a finding that they have too.
func TestMissingAnswers(t *testing.T) {
	const seeds = 8
	skip := map[string]string{
		"spf_overbroad_pass/ptr": "RFC 7208 §5.5: where the DNS fails, ptr does not match, and SPF is fail",
	}
	runs, skipped := 0, 0
	for _, g := range storedMessages(t) {
		for name, m := range g.messages {
			z, err := zonefile.Parse("zone", []byte(m.zone))
			if m.zone == "" || err != nil {
				continue
			}
			if skip[name] != "" {
				skipped++
				continue
			}
			analyze := func(r dns.Resolver) *report.Report {
				t.Helper()
				out, err := mailtrace.AnalyzeBytes(context.Background(), []byte(m.text), mailtrace.Options{Resolver: r, Repair: mailtrace.RepairOff})
				if err != nil {
					t.Fatalf("%s/%s: %v", g.name, name, err)
				}
				return out
			}
			all, none := analyze(z), analyze(nil)
			known := func(code string) bool {
				is := func(x report.Finding) bool { return x.Code == code }
				return slices.ContainsFunc(all.Findings, is) || slices.ContainsFunc(none.Findings, is)
			}
			for seed := range seeds {
				r := analyze(unanswered.Some(z, seed))
				runs++
				for _, x := range r.Findings {
					if grave(x) && !known(x.Code) {
						t.Errorf("%s/%s %d: accused: %s %s; gaps %v", g.name, name, seed, x.Code, x.Message, r.Gaps)
					}
				}
				is, was, root := r.Verdict.Status, all.Verdict.Status, rootOf(r)
				if is == was || is == none.Verdict.Status || is == report.Undetermined || len(r.Forks) > 0 || root != "" && known(root) {
					continue
				}
				verified := r.Verdict.Border.DKIM == "pass" && slices.ContainsFunc(r.DKIM, func(s report.DKIM) bool { return s.Result == "pass" })
				switch {
				case is == report.Authenticated && (was == report.SpoofSuspected || was == report.Unauthenticated) && !verified:
					t.Errorf("%s/%s %d: believed: %s; with all answers %s; gaps %v", g.name, name, seed, r.Verdict.Summary, all.Verdict.Summary, r.Gaps)
				case was == report.Authenticated:
					t.Errorf("%s/%s %d: doubted: %s; with all answers %s; gaps %v", g.name, name, seed, r.Verdict.Summary, all.Verdict.Summary, r.Gaps)
				}
			}
		}
	}
	if runs < 1000 || skipped != len(skip) {
		t.Errorf("%d analyses, %d of %d skipped", runs, skipped, len(skip))
	}
	t.Logf("%d analyses; skipped: %v", runs, skip)
}
