package authres

import "strings"

// barracuda are the fields in which a Barracuda gateway says which address it
// took for the sender's.
var barracuda = []source{
	{"X-Barracuda-Connect", readBarracudaConnect},
	{"X-Barracuda-Effective-Source-IP", readBarracudaConnect},
	{"X-Barracuda-Apparent-Source-IP", readBarracudaConnect},
	{"X-Barracuda-RBL-IP", readBarracudaConnect},
}

// readBarracudaConnect reads "mail.example.com[192.0.2.1]" or "192.0.2.1".
func readBarracudaConnect(in input) []Verdict {
	v := in.verdict()
	v.Dialect, v.Method = "barracuda", "connecting-ip"
	word := firstField(in.text)
	if i := strings.LastIndexByte(word, '['); i >= 0 {
		word = word[i:]
	}
	v.IP, v.IPBasis = parseIP(word), IPExplicit
	if !v.IP.IsValid() {
		return []Verdict{}
	}
	return []Verdict{v}
}
