package services

import (
	"net/netip"
	"strings"
	"testing"
)

func names(s Set) string {
	var out []string
	for i := range All() {
		if s.Has(i) {
			out = append(out, All()[i].Name)
		}
	}
	return strings.Join(out, " ")
}

func TestFind(t *testing.T) {
	test := func(name string, kinds Kind, want string) {
		t.Helper()
		if got := names(Find(name, kinds)); got != want {
			t.Errorf("Find(%q) = %q, want %q", name, got, want)
		}
	}
	test("am0pr04mb1234.eurprd04.prod.outlook.com", Inside, "exchange-online outlook.com-consumer exchange-online-gcc-high-dod")
	test("am0pr04mb1234.eurprd04.prod.exchangelabs.com", Inside, "exchange-online outlook.com-consumer exchange-online-gcc-high-dod")
	test("db5eur03ft012.mail.protection.outlook.com", Border, "exchange-online outlook.com-consumer")
	test("db5eur03ft012.eop-eur03.prod.protection.outlook.com", Border, "")
	test("mail-db5eur02on2109.outbound.protection.outlook.com", Border, "")
	test("mail-db5eur02on2109.outbound.protection.outlook.com", Outbound, "exchange-online")
	test("mx.google.com", Border, "google")
	test("mail-sor-f41.google.com", Outbound, "google google-groups")
	test("mx0a-00333301.pphosted.com", Border, "proofpoint-on-demand")
	test("relay.mimecast.com", Border, "mimecast mimecast-redhat-listman")
	test("us-smtp-delivery-12.mimecast.com", Outbound, "mimecast mimecast-redhat-listman")
	test("mx-inbound12-3.us-east-2a.ess.aws.cudaops.com", Border, "barracuda-ess")

	// Anybody's machines under the same domains.
	test("ip-10-0-0-1.compute.internal", Any, "")
	test("ec2-192-0-2-1.compute-1.amazonaws.com", Any, "")
	test("ip-198-51-100-77.ip.secureserver.net", Any, "")
	test("vps123.ovh.net", Any, "")
	test("static.1.2.0.192.clients.your-server.de", Any, "")
	test("mail.example.com", Any, "")
	test("localhost", Any, "")
	test("", Any, "")
	// Services that only send take mail for nobody.
	test("o1.ptr1234.outbound-mail.sendgrid.net", Any, "")
	if got := names(Senders("o1.sg.outbound-mail.sendgrid.net", Any)); got != "sendgrid" {
		t.Errorf("Senders: %q", got)
	}
}

func TestByAddr(t *testing.T) {
	test := func(ip, want string) {
		t.Helper()
		if got := names(ByAddr(netip.MustParseAddr(ip))); got != want {
			t.Errorf("ByAddr(%s) = %q, want %q", ip, got, want)
		}
	}
	test("40.92.1.2", "exchange-online outlook.com-consumer")
	test("209.85.220.41", "google")
	test("192.0.2.1", "")
	test("2a01:111:f403:c000::1", "exchange-online")
}

func TestMatch(t *testing.T) {
	test := func(p, s string, want bool) {
		t.Helper()
		if got := match(p, s); got != want {
			t.Errorf("match(%q, %q) = %v", p, s, got)
		}
	}
	test("mx#.example.com", "mx12.example.com", true)
	test("mx#.example.com", "mx.example.com", false)
	test("mx#a.example.com", "mx12a.example.com", true)
	test("cluster-?.example.com", "cluster-a.example.com", true)
	test("cluster-?.example.com", "cluster-1.example.com", false)
	test("*.example.com", "a.b.example.com", true)
	test("*.example.com", "example.com", false)
	test("mx00.ionos.*", "mx00.ionos.de", true)
	test("a*b*c", "aXbXbXc", true)
	test("a*b*c", "aXbXbX", false)
	test("a*", "a", true)
	test("", "", true)
	test("#", "#", false)
	test("?", "?", false)
}

// Every entry says where it comes from, and its patterns can match something.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	if len(All()) > 128 {
		t.Fatal("Set holds 128 services")
	}
	for _, s := range All() {
		if seen[s.Name] {
			t.Errorf("%s stands twice", s.Name)
		}
		seen[s.Name] = true
		if s.Source == "" || s.Certainty == "" {
			t.Errorf("%s: no source or certainty", s.Name)
		}
		switch s.Role {
		case Mailbox, Hoster, Gateway, ESP, Forwarder, List:
		default:
			t.Errorf("%s: role %q", s.Name, s.Role)
		}
		for _, l := range [][]string{s.MX, s.Border, s.Inside, s.Outbound} {
			for _, p := range l {
				if p != strings.ToLower(p) || !strings.Contains(p, ".") || strings.Trim(p, "*.#?") == "" {
					t.Errorf("%s: pattern %q", s.Name, p)
				}
				name := strings.NewReplacer("*", "x", "#", "1", "?", "a").Replace(p)
				if s.Role != ESP && Find(name, Any).Empty() {
					t.Errorf("%s: pattern %q does not find %q", s.Name, p, name)
				}
			}
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for b.Loop() {
		Find("mail-db5eur02on2109.outbound.protection.outlook.com", Any)
	}
}
