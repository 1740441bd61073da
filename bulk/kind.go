package bulk

import (
	"bytes"
	"strconv"
)

// Emlx takes a message out of a file of Apple Mail (.emlx): its length on a
// line, the message, a property list. whole is false where the message is not
// all there: its attachments lie in files of their own (.partial.emlx, the parts
// have a field X-Apple-Content-Length), or the file is cut off. ok is false for
// other files.
func Emlx(raw []byte) (message []byte, whole, ok bool) {
	line, rest, found := bytes.Cut(raw[:min(len(raw), 32)], []byte("\n"))
	if !found || len(line) == 0 {
		return nil, false, false
	}
	n, err := strconv.Atoi(string(bytes.TrimRight(line, " \r")))
	if err != nil || n < 0 || line[0] == '+' || !fieldLike(firstLine(raw[len(line)+1:])) && len(rest) > 0 && n > 0 {
		return nil, false, false
	}
	message = raw[len(line)+1:]
	if n > len(message) {
		return message, false, true
	}
	if list := bytes.TrimLeft(message[n:], "\r\n"); len(list) > 0 && !bytes.HasPrefix(list, []byte("<?xml")) && !bytes.HasPrefix(list, []byte("bplist")) {
		return nil, false, false
	}
	message = message[:n]
	return message, !bytes.Contains(message, []byte("\nX-Apple-Content-Length:")), true
}

func firstLine(raw []byte) []byte {
	line, _, _ := bytes.Cut(raw[:min(len(raw), maxSeparator)], []byte("\n"))
	return bytes.TrimRight(line, "\r")
}

// IsEmlx reports whether the first bytes of a file begin as Apple Mail's do.
func IsEmlx(head []byte) bool {
	_, _, ok := Emlx(head)
	return ok
}
