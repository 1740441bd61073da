package authres

// spamExperts are the gateways of SpamExperts (N-able Mail Assure), which
// write the comment of Received-SPF once more without the result. It is
// libspf2's, which has one wording for each result.
var spamExperts = []source{
	{"X-SPF-Result", readSPFPhrase},
}

// readSPFPhrase reads "host: domain of S designates I as permitted sender".
func readSPFPhrase(in input) []Verdict {
	v := in.verdict()
	v.Dialect, v.Method = "spamexperts", "spf"
	text := clean(in.text)
	v.readPhrase(text)
	if !v.IP.IsValid() && v.MailFrom == "" {
		return []Verdict{}
	}
	v.Result = readPhrase(text).result
	v.Normal = v.Result
	v.Comment, v.Comments = text, []string{text}
	v.deriveDomain()
	return []Verdict{v}
}
