package report

import (
	"net/netip"
	"reflect"
	"testing"
)

func TestSay(t *testing.T) {
	test := func(got Text, english string, want ...Part) {
		t.Helper()
		if s := got.String(); s != english {
			t.Errorf("got %q, want %q", s, english)
		}
		if want != nil && !reflect.DeepEqual(got, Text(want)) {
			t.Errorf("%q: got parts %+v, want %+v", english, got, want)
		}
	}
	words := func(s string) Part { return Part{Kind: PartText, Text: s} }
	ip := netip.MustParseAddr("192.0.2.1")
	test(Say("checked again at %v against %v", HopRef(4), ip), "checked again at hop 4 against 192.0.2.1",
		words("checked again at "), Part{Kind: PartHop, Text: "hop 4", Ref: "4"}, words(" against "), Part{Kind: PartIP, Text: "192.0.2.1"})
	// What is not a part is written as fmt does, and joins the words around it.
	test(Say("%d%% of %s, %q, %05.1f", 50, "it", "a b", 2.25), `50% of it, "a b", 002.2`, words(`50% of it, "a b", 002.2`))
	// A text in a text is its parts, and a percent sign in one is not a verb.
	test(Say("(%v)", Say("%v is 100%% ours", HostRef("mx%d.example.org"))), "(mx%d.example.org is 100% ours)",
		words("("), Part{Kind: PartHost, Text: "mx%d.example.org"}, words(" is 100% ours)"))
	test(Say("%v and %v", DomainRef("example.org")), "example.org and %!v(MISSING)")
	test(Say("one", 2), "one%!(EXTRA [2])")
	test(Say("50%"), "50%!(MISSING)")
	test(Say("from %v", netip.Addr{}), "from ", words("from "))
	test(Say(""), "")
	test(HostRefText("[192.0.2.1]"), "[192.0.2.1]", Part{Kind: PartIP, Text: "[192.0.2.1]"})
	test(HostRefText("[IPv6:2001:db8::1]"), "[IPv6:2001:db8::1]", Part{Kind: PartIP, Text: "[IPv6:2001:db8::1]"})
	test(Text{MailboxRef("")}, "<>")
	test(Text{RecordRef("example.org", "MX", "")}, "example.org MX", Part{Kind: PartRecord, Text: "example.org MX", Ref: "example.org MX"})
	test(Text{QuoteRef("Hello")}, "“Hello”")
	a, b, c := Words("a"), Words("b"), Words("c")
	test(List(), "")
	test(List(a), "a")
	test(List(a, b), "a and b")
	test(List(a, b, c), "a, b and c")
}

func HostRefText(s string) Text { return Text{HostRef(s)} }

// Adding to a text leaves the one that it was made from as it is.
func TestAddCopies(t *testing.T) {
	base := Say("%v is", HopRef(1))
	one, two := base.Add(Words(" first")...), base.Add(Words(" second")...)
	if one.String() != "hop 1 is first" || two.String() != "hop 1 is second" || base.String() != "hop 1 is" {
		t.Errorf("got %q, %q and %q", one, two, base)
	}
}
