package authres

// symbol is what a rule of a filter says when it fires.
type symbol struct {
	method, result string
	identity       string
}

// named returns the verdict of one symbol.
func (s symbol) verdict(in input, dialect string, at, end int) Verdict {
	v := in.verdict()
	v.Span.Start, v.Span.End = in.base+at, in.base+end
	v.Dialect, v.Method, v.Result, v.Identity = dialect, s.method, s.result, s.identity
	v.Normal = normal(s.method, s.result)
	return v
}

// symbolByte reports whether c is part of a rule's name.
func symbolByte(c byte) bool {
	return 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// nextSymbol finds the next rule name at or after i: a run of capitals,
// digits and "_" that no other letter touches, and that begins with a capital.
func nextSymbol(s string, i int) (start, end int) {
	for i < len(s) {
		if !wordByte(s[i]) {
			i++
			continue
		}
		start = i
		name := 'A' <= s[i] && s[i] <= 'Z'
		for i < len(s) && wordByte(s[i]) {
			name = name && symbolByte(s[i])
			i++
		}
		if name && i-start > 3 {
			return start, i
		}
	}
	return len(s), len(s)
}

func wordByte(c byte) bool {
	return symbolByte(c) || 'a' <= c && c <= 'z' || c == '.' || c == '-' || c == '@' || c >= 0x80
}
