package headers

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	test := func(v, want string) {
		t.Helper()
		if got := Decode(v); got != want {
			t.Errorf("%q is %q, want %q", v, got, want)
		}
	}
	word := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte("service@victim.example")), "=")
	test("Ann", "Ann")
	test("=?utf-8?q?=C3=A4?=", "ä")
	test("=?ISO-8859-1*de?Q?=E4?=", "ä")
	test("=?utf-8*en?q?a=40b.example?=", "a@b.example")
	// A word of an unknown charset hides nothing: neither itself nor the next one.
	test("=?unknown?q?a=40b.example?=", "a@b.example")
	test("=?unknown?q?a=FF?= =?utf-8?q?=40b?=", "a\ufffd@b")
	test("=?x?q?a?= =?utf-8?b?"+word+"?=", "aservice@victim.example")
	// Padding is often left out.
	test("=?utf-8?b?"+word+"?=", "service@victim.example")
	test("=?utf-8?B?"+word+"==?= =?utf-8?b?"+word+"?=", "service@victim.exampleservice@victim.example")
	test("=?utf-8?b?!?=", "=?utf-8?b?!?=")
	test("a?b?c", "a?b?c")
	test("=?utf-8?b?"+word, "=?utf-8?b?"+word)
}
