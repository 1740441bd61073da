package archive_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/mailtrace/mailtrace/bulk/archive"
)

// A packed file inside an archive is opened too; the form is told by the bytes.
func ExampleOpener_Walk() {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, _ := z.Create("mail/inbox.gz")
	g := gzip.NewWriter(w)
	io.WriteString(g, "Subject: packed twice\n\nHello\n")
	g.Close()
	z.Close()

	var o archive.Opener
	err := o.Walk("backup.zip", bytes.NewReader(packed.Bytes()), int64(packed.Len()), func(e archive.Entry) error {
		if e.Err != nil {
			return e.Err
		}
		line, err := e.R.ReadString('\n')
		fmt.Printf("%s: %s", e.Name, line)
		return err
	})
	fmt.Println(err)
	// Output:
	// backup.zip!mail/inbox.gz: Subject: packed twice
	// <nil>
}
