package mailbox

import (
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
)

// TestRealWorld reads the From fields of real messages. Where net/mail can
// read one too, both find the same addresses.
func TestRealWorld(t *testing.T) {
	messages, fields, compared := 0, 0, 0
	err := filepath.WalkDir(corpus.Path(t, "corpora/realworld"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".eml") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		messages++
		m := message.Parse(raw)
		for _, i := range m.All("From") {
			fields++
			value := m.Value(i)
			boxes := Parse(value)
			if len(boxes) == 0 || boxes[0].Domain == "" {
				t.Errorf("%s: nothing in %q", filepath.Base(path), value)
				continue
			}
			theirs, err := mail.ParseAddressList(value)
			if err != nil {
				continue
			}
			compared++
			same := len(theirs) == len(boxes)
			for n := 0; same && n < len(boxes); n++ {
				same = theirs[n].Address == boxes[n].Address && boxes[n].Problem == ""
			}
			if !same {
				t.Errorf("%s: %q\n    net/mail %v\n    here     %+v", filepath.Base(path), value, theirs, boxes)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d messages, %d From fields, %d compared with net/mail", messages, fields, compared)
	if fields == 0 {
		t.Error("no From field was found")
	}
}
