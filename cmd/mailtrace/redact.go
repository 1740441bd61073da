package main

import (
	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace/redact"
)

// redacting is the flag that hides what strangers must not know.
type redacting struct{ redact string }

func (r *redacting) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.redact, "redact", "", "hide `WHAT`: people (and the inner network; meant where nothing is named), or all (also domains and public addresses)")
	f.Lookup("redact").NoOptDefVal = "people"
	_ = cmd.RegisterFlagCompletionFunc("redact", cobra.FixedCompletions([]string{"people", "all"}, cobra.ShellCompDirectiveNoFileComp))
}

// separate reports that the word after --redact was meant to belong to it: the
// flag's value is joined to it by "=", and less would be hidden than was asked for.
func (r *redacting) separate(cmd *cobra.Command, args []string) error {
	if !cmd.Flags().Changed("redact") || r.redact != "people" || len(args) == 0 {
		return nil
	}
	switch args[0] {
	case "all", "people":
		return wrong("write --redact="+args[0]+", or ./"+args[0]+" for a file of that name", "--redact %s: the value is joined to the flag", args[0])
	}
	return nil
}

// options are those of the redaction, nil for none.
func (r *redacting) options() (*redact.Options, error) {
	switch r.redact {
	case "":
		return nil, nil
	case "people":
		return &redact.Options{}, nil
	case "all":
		return &redact.Options{Domains: true}, nil
	}
	return nil, wrong("--redact, --redact=people or --redact=all", "--redact=%s", r.redact)
}
