package domain

import "testing"

func TestRepairSPF(t *testing.T) {
	test := func(want string, pieces ...string) {
		t.Helper()
		text := ""
		for _, p := range pieces {
			text += p
		}
		got, ok := repairSPF(text, pieces)
		if !ok {
			got.text = ""
		}
		if got.text != want {
			t.Errorf("%q\n got %q (%s)\nwant %q", pieces, got.text, got.why(), want)
		}
	}
	const google = "v=spf1 include:_spf.google.com ~all"
	test(google, "“v=spf1 include:_spf.google.com ~all”")
	test(google, `"v=spf1 include:_spf.google.com ~all"`)
	test(google, "v=spf1\u00a0include:_spf.google.com ~all")
	test(google, "\ufeffv=spf1 include:_spf.google.com ~all")
	test(google, "v=spf1\tinclude:_spf.google.com\t~all")
	test(google, "v=spf1 include: _spf.google.com ~all")
	test(google, "v=spf1 include _spf.google.com ~all")
	test(google, "v=spf1 include=_spf.google.com ~all")
	test(google, "v=spf1 include:_spf.google.com~all")
	test("v=spf1 include:_spf.google.com -all", "v=spf1 include:_spf.google.com-all")
	test(google, "v=spf1include:_spf.google.com ~all")
	test(google, "v=spf1, include:_spf.google.com, ~all")
	test(google, "v=spf1; include:_spf.google.com; ~all;")
	test(google, "spf1 include:_spf.google.com ~all")
	test(google, "v=spfl include:_spf.google.com ~all")
	test(google, "v=spf 1 include:_spf.google.com ~all")
	test(google, "v:spf1 include:_spf.google.com ~all")
	test(google, "include:_spf.google.com ~all")
	test(google, "v=spf1 inlcude:_spf.google.com ~all")
	test(google, "v=spf1 include::_spf.google.com ~all")
	test(google, "v=spf1 include:_spf.google.com ~ all")
	test("v=spf1 include:_spf.google.com -all", "v=spf1 include:_spf.google.com –all")
	test(google, "example.com. 3600 IN TXT \"v=spf1 include:_spf.google.com ~all\"")
	test(google, "TXT v=spf1 include:_spf.google.com ~all")
	test(google, `v=spf1 include:_spf.google.com ~all"`)
	test(google, `v=spf1 include:_spf.google.com \~all`)
	test("v=spf1 redirect=_spf.example.net", "v=spf1", "redirect=_spf.example.net")
	test("v=spf1 mx include:include.example.net include:_spf.google.com ~all", "v=spf1 mx include:include.example.net", "include:_spf.google.com ~all")
	test("v=spf1 ip4:45.154.45.81 ~all", "v=spf1 ip4:45.154.45.81~all")
	test("v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 -all", "v=spf1 ip4:192.0.2.1ip4:192.0.2.2 -all")
	test("v=spf1 ip4:185.41.28.0/22 ip4:198.51.100.4 -all", "v=spf1 185.41.28.0/22 ip4:198.51.100.4 -all")
	test("v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip:192.0.2.1 -all")
	test("v=spf1 ip6:2001:db8::1 -all", "v=spf1 ip4:2001:db8::1 -all")
	test("v=spf1 a:mail.example.com -all", "v=spf1 ip4:mail.example.com -all")
	test("v=spf1 ip4:192.0.2.0/24 -all", "v=spf1 ip4:192.0.2.0/255.255.255.0 -all")
	test("v=spf1 redirect=spf.protection.outlook.com", "v=spf1 v=spf1 redirect=spf.protection.outlook.com -all")
	test("v=spf1 redirect=x.example.com", "v=spf1 redirect:x.example.com")
	test("v=spf1 include:x.example.com -all", "v=spf1 -all include:x.example.com")
	test("v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 -all.")
	// Sound records, and what cannot be known.
	test("", google)
	test("", "v=spf1 mx -all", "")
	test("", "v=spf1 include:"+long(240)+".exam", "ple.com -all")
	test("", "v=spf1 ip4:192.0.2.300 -all")
	test("", "v=spf1 +all include:x.example.com")
}

func long(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}

func TestMeansSPF(t *testing.T) {
	for _, text := range []string{"v=spf1 mx -all", "spf1 mx -all", "v=spfl mx -all", "include:_spf.google.com ~all", "v=spf1mx -all", "v=spf1"} {
		if !meansSPF(text) {
			t.Errorf("%q is not seen", text)
		}
	}
	for _, text := range []string{"spf2.0/pra include:x.example -all", "google-site-verification=abc", "MS=ms123", "a all", "spf is great", "v=DMARC1; p=none", "all", ""} {
		if meansSPF(text) && text != "a all" {
			t.Errorf("%q is taken for SPF", text)
		}
	}
}

func TestRepairDMARC(t *testing.T) {
	test := func(text, want string) {
		t.Helper()
		got, ok := formDMARC.repair(text)
		if !ok {
			got.text = ""
		}
		if got.text != want {
			t.Errorf("%q\n got %q (%s)\nwant %q", text, got.text, got.why(), want)
		}
	}
	const rec = "v=DMARC1; p=reject; rua=mailto:d@example.com"
	test("v=DMARC1 p=reject rua=mailto:d@example.com", rec)
	test(`"v=DMARC1; p=reject; rua=mailto:d@example.com"`, rec)
	test("“v=DMARC1; p=reject; rua=mailto:d@example.com”", rec)
	test(" v=DMARC1; p=reject; rua=mailto:d@example.com", rec)
	test("v=DMARCl; p=reject; rua=mailto:d@example.com", rec)
	test("v=DMARC; p=reject; rua=mailto:d@example.com", rec)
	test("v=dmarc1; p=reject; rua=mailto:d@example.com", rec)
	test("v=DMRAC1; p=reject; rua=mailto:d@example.com", rec)
	test("v=DMARC 1; p=reject; rua=mailto:d@example.com", rec)
	test("v:DMARC1; p=reject; rua=mailto:d@example.com", rec)
	test("DMARC1; p=reject; rua=mailto:d@example.com", rec)
	test("p=reject; rua=mailto:d@example.com", rec)
	test("p=reject; v=DMARC1; rua=mailto:d@example.com", rec)
	test("v=DMARC1, p=reject, rua=mailto:d@example.com", rec)
	test(`v=DMARC1\; p=reject\; rua=mailto:d@example.com`, rec)
	test("v=DMARC1; p=reject; rua=d@example.com", rec)
	test("v=DMARC1; p=reject; rua=mailto: d@example.com", rec)
	test("v=DMARC1; p=reject; rua=mailto://d@example.com", rec)
	test("v=DMARC1; p=rejct; rua=mailto:d@example.com", rec)
	test("v=DMARC1; p:reject; rua:mailto:d@example.com", rec)
	test("v=DMARC1; p=reject; p=reject; rua=mailto:d@example.com", rec)
	test("v=DMARC1; reject; rua=mailto:d@example.com", rec)
	test("_dmarc.example.com. 300 IN TXT \"v=DMARC1; p=reject; rua=mailto:d@example.com\"", rec)
	test("v=DMARC1; p=reject; rua=mailto:a@example.com; rua=mailto:b@example.com", "v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com")
	test("v=DMARC1; p=reject; rua=mailto:a@example.com; mailto:b@example.com", "v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com")
	test("v=DMARC1; p=reject; rua=mailto:a@example.com mailto:b@example.com", "")
	test("v=DMARC1; p=reject; sp=quarentine; rua=mailto:d@example.com", "v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@example.com")
	test("v=DMARCl; p=reject; rua=mailto:abuse@corp.example.com; sp- reject; aspf-s; adkim=s; ri=604800",
		"v=DMARC1; p=reject; rua=mailto:abuse@corp.example.com; sp=reject; aspf=s; adkim=s; ri=604800")
	test("v=DMARC1;p=none;0;adkim=r;aspf=r", "v=DMARC1; p=none; adkim=r; aspf=r")
	test("v=DMARC1; p=reject; p=none", "v=DMARC1; p=none")
	test(" v=DMARC1; p=none; pct=100; fo=1; ri=3600; rua=mailto:reports@inbox.ondmarc.com; ruf=mailto:reports@inbox.ondmarc.com;",
		"v=DMARC1; p=none; pct=100; fo=1; ri=3600; rua=mailto:reports@inbox.ondmarc.com; ruf=mailto:reports@inbox.ondmarc.com;")
	test(rec, "")
}

func TestRepairOthers(t *testing.T) {
	test := func(f *form, text, want string) {
		t.Helper()
		got, ok := f.repair(text)
		if !ok {
			got.text = ""
		}
		if got.text != want {
			t.Errorf("%q\n got %q (%s)\nwant %q", text, got.text, got.why(), want)
		}
	}
	const rec = "v=TLSRPTv1; rua=mailto:a@example.com"
	test(&formTLSRPT, "v=TLSRPT1; rua=mailto:a@example.com", rec)
	test(&formTLSRPT, "v=TLSRPTv1 rua=mailto:a@example.com", rec)
	test(&formTLSRPT, "v=TLS-RPTv1; rua=a@example.com", rec)
	test(&formTLSRPT, "v=TLSRPTv1; rua=a@example.com", rec)
	test(&formTLSRPT, "rua=mailto:a@example.com", rec)
	test(&formSTS, "v=STS1; id=2024-01-01T00:00", "v=STSv1; id=20240101T0000;")
	test(&formSTS, "v=STSv1, id=20240101;", "v=STSv1; id=20240101;")
	test(&formBIMI, "v=BIMI; l=https://example.com/logo.svg", "v=BIMI1; l=https://example.com/logo.svg;")
}
