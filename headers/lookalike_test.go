package headers

import "testing"

func TestLooksLike(t *testing.T) {
	test := func(domain, protected string, want Likeness) {
		t.Helper()
		if got := LooksLike(domain, protected); got != want {
			t.Errorf("LooksLike(%q, %q) = %q, want %q", domain, protected, got, want)
		}
	}
	test("examp1e.com", "example.com", SameLook)
	test("exarnple.com", "example.com", SameLook)
	test("mail.examp1e.net", "example.com", SameLook)
	test("xn--xample-2of.com", "example.com", SameLook) // the first letter is Cyrillic
	test("exampel.com", "example.com", OneLetter)
	test("example-.com", "example.com", OneLetter)
	test("exmple.com", "example.com", OneLetter)
	test("xn--exmple-cua.com", "example.com", OneLetter) // an umlaut
	test("example.com.attacker.example", "example.com", NamePrefix)
	test("login.example.com.attacker.example", "example.com", NamePrefix)

	test("example.com", "example.com", Unlike)
	test("mail.example.com", "example.com", Unlike)
	test("example.net", "example.com", Unlike)
	test("example-shop.com", "example.com", Unlike)
	test("plant7.test", "plant8.test", Unlike) // a digit counts, it does not imitate
	test("exampel.net", "example.com", Unlike) // a letter and the suffix
	test("bat.test", "cat.test", Unlike)       // short
	test("another.test", "example.com", Unlike)
	test("", "example.com", Unlike)
	test("example.com", "", Unlike)
}

func FuzzLooksLike(f *testing.F) {
	f.Add("examp1e.com", "example.com")
	f.Add("xn--xample-2of.com", "example.com")
	f.Fuzz(func(t *testing.T, a, b string) {
		if LooksLike(a, a) != Unlike {
			t.Errorf("%q looks like itself", a)
		}
		LooksLike(a, b)
	})
}
