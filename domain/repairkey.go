package domain

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/internal/pattern"
)

var (
	armour  = pattern.New(`-{2,5}\s*(BEGIN|END)[A-Z0-9 ]*KEY\s*-{2,5}`)
	keyTags = []string{"v", "k", "h", "s", "t", "n", "g", "p"}
	keyTag  = pattern.New(`(?:^|[\s;,]+)(v|k|h|s|t|n|g|p)\s*=\s*`)
)

// privateKey says what private key a text holds; "" where it holds none. It
// knows the armour of PEM and the encodings PKCS #1, PKCS #8 and SEC 1, and the
// 64 bytes of an Ed25519 pair.
func privateKey(text string) string {
	if len(text) > maxMend {
		text = text[:maxMend]
	}
	if strings.Contains(text, "PRIVATE KEY") {
		return "a private key in PEM armour"
	}
	candidates := []string{text}
	if tags, _ := dkim.ParseTags(text); len(tags) > 0 {
		if p, ok := dkim.TagValue(tags, "p"); ok {
			candidates = append(candidates, p)
		}
	} else if found := keyTag.FindAllStringIndex(text, -1); len(found) > 0 {
		candidates = append(candidates, text[found[len(found)-1][1]:])
	}
	for _, c := range candidates {
		der, ok := keyBytes(c)
		if !ok {
			continue
		}
		if k, err := x509.ParsePKCS1PrivateKey(der); err == nil && k != nil {
			return "an RSA private key (PKCS #1)"
		}
		if k, err := x509.ParsePKCS8PrivateKey(der); err == nil && k != nil {
			return "a private key (PKCS #8)"
		}
		if k, err := x509.ParseECPrivateKey(der); err == nil && k != nil {
			return "an EC private key"
		}
		if len(der) == ed25519.PrivateKeySize && slices.Equal(ed25519.NewKeyFromSeed(der[:ed25519.SeedSize]), ed25519.PrivateKey(der)) {
			return "an Ed25519 private key"
		}
	}
	return ""
}

// keyBytes decodes base64, whatever white space, quotes, escapes and armour are
// in it.
func keyBytes(s string) ([]byte, bool) {
	if strings.Contains(s, "-----BEGIN") {
		if block, _ := pem.Decode([]byte(strings.ReplaceAll(s, `\n`, "\n"))); block != nil {
			return block.Bytes, true
		}
	}
	s = armour.ReplaceAllString(s, "")
	plain := strings.Map(func(r rune) rune {
		if r < 0x80 && (isAlnum(byte(r)) || r == '+' || r == '/' || r == '=') {
			return r
		}
		return -1
	}, s)
	if len(plain) < 40 {
		return nil, false
	}
	der, err := base64.StdEncoding.DecodeString(plain)
	return der, err == nil
}

// cutLast cuts a text at the last separator in it.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// repairKey writes a DKIM key record without the faults of its way into the
// DNS. The key itself is not touched: where part of it is missing nothing can
// be repaired.
func repairKey(text string) (mend, bool) {
	if privateKey(text) != "" {
		return mend{text: text}, false
	}
	m := mend{text: text}
	if strings.Contains(text, `\n`) || strings.Contains(text, `\r`) {
		m.fault("a line end written out as \\n at byte %d", strings.IndexByte(text, '\\'))
		m.text = strings.NewReplacer(`\n`, "", `\r`, "").Replace(text)
	}
	peeled := peel(m.text)
	m.text, m.faults = peeled.text, append(m.faults, peeled.faults...)
	if armour.MatchString(m.text) {
		m.fault("the armour of a PEM file around the key (-----BEGIN … KEY-----)")
		m.text = armour.ReplaceAllString(m.text, "")
	}
	found := keyTag.FindAllStringSubmatchIndex(m.text, -1)
	if len(found) == 0 {
		return m, false
	}
	if head := strings.Trim(m.text[:found[0][0]], " ;"); head != "" {
		if nearest(head, "dkim1") == "" && nearest(head, "v=dkim1", "v-dkim1", "v:dkim1") == "" {
			return m, false
		}
		m.fault("%s in place of v=DKIM1", quoted(cut(head, 40)))
	}
	values := map[string]string{}
	for i, f := range found {
		end := len(m.text)
		if i+1 < len(found) {
			end = found[i+1][0]
			if !strings.Contains(m.text[found[i+1][0]:found[i+1][1]], ";") {
				m.fault("no semicolon before %s=", m.text[found[i+1][2]:found[i+1][3]])
			}
		}
		name, value := m.text[f[2]:f[3]], strings.Trim(m.text[f[1]:end], " ;,")
		if old, twice := values[name]; twice {
			if old != value {
				return m, false
			}
			m.fault("%s= stands twice", name)
			continue
		}
		values[name] = value
	}
	if _, ok := values["p"]; !ok {
		for name, v := range values {
			rest, last, found := cutLast(v, ";")
			if der, ok := keyBytes(last); found && ok {
				if _, err := x509.ParsePKIXPublicKey(der); err == nil {
					m.fault("p= is missing before the key")
					values[name], values["p"] = strings.Trim(rest, " ;"), strings.TrimSpace(last)
					break
				}
			}
		}
	}
	if v, ok := values["v"]; ok && v != "DKIM1" {
		if nearest(v, "dkim1") == "" {
			return m, false
		}
		m.fault("v=%s in place of v=DKIM1", cut(v, 20))
	}
	values["v"] = "DKIM1"
	if h, ok := values["h"]; ok {
		plain := strings.NewReplacer("rsa-", "", "RSA-", "", "sha-", "sha", "SHA", "sha").Replace(h)
		if plain != h {
			m.fault("h=%s names no hash; h=%s is meant", cut(h, 40), cut(plain, 40))
			values["h"] = plain
		}
	}
	if p, ok := values["p"]; ok {
		plain := strings.Map(func(r rune) rune {
			if r < 0x80 && (isAlnum(byte(r)) || r == '+' || r == '/' || r == '=') {
				return r
			}
			return -1
		}, p)
		if plain != strings.ReplaceAll(p, " ", "") {
			m.fault("characters in p= that are not base64")
		}
		values["p"] = plain
	}
	var parts []string
	for _, name := range keyTags {
		if v, ok := values[name]; ok {
			parts = append(parts, name+"="+v)
		}
	}
	m.text = strings.Join(parts, "; ")
	key, problems := dkim.ParseKey(m.text)
	for _, p := range problems {
		if p.Fatal {
			return m, false
		}
	}
	return m, len(m.faults) > 0 && m.text != text && key.Public != nil
}
