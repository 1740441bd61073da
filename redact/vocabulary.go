package redact

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed vocabulary.txt
var words string

// vocabulary are the words of the report itself, of mail protocols and of
// their replies, and names of roles. By itself such a word says nothing of
// anybody, even where somebody's local part is spelt like it: it is hidden in
// an address, and stays in a sentence. Given names are not in it.
var vocabulary = sync.OnceValue(func() map[string]bool { return set(words) })

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
