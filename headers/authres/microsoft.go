package authres

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// microsoft are the fields of Exchange Server and Exchange Online that say
// what was verified, or on which address.
var microsoft = []source{
	{"X-Forefront-Antispam-Report", readForefront},
	{"X-Forefront-Antispam-Report-Untrusted", readForefront},
	{"X-Microsoft-Antispam", readMicrosoftAntispam},
	{"X-Microsoft-Antispam-Untrusted", readMicrosoftAntispam},
	{"X-MS-Exchange-Organization-Antispam-Report", readEdgeAntispam},
	{"X-MS-Exchange-Organization-SenderIdResult", readSenderIDResult},
	{"X-MS-Exchange-Organization-PRD", wordReader("exchange", "prd", func(v *Verdict, word string) { v.Domain, v.Identity = domainOf(word), "pra" })},
	{"X-MS-Exchange-Organization-SCL", wordReader("exchange", "scl", func(v *Verdict, word string) { v.Result, v.Score = word, score(word) })},
	{"X-MS-Exchange-Organization-AuthAs", wordReader("exchange", "auth-as", setResult)},
	{"X-MS-Exchange-Organization-AuthSource", wordReader("exchange", "auth-source", setReceiver)},
	{"X-MS-Exchange-CrossTenant-AuthAs", wordReader("exchange-cross-tenant", "auth-as", setResult)},
	{"X-MS-Exchange-CrossTenant-AuthSource", wordReader("exchange-cross-tenant", "auth-source", setReceiver)},
	{"X-MS-Exchange-SkipListedInternetSender", readSkipListed},
	{"X-MS-Exchange-ExternalOriginalInternetSender", readSkipListed},
	{"X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp", readConnectingTenant},
}

func setResult(v *Verdict, word string)   { v.Result = mailname.Lower(word) }
func setReceiver(v *Verdict, word string) { v.Receiver = word }

// wordReader reads fields that hold one word.
func wordReader(dialect, method string, set func(*Verdict, string)) func(input) []Verdict {
	return func(in input) []Verdict {
		word := firstField(in.text)
		if word == "" {
			return []Verdict{}
		}
		v := in.verdict()
		v.Dialect, v.Method = dialect, method
		set(&v, word)
		v.Normal = normal(method, v.Result)
		return []Verdict{v}
	}
}

func firstField(s string) string {
	i := firstWord(s)
	n := i
	for n < len(s) && !blank(s[n]) && s[n] != ';' {
		n++
	}
	return s[i:n]
}

// pairs reads "name:value;name:value" or "name=value;…" into properties. A
// value may hold the separator between name and value, but no semicolon.
func (v *Verdict) pairs(text string, separator byte) {
	for len(text) > 0 {
		part := text
		if i := strings.IndexByte(text, ';'); i >= 0 {
			part, text = text[:i], text[i+1:]
		} else {
			text = ""
		}
		i := strings.IndexByte(part, separator)
		if i < 0 {
			continue
		}
		name := mailname.Lower(strings.Trim(part[:i], " \t\r\n"))
		if name == "" || len(name) > maxName {
			continue
		}
		if len(v.Properties) >= MaxProperties {
			v.Truncated = true
			return
		}
		v.Properties = append(v.Properties, Property{Name: name, Value: clean(part[i+1:])})
	}
}

// readForefront reads X-Forefront-Antispam-Report:
//
//	CIP:192.0.2.1;CTRY:DE;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:mail.example.com;PTR:mail.example.com;CAT:NONE;…
//
// CIP is the address that connected, or the one behind it where Enhanced
// Filtering skipped a gateway. Result is SFV, CAT is among the properties.
//
// SPF:None of the reports until about 2020 makes no verdict: it stands in
// reports on outbound mail, and beside spf=softfail of the same server.
func readForefront(in input) []Verdict {
	v := in.verdict()
	v.Dialect, v.Method = "forefront", "antispam"
	v.pairs(in.text, ':')
	if len(v.Properties) == 0 {
		return []Verdict{}
	}
	sfv, _ := v.prop("sfv")
	v.Result = mailname.Lower(sfv)
	v.Helo, _ = v.prop("h")
	scl, _ := v.prop("scl")
	v.Score = score(scl)
	// 255.255.255.255 stands for mail from inside Microsoft 365.
	if cip, _ := v.prop("cip"); cip != "255.255.255.255" {
		v.address("cip")
	}
	return []Verdict{v}
}

// readMicrosoftAntispam reads "BCL:0;ARA:…;".
func readMicrosoftAntispam(in input) []Verdict {
	v := in.verdict()
	v.Dialect, v.Method = "forefront", "bulk"
	v.pairs(in.text, ':')
	bcl, ok := v.prop("bcl")
	if !ok {
		return []Verdict{}
	}
	v.Result, v.Score = bcl, score(bcl)
	return []Verdict{v}
}

// readEdgeAntispam reads the report of Exchange Server's antispam agents:
//
//	DV:3.3.5705.600;SID:SenderIDStatus Fail;OrigIP:192.0.2.1
func readEdgeAntispam(in input) []Verdict {
	v := in.verdict()
	v.Dialect, v.Method, v.Identity = "exchange", "sender-id", "pra"
	v.pairs(in.text, ':')
	v.address("origip")
	sid, _ := v.prop("sid")
	status, ok := strings.CutPrefix(sid, "SenderIDStatus ")
	switch {
	case ok:
		v.Result = mailname.Lower(status)
		v.Normal = normal("sender-id", v.Result)
	case v.IP.IsValid():
		v.Method, v.Identity = "connecting-ip", ""
	default:
		return []Verdict{}
	}
	return []Verdict{v}
}

func readSenderIDResult(in input) []Verdict {
	word := firstField(in.text)
	if word == "" {
		return []Verdict{}
	}
	v := in.verdict()
	v.Dialect, v.Method, v.Identity = "exchange", "sender-id", "pra"
	v.Result = mailname.Lower(word)
	v.Normal = normal("sender-id", v.Result)
	return []Verdict{v}
}

// readSkipListed reads what Enhanced Filtering for Connectors writes:
//
//	ip=[192.0.2.1];domain=mail.example.com
//
// It is the address that Exchange Online takes for the true source and judges
// SPF on.
func readSkipListed(in input) []Verdict {
	v := in.verdict()
	v.Dialect, v.Method = "exchange-online", "skip-listing"
	v.pairs(in.text, '=')
	v.address("ip")
	v.Helo, _ = v.prop("domain")
	if len(v.Properties) == 0 {
		return []Verdict{}
	}
	return []Verdict{v}
}

// readConnectingTenant reads which server of a tenant connected:
//
//	TenantId=…;Ip=[192.0.2.1];Helo=[mail.example.com]
func readConnectingTenant(in input) []Verdict {
	v := in.verdict()
	v.Dialect, v.Method = "exchange-cross-tenant", "connecting-ip"
	v.pairs(in.text, '=')
	v.address("ip")
	helo, _ := v.prop("helo")
	v.Helo = strings.Trim(helo, "[]")
	if len(v.Properties) == 0 {
		return []Verdict{}
	}
	return []Verdict{v}
}
