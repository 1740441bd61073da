// Package words explains the words of a report to a person who is new to mail:
// what each means in a few sentences, with the standard for those who know.
//
// Not stable: words are added and reworded.
package words

import (
	_ "embed"
	"strings"
	"sync"
)

// Word is one entry.
type Word struct {
	Name  string // lower case, as the report writes it
	Title string
	Text  string // a few sentences
	See   string // standards with sections; may be empty
}

//go:embed words.txt
var text string

// all is read when the first word is asked for.
var all = sync.OnceValue(func() []Word { return parse(text) })

func parse(s string) []Word {
	var out []Word
	for _, block := range strings.Split(strings.TrimSpace(s), "\n\n") {
		lines := strings.Split(block, "\n")
		name, title, ok := strings.Cut(lines[0], " — ")
		if !ok || len(lines) < 2 {
			panic("words.txt: " + lines[0])
		}
		w := Word{Name: name, Title: title, Text: lines[1]}
		if len(lines) > 2 {
			w.See = strings.TrimPrefix(lines[2], "see ")
		}
		out = append(out, w)
	}
	return out
}

// All are the words in their order.
func All() []Word { return all() }

// Find returns the word of a name: letters of either case, with blanks or
// hyphens in it.
func Find(name string) (Word, bool) {
	name = strings.ToLower(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), "-"))
	for _, w := range all() {
		if w.Name == name {
			return w, true
		}
	}
	return Word{}, false
}
