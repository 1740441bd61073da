package headers

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/mailtrace/mailtrace/message"
)

var updateNotices = flag.Bool("update", false, "write what is read into testdata")

// TestNotices reads the notices of testdata and compares all that is read.
func TestNotices(t *testing.T) {
	const path = "testdata/notices.txt"
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range archive.Files {
		text, want, ok := strings.Cut(string(m.Data), "\n----\n")
		if !ok {
			t.Errorf("%s: no line of dashes", m.Name)
			continue
		}
		got := describeNotice([]byte(text))
		if crlf := describeNotice([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); crlf != got {
			t.Errorf("%s: reads otherwise with CRLF:\n%s", m.Name, crlf)
		}
		if got != want {
			if !*updateNotices {
				t.Errorf("%s\n got:\n%s\nwant:\n%s", m.Name, got, want)
			}
			archive.Files[i].Data = []byte(text + "\n----\n" + got)
		}
	}
	if *updateNotices {
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func describeNotice(text []byte) string {
	d, server, returned := parseNotice(text)
	var b strings.Builder
	line := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "invalid IP" {
			fmt.Fprintf(&b, "%-8s %s\n", name, s)
		}
	}
	line("server", server)
	line("by", d.ReportingMTA)
	for i := range d.Recipients {
		r := &d.Recipients[i]
		line("to", r.Final)
		line("  from", r.MailFrom)
		line("  cmd", r.Command)
		line("  mta", r.RemoteMTA)
		line("  at", r.RemoteIP)
		if x, ok := r.reply(); ok {
			line("  code", strings.TrimSpace(x.Code+" "+x.Status))
			line("  text", x.Text)
			x.readFacts()
			line("  client", x.ClientIP)
			line("  ident", strings.TrimSpace(x.Identity+" "+x.IdentityKind))
		}
	}
	if returned != nil {
		m := message.Parse(returned)
		line("returned", fmt.Sprintf("%d fields, %d octets of body", len(m.Fields), m.Body.End-m.Body.Start))
	}
	return b.String()
}

// FuzzNotice: whatever a text says, what is read stays within its bounds.
func FuzzNotice(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/notices.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, m := range archive.Files {
		f.Add(m.Data)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, _, returned := parseNotice(text)
		if len(d.Recipients) > maxRecipients || len(returned) > len(text) {
			t.Errorf("%d recipients, %d octets returned", len(d.Recipients), len(returned))
		}
		for i := range d.Recipients {
			if x, ok := d.Recipients[i].reply(); ok {
				x.readFacts()
				if len(x.Text) > maxReplyLength {
					t.Errorf("a reply of %d octets", len(x.Text))
				}
			}
		}
	})
}
