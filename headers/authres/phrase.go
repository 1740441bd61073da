package authres

import (
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// phrase is what a comment of a known wording says about an SPF check.
type phrase struct {
	host     string // the server that speaks
	ip       netip.Addr
	sender   string // address or domain that was checked
	helo     string
	identity string // "mailfrom", "helo" or "pra", where it is said
	result   string // where the wording has one meaning only
}

// readPhrase reads the comments of SPF verdicts. The sender chooses a part of
// their text (local parts may be quoted and hold blanks), so a wording counts
// only where it is anchored at the end that the sender cannot reach:
//
//	sender IP is I                                        Exchange Online, hMailServer
//	client-ip=I; helo=H; …                                spf-milter (pyspf)
//	[host:] I is neither permitted nor denied by … S      Google, libspf2 (Exim), IronPort
//	[S:] I is [not] authorized to use 'S' in 'mfrom' …    Mail::SPF
//	[host:] … domain of S designates I as permitted sender
//	[host:] … domain of S does not designate I as permitted sender
//	[host:] … domain of transitioning S discourages use of I as permitted sender
//	[host:] … domain of S does not designate permitted sender hosts
//	host: S does not designate permitted sender hosts     Exchange Online
//	host: domain of S used an invalid SPF mechanism       Exchange Online
//	[host:] no sender authenticity information available from domain of S
//	[host:] domain of S does not provide an SPF record    libspf2
//	[host:] encountered temporary error during SPF processing of domain of S
//	[host:] … error in processing during lookup of [domain of] S[: text]
//	[host:] SPF record at D designates I as permitted sender   qmail; D is where the record was found, not S
func readPhrase(c string) phrase {
	if len(c) > maxPhrase {
		return phrase{}
	}
	w := strings.Fields(c)
	if len(w) >= 4 && equalFold(w[0], "sender") && equalFold(w[1], "ip") && equalFold(w[2], "is") {
		return phrase{ip: parseIP(w[3])}
	}
	var ph phrase
	if len(w) > 1 && strings.HasPrefix(w[0], "client-ip=") {
		ph.ip = parseIP(strings.TrimSuffix(w[0][len("client-ip="):], ";"))
		if h, ok := strings.CutPrefix(w[1], "helo="); ok {
			ph.helo = strings.TrimSuffix(h, ";")
		}
		return ph
	}
	host := ""
	if len(w) > 0 && strings.HasSuffix(w[0], ":") && !parseIP(w[0]).IsValid() {
		host = strings.TrimSuffix(w[0], ":")
		if host == "spfCheck" { // a class of Apache James jSPF, not a host
			host = ""
		}
		w = w[1:]
	}
	if len(w) < 3 {
		return phrase{}
	}
	if ip := parseIP(w[0]); ip.IsValid() && w[1] == "is" {
		switch w[2] {
		case "neither":
			ph.ip, ph.host, ph.result = ip, host, "neutral"
			ph.sender, _ = between(w[3:], len(w)-3)
		case "authorized", "not":
			ph.ip = ip
			ph.sender, ph.identity = mailSPF(w)
		}
		return ph
	}
	n := len(w)
	if ends(w, "as", "permitted", "sender") && n > 5 {
		switch w[n-5] {
		// QUIRK: "does not designates" is Trend Micro's.
		case "designates", "designate", "of":
			if ip := parseIP(w[n-4]); ip.IsValid() {
				ph.ip, ph.host = ip, host
				ph.sender, _ = between(w, n-5)
				switch {
				case w[n-5] == "of" || w[0] == "transitioning" || w[2] == "transitioning":
					ph.result = "softfail"
				case w[n-6] == "not":
					ph.result = "fail"
				default:
					ph.result = "pass"
				}
			}
		}
		return ph
	}
	if n > 6 && w[0] == "no" && w[1] == "sender" && w[2] == "authenticity" { // IronPort
		ph.sender, _ = between(w, n)
		ph.host = host
		return ph
	}
	if ends(w, "permitted", "sender", "hosts") {
		ph.result = "none"
		if s, ok := between(w, n-3); ok {
			ph.sender, ph.host = s, host
		} else if n == 7 && host != "" && w[1] == "does" {
			ph.sender, ph.host = w[0], host
		}
		return ph
	}
	if host != "" && ends(w, "used", "an", "invalid", "SPF", "mechanism") {
		ph.host = host
		ph.sender, _ = between(w, n-5)
		return ph
	}
	if ends(w, "does", "not", "provide", "an", "SPF", "record") {
		ph.host, ph.result = host, "none"
		ph.sender, _ = between(w, n-4)
		return ph
	}
	s := after(w, "during", "lookup", "of")
	if s == "domain" {
		s = after(w, "during", "lookup", "of", "domain", "of")
	}
	if s == "" {
		s = after(w, "during", "SPF", "processing", "of", "domain", "of")
	}
	if s != "" {
		ph.sender, ph.host = strings.TrimSuffix(s, ":"), host
	} else if w[0] == "Sender" && w[1] == "is" && (w[2] == "authorized" || w[2] == "not") {
		ph.sender, ph.identity = mailSPF(w)
	}
	return ph
}

// maxPhrase bounds the comments that are searched for a wording: a mail
// address is at most 254 octets (RFC 5321 §4.5.3.1), hosts 255.
const maxPhrase = 2048

func ends(w []string, tail ...string) bool {
	if len(w) < len(tail) {
		return false
	}
	for i, t := range tail {
		if w[len(w)-len(tail)+i] != t {
			return false
		}
	}
	return true
}

// after returns the word behind a run of words.
func after(w []string, run ...string) string {
	for i := 0; i+len(run) < len(w); i++ {
		match := true
		for k := range run {
			if w[i+k] != run[k] {
				match = false
				break
			}
		}
		if match {
			return w[i+len(run)]
		}
	}
	return ""
}

// between returns what follows the first "domain of" in w[:stop], up to the
// words "does not", "discourages use" or the end.
func between(w []string, stop int) (string, bool) {
	for i := 0; i+2 <= stop; i++ {
		if w[i] != "domain" || w[i+1] != "of" {
			continue
		}
		from := i + 2
		// "domain of transitioning S", but not a domain of that name
		if from+1 < stop && w[from] == "transitioning" {
			from++
		}
		to := stop
		for to > from && trailing(w[to-1]) {
			to--
		}
		return strings.Join(w[from:to], " "), to > from
	}
	return "", false
}

func trailing(s string) bool {
	switch s {
	case "does", "not", "discourages", "use", "designate", "designates", "of":
		return true
	}
	return false
}

// mailSPF reads "… to use 'S' in 'mfrom' identity …" of the Perl module
// Mail::SPF.
func mailSPF(w []string) (sender, identity string) {
	s := after(w, "to", "use")
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return "", ""
	}
	sender = s[1 : len(s)-1]
	switch after(w, "to", "use", s, "in") {
	case "'mfrom'":
		identity = "mailfrom"
	case "'helo'":
		identity = "helo"
	case "'pra'":
		identity = "pra"
	}
	return sender, identity
}

// readPolicy reads the comment of a DMARC verdict: "p=REJECT sp=NONE
// dis=NONE" (Gmail, OpenDMARC), "p=REJECT" (Yahoo), "p=none; dis=none",
// "p=reject,d=none,d.eval=none" (Authentication Milter), "policy=reject"
// (Rspamd). A comment with anything else in it is not of that form and gives
// nothing.
func readPolicy(c string) (policy, action string) {
	if len(c) > maxPhrase {
		return "", ""
	}
	for len(c) > 0 {
		i := strings.IndexAny(c, " \t,;")
		part := c
		if i >= 0 {
			part, c = c[:i], c[i+1:]
		} else {
			c = ""
		}
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return "", ""
		}
		switch mailname.Lower(name) {
		case "p", "policy":
			if policy == "" {
				policy = value
			}
		case "dis", "d", "action":
			if action == "" {
				action = value
			}
		case "sp", "np", "pct", "has-list-id", "d.eval", "override", "arc_aware_result", "t", "adkim", "aspf", "fo", "policy-from":
		default:
			return "", ""
		}
	}
	return policy, action
}
