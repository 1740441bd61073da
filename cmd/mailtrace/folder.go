package main

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/bulk/archive"
	"github.com/mailtrace/mailtrace/message"
)

// folder yields the messages of a Maildir, an MH folder, a mail program's store
// or any folder and those below it, in the order of their names. Other files in
// it are passed over.
func (c *cli) folder(root string, yield func(input) bool) bool {
	w := folderWalk{c: c, root: root, going: true, yield: yield}
	w.dir(root, 0)
	if w.going && w.index == 0 {
		return yield(input{path: root, err: wrong(inputHint, "%s: no message in this folder", root)})
	}
	return w.going
}

// maxFolders bounds how deep folders lie in one another.
const maxFolders = 256

type folderWalk struct {
	c     *cli
	root  string
	index int
	going bool
	yield func(input) bool
}

func (w *folderWalk) next(in input) bool {
	w.index++
	w.going = w.yield(in)
	return w.going
}

func (w *folderWalk) dir(path string, depth int) {
	entries, err := os.ReadDir(path)
	if err != nil {
		w.next(input{path: path, index: w.index, err: wrong(inputHint, "%s: %s", path, reason(err))})
	}
	if depth == maxFolders {
		w.next(input{path: path, index: w.index, err: wrong("give this folder by itself", "%s: more than %d folders in one another", path, maxFolders)})
		return
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return byNumber(a.Name(), b.Name()) })
	mh := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".mh_sequences" })
	in := filepath.Base(path)
	maildir := (in == "cur" || in == "new") && isMaildir(filepath.Dir(path))
	for _, e := range entries {
		if !w.going {
			return
		}
		at := filepath.Join(path, e.Name())
		switch {
		case e.IsDir():
			// Maildir keeps half-written messages in tmp, and folders in .Name.
			half := e.Name() == "tmp" && isMaildir(path)
			hidden := strings.HasPrefix(e.Name(), ".") && !isMaildir(at)
			if !half && !hidden {
				w.dir(at, depth+1)
			}
		case regular(at, e) && (mh && number(e.Name()) || w.c.isMail(at, maildir)):
			w.c.file(at, false, w.index, w.next)
		}
	}
}

// byNumber orders names that are numbers, as those of MH are, by their value,
// and all others by their bytes.
func byNumber(a, b string) int {
	if number(a) && number(b) {
		a, b := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	}
	return cmp.Compare(a, b)
}

// number reports whether a name is a number.
func number(name string) bool {
	return name != "" && strings.Trim(name, "0123456789") == ""
}

// isMaildir reports whether a folder has the two that make a Maildir.
func isMaildir(dir string) bool {
	for _, sub := range []string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// regular reports whether a folder's entry is a file, or leads to one.
func regular(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		return err == nil && info.Mode().IsRegular()
	}
	return d.Type().IsRegular()
}

// isMail reports whether a file in a folder is mail, or an archive that may
// hold some. maildir says that the folder is one of the two of a Maildir.
func (c *cli) isMail(path string, maildir bool) bool {
	base := filepath.Base(path)
	if maildir {
		return !strings.HasPrefix(base, ".")
	}
	if strings.HasPrefix(base, ".") {
		return false
	}
	f, _, err := c.openRegular(path)
	if err != nil {
		return true // and that is told
	}
	defer f.Close()
	head := make([]byte, sniffed)
	n, err := io.ReadFull(f, head)
	if n == 0 && !errors.Is(err, io.EOF) {
		return true
	}
	_, _, store := archive.Foreign(head[:n])
	return isMailNamed("", base, head[:n]) || archive.Sniff(head[:n]) != archive.None || store
}

// isMailNamed reports whether a file is mail: by its name, by standing in a
// folder of a Maildir, or by its first bytes. It is for files of an archive too,
// whose neighbours are not known.
func isMailNamed(dir, base string, head []byte) bool {
	if strings.HasPrefix(base, ".") {
		return false
	}
	switch strings.ToLower(filepath.Ext(base)) {
	case ".eml", ".emlx", ".msg", ".mbox", ".mbx", ".mime", ".rfc822":
		return true
	}
	return (dir == "cur" || dir == "new") && isMessage(head) || bulk.IsMbox(head) || bulk.IsEmlx(head) || sniff(head)
}

// sniff reports whether text begins as a message does: with a field that mail
// servers and mail programs put first.
func sniff(head []byte) bool {
	m := message.Parse(head)
	if len(m.Fields) == 0 || m.Note(message.NotAMessage) != nil {
		return false
	}
	switch n := strings.ToLower(m.Name(0)); n {
	case "received", "return-path", "delivered-to", "envelope-to", "from", "to", "cc", "subject", "date", "message-id", "reply-to", "sender",
		"mime-version", "content-type", "authentication-results", "received-spf", "dkim-signature",
		"arc-seal", "arc-message-signature", "arc-authentication-results":
		return true
	default:
		return strings.HasPrefix(n, "x-") && m.First("From") >= 0
	}
}
