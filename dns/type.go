package dns

import "strconv"

var typeNames = map[Type]string{
	TypeA: "A", TypeNS: "NS", TypeCNAME: "CNAME", TypeSOA: "SOA", TypePTR: "PTR", TypeMX: "MX", TypeTXT: "TXT",
	TypeAAAA: "AAAA", TypeDS: "DS", TypeRRSIG: "RRSIG", TypeNSEC: "NSEC", TypeDNSKEY: "DNSKEY", TypeNSEC3: "NSEC3",
	TypeTLSA: "TLSA", TypeSPF: "SPF", TypeCAA: "CAA",
}

// String is the type's mnemonic, "TYPE65280" for one without (RFC 3597 §5).
func (t Type) String() string {
	if s, ok := typeNames[t]; ok {
		return s
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// ParseType is the inverse of String.
func ParseType(s string) (Type, bool) {
	for t, name := range typeNames {
		if name == s {
			return t, true
		}
	}
	if len(s) > 4 && s[:4] == "TYPE" {
		n, err := strconv.ParseUint(s[4:], 10, 16)
		return Type(n), err == nil
	}
	return 0, false
}
