package authres

// ironPort are the fields that Cisco's appliances add where a filter asks for
// them. Their SPF verdicts are in Received-SPF.
var ironPort = []source{
	{"X-IronPort-RemoteIP", readAddress("ironport")},
	{"X-Remote-IP", readAddress("ironport")},
}

// readAddress reads fields that hold the address of the client.
func readAddress(dialect string) func(input) []Verdict {
	return wordReader(dialect, "connecting-ip", func(v *Verdict, word string) {
		if v.IP = parseIP(word); v.IP.IsValid() {
			v.IPBasis = IPExplicit
		}
	})
}
