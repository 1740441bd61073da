package findings

import (
	"testing"

	"github.com/mailtrace/mailtrace/headers"
)

// TestRefusedCheck reads replies as large receivers and common software give
// them.
func TestRefusedCheck(t *testing.T) {
	test := func(status, text, want string) {
		t.Helper()
		if got, _ := refusedCheck(headers.Reply{Status: status, Text: text}); got != want {
			t.Errorf("refusedCheck(%q, %q) = %q, want %q", status, text, got, want)
		}
	}
	test("5.7.26", "550-5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", "SPF and DKIM")
	test("5.7.26", "550-5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy.", "DMARC")
	test("5.7.509", "550 5.7.509 Access denied, sending domain example.org does not pass DMARC verification", "DMARC")
	test("5.7.515", "550 5.7.515 Access denied, sending domain example.org doesn't meet the required authentication level.", "the receiver's demands on authentication")
	test("5.7.23", "550 5.7.23 Message rejected due to: SPF fail - not authorized.", "SPF")
	test("5.7.1", "550 5.7.1 rejected by DMARC policy for example.org", "DMARC")
	test("", "550 SPF check failed", "SPF")
	test("5.0.0", "550 DKIM signature did not verify", "DKIM")
	test("5.7.20", "550 5.7.20 refused", "DKIM (no signature that passes)")
	test("5.7.27", "550 5.7.27 sender address has null MX", "the sender's null MX")
	test("5.7.25", "550 5.7.25 The IP address sending this message does not have a PTR record setup", "reverse DNS")
	test("4.7.24", "451 4.7.24 try again later", "an error in the SPF check")

	test("5.1.1", "550 5.1.1 no such user", "")
	test("5.2.2", "552 5.2.2 mailbox full; see our page about SPF", "")
	test("5.7.1", "550 5.7.1 Relaying denied", "")
	test("5.7.1", "530 5.7.1 Authentication required", "")
	test("5.7.1", "550 5.7.1 Blocked by our content filter", "")
	test("2.0.0", "250 2.0.0 SPF pass", "")
	test("5.4.6", "554 5.4.6 mail loop", "")
}
