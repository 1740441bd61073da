package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mailtrace/mailtrace/internal/damage"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mailtrace": func() {
			env := testEnvironment()
			env.getenv = os.Getenv
			ctx, stop := signals()
			defer stop()
			os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, env))
		},
	})
}

// The scripts are the manual of the program in small pieces. Besides the
// commands of testscript they know
//
//	exits CODE COMMAND ARG...   run a command that must exit with this code
//	forms MESSAGE ZONE CAUSE    every damaged form of a message gives its cause
//	schema FILE...              check reports against docs/report.schema.json
//	domainschema FILE...        check them against docs/domain.schema.json
//	document KIND FILE...       check whole files against docs/KIND.schema.json
func TestScripts(t *testing.T) {
	docs, err := filepath.Abs("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.NewCompiler().Compile("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	domains, err := jsonschema.NewCompiler().Compile("../../docs/domain.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(schema *jsonschema.Schema) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, neg bool, args []string) {
			for _, file := range args {
				for line := range bytes.Lines([]byte(ts.ReadFile(file))) {
					v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
					ts.Check(err)
					if err := schema.Validate(v); (err == nil) == neg {
						ts.Fatalf("%s: %v", file, err)
					}
				}
			}
		}
	}
	document := func(ts *testscript.TestScript, neg bool, args []string) {
		schema, err := jsonschema.NewCompiler().Compile(filepath.Join(docs, args[0]+".schema.json"))
		ts.Check(err)
		for _, file := range args[1:] {
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(file)))
			ts.Check(err)
			if err := schema.Validate(v); (err == nil) == neg {
				ts.Fatalf("%s: %v", file, err)
			}
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			dir, err := filepath.Abs("../../examples")
			e.Setenv("EXAMPLES", dir)
			return err
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"forms": func(ts *testscript.TestScript, neg bool, args []string) {
				// forms MESSAGE ZONE CAUSE: every damaged form gives the cause, or none.
				if neg || len(args) != 3 {
					ts.Fatalf("usage: forms MESSAGE ZONE CAUSE")
				}
				raw := []byte(ts.ReadFile(args[0]))
				for _, f := range damage.Forms {
					name := f.Name + ".txt"
					ts.Check(os.WriteFile(ts.MkAbs(name), f.Make(raw), 0o644))
					_ = ts.Exec("mailtrace", "analyze", "--json", "--dns", "zone:"+args[1], name)
					var r struct {
						Verdict struct {
							RootCause *string `json:"root_cause"`
						}
						Repairs []struct{ Kind string }
					}
					if out := ts.ReadFile("stdout"); out != "" {
						ts.Check(json.Unmarshal([]byte(out), &r))
					}
					switch {
					case r.Verdict.RootCause == nil && !f.Lossy:
						ts.Fatalf("%s: no cause (repairs %v)", f.Name, r.Repairs)
					case r.Verdict.RootCause != nil && *r.Verdict.RootCause != args[2] && !(f.Lossy && *r.Verdict.RootCause == "forward-without-srs"):
						ts.Fatalf("%s: another cause, %s (repairs %v)", f.Name, *r.Verdict.RootCause, r.Repairs)
					}
				}
			},
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: exits CODE COMMAND ARG...")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				var exit *exec.ExitError
				if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if got != want {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
			"schema":       validate(schema),
			"domainschema": validate(domains),
			"document":     document,
		},
	})
}
