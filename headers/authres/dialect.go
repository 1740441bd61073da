package authres

import "strings"

// dialect names the writer of an Authentication-Results field by marks that
// only its software leaves. It is a label for people: nothing is read in
// another way because of it.
func (r *resultsReader) dialect(recipient bool) string {
	id := hostName(r.id)
	switch {
	case recipient:
		return "exchange-online"
	case id == "mx.microsoft.com":
		return "exchange-arc"
	case id == "mx.google.com":
		return "gmail"
	case strings.HasSuffix(id, ".yahoo.com"):
		return "yahoo"
	case strings.HasSuffix(id, ".messagingengine.com"):
		return "authentication-milter"
	}
	for _, c := range r.idComments {
		if strings.HasPrefix(c, "amavis") {
			return "amavis"
		}
	}
	for i := range r.out {
		d := r.out[i].mark(r.id == "")
		if d == "opendmarc" && len(r.out) > 1 {
			continue // it has a field of its own
		}
		if d != "" {
			return d
		}
	}
	return "rfc8601"
}

// mark returns the dialect that this verdict alone gives away, or "".
func (v *Verdict) mark(noID bool) string {
	first := ""
	if len(v.Comments) > 0 {
		first = v.Comments[0]
	}
	switch v.Method {
	case "compauth":
		return "exchange-online"
	case "dkim-atps":
		return "opendkim"
	case "spf":
		if h, _ := v.prop("smtp.helo"); hasPrefixFold(h, "postmaster@") {
			return "ironport"
		}
		if len(first) > 10 && equalFold(first[:10], "sender ip ") {
			if noID {
				return "exchange-online"
			}
			return "hmailserver" // since its version 6
		}
	case "dkim":
		if strings.HasSuffix(first, "; unprotected") || strings.HasSuffix(first, "; secure") || strings.HasSuffix(first, "; insecure") {
			return "opendkim"
		}
		if i, _ := v.prop("header.i"); equalFold(i, "none") {
			return "ironport"
		}
		if strings.HasSuffix(first, "[final]") || v.Result == "hardfail" {
			return "ironport"
		}
		if len(first) > 2 && first[0] == '"' && first[len(first)-1] == '"' {
			return "rspamd"
		}
	case "dmarc":
		if _, ok := v.prop("action"); ok && noID {
			return "exchange-online"
		}
		if _, ok := v.prop("policy.published-domain-policy"); ok {
			return "authentication-milter"
		}
		if _, ok := v.prop("d"); ok {
			return "ironport"
		}
		if strings.HasPrefix(first, "policy=") {
			return "rspamd"
		}
		if n := len(v.Properties); n > 0 {
			for _, c := range v.Properties[n-1].Comments {
				if strings.HasPrefix(c, "policy=") {
					return "rspamd"
				}
			}
		}
		if strings.HasPrefix(first, "p=") && strings.Contains(first, " dis=") {
			return "opendmarc"
		}
	case "iprev":
		// the order of the words: Exim has the host before the property
		if _, ok := v.prop("smtp.remote-ip"); ok && first != "" {
			return "exim"
		}
	}
	return ""
}
