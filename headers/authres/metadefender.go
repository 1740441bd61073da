package authres

import "github.com/mailtrace/mailtrace/internal/mailname"

// metadefender is OPSWAT's gateway, which has a field for each input and
// result. Its results are those of the drafts before RFC 4408.
var metadefender = []source{
	{"X-Metadefender-Spf-Result", wordReader("metadefender", "spf", func(v *Verdict, word string) {
		switch v.Result = mailname.Lower(word); v.Result {
		case "norecord":
			v.Result = "none"
		case "unknownmechanism":
			v.Result = "unknown"
		}
	})},
	{"X-Metadefender-Spf-Ip", readAddress("metadefender")},
}
