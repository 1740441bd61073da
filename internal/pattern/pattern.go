// Package pattern has regular expressions that are compiled when they are first
// used: most runs use few of them, and compiling them all took a third of the time
// in which one message is analysed.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression. It is for package variables: a test compiles
// those of the module.
type Pattern struct {
	text string
	once sync.Once
	re   *regexp.Regexp
}

// New returns the pattern of an expression. One that is no expression panics when
// it is used.
func New(text string) *Pattern { return &Pattern{text: text} }

// Get is the expression, compiled.
func (p *Pattern) Get() *regexp.Regexp {
	p.once.Do(func() { p.re = regexp.MustCompile(p.text) })
	return p.re
}

// MatchString is that of [regexp.Regexp], as are those below.
func (p *Pattern) MatchString(s string) bool { return p.Get().MatchString(s) }

// FindString returns the first match, "" where there is none.
func (p *Pattern) FindString(s string) string { return p.Get().FindString(s) }

// FindStringIndex returns the place of the first match.
func (p *Pattern) FindStringIndex(s string) []int { return p.Get().FindStringIndex(s) }

// FindAllString returns up to n matches.
func (p *Pattern) FindAllString(s string, n int) []string { return p.Get().FindAllString(s, n) }

// FindStringSubmatch returns the first match and its groups.
func (p *Pattern) FindStringSubmatch(s string) []string { return p.Get().FindStringSubmatch(s) }

// FindStringSubmatchIndex returns the places of the first match and its groups.
func (p *Pattern) FindStringSubmatchIndex(s string) []int {
	return p.Get().FindStringSubmatchIndex(s)
}

// FindAllStringSubmatch returns up to n matches with their groups.
func (p *Pattern) FindAllStringSubmatch(s string, n int) [][]string {
	return p.Get().FindAllStringSubmatch(s, n)
}

// FindAllStringSubmatchIndex returns the places of up to n matches and groups.
func (p *Pattern) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return p.Get().FindAllStringSubmatchIndex(s, n)
}

// FindAllStringIndex returns the places of up to n matches.
func (p *Pattern) FindAllStringIndex(s string, n int) [][]int {
	return p.Get().FindAllStringIndex(s, n)
}

// ReplaceAllString replaces all matches.
func (p *Pattern) ReplaceAllString(s, by string) string { return p.Get().ReplaceAllString(s, by) }

// ReplaceAllStringFunc replaces all matches by what f gives for them.
func (p *Pattern) ReplaceAllStringFunc(s string, f func(string) string) string {
	return p.Get().ReplaceAllStringFunc(s, f)
}
