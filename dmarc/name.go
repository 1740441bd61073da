package dmarc

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// labels counts the labels of a normal name.
func labels(name string) int { return strings.Count(name, ".") + 1 }

// rightmost keeps the n rightmost labels of a name.
func rightmost(name string, n int) string {
	for labels(name) > n {
		name = mailname.Parent(name)
	}
	return name
}

// unrelated reports whether two names share no label on the right, so that no
// organisation can hold both.
func unrelated(a, b string) bool {
	return a[strings.LastIndexByte(a, '.')+1:] != b[strings.LastIndexByte(b, '.')+1:]
}
