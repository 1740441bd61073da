package dnssec

// Anchor is the digest of a key of the root zone that is trusted from the
// outset, as a DS record gives it (RFC 4034 §5.1).
type Anchor struct {
	KeyTag     uint16
	Algorithm  uint8 // of the key
	DigestType uint8
	Digest     string // hexadecimal
}

// RootAnchors returns the trust anchors of the root zone that IANA publishes at
// https://data.iana.org/root-anchors/root-anchors.xml (RFC 9718): KSK-2017,
// which signs since October 2018, and KSK-2024, which takes its place from October
// 2026 on.
func RootAnchors() []Anchor {
	return []Anchor{
		{20326, 8, 2, "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"},
		{38696, 8, 2, "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"},
	}
}
