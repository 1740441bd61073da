package headers

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxProtected bounds the domains that others are compared with.
const maxProtected = 16

// Protected are the organisations whose names a deceiver would borrow: those
// of the recipient, and the names that are trusted by option.
func (f *Facts) Protected() []string {
	var out []string
	add := func(name string) {
		org := mailname.Org(name)
		if org != "" && serviceNamed(org) == nil && len(out) < maxProtected && !slices.Contains(out, org) {
			out = append(out, org)
		}
	}
	for _, r := range f.Recipients {
		add(mailname.DomainOf(r))
	}
	if f.trust != nil {
		for _, n := range f.trust.names {
			add(n)
		}
	}
	return out
}

// Service reports whether a mail domain or host is of a large service, whose
// customers are not one organisation.
func Service(name string) bool { return serviceOf(name) != nil }

// Likeness says how one name imitates another.
type Likeness string

const (
	Unlike     Likeness = ""
	SameLook   Likeness = "looks the same"      // letters that are drawn alike
	OneLetter  Likeness = "differs in a letter" // one letter more, less, other or exchanged
	NamePrefix Likeness = "carries its name"    // example.com.attacker.example
)

// Bounds on the names that are compared.
const (
	minLookalike = 6  // shorter labels are alike by chance
	maxLookalike = 63 // longest label
)

// LooksLike compares a domain with a protected one. Names of one organisation
// are never alike, nor are names that differ in the suffix only: most of those
// belong to one owner.
func LooksLike(domain, protected string) Likeness {
	if mailname.Host(domain) == mailname.Host(protected) {
		return Unlike
	}
	domain, protected = mailname.Host(domain), mailname.Org(protected)
	org := mailname.Org(domain)
	if org == "" || protected == "" || org == protected {
		return Unlike
	}
	if strings.HasPrefix(domain, protected+".") || strings.Contains(domain, "."+protected+".") {
		return NamePrefix
	}
	a, b := label(org), label(protected)
	if a == b || len(a) > maxLookalike || len(b) > maxLookalike {
		return Unlike
	}
	ua, ub := unicode(a), unicode(b)
	if sa, sb := skeleton(ua), skeleton(ub); sa == sb && len(sb) >= minLookalike-1 {
		return SameLook
	}
	if len(b) < minLookalike {
		return Unlike
	}
	if ua, ub = unaccented(ua), unaccented(ub); (ua == ub || oneEdit(ua, ub)) && suffix(org) == suffix(protected) {
		return OneLetter
	}
	return Unlike
}

// label is the part of an organisation's domain before the public suffix.
func label(org string) string {
	l, _, _ := strings.Cut(org, ".")
	return l
}

func suffix(org string) string {
	s, _ := publicsuffix.PublicSuffix(org)
	return s
}

// alike maps letters of other scripts to the Latin ones that look the same,
// out of the confusables of Unicode TR39: those that are used in domain names.
var alike = strings.NewReplacer(
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "у", "y", "х", "x", "ѕ", "s", "і", "i", "ј", "j", "ԁ", "d", "һ", "h", "ӏ", "l", "в", "b", "к", "k", "м", "m", "т", "t", "н", "h",
	"α", "a", "ο", "o", "ν", "v", "ρ", "p", "ι", "i", "κ", "k", "τ", "t", "υ", "u", "ɡ", "g", "ı", "i", "ł", "l", "ø", "o",
)

// accents maps letters to those without their marks. Many owners have both
// names.
var accents = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "ą", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "ė", "e", "ę", "e", "í", "i", "ì", "i", "î", "i", "ï", "i",
	"ó", "o", "ò", "o", "ô", "o", "ö", "o", "õ", "o", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ç", "c", "č", "c", "ć", "c", "ñ", "n", "ń", "n", "š", "s", "ś", "s", "ý", "y", "ž", "z", "ź", "z", "ż", "z",
)

// ascii are groups of plain letters and digits that are drawn alike.
var ascii = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d", "0", "o", "1", "l", "i", "l", "5", "s")

// skeleton brings the letters of a label into a form that labels which look the
// same share.
func skeleton(letters string) string {
	if !plain(letters) {
		letters = alike.Replace(letters)
	}
	return ascii.Replace(letters)
}

func unaccented(letters string) string {
	if plain(letters) {
		return letters
	}
	return accents.Replace(letters)
}

// plain reports whether a label is of small letters, digits and hyphens: there is
// nothing to be read out of it, unless it is an A-label.
func plain(label string) bool {
	for i := 0; i < len(label); i++ {
		if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// unicode reads the letters out of an A-label.
func unicode(label string) string {
	if plain(label) && !strings.HasPrefix(label, "xn--") {
		return label
	}
	if u, err := idna.Lookup.ToUnicode(label); err == nil {
		label = u
	}
	return strings.ToLower(label)
}

// oneEdit reports whether two labels differ by one letter: put in, left out,
// replaced or exchanged with its neighbour. Digits in place of digits count
// names, they do not imitate them.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:] && !digit(b[i])
	}
	if i == len(a) {
		return false
	}
	if a[i+1:] == b[i+1:] {
		return !digit(a[i]) && !digit(b[i])
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
