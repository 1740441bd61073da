package headers

import "testing"

func TestAuthor(t *testing.T) {
	const (
		service = "example.net. IN TXT \"v=spf1 ip4:198.51.100.7 -all\"\n"
		policy  = "_dmarc.example.com. IN TXT \"v=DMARC1; p=reject\"\n"
		include = "example.com. IN TXT \"v=spf1 include:example.net -all\"\n"
		own     = "example.com. IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
		stray   = "example.com. IN TXT \"v=DMARC1; p=reject\"\n"
	)
	test := func(name, zone, mailFrom, wantSPF, wantStray string) {
		t.Run(name, func(t *testing.T) {
			f := examineIn(t, zone, mailFrom, "ann@example.com", "mail.example.net", "198.51.100.7")
			spf, at := "", ""
			if f.AuthorSPF != nil {
				spf = string(f.AuthorSPF.Result)
			}
			if f.StrayDMARC != nil {
				at = f.StrayDMARC.Domain
			}
			if spf != wantSPF || at != wantStray {
				t.Errorf("author's SPF %q, want %q; stray record at %q, want %q", spf, wantSPF, at, wantStray)
			}
		})
	}
	test("service in the author's record", service+policy+include, "b@example.net", "pass", "")
	test("service not in it", service+policy+own, "b@example.net", "fail", "")
	test("own subdomain without record", service+policy+include, "b@bounce.example.com", "pass", "")
	test("null sender", service+policy+include, "", "pass", "")
	test("own envelope sender: not asked", service+policy+include, "ann@example.com", "", "")
	test("no policy: not asked", service+include, "b@example.net", "", "")
	test("record at the domain itself", service+own+stray, "b@example.net", "", "example.com")
	test("record in its place: not asked", service+own+stray+policy, "b@example.net", "fail", "")
}
