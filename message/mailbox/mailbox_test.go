package mailbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

func TestParse(t *testing.T) {
	test := func(value string, want ...Mailbox) {
		t.Helper()
		got := Parse(value)
		for i := range got {
			if len(want) > i && want[i].Offset == 0 {
				got[i].Offset = 0
			}
			if len(want) > i && want[i].Problem == "*" && got[i].Problem != "" {
				got[i].Problem = "*"
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("Parse(%q)\n got %+v\nwant %+v", value, got, want)
		}
	}
	box := func(name, local, domain, problem string) Mailbox {
		return Mailbox{Name: name, Address: local + "@" + domain, Local: local, Domain: domain, Problem: problem}
	}
	// RFC 5322 app. A.
	test("John Doe <jdoe@machine.example>", box("John Doe", "jdoe", "machine.example", ""))
	test("\"Joe Q. Public\" <john.q.public@example.com>", box("Joe Q. Public", "john.q.public", "example.com", ""))
	test("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
		box("Mary Smith", "mary", "x.test", ""), box("", "jdoe", "example.org", ""), box("Who?", "one", "y.test", ""))
	test("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
		box("", "boss", "nil.test", ""), box("Giant; \"Big\" Box", "sysservices", "example.net", ""))
	test("Undisclosed recipients:;")
	test("A Group:Ed Jones <joe@where.test>,jdoe@one.test;",
		Mailbox{Name: "Ed Jones", Address: "joe@where.test", Local: "joe", Domain: "where.test", Group: "A Group"},
		Mailbox{Address: "jdoe@one.test", Local: "jdoe", Domain: "one.test", Group: "A Group"})
	test("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", box("Pete", "pete", "silly.test", ""))
	test("Joe Q. Public <john.q.public@example.com>", box("Joe Q. Public", "john.q.public", "example.com", ""))
	test("Mary Smith <@node.test,@other.test:mary@example.net>", box("Mary Smith", "mary", "example.net", "*"))
	test("jdoe@test   . example", Mailbox{Address: "jdoe@test", Local: "jdoe", Domain: "test", Problem: "*"})
	test("joe @ example.com", box("", "joe", "example.com", ""))
	test("joe (c) @ (d) example.com", box("", "joe", "example.com", ""))
	test("\"joe smith\"@example.com", box("", "\"joe smith\"", "example.com", ""))
	test("<\"joe, smith\"@example.com>", box("", "\"joe, smith\"", "example.com", ""))
	test("joe@[192.0.2.1]", Mailbox{Address: "joe@[192.0.2.1]", Local: "joe", Problem: "an IP address stands where a domain belongs: DMARC does not apply"})
	test("joe@[IPv6:2001:db8::1]", Mailbox{Address: "joe@[IPv6:2001:db8::1]", Local: "joe", Problem: "an IP address stands where a domain belongs: DMARC does not apply"})

	// What is met in the wild.
	test("Doe, Joe <joe@example.com>", box("Doe, Joe", "joe", "example.com", "*"))
	test("=?utf-8?Q?Doe,_Joe?= <joe@EXAMPLE.com>", Mailbox{Name: "=?utf-8?Q?Doe, _Joe?=", Address: "joe@EXAMPLE.com", Local: "joe", Domain: "example.com", Problem: "*"})
	test("Joe Johnson joe@example.com", Mailbox{Address: "joe@example.com", Name: "Joe Johnson", Local: "joe", Domain: "example.com", Problem: "*"})
	test("ceo@example.com <evil@example.net>", box("ceo@example.com", "evil", "example.net", "*"))
	test("\"ceo@example.com\" <evil@example.net>", box("ceo@example.com", "evil", "example.net", ""))
	test("\"ceo@example.com\" evil@example.net", Mailbox{Name: "ceo@example.com", Address: "evil@example.net", Local: "evil", Domain: "example.net", Problem: "*"})
	test("a@example.com b@example.net", box("", "a", "example.com", "*"), box("", "b", "example.net", "*"))
	test("<a@example.com> <b@example.net>", box("", "a", "example.com", "*"), box("", "b", "example.net", "*"))
	test("<a@example.com, b@example.net>", box("", "a", "example.com", "*"), box("", "b", "example.net", "*"))
	test("<a@example.com@example.net>", box("", "a@example.com", "example.net", "*"))
	test("Joe <joe@example.com", box("Joe", "joe", "example.com", "*"))
	test("\"Joe <joe@example.com>", box("Joe", "joe", "example.com", "*"))
	test("(Joe <joe@example.com>", box("Joe", "joe", "example.com", ""))
	test("Müller <joe@müller.example>", Mailbox{Name: "Müller", Address: "joe@müller.example", Local: "joe", Domain: "xn--mller-kva.example"})
	test("Joe <joe@example.com.>", Mailbox{Name: "Joe", Address: "joe@example.com.", Local: "joe", Domain: "example.com"})
	test("Joe\r\n <joe@example.com>", box("Joe", "joe", "example.com", ""))
	test("root", Mailbox{Address: "root", Local: "root", Problem: "no domain"})
	test("<root>", Mailbox{Address: "root", Local: "root", Problem: "no domain"})
	test("")
	test("<>")
	test("Joe Doe")

	got := Parse("x <a@b.example>, y <c@d.example>")
	if got[0].Offset != 3 || got[1].Offset != 20 {
		t.Errorf("offsets %d, %d", got[0].Offset, got[1].Offset)
	}
}

func TestDomains(t *testing.T) {
	test := func(value string, want ...string) {
		t.Helper()
		if got := Domains(Parse(value)); !slices.Equal(got, want) {
			t.Errorf("Domains(Parse(%q)) = %q, want %q", value, got, want)
		}
	}
	test("a@example.com, b@EXAMPLE.com", "example.com")
	test("a@example.com, b@example.net", "example.com", "example.net")
	test("root")
}

func TestBounds(t *testing.T) {
	got := Parse(strings.Repeat("a@example.com,", Max+10))
	if len(got) != Max || !strings.Contains(got[Max-1].Problem, "more mailboxes") {
		t.Errorf("%d mailboxes, last problem %q", len(got), got[len(got)-1].Problem)
	}
}

// BenchmarkHostile shows that signs which are never closed cost linear time.
func BenchmarkHostile(b *testing.B) {
	for _, unit := range []string{"(", "<\\\",", "\\\"", "<", "a@b ", "[", "@ "} {
		for _, n := range []int{1 << 14, 1 << 17} {
			value := strings.Repeat(unit, n)
			b.Run(unit+"/"+map[bool]string{true: "large", false: "small"}[n > 1<<15], func(b *testing.B) {
				b.SetBytes(int64(len(value)))
				for b.Loop() {
					Parse(value)
				}
			})
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"John Doe <jdoe@machine.example>", "a:b@c,d;", "\"x\\\"\" <y@z>, (c(d)) e@[1.2.3.4]", "<@a,@b:c@d>", "<<<><joe@joe.com>>>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		boxes := Parse(s)
		if len(boxes) > Max {
			t.Fatalf("%d mailboxes", len(boxes))
		}
		for _, b := range boxes {
			if b.Offset < 0 || b.Offset > len(s) {
				t.Fatalf("offset %d in %q", b.Offset, s)
			}
			if b.Domain != "" {
				if again, ok := mailname.Normal(b.Domain); !ok || again != b.Domain {
					t.Fatalf("domain %q of %q is not normal", b.Domain, s)
				}
			}
		}
		if (strings.Count(s, "@") > 0) && len(boxes) == 0 && strings.Trim(s, "abc@. ") == "" && strings.Trim(s, "@. ") != "" {
			t.Fatalf("no mailbox in %q", s)
		}
	})
}
