package authres

import "strings"

// mDaemon has a field for each check, with a value like the part after the
// method in Authentication-Results.
var mDaemon = []source{
	{"X-MDSPF-Result", readMD("spf")},
	{"X-MDDKIM-Result", readMD("dkim")},
	{"X-MDDMARC-Result", readMD("dmarc")},
	{"X-MDPtrLookup-Result", readMD("iprev")},
	{"X-MDHeloLookup-Result", readMD("helo")},
	{"X-MDMailLookup-Result", readMD("mail-lookup")},
	{"X-MDRemoteIP", readAddress("mdaemon")},
	{"X-MDHelo", wordReader("mdaemon", "connecting-helo", func(v *Verdict, word string) { v.Helo = word })},
}

// readMD reads
//
//	pass smtp.helo=mail.example.com (ip=192.0.2.1) (mx.example.org)
//	hardfail smtp.helo=mail.example.com (does not match 192.0.2.1) (mx.example.org)
func readMD(method string) func(input) []Verdict {
	return func(in input) []Verdict {
		v, ok := readOne(in, method)
		if !ok {
			return []Verdict{}
		}
		v.Dialect = "mdaemon"
		var last string
		v.eachComment(func(c string) { last = c })
		if last != "" && !strings.ContainsAny(last, " =") {
			v.Receiver = hostName(last)
		}
		v.eachComment(func(c string) {
			s, ok := strings.CutPrefix(c, "ip=")
			if !ok {
				s, ok = strings.CutPrefix(c, "does not match ")
			}
			if ok && !v.IP.IsValid() {
				if ip := parseIP(s); ip.IsValid() {
					v.IP, v.IPBasis = ip, IPComment
				}
			}
		})
		return []Verdict{v}
	}
}
