package fieldtext

import "testing"

func Test(t *testing.T) {
	test := func(f func(string) string, in, want string) {
		t.Helper()
		if got := f(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	test(Writable, "a\r\nb\x7f\xff é", "a??b?? é")
	test(Quoted, `a"b\c`, `"a\"b\\c"`)
	test(Quoted, "", `""`)
	test(Quoted, "a\r\nBcc: x", `"a??Bcc: x"`)
	test(Comment, `a(b)\`, `(a\(b\)\\)`)
	test(Comment, `"a"`, `(\"a\")`)
	for in, want := range map[string]bool{"a.b": true, "a-b_c": true, "": false, ".a": false, "a.": false, "a b": false, "a=b": false, "é": false, `a"`: false} {
		if IsDotAtom(in) != want {
			t.Errorf("IsDotAtom(%q): want %v", in, want)
		}
	}
}
