package authres

// mimecast states SPF, DKIM and DMARC in Authentication-Results; its own
// fields have the score.
var mimecast = []source{
	{"X-Mimecast-Spam-Score", wordReader("mimecast", "antispam", func(v *Verdict, word string) { v.Result, v.Score = word, score(word) })},
}
