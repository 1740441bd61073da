package headers

import "testing"

func TestOrganizer(t *testing.T) {
	test := func(calendar, want string) {
		t.Helper()
		if got := organizerOf([]byte(calendar)); got != want {
			t.Errorf("%q: organizer %q, want %q", calendar, got, want)
		}
	}
	test("BEGIN:VEVENT\r\nORGANIZER;CN=Olga:mailto:olga@example.com\r\n", "olga@example.com")
	test("ORGANIZER:MAILTO:Olga@Example.com\n", "olga@example.com")
	test("ORGANIZER;CN=\"Olga, who\r\n  calls\":mail\r\n to:olga@example.com\r\n", "olga@example.com")
	test("ATTENDEE;CN=Carl:mailto:carl@example.org\n", "")
	test("ORGANIZER;CN=Olga:urn:uuid:1\n", "")
	test("X-ORGANIZER:mailto:olga@example.com\n", "")
}
