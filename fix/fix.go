// Package fix knows the settings that end what a finding describes, by product:
// recipes are data, one file a product, with their source and its date. It fills
// in the names and addresses of a report. What a reader has to put in
// stays in angle brackets.
//
// Not stable: recipes follow the products; their names stay.
package fix

import (
	"embed"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/mailtrace/mailtrace/report"
)

// Recipe is one way to fix some findings with one product.
type Recipe struct {
	ID       string   `json:"id"`
	Product  string   `json:"-"`        // of its file
	Versions string   `json:"versions"` // as far as the source says, for people
	Dialects []string `json:"dialects"` // of the Received fields that show the product; none: it does not show there
	Marks    []string `json:"marks"`    // header fields that show it
	Fixes    []string `json:"fixes"`    // codes of findings
	Effect   string   `json:"effect"`   // "cause": it stops; "tolerate": it goes on, and this receiver accepts it
	Who      string   `json:"who"`      // "recipient", "forwarder", "sender", "list", or two of them
	Steps    []Step   `json:"steps"`
	Test     string   `json:"test"`
	Risk     string   `json:"risk"`
	// Certainty is what the recipe rests on: "vendor's text", "source code", or
	// "community", of which no command is given.
	Certainty string `json:"certainty"`
	Source    string `json:"source"`
	Date      string `json:"date"` // of the source, or on which it was read
	// Checked says when the settings were looked up once more in the vendor's own
	// text or source, and in which; nil where the recipe rests on Source alone.
	Checked *Check `json:"checked,omitempty"`
}

// Check is a second look at the vendor's own text.
type Check struct {
	On   string `json:"on"`   // day
	Text string `json:"text"` // what was read, and what could not be found there
}

// Step is one thing to do, in order.
type Step struct {
	Text    string `json:"text"`
	Command string `json:"command,omitempty"` // or lines of a configuration file
}

//go:embed recipes/*.json
var files embed.FS

// recipes are read when the first is asked for.
var recipes = sync.OnceValue(read)

func read() []*Recipe {
	names, err := fs.Glob(files, "recipes/*.json")
	if err != nil {
		panic(err)
	}
	var out []*Recipe
	for _, n := range names {
		text, err := files.ReadFile(n)
		if err != nil {
			panic(err)
		}
		var f struct {
			Product string
			Recipes []*Recipe
		}
		if err := json.Unmarshal(text, &f); err != nil {
			panic(path.Base(n) + ": " + err.Error())
		}
		for _, r := range f.Recipes {
			r.Product = f.Product
			out = append(out, r)
		}
	}
	return out
}

// Named returns a recipe by its name as it stands in the file, without values;
// false where there is none.
func Named(id string) (report.Fix, bool) {
	for _, r := range recipes() {
		if r.ID == id {
			return fill(r, &report.Finding{Code: strings.Join(r.Fixes, ", ")}, nil), true
		}
	}
	return report.Fix{}, false
}

// For returns the recipes for a finding: those that end it before those that
// only make it bearable, and those for one product before those for any.
func For(code string) []*Recipe {
	var out []*Recipe
	for _, r := range recipes() {
		if slices.Contains(r.Fixes, code) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b *Recipe) int { return general(a) - general(b) })
	return out
}

func general(r *Recipe) int {
	n := 0
	if r.Effect != "cause" {
		n++
	}
	if r.Product == anyProduct || r.Product == anyDNS {
		n += 2
	}
	return n
}

// Names of the files that are about no product.
const (
	anyProduct = "Any product"
	anyDNS     = "DNS (any host)"
)

// maxFixes bounds the recipes of one report.
const maxFixes = 4

// Report returns the recipes for the findings of a report that somebody can act
// on, with what the report knows filled in: the root cause first.
func Report(r *report.Report) []report.Fix {
	var out []report.Fix
	seen := map[string]bool{}
	for i := range r.Findings {
		x := &r.Findings[i]
		root := r.Verdict.RootCause != nil && *r.Verdict.RootCause == x.Code
		if !root && (x.Quiet || x.Severity == report.Info || len(x.Because) > 0) {
			continue
		}
		// What a forger did, no setting of the domain's owner undoes; and the
		// owner of a forged domain may have nothing to set. Where it is an open
		// question, the question comes first.
		if x.AtFault.Role == report.RoleSender && (r.Verdict.Status == report.SpoofSuspected || maybeForged(r)) {
			continue
		}
		if best := choose(r, x); best != nil && !seen[best.ID] && len(out) < maxFixes {
			seen[best.ID] = true
			out = append(out, fill(best, x, values(r, x)))
		}
	}
	return out
}

// maybeForged reports whether one answer to an open question is that the message
// is forged.
func maybeForged(r *report.Report) bool {
	for i := range r.Forks {
		if slices.ContainsFunc(r.Forks[i].Readings, func(x report.Reading) bool { return x.Status == report.SpoofSuspected }) {
			return true
		}
	}
	return false
}

// Domain returns the recipes for the findings on what a domain publishes.
func Domain(d *report.Domain) []report.Fix {
	var out []report.Fix
	seen := map[string]bool{}
	for i := range d.Findings {
		x := &d.Findings[i]
		for _, c := range For(x.Code) {
			if c.Product == anyDNS && !seen[c.ID] && x.Severity != report.Info {
				seen[c.ID] = true
				v := map[string]string{}
				name(v, "<DOMAIN>", d.Domain)
				name(v, "<FROM_DOMAIN>", d.Domain)
				out = append(out, fill(c, x, v))
				break
			}
		}
	}
	return out
}

// choose takes the recipe for the product that decides, which the party at
// fault can apply: of several the one whose mark the header shows, and which
// ends the cause. Without one, the recipe for any product.
func choose(r *report.Report, x *report.Finding) *Recipe {
	hops := deciding(r, x)
	var best *Recipe
	score := 0
	for _, c := range For(x.Code) {
		if !canApply(c, x.AtFault.Role) {
			continue
		}
		s := 0
		switch {
		case c.Product == anyProduct || c.Product == anyDNS:
			s = 1
		case shows(c, hops):
			s = 10
		case c.Product == x.AtFault.Product || x.AtFault.Product != "" && strings.HasPrefix(c.Product, x.AtFault.Product):
			s = 9
		default:
			continue
		}
		if c.Effect == "cause" {
			s += 4
		}
		if marked(r, c, hops) {
			s += 5
		} else if s >= 9 && strings.Contains(c.Product, " with ") {
			s -= 5 // an add-on of which nothing is seen
		} else if s >= 9 && x.AtFault.Product != "" && !strings.HasPrefix(c.Product, x.AtFault.Product) {
			s -= 6 // a bundle of it with other things, of which nothing is seen
		}
		if c.ID == "exo-efskip-last" && ownHops(r, x) > 1 || c.ID == "exo-efskip-list" && ownHops(r, x) <= 1 {
			s--
		}
		if s > score {
			best, score = c, s
		}
	}
	return best
}

// canApply reports whether the party at fault is the one for a recipe: nobody is
// told what another organisation should set.
func canApply(c *Recipe, role string) bool {
	switch role {
	case report.RoleRecipient:
		return strings.Contains(c.Who, "recipient")
	case report.RoleIntermediary:
		return strings.Contains(c.Who, "forwarder") || strings.Contains(c.Who, "list") || c.Who == "recipient" && isCheck(c)
	case report.RoleSender:
		return strings.Contains(c.Who, "sender")
	}
	return false
}

// isCheck reports whether a recipe is about a check in the wrong place, which a
// forwarder makes as a recipient does.
func isCheck(c *Recipe) bool {
	return slices.ContainsFunc(c.Fixes, func(code string) bool { return code == "spf-checked-behind-own-forwarder" })
}

// deciding are the hops of the server whose settings decide.
func deciding(r *report.Report, x *report.Finding) []*report.Hop {
	var out []*report.Hop
	for i := range r.Hops {
		h := &r.Hops[i]
		if x.Hop != nil && h.Index == *x.Hop || x.AtFault.Server != "" && strings.EqualFold(h.By.Name, x.AtFault.Server) {
			out = append(out, h)
		}
	}
	return out
}

func family(dialect string) string {
	f, _, _ := strings.Cut(dialect, "-")
	return f
}

func shows(c *Recipe, hops []*report.Hop) bool {
	return slices.ContainsFunc(hops, func(h *report.Hop) bool { return slices.Contains(c.Dialects, family(h.Dialect)) })
}

// marked reports whether a server wrote a field that shows the product.
func marked(r *report.Report, c *Recipe, hops []*report.Hop) bool {
	for i := range r.Claims {
		cl := &r.Claims[i]
		if cl.Hop == nil || !slices.ContainsFunc(hops, func(h *report.Hop) bool { return h.Index == *cl.Hop }) {
			continue
		}
		for _, m := range c.Marks {
			if name, _, ok := strings.Cut(m, ":"); strings.EqualFold(name, cl.Header) && (ok || cl.Header != "Authentication-Results") {
				return true
			}
		}
	}
	return false
}

// ownHops counts the recipient's hosts between the border and the server that
// checked.
func ownHops(r *report.Report, x *report.Finding) int {
	if r.Border == nil || x.Hop == nil {
		return 0
	}
	return *x.Hop - r.Border.Hop
}
