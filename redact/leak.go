package redact

import "strings"

// safe returns a text if it leaks nothing.
func (t *table) safe(s string) string {
	if t.leaks(s) {
		t.caught = append(t.caught, s)
		return hidden
	}
	return s
}

// leaks looks once more for secrets in a text that is about to be shown, in
// another way than they were replaced: by their words alone, whatever stands
// between them. What it finds is a fault of this package, and then nothing of
// the text is shown.
func (t *table) leaks(s string) bool {
	var words []string
	leak := false
	scan(s, func(k token) {
		if leak {
			return
		}
		piece := s[k.start:k.end]
		low := strings.ToLower(piece)
		switch k.kind {
		case tokenLocal:
			c := t.locals[localKey(piece)]
			leak = c != nil && !t.names[low]
		case tokenIP:
			_, leak = t.ips[k.ip.WithZone("")]
		case tokenHost:
			leak = t.hosts[hostName(piece)] != nil || t.orgs[t.orgOf(hostName(piece))] != nil
			if t.keptSuffix(hostName(piece)) == 0 {
				return
			}
			for _, l := range strings.Split(low, ".") {
				if t.names[l] {
					words = append(words, "")
					continue
				}
				words = append(words, wordsOf(l)...)
			}
		case tokenWord:
			if t.names[low] {
				words = append(words, "")
				return
			}
			words = append(words, wordsOf(piece)...)
		}
	})
	if leak {
		return true
	}
	for i, w := range words {
		n := t.longest[w]
		for k := 1; k <= n && i+k <= len(words); k++ {
			c := t.phrases[strings.Join(words[i:i+k], " ")]
			if c != nil && !t.domainWords(words[i:i+k]) {
				return true
			}
		}
	}
	return false
}

// domainWords reports whether words stand in the domains that stay anyway.
func (t *table) domainWords(words []string) bool {
	for _, w := range words {
		if !t.labels[w] {
			return false
		}
	}
	return true
}
