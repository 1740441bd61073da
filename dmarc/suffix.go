package dmarc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"golang.org/x/net/publicsuffix"
)

// Suffixes is a public suffix list.
type Suffixes interface {
	// Suffix returns the public suffix of a name in lower case and A-labels,
	// and whether the rule is of the list's private section.
	Suffix(name string) (suffix string, private bool)
}

// builtin is the list inside golang.org/x/net/publicsuffix. It ages with that
// module.
type builtin struct{}

func (builtin) Suffix(name string) (string, bool) {
	suffix, icann := publicsuffix.PublicSuffix(name)
	// Neither ICANN's nor private: the default rule "*", which has no dot.
	return suffix, !icann && strings.Contains(suffix, ".")
}

// registrable returns the name one label below its public suffix (RFC 7489
// §3.2), "" where name is a suffix itself.
func registrable(list Suffixes, name string) (org string, private string) {
	suffix, isPrivate := list.Suffix(name)
	if isPrivate {
		private = suffix
	}
	if len(name) <= len(suffix) || !mailname.Within(name, suffix) {
		return "", private
	}
	below := name[:len(name)-len(suffix)-1]
	return name[strings.LastIndexByte(below, '.')+1:], private
}

// SuffixList is a public suffix list read from a file.
type SuffixList struct {
	rules map[string]rule
}

type rule struct {
	exact, wildcard, exception bool
	private, wildcardPrivate   bool
}

// MaxSuffixRules bounds the rules of a list; the list of 2026 has about 10 000.
const MaxSuffixRules = 200_000

// ErrNoSuffixes says that a list holds no rule.
var ErrNoSuffixes = errors.New("dmarc: the public suffix list holds no rule")

// ReadSuffixes reads a list in the format of publicsuffix.org. An error means
// that it could not be read or is no such list.
func ReadSuffixes(r io.Reader) (*SuffixList, error) {
	l := &SuffixList{rules: make(map[string]rule, 10_000)}
	private := false
	sc := bufio.NewScanner(r)
	for line := 1; sc.Scan(); line++ {
		text, _, _ := strings.Cut(strings.TrimSpace(sc.Text()), " ")
		switch {
		case strings.Contains(sc.Text(), "===BEGIN PRIVATE DOMAINS==="):
			private = true
			continue
		case strings.Contains(sc.Text(), "===END PRIVATE DOMAINS==="):
			private = false
			continue
		case text == "" || strings.HasPrefix(text, "//") || text == "*":
			continue
		}
		exception := strings.HasPrefix(text, "!")
		name := strings.TrimPrefix(text, "!")
		wildcard := strings.HasPrefix(name, "*.")
		name, ok := mailname.Normal(strings.TrimPrefix(name, "*."))
		if !ok {
			return nil, fmt.Errorf("dmarc: public suffix list, line %d: %q is not a rule", line, text)
		}
		if len(l.rules) >= MaxSuffixRules {
			return nil, fmt.Errorf("dmarc: public suffix list: more than %d rules", MaxSuffixRules)
		}
		e := l.rules[name]
		switch {
		case exception:
			e.exception = true
		case wildcard:
			e.wildcard, e.wildcardPrivate = true, private
		default:
			e.exact, e.private = true, private
		}
		l.rules[name] = e
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("dmarc: public suffix list: %w", err)
	}
	if len(l.rules) == 0 {
		return nil, ErrNoSuffixes
	}
	return l, nil
}

// Suffix implements [Suffixes] by the algorithm of publicsuffix.org: an
// exception wins, else the rule with the most labels, else the last label.
func (l *SuffixList) Suffix(name string) (suffix string, private bool) {
	below := "" // the name one label longer than the one looked at
	for at := name; at != ""; below, at = at, mailname.Parent(at) {
		e := l.rules[at]
		switch {
		case e.exception:
			return mailname.Parent(at), false
		case e.wildcard && below != "" && !l.rules[below].exception:
			return below, e.wildcardPrivate
		case e.exact:
			return at, e.private
		}
	}
	return below, false
}
