package domain

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

// TestOwners holds what is reported and offered against the zones of
// testdata/owners.txt. A case begins with "== TITLE"; its lines are those of a
// zone file, and these:
//
//	$ORIGIN NAME            the domain, in place of x.example
//	@own @spf @dmarc        an MX host, an SPF record, a DMARC record as they should be
//	KEY SPACED HALF1 HALF2  a public key of 2048 bits, with blanks, in two halves
//	> is CODE SEVERITY      there is such a problem; "|" between several that will do
//	> high CHECK            the check has a problem that is high or critical
//	> quiet CHECK           it has none
//	> mild CHECK...         it has none above low
//	> calm                  no problem above info, and nothing is offered
//	> offered TEXT          a line to publish holds the text
//	> not offered REGEXP    none does
//	> not suggested REGEXP  no line of what is suggested does, the reader's neither
//	> no change [CHECK]     nothing is offered for the check
//	> say REGEXP            a message, an advice or a suggested line has it
//	> state CHECK WORD      > valid CHECK true|false|null      > gap TEXT
//	> selectors NAME...     the selectors given
//	> policy                the lines up to the next ">" or "@" or record are the MTA-STS file
func TestOwners(t *testing.T) {
	text, err := os.ReadFile("testdata/owners.txt")
	if err != nil {
		t.Fatal(err)
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	var spaced strings.Builder
	for i, r := range soundKey {
		if i > 0 && i%64 == 0 {
			spaced.WriteByte(' ')
		}
		spaced.WriteRune(r)
	}
	fill := strings.NewReplacer("=SPACED", "="+spaced.String(), "HALF1", soundKey[:200], "HALF2", soundKey[200:], "PRIVATE8", base64.StdEncoding.EncodeToString(der),
		"=KEY", "="+soundKey, "; KEY", "; "+soundKey, "-----KEY-----", "-----"+soundKey+"-----")
	cases := strings.Split(string(text), "\n== ")[1:]
	for _, body := range cases {
		title, body, _ := strings.Cut(body, "\n")
		t.Run(title, func(t *testing.T) { owner(t, fill.Replace(body)) })
	}
	if len(cases) < 90 {
		t.Errorf("only %d cases", len(cases))
	}
}

var ownerParts = strings.NewReplacer(
	"@own\n", "x.example. MX 10 mx.x.example.\nmx.x.example. A 192.0.2.10\nmx.x.example. TXT \"v=spf1 a -all\"\n10.2.0.192.in-addr.arpa. PTR mx.x.example.\n",
	"@spf\n", "x.example. TXT \"v=spf1 mx -all\"\n",
	"@dmarc\n", "_dmarc.x.example. TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@x.example\"\n")

func owner(t *testing.T, body string) {
	o := Options{Suggest: true, Shorter: true}
	domain, policy, wants := "x.example", "", []string{}
	var lines strings.Builder
	inPolicy := false
	for line := range strings.Lines(ownerParts.Replace(body)) {
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(strings.TrimPrefix(line, "> "), " ")
		switch {
		case strings.HasPrefix(line, "$ORIGIN "):
			domain = strings.TrimPrefix(line, "$ORIGIN ")
		case line == "> policy":
			inPolicy = true
		case strings.HasPrefix(line, "> ") && word == "selectors":
			o.Selectors = strings.Fields(rest)
		case strings.HasPrefix(line, "> "):
			inPolicy = false
			wants = append(wants, line[2:])
		case inPolicy && !strings.Contains(line, " TXT "):
			policy += line + "\n"
		default:
			inPolicy = false
			lines.WriteString(long255(line) + "\n")
		}
	}
	z, err := zonefile.Parse("owner", []byte(lines.String()))
	if err != nil {
		t.Fatal(err)
	}
	o.Resolver = z
	o.Fetch = func(context.Context, string) (Fetched, error) {
		return Fetched{Status: 200, ContentType: "text/plain", Body: []byte(policy)}, nil
	}
	got := Check(context.Background(), domain, o)
	var offered, suggested, words []string
	for line := range strings.Lines(got.Suggested) {
		line = strings.TrimSuffix(line, "\n")
		suggested = append(suggested, line)
		if !strings.HasPrefix(line, ";") {
			offered = append(offered, strings.ReplaceAll(line, `" "`, ""))
		}
	}
	words = append(words, suggested...)
	for i := range got.Problems {
		words = append(words, got.Problems[i].Message, got.Problems[i].Advice)
	}
	checks := map[string]*report.DomainCheck{}
	for _, s := range sections(got) {
		checks[s.name] = s.check
	}
	worst := func(check string) int { return worstOf(got, check) }
	has := func(texts []string, pattern string) bool {
		re := regexp.MustCompile(pattern)
		return slices.ContainsFunc(texts, re.MatchString)
	}
	holdsOne := func(want string) bool {
		verb, rest, _ := strings.Cut(want, " ")
		switch verb {
		case "is":
			for one := range strings.SplitSeq(rest, "|") {
				code, severity, _ := strings.Cut(one, " ")
				if slices.ContainsFunc(got.Problems, func(p report.DomainProblem) bool { return p.Code == code && p.Severity == severity }) {
					return true
				}
			}
			return false
		case "high", "invalid-or-high":
			return worst(rest) >= rank(report.High)
		case "quiet":
			return worst(rest) < rank(report.High)
		case "mild":
			return !slices.ContainsFunc(strings.Fields(rest), func(c string) bool { return worst(c) > rank(report.Low) })
		case "calm":
			return !slices.ContainsFunc(got.Problems, func(p report.DomainProblem) bool {
				return rank(p.Severity) > 0 && p.Code != "transport-policy-missing"
			}) && len(got.Changes) == 0
		case "offered":
			return slices.ContainsFunc(offered, func(l string) bool { return strings.Contains(l, rest) })
		case "not":
			if verb, pattern, _ := strings.Cut(rest, " "); verb == "offered" {
				return !has(offered, pattern)
			} else if verb == "suggested" {
				return !has(suggested, pattern)
			}
		case "no":
			_, check, _ := strings.Cut(rest, " ")
			return !slices.ContainsFunc(got.Changes, func(c report.DomainChange) bool { return check == "" || c.Check == check })
		case "say":
			return has(words, rest)
		case "state":
			check, state, _ := strings.Cut(rest, " ")
			return checks[check].State == state
		case "valid":
			check, word, _ := strings.Cut(rest, " ")
			v := checks[check].Valid
			return v == nil && word == "null" || v != nil && *v == (word == "true")
		case "gap":
			return slices.ContainsFunc(got.Gaps, func(g report.Gap) bool { return strings.Contains(g.What+" "+g.Why, rest) })
		}
		t.Fatalf("%q cannot be read", want)
		return false
	}
	for _, want := range wants {
		if !holdsOne(want) {
			t.Errorf("not so: %s", want)
		}
	}
	if t.Failed() {
		for _, p := range got.Problems {
			t.Logf("%s %s: %s (%s)", p.Severity, p.Code, p.Message, p.Advice)
		}
		t.Logf("gaps %v\nsuggested:\n%s", got.Gaps, got.Suggested)
	}
}

// signs are those of a string of a zone file.
var signs = regexp.MustCompile(`\\\d{3}|\\.|[^\\]`)

// long255 cuts a string of a zone file that is too long for one.
func long255(line string) string {
	i := strings.IndexByte(line, '"')
	if i < 0 || len(line) < 250 || strings.Contains(strings.ReplaceAll(line, `\" \"`, ""), `" "`) {
		return line
	}
	var b strings.Builder
	for n, sign := range signs.FindAllString(line[i+1:len(line)-1], -1) {
		if n > 0 && n%200 == 0 {
			b.WriteString(`" "`)
		}
		b.WriteString(sign)
	}
	return line[:i+1] + b.String() + `"`
}
