package redact

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"golang.org/x/net/publicsuffix"
)

// commonLabels are labels below an organisation's domain that tell nothing of
// it: they stay where domains are hidden, also with a number behind them.
var commonLabels = set(`mail mx smtp imap pop www mta relay gw gateway out outbound in inbound list lists news bounce bounces spf dkim dmarc
	ns dns srv server host node filter edge hub mailer email autodiscover protection outlook eurmail prod web internal
	_dmarc _domainkey _spf _mta-sts _smtp _tls _report _tcp _adsp _atps`)

// specialTop are top-level names without an entry in the public suffix list
// that examples use (RFC 2606).
var specialTop = set("example test invalid")

// orgOf returns the domain of the organisation that a name belongs to, "" for
// what is no name in the DNS: a version, a file, a property such as
// "smtp.mailfrom".
func (t *table) orgOf(n string) string {
	if len(n) > maxName {
		return ""
	}
	last := n[strings.LastIndexByte(n, '.')+1:]
	if last == "arpa" || number(last) || last == "" {
		return ""
	}
	_, listed := publicsuffix.PublicSuffix(n)
	if !listed && !specialTop[last] && t.keptSuffix(n) < 0 {
		return ""
	}
	return mailname.Org(n)
}

// addDomain notes the organisation of a name, and the labels below it.
func (t *table) addDomain(name string) {
	n := hostName(name)
	org := t.orgOf(n)
	if org == "" || t.hosts[n] != nil {
		return
	}
	if t.orgs[org] == nil {
		s := t.add(t.orgs, org, kindDomain)
		s.after = ".example"
		label, _, _ := strings.Cut(org, ".")
		t.phrase(wordsOf(label), s)
		t.phrase(wordsOf(org), s)
	}
	if below, ok := strings.CutSuffix(n, "."+org); ok {
		for l := range strings.SplitSeq(below, ".") {
			if !common(l) && !number(l) && t.locals[l] == nil {
				t.add(t.subs, l, kindSub)
			}
		}
	}
}

func common(label string) bool { return commonLabels[strings.TrimRight(label, "0123456789-")] }

// domain shows a name where domains are hidden: mx1.eu.example.com as
// mx1.sub-1.domain-1.example.
func (t *table) domain(piece string) (string, bool) {
	n := hostName(piece)
	org := t.orgOf(n)
	c := t.orgs[org]
	if org == "" || c == nil {
		return "", false
	}
	below, ok := strings.CutSuffix(n, "."+org)
	if !ok {
		return c.String(), true
	}
	labels := strings.Split(below, ".")
	for i, l := range labels {
		switch {
		case t.locals[l] != nil:
			labels[i] = t.locals[l].name
		case t.subs[l] != nil:
			labels[i] = t.subs[l].name
		default:
			if w := wordsOf(l); telling(w) && t.phrases[strings.Join(w, " ")] != nil {
				labels[i] = t.phrases[strings.Join(w, " ")].name
			}
		}
	}
	return strings.Join(labels, ".") + "." + c.String(), true
}

// domainSuffix is the suffix of a hidden host as it may be shown.
func (t *table) domainSuffix(after string) string {
	if to, ok := t.domain(strings.TrimPrefix(after, ".")); ok {
		return "." + to
	}
	return after
}

// minKey is how long the value of p= is at least to be taken for a key, which
// names its owner to whoever looks it up.
const minKey = 20

// withoutKeys hides public keys.
func withoutKeys(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "p=")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		n := i + 2
		for n < len(s) && (alnum(s[n]) || s[n] == '+' || s[n] == '/' || s[n] == '=') {
			n++
		}
		b.WriteString(s[:i+2])
		if n-i-2 >= minKey {
			b.WriteString("(key)")
		} else {
			b.WriteString(s[i+2 : n])
		}
		s = s[n:]
	}
}

// record shows the value of a DNS answer. A text of no known form may be there
// to prove that somebody owns the domain.
func (t *table) record(s string) string {
	low := strings.ToLower(s)
	if t.o.Domains && strings.ContainsAny(s, " =") && !strings.HasPrefix(low, "v=") && !strings.Contains(low, "p=") {
		words := strings.Fields(s)
		if len(words) != 2 || !number(words[0]) { // an MX record
			return hidden
		}
	}
	return t.text(s)
}
