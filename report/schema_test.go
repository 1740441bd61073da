package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/report"
)

// published are the schemas with the pages that are made from them.
var published = []struct {
	schema, doc, intro string
	root               string
	typ                reflect.Type
}{
	{"../docs/report.schema.json", "../docs/json.md", intro, "report", reflect.TypeFor[report.Report]()},
	{"../docs/domain.schema.json", "../docs/domain.md", domainIntro, "domain", reflect.TypeFor[report.Domain]()},
	{"../docs/comparison.schema.json", "../docs/comparison.md", comparisonIntro, "comparison", reflect.TypeFor[compare.Result]()},
	{"../docs/spf.schema.json", "../docs/spf.md", spfIntro, "spf_document", reflect.TypeFor[report.SPFDocument]()},
	{"../docs/watch.schema.json", "../docs/watch.md", watchIntro, "watch", reflect.TypeFor[report.Watch]()},
	{"../docs/summary.schema.json", "../docs/summary.md", summaryIntro, "summary", reflect.TypeFor[report.Summary]()},
	{"../docs/fix.schema.json", "../docs/fix.md", fixIntro, "fix", reflect.TypeFor[report.Fix]()},
}

const schemaFile = "../docs/report.schema.json"

var update = flag.Bool("update", false, "write the pages of docs again from the schemas")

// node is a part of the schema, as far as these tests read it.
type node struct {
	Description string           `json:"description"`
	Type        any              `json:"type"`
	Ref         string           `json:"$ref"`
	OneOf       []*node          `json:"oneOf"`
	Items       *node            `json:"items"`
	Properties  map[string]*node `json:"properties"`
	Required    []string         `json:"required"`
	Enum        []any            `json:"enum"`
	Const       any              `json:"const"`
	Format      string           `json:"format"`
	Defs        map[string]*node `json:"$defs"`
	Values      *node            `json:"additionalProperties"`
}

func load(t *testing.T, file string) (*node, []byte) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var n node
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	return &n, text
}

// target follows the reference of a key to the definition that it names.
func (n *node) target() (name string, nullable bool) {
	ref := n.Ref
	for _, o := range n.OneOf {
		if o.Ref != "" {
			ref = o.Ref
		}
		if o.Type == "null" {
			nullable = true
		}
	}
	return strings.TrimPrefix(ref, "#/$defs/"), nullable
}

func (n *node) types() []string {
	switch t := n.Type.(type) {
	case string:
		return []string{t}
	case []any:
		var out []string
		for _, v := range t {
			out = append(out, v.(string))
		}
		return out
	}
	return nil
}

// The structs and the schema have the same keys, in types that fit, and every
// key is described.
func TestSchemaKeys(t *testing.T) {
	for _, p := range published {
		t.Run(p.root, func(t *testing.T) { schemaKeys(t, p.schema, p.root, p.typ) })
	}
}

func schemaKeys(t *testing.T, file, root string, typ reflect.Type) {
	s, _ := load(t, file)
	seen := map[string]bool{}
	var compare func(name string, typ reflect.Type)
	var fields func(typ reflect.Type) []reflect.StructField
	fields = func(typ reflect.Type) (out []reflect.StructField) {
		for i := range typ.NumField() {
			if f := typ.Field(i); f.Anonymous {
				out = append(out, fields(f.Type)...)
			} else {
				out = append(out, f)
			}
		}
		return out
	}
	compare = func(name string, typ reflect.Type) {
		if seen[name] {
			return
		}
		seen[name] = true
		def := s.Defs[name]
		if def == nil {
			t.Errorf("%s: the schema has no definition %q", typ, name)
			return
		}
		if def.Description == "" {
			t.Errorf("%s has no description", name)
		}
		var keys []string
		for _, f := range fields(typ) {
			key, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			if key == "" || key == "-" {
				t.Errorf("%s.%s has no key", typ, f.Name)
				continue
			}
			keys = append(keys, key)
			k := def.Properties[key]
			if k == nil {
				t.Errorf("%s.%s: the schema lacks it", name, key)
				continue
			}
			if k.Description == "" {
				t.Errorf("%s.%s has no description", name, key)
			}
			if required := slices.Contains(def.Required, key); required == (option == "omitempty") {
				t.Errorf("%s.%s: required %v, but the tag says %q", name, key, required, option)
			}
			kind, nullable := f.Type, false
			if kind.Kind() == reflect.Pointer {
				kind, nullable = kind.Elem(), option != "omitempty"
			}
			want := ""
			switch {
			case kind == reflect.TypeFor[time.Time]():
				want = "string"
				if k.Format != "date-time" {
					t.Errorf("%s.%s: a time without the format", name, key)
				}
			case kind.Kind() == reflect.String:
				want = "string"
			case kind.Kind() == reflect.Int, kind.Kind() == reflect.Int64, kind.Kind() == reflect.Uint32:
				want = "integer"
			case kind.Kind() == reflect.Float64:
				want = "number"
			case kind.Kind() == reflect.Bool:
				want = "boolean"
			case kind.Kind() == reflect.Map:
				want = "object"
				if k.Values == nil {
					t.Errorf("%s.%s: a map whose values are not described", name, key)
					continue
				}
				if kind.Elem().Kind() == reflect.Int {
					if got := k.Values.types(); !slices.Equal(got, []string{"integer"}) {
						t.Errorf("%s.%s: values of type %v", name, key, got)
					}
					break
				}
				ref, _ := k.Values.target()
				compare(ref, kind.Elem())
			case kind.Kind() == reflect.Slice:
				want = "array"
				elem := kind.Elem()
				if elem.Kind() == reflect.Pointer {
					elem = elem.Elem()
				}
				if elem.Kind() == reflect.Struct && k.Items != nil {
					ref, _ := k.Items.target()
					compare(ref, elem)
				}
			case kind.Kind() == reflect.Struct:
				ref, null := k.target()
				if null != nullable {
					t.Errorf("%s.%s: null in the schema: %v, in the struct: %v", name, key, null, nullable)
				}
				compare(ref, kind)
				continue
			}
			types := []string{want}
			if nullable {
				types = append(types, "null")
			}
			if got := k.types(); !slices.Equal(got, types) {
				t.Errorf("%s.%s: type %v, want %v", name, key, got, types)
			}
		}
		for key := range def.Properties {
			if !slices.Contains(keys, key) {
				t.Errorf("%s.%s: the struct lacks it", name, key)
			}
		}
		for _, key := range def.Required {
			if def.Properties[key] == nil {
				t.Errorf("%s: required key %s is not described", name, key)
			}
		}
	}
	compare(root, typ)
	for name := range s.Defs {
		if !seen[name] {
			t.Errorf("definition %s is not used", name)
		}
	}
}

// The schema itself is a valid one, takes a report, and refuses what is none.
func TestSchemaValidates(t *testing.T) {
	s, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	test := func(name string, change func(map[string]any), ok bool) {
		t.Helper()
		text, err := os.ReadFile("../render/testdata/rechecked.json")
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		change(v.(map[string]any))
		if err := s.Validate(v); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	test("a report", func(map[string]any) {}, true)
	test("a key more", func(r map[string]any) { r["later"] = 1 }, true)
	test("a key less", func(r map[string]any) { delete(r, "gaps") }, false)
	test("null for a list", func(r map[string]any) { r["hops"] = nil }, false)
	test("no border", func(r map[string]any) { r["border"] = nil }, true)
	test("schema 2", func(r map[string]any) { r["schema"] = 2 }, false)
	test("a status of its own", func(r map[string]any) { r["verdict"].(map[string]any)["status"] = "fine" }, false)
	test("no hop at fault", func(r map[string]any) { r["verdict"].(map[string]any)["hop"] = nil }, true)
	test("a wrong type", func(r map[string]any) { r["source"].(map[string]any)["bytes"] = "1" }, false)
}

// The pages say the same as the schemas, because they are made from them.
func TestSchemaDoc(t *testing.T) {
	for _, p := range published {
		s, text := load(t, p.schema)
		got := document(p.intro, s, text)
		if *update {
			if err := os.WriteFile(p.doc, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(p.doc)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s says; run go test ./report -update", p.doc, p.schema)
		}
	}
}

// What both schemas define has one meaning.
func TestSchemasAgree(t *testing.T) {
	read := func(file string) map[string]any {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Defs map[string]any `json:"$defs"`
		}
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		return doc.Defs
	}
	reports, domains := read(published[0].schema), read(published[1].schema)
	for _, p := range published[2:] {
		for name, def := range read(p.schema) {
			if reports[name] != nil && !reflect.DeepEqual(reports[name], def) {
				t.Errorf("%s is not the same in %s and %s", name, published[0].schema, p.schema)
			}
		}
	}
	for _, name := range []string{"tool", "finding", "party", "evidence", "gap", "dns_answer", "bulk_rule"} {
		if !reflect.DeepEqual(reports[name], domains[name]) || reports[name] == nil {
			t.Errorf("%s is not the same in %s and %s", name, published[0].schema, published[1].schema)
		}
	}
}

const intro = `# The JSON report

` + "`mailtrace analyze --json`" + ` writes one document a message, ` + "`--format jsonl`" + ` one line a message. This page is made from
[report.schema.json](report.schema.json) (JSON Schema, draft 2020-12), which a program can check reports against.

- Times are RFC 3339 with zone.
- A fact that is absent is null or missing, never an empty guess. A list is never null.
- Keys may be added within schema 1. None is renamed or dropped.
- Result words are those of RFC 8601 §2.7.
- Text from a message or from the DNS is kept as it came, escaped where a terminal could obey it.

"Always" says whether a key is always there. To read the verdicts of many messages:

` + "```" + `
mailtrace analyze --format jsonl Maildir/ | jq -r '[.source.path, .verdict.status, .verdict.root_cause] | @tsv'
` + "```" + `
`

const comparisonIntro = `# The JSON of mailtrace compare

` + "`mailtrace compare --json A.eml B.eml`" + ` writes one document. This page is made from [comparison.schema.json](comparison.schema.json).
` + "`kind`, `schema`, `tool`, `findings` and `gaps`" + ` are those of all documents: a program reads findings of messages, domains,
comparisons and SPF evaluations in the same way, and ` + "`mailtrace show`" + ` renders each.
`

const spfIntro = `# The JSON of mailtrace spf

` + "`mailtrace spf --json`" + ` writes one document: the ` + "`spf`" + ` object of a report on a message, with what all documents have. This page
is made from [spf.schema.json](spf.schema.json).
`

const watchIntro = `# The JSON of mailtrace watch

` + "`mailtrace watch --json FILE`" + ` writes one document a run. This page is made from [watch.schema.json](watch.schema.json).
`

const summaryIntro = `# The JSON of mailtrace analyze --summary

` + "`mailtrace analyze --summary --format json PATH...`" + ` writes one document for all messages. This page is made from
[summary.schema.json](summary.schema.json). ` + "`mailtrace show`" + ` renders it as text, csv or html; [bulk.md](bulk.md) tells how to read it.
`

const fixIntro = `# The JSON of mailtrace fix

` + "`mailtrace fix --json REPORT.json`" + ` writes a list of settings, which is also the key ` + "`fix`" + ` of a report on a message. This page is
made from [fix.schema.json](fix.schema.json).
`

const domainIntro = `# What mailtrace domain reports

` + "`mailtrace domain`" + ` looks at what a domain publishes for mail: MX, SPF with all its includes, DKIM keys, DMARC as RFC 9989 and
RFC 7489 find it, MTA-STS, TLS-RPT, DANE, BIMI and DNSSEC. [cli.md](cli.md#domain) tells how to call it.

## How to read it

- A mark stands before each block: ✓ good; ! works, and should be better; ✗ wrong; · not there; ? not answered. The words
  beside it say the same.
- A question without an answer is a gap. Its check is "unknown", never "none", and the exit code is 3 where nothing worse is.
- Any name can be a DKIM selector, so "no key known" is not a statement that there is none. Give the selectors with
  ` + "`--selector`" + `, or mail that the domain sent with ` + "`--selectors-from`" + `.
- Lookups of SPF are counted over all branches, as for a client that nothing matches: that is the count that must not exceed
  10. The number beside a term is that of the term with all below it.
- "Forged mail" says what receivers are asked to do with mail that neither SPF nor DKIM vouches for. RFC 7489 gets a line of
  its own only where it says something else.
- DNSSEC is the resolver's word (the AD bit) unless the program validates by itself; ` + "`basis`" + ` says which.

## What is checked

| | what is looked at | tells apart, and its limits | checkdmarc 5.11 | tests |
|---|---|---|---|---|
| MX | null and implicit MX, aliases, addresses, names of addresses, hosts of two providers, the zone's name written twice, names with underscores | a host without address beside one that takes the mail is medium at most; 32 hosts, 16 addresses each | addresses, PTR, doubled hosts | mx.zone, owners.txt |
| SPF | the record with all includes, lookups and void lookups over all branches, addresses that pass, records meant as SPF and not read as such, records at wrong names, HELO names of the MX hosts | faults in the records of others are laid at their door; 3,000 questions a domain | record, lookups and void lookups by mechanism | spf.zone, owners.txt |
| DKIM | keys at the selectors given, at the likeliest, with ` + "`--selectors all`" + ` at all built in; private keys; selectors of a provider that wait for their key; keys at wrong names | any name can be a selector: "none known" is not a "none" | no | dkim.zone, owners.txt |
| DMARC | RFC 9989 and RFC 7489 side by side, policy for the domain and names below it, misplaced and misspelt records, an alias without record, psd= against the suffix list, destinations of reports: their consent, and whether they take mail | texts that are not a record are shown | record, tags, consent of destinations | dmarc.zone, owners.txt |
| MTA-STS | record, policy host, policy file against the MX hosts; ` + "`--policy FILE`" + ` before it is served | fetched over HTTPS where the DNS is the network's; 64 KB | record, policy, MX hosts | transport.zone, policies.txt |
| TLS-RPT | record, report addresses, records at wrong names | | record | transport.zone, owners.txt |
| BIMI | record and place; with ` + "`--bimi`" + ` the logo (SVG Tiny PS) and the mark certificate (purpose, names, dates, chain, its logo) | 256 KB each; authorities of marks are in no system's store, so the chain is that of the file | record, logo, certificate with the list of authorities | marks_test.go |
| DANE, DNSSEC | TLSA records and whether they count, validation from the root, or the resolver's word | unknown where nothing says | TLSA records, DNSSEC | transport.zone, Knot |
| name servers | with ` + "`--ns`" + `: delegation against the zone, servers that do not serve it, serials, networks, a CNAME record beside others, CAA | 13 names, 4 addresses each; no answer is a gap | list of NS, SOA | nameservers_test.go, Knot and NSD |
| servers | with ` + "`--smtp`" + `: STARTTLS, versions of TLS, certificate against MTA-STS and TLSA (usage 2 and 3, rollover), REQUIRETLS, names in greetings against address and PTR, IPv4 and IPv6 | 8 hosts, 4 addresses each, 20 s a connection | STARTTLS and TLS, by default | smtp_test.go, Postfix and Exim |
| receivers | the rules of Gmail, Yahoo and Outlook.com for bulk senders, each with source and date | what only messages show is unknown | no | tables_test.go |
| what to publish | broken records with only their fault repaired, first records, shorter ones; each tried out | nothing where it could lose mail | no | selfcheck_test.go, FuzzPromise |
| many domains | table, CSV, JSON lines, SARIF; ` + "`mailtrace watch`" + ` | | JSON, CSV | domain.txt, watch.txt |

The tests are in ` + "`domain/`" + `, its ` + "`testdata/`" + ` and ` + "`cmd/mailtrace/`" + `. The column of checkdmarc is what its documentation and source of
version 5.11.2 say.

## What to publish

` + "`--suggest`" + ` writes a piece of a zone file. Lines with ";" are for the reader, and "; - " is a record that the next one takes
the place of. A record that is broken comes back with only its fault repaired: the policy, mailboxes, includes and keys are the
owner's. Where it never counted, the text says what begins to count, and names the careful way. A mailbox is never made up.

Each record is tried out before it is shown: the domain is checked again as it would be. No address, host or key that passes
today fails then, nothing passes that the owner did not name, and no problem above info comes up but what he wrote himself and
what only shows when the record can be read. Else no record is shown, and the reason is. An SPF record below the limits is only
shortened by what stands twice or is never reached; above the limit the domain's own hosts become networks first, and those of
other organisations never do.

## The table

` + "`--format csv`" + ` gives one row a domain. The columns up to ` + "`smtp_tls_reporting_warnings`" + ` have the names and the order of
checkdmarc's and are filled as it fills them, so that scripts for its output go on working: several values in a cell are divided
by "|", an absent record is an error, beside an error stands nothing else, and warnings speak of the domain's own record. What is
not looked at is empty: ` + "`tls` and `starttls` without `--smtp`, `ns`, `ns_error` and `ns_warnings` without `--ns`" + `. Where the DNS did not answer the error says so
and the validity is empty, never "False". Columns of
our own follow: ` + "`spf_dns_lookups`, `spf_void_dns_lookups`, `dkim_selectors`, `dmarc_policy`, `dane`, `findings`, `gaps`" + `. A cell that
a spreadsheet would take for a formula begins with an apostrophe.

## The JSON report

` + "`--json`" + ` writes one document a domain, ` + "`--format jsonl`" + ` one line a domain. What follows is made from
[domain.schema.json](domain.schema.json) (JSON Schema, draft 2020-12), which a program can check reports against. A fact that
is absent is null or missing; a list is never null; text from the DNS is kept as it came. "Always" says whether a key is always
there.

` + "```" + `
mailtrace domain --format jsonl domains.txt | jq -r 'select(.dmarc.state == "absent") | .domain'
` + "```" + `
`

// document writes the page: one table for each definition.
func document(intro string, s *node, text []byte) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	for _, name := range ordered(text, "$defs") {
		def := s.Defs[name]
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| key | type | always | meaning |\n|---|---|---|---|\n", name, def.Description)
		for _, key := range ordered(text, "$defs", name, "properties") {
			k := def.Properties[key]
			always := ""
			if slices.Contains(def.Required, key) {
				always = "yes"
			}
			meaning := k.Description
			var words []string
			for _, v := range k.Enum {
				if v != nil {
					words = append(words, fmt.Sprintf("`%v`", v))
				}
			}
			if len(words) > 0 {
				meaning += " One of " + strings.Join(words, ", ") + "."
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key, typeName(k), always, meaning)
		}
	}
	return b.Bytes()
}

func typeName(k *node) string {
	if ref, null := k.target(); ref != "" {
		link := fmt.Sprintf("[%s](#%s)", ref, ref)
		if null {
			link += " or null"
		}
		return link
	}
	types := k.types()
	if types[0] == "object" && k.Values != nil {
		return "object of " + typeName(k.Values)
	}
	if types[0] == "array" {
		return "list of " + typeName(k.Items)
	}
	if k.Format == "date-time" {
		types[0] = "time"
	}
	return strings.Join(types, " or ")
}

// ordered returns the keys of the object at a path of the schema in the order
// in which they are written, which maps do not keep.
func ordered(text []byte, path ...string) []string {
	for _, p := range path {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(text, &m); err != nil {
			panic(err)
		}
		text = m[p]
	}
	d := json.NewDecoder(bytes.NewReader(text))
	var keys []string
	if _, err := d.Token(); err != nil {
		panic(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			panic(err)
		}
		keys = append(keys, key.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			panic(err)
		}
	}
	return keys
}
