package outlook

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"reflect"
	"testing"
	"unicode/utf16"
)

var update = flag.Bool("update", false, "write testdata/plain.msg again")

func TestHeaders(t *testing.T) {
	const headers = "Received: from a by b; x\r\nSubject: from Outlook, é\r\n\r\n"
	var wide []byte
	for _, u := range utf16.Encode([]rune(headers + "\x00")) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	long := bytes.Repeat([]byte("X-Long: x\r\n"), 1000)
	test := func(file []byte, want string, wantErr error) {
		t.Helper()
		got, err := Headers(file)
		if string(got) != want || !errors.Is(err, wantErr) {
			t.Errorf("got %q, %v; want %q, %v", got, err, want, wantErr)
		}
	}
	test(compoundFile(headersUnicode, wide), headers, nil)
	test(compoundFile(headersBytes, []byte(headers)), headers, nil)
	test(compoundFile(headersBytes, append(long, headers...)), string(long)+headers, nil)
	test(compoundFile("__substg1.0_0037001F", wide), "", ErrNoHeaders)
	test(compoundFile(headersBytes, []byte(" \r\n")), "", ErrNoHeaders)
	test(compoundFile(headersUnicode, wide)[:600], "", ErrFormat)
	test(magic, "", ErrFormat)
	test(nil, "", ErrFormat)

	// A chain of sectors that leads back to itself ends.
	ring := compoundFile(headersBytes, append(long, headers...))
	copy(ring[512+12:], []byte{3, 0, 0, 0})
	if got, err := Headers(ring); len(got) > len(ring) {
		t.Errorf("%d bytes, %v", len(got), err)
	}

	if *update {
		if err := os.WriteFile("testdata/plain.msg", compoundFile(headersUnicode, wide), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile("testdata/plain.msg")
	if err != nil {
		t.Fatal(err)
	}
	test(file, headers, nil)
	if !Is(file) || Is([]byte("Received: x")) {
		t.Error("Is")
	}
}

// A message that was attached in Outlook is a storage of its own; a file that
// was attached is a stream.
func TestInside(t *testing.T) {
	const headers = "Received: from a by b; x\r\nFrom: inner@example.com\r\nSubject: inner\r\n\r\n"
	const storage = attachment + "00000000"
	test := func(file []byte, want ...Inside) {
		t.Helper()
		m, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Headers) > 0 || !reflect.DeepEqual(m.Inside, want) {
			t.Errorf("headers %q, inside %+v; want inside %+v", m.Headers, m.Inside, want)
		}
	}
	test(compoundFile(headersBytes, []byte(headers), storage, attached), Inside{Name: storage, Raw: []byte(headers), HeadersOnly: true})
	test(compoundFile(attachedData, []byte(headers+"the body"), storage), Inside{Name: storage, Raw: []byte(headers + "the body")})
	test(compoundFile(attachedData, []byte("no mail"), storage))
	if _, err := Headers(compoundFile(headersBytes, []byte(headers), storage, attached)); !errors.Is(err, ErrNoHeaders) {
		t.Errorf("the header of the message inside was taken for that of the carrier: %v", err)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add(compoundFile(headersUnicode, []byte("S\x00:\x00")))
	f.Add(compoundFile(headersBytes, bytes.Repeat([]byte("Subject: x\n"), 500)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if headers, err := Headers(raw); err == nil && len(headers) > 2*maxHeaders {
			t.Fatalf("%d bytes", len(headers))
		}
	})
}

// compoundFile makes a compound file [MS-CFB] with one stream, in 512-byte
// sectors: header, FAT, directory, then the stream, which stands in the mini
// stream where it is small.
//
// The stream stands in the storages inside, of which two fit.
func compoundFile(name string, data []byte, inside ...string) []byte {
	const sector, end, free, fat = 512, 0xfffffffe, 0xffffffff, 0xfffffffd
	small := len(data) < 4096
	sectors := (len(data) + sector - 1) / sector
	out := make([]byte, sector*(4+sectors))
	put16 := func(at int, v uint16) { out[at], out[at+1] = byte(v), byte(v>>8) }
	put32 := func(at int, v uint32) { put16(at, uint16(v)); put16(at+2, uint16(v>>16)) }
	copy(out, magic)
	put16(24, 0x3e)
	put16(26, 3)
	put16(28, 0xfffe)
	put16(30, 9)
	put16(32, 6)
	put32(44, 1) // FAT sectors
	put32(48, 1) // first directory sector
	put32(56, 4096)
	put32(60, 2) // the mini FAT
	put32(64, 1)
	put32(68, end)
	for i := range 109 {
		put32(76+4*i, free)
	}
	put32(76, 0)
	for i := range sector / 4 {
		put32(sector+4*i, free)
		put32(3*sector+4*i, free)
	}
	put32(sector, fat)
	put32(sector+4, end)
	put32(sector+8, end)
	for i := range sectors {
		next := uint32(4 + i)
		if i == sectors-1 {
			next = end
		}
		put32(sector+12+4*i, next)
	}
	entry := func(i int, name string, kind byte, child, start uint32, size int) {
		at := 2*sector + 128*i
		for j, u := range utf16.Encode([]rune(name)) {
			put16(at+2*j, u)
		}
		put16(at+64, uint16(2*len(name)+2))
		out[at+66], out[at+67] = kind, 1
		put32(at+68, free)
		put32(at+72, free)
		put32(at+76, child)
		put32(at+116, start)
		put32(at+120, uint32(size))
	}
	for i, storage := range inside {
		entry(1+i, storage, 1, uint32(2+i), 0, 0)
	}
	at := 1 + len(inside)
	if small {
		minis := (len(data) + 63) / 64
		for i := range minis {
			next := uint32(i + 1)
			if i == minis-1 {
				next = end
			}
			put32(3*sector+4*i, next)
		}
		entry(0, "Root Entry", 5, 1, 3, len(data))
		entry(at, name, 2, free, 0, len(data))
	} else {
		entry(0, "Root Entry", 5, 1, end, 0)
		entry(at, name, 2, free, 3, len(data))
	}
	copy(out[4*sector:], data)
	return out
}
