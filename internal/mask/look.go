package mask

import "strings"

// The two patterns are looked for in every field of every message, and nearly
// none holds either. What follows says so in one pass; it may say "perhaps" where
// there is nothing, never the reverse.

// mayHoldToken reports whether a text may hold what the pattern token finds.
func mayHoldToken(s string) bool {
	run := 0 // of x or * up to here
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x80 {
			return true // blots, and letters that fold to ASCII ones
		}
		switch c {
		case 'x', 'X', '*':
			if run > 0 && s[i-1]|0x20 != c|0x20 {
				run = 0
			}
			run++
			if run > 3 || c == '*' && run > 2 {
				return true
			}
			continue
		case '[':
			if closedBy(s[i+1:], ']', ' ') {
				return true
			}
		case '<':
			if closedBy(s[i+1:], '>', '-') {
				return true
			}
		case '(':
			if i+1 < len(s) && (space(s[i+1]) || s[i+1] == ')') {
				return true
			}
		case ';', ')':
			before := strings.TrimRight(s[:i], " \t\r\n\f")
			if n := len(before); n > 2 && (before[n-1] == '=' && before[n-2]|0x20 == 'p' || before[n-1]|0x20 == 's' && before[n-2]|0x20 == 'i') {
				return true
			}
		}
		run = 0
	}
	return false
}

// closedBy reports whether nothing but letters, blanks and a further sign stand
// before the sign that closes a bracket.
func closedBy(s string, closing, also byte) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == closing, c >= 0x80:
			return true
		case c|0x20 >= 'a' && c|0x20 <= 'z', c == also, space(c):
		default:
			return false
		}
	}
	return false
}

// space reports whether a byte is \s of a regular expression.
func space(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' && c != '\v' }

// covers are the signs of which the parts of an address may consist, beside
// digits and dots.
var covers = func() (t [256]bool) {
	for _, c := range "xX*#_?nNyYabcdABCD" {
		t[c] = true
	}
	return t
}()

// mayHoldAddress reports whether a text may hold a masked address: four parts
// between dots, and one of them not a number.
func mayHoldAddress(s string) bool {
	dots, masked := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x80:
			return true
		case c == '.':
			if dots++; dots >= 3 && masked {
				return true
			}
		case c >= '0' && c <= '9':
		case covers[c]:
			if masked = true; dots >= 3 {
				return true
			}
		default:
			dots, masked = 0, false
		}
	}
	return false
}
