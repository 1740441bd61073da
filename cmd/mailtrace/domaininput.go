package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

const domainHint = "give a domain name such as example.com, or a file with one on each line"

// maxListLine bounds a line of a list of domains, in bytes.
const maxListLine = 64 << 10

// domainName is a domain to check, or the reason why it cannot be.
type domainName struct {
	name string
	err  error
}

// domains yields the domains of the arguments, in order. total is how many
// there are, -1 where that shows only at the end of standard input.
func (c *cli) domains(k *checking, args []string) (names iter.Seq[domainName], total int, err error) {
	if len(args) == 0 && len(k.files) == 0 {
		if c.terminal(c.stdin) > 0 {
			return nil, 0, wrong("mailtrace domain example.com, or mailtrace domain < domains.txt", "no domain given")
		}
		args = []string{"-"}
	}
	var parts []iter.Seq[domainName]
	add := func(part iter.Seq[domainName], n int) {
		parts = append(parts, part)
		if n < 0 || total < 0 {
			total = -1
		} else {
			total += n
		}
	}
	addFile := func(path string) error {
		list, n, err := c.readList(path)
		if err == nil {
			add(list, n)
		}
		return err
	}
	for _, arg := range args {
		file, marked := strings.CutPrefix(arg, "@")
		switch {
		case arg == "-" || file == "-":
			add(some("standard input", c.input()), -1)
			continue
		case marked:
			if err := addFile(file); err != nil {
				return nil, 0, err
			}
			continue
		case isFile(arg):
			if err := addFile(arg); err != nil {
				return nil, 0, err
			}
			continue
		}
		n := named(arg)
		add(func(yield func(domainName) bool) { yield(n) }, 1)
	}
	for _, file := range k.files {
		if err := addFile(file); err != nil {
			return nil, 0, err
		}
	}
	return func(yield func(domainName) bool) {
		for _, part := range parts {
			for n := range part {
				if !yield(n) {
					return
				}
			}
		}
	}, total, nil
}

// isFile reports whether an argument is the path of a file, or of a pipe, as
// <(…) of a shell is. A final dot, which no list of domains has in its name,
// makes a domain of any name.
func isFile(arg string) bool {
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir() && !strings.HasSuffix(arg, ".")
}

// named reads one domain. What people paste in place of it is understood: an
// address, or the address of a page.
func named(s string) domainName {
	name := strings.TrimSpace(s)
	if _, rest, ok := strings.Cut(name, "://"); ok {
		name = rest
		if i := strings.IndexAny(name, "/:?#"); i >= 0 {
			name = name[:i]
		}
	}
	if _, domain, ok := mailname.Split(name); ok {
		name = strings.TrimSuffix(domain, ">")
	}
	name, err := domain.Name(name)
	if err != nil {
		hint := domainHint
		if strings.ContainsAny(s, `/\`) {
			hint = "there is no such file; " + hint
		}
		return domainName{err: wrong(hint, "%.80q is not a domain name", s)}
	}
	return domainName{name: name}
}

// readList reads a list of domains, to know how many they are. What is wrong
// in it shows where its line comes up.
func (c *cli) readList(path string) (iter.Seq[domainName], int, error) {
	text, err := c.readFile(path, listInput)
	if err != nil {
		return nil, 0, wrong("one domain on each line", "%s: %s", path, reason(err))
	}
	n := 0
	for range lines(path, bytes.NewReader(text)) {
		n++
	}
	if n == 0 {
		return nil, 0, wrong("one domain on each line", "%s: no domain in it", path)
	}
	return lines(path, bytes.NewReader(text)), n, nil
}

// some yields the domains of a list, and an error where there is none.
func some(name string, r io.Reader) iter.Seq[domainName] {
	return func(yield func(domainName) bool) {
		any := false
		for d := range lines(name, r) {
			any = true
			if !yield(d) {
				return
			}
		}
		if !any {
			yield(domainName{err: wrong("one domain on each line", "%s: no domain in it", name)})
		}
	}
}

// lines yields the domains of a list: the first field of each line, whether
// fields are divided by commas, semicolons or blanks. Empty lines, what stands
// behind "#", and a heading "domain" are passed over.
func lines(name string, r io.Reader) iter.Seq[domainName] {
	return func(yield func(domainName) bool) {
		scan := bufio.NewScanner(bound(r, listInput.most))
		scan.Buffer(make([]byte, 0, 4<<10), maxListLine)
		for n := 1; scan.Scan(); n++ {
			line := strings.TrimPrefix(scan.Text(), "\ufeff")
			line, _, _ = strings.Cut(line, "#")
			fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r,;\"", r) })
			if len(fields) == 0 || n == 1 && strings.EqualFold(fields[0], "domain") {
				continue
			}
			d := named(fields[0])
			if d.err != nil {
				d.err = wrong("one domain on each line", "%s, line %d: %.80q is not a domain name", name, n, fields[0])
			}
			if !yield(d) {
				return
			}
		}
		if err := scan.Err(); err != nil {
			why := reason(err)
			if errors.Is(err, bufio.ErrTooLong) {
				why = fmt.Sprintf("a line of more than %d bytes; is it a list?", maxListLine)
			}
			yield(domainName{err: wrong("one domain on each line", "%s: %s", name, why)})
		}
	}
}

// seenSelectors reads selectors from mail and lists.
func (c *cli) seenSelectors(paths []string) ([]domain.Seen, error) {
	const hint = "give a message, an mbox, a folder of messages, or a list of selectors"
	var all []domain.Seen
	for _, path := range paths {
		if path != "-" {
			info, err := os.Stat(path)
			if err != nil {
				return nil, wrong(hint, "%s: %s", path, reason(err))
			}
			if info.IsDir() {
				seen, err := c.folderSelectors(path)
				if err != nil {
					return nil, err
				}
				all = append(all, seen...)
				continue
			}
		}
		seen, err := c.fileSelectors(path)
		if err != nil {
			return nil, wrong(hint, "%s: %s", name(path), strings.TrimPrefix(reason(err), "domain: selectors: "))
		}
		if len(seen) == 0 {
			return nil, wrong(hint, "%s: no selector in it", name(path))
		}
		all = append(all, seen...)
	}
	return all, nil
}

func (c *cli) fileSelectors(path string) ([]domain.Seen, error) {
	if path == "-" {
		return domain.SelectorsFrom(c.input())
	}
	f, _, err := c.openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return domain.SelectorsFrom(f)
}

// folderSelectors reads all messages of a Maildir or a folder.
func (c *cli) folderSelectors(path string) ([]domain.Seen, error) {
	var all []domain.Seen
	known := map[domain.Seen]bool{}
	for in := range c.inputs([]string{path}) {
		if in.err != nil {
			return nil, in.err
		}
		raw, _, err := in.load()
		if err != nil {
			c.complain(err) // one that cannot be read does not stop the others
			continue
		}
		seen, err := domain.SelectorsFrom(bytes.NewReader(raw))
		if err != nil {
			return nil, wrong("", "%s: %s", in.path, err)
		}
		for _, s := range seen {
			s.Count = 0
			if !known[s] {
				known[s] = true
				all = append(all, s)
			}
		}
	}
	return all, nil
}
