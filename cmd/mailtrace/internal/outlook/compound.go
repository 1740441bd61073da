package outlook

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

// compound reads streams of a compound file [MS-CFB]. It trusts no number in
// the file: a chain of sectors is never longer than the file, and every offset
// is checked, so reading takes linear time and ends.
type compound struct {
	raw     []byte
	shift   uint     // log2 of the sector size
	fat     []uint32 // sectors that hold the FAT
	miniFAT []byte
	mini    []byte // the stream that small streams live in
	root    []byte // the directory, 128 bytes an entry
}

const (
	compoundHeader  = 512
	compoundEntry   = 128
	miniCutoff      = 4096       // smaller streams live in the mini stream
	maxRegularSect  = 0xfffffffa // larger numbers are no sectors
	noStream        = 0xffffffff
	maxCompoundTree = 100_000  // entries of the directory that are looked at
	maxDirectory    = 16 << 20 // bytes
)

var (
	compoundMagic = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}
	errCompound   = errors.New("a damaged Outlook message")
)

func openCompound(raw []byte) (*compound, error) {
	if len(raw) < compoundHeader {
		return nil, errCompound
	}
	c := &compound{raw: raw, shift: uint(binary.LittleEndian.Uint16(raw[30:]))}
	if c.shift != 9 && c.shift != 12 { // [MS-CFB §2.2]
		return nil, errCompound
	}
	// The FAT's sectors: 109 in the header, the rest in a chain of DIFAT
	// sectors, whose last word leads on [MS-CFB §2.5].
	sectors := len(raw) >> c.shift
	add := func(list []byte) {
		for ; len(list) >= 4 && len(c.fat) < sectors; list = list[4:] {
			if n := binary.LittleEndian.Uint32(list); n <= maxRegularSect {
				c.fat = append(c.fat, n)
			}
		}
	}
	add(raw[76:compoundHeader])
	next := c.u32(68)
	for range sectors {
		s := c.sector(next)
		if len(s) < 8 {
			break
		}
		add(s[:len(s)-4])
		next = binary.LittleEndian.Uint32(s[len(s)-4:])
	}
	c.root = c.chain(c.u32(48), maxDirectory)
	if len(c.root) < compoundEntry {
		return nil, errCompound
	}
	c.miniFAT = c.chain(c.u32(60), int64(len(raw)))
	start, size := c.extent(0)
	c.mini = c.chain(start, size)
	return c, nil
}

func (c *compound) u32(at int) uint32 { return binary.LittleEndian.Uint32(c.raw[at:]) }

// sector returns the bytes of a sector, nil where there is none.
func (c *compound) sector(n uint32) []byte {
	start := (int64(n) + 1) << c.shift
	if n > maxRegularSect || start >= int64(len(c.raw)) {
		return nil
	}
	return c.raw[start:min(start+1<<c.shift, int64(len(c.raw)))]
}

// next returns the sector after n in its chain.
func (c *compound) next(n uint32) uint32 {
	perSector := uint32(1) << (c.shift - 2)
	if int64(n/perSector) >= int64(len(c.fat)) {
		return noStream
	}
	s := c.sector(c.fat[n/perSector])
	at := int(n%perSector) * 4
	if at+4 > len(s) {
		return noStream
	}
	return binary.LittleEndian.Uint32(s[at:])
}

// chain returns the bytes of a chain of sectors, at most limit.
func (c *compound) chain(n uint32, limit int64) []byte {
	var out []byte
	for range len(c.raw)>>c.shift + 1 {
		s := c.sector(n)
		if s == nil || int64(len(out)) >= limit {
			break
		}
		out = append(out, s...)
		n = c.next(n)
	}
	return out[:min(int64(len(out)), max(limit, 0))]
}

// small returns the bytes of a chain in the mini stream [MS-CFB §2.4].
func (c *compound) small(n uint32, limit int64) []byte {
	const shift = 6
	var out []byte
	for range len(c.mini)>>shift + 1 {
		start := int64(n) << shift
		if start >= int64(len(c.mini)) || int64(len(out)) >= limit {
			break
		}
		out = append(out, c.mini[start:min(start+1<<shift, int64(len(c.mini)))]...)
		if int64(n)*4+4 > int64(len(c.miniFAT)) {
			break
		}
		n = binary.LittleEndian.Uint32(c.miniFAT[int64(n)*4:])
	}
	return out[:min(int64(len(out)), max(limit, 0))]
}

// entry returns the directory entry n, nil where there is none.
func (c *compound) entry(n uint32) []byte {
	at := int64(n) * compoundEntry
	if at+compoundEntry > int64(len(c.root)) {
		return nil
	}
	return c.root[at : at+compoundEntry]
}

// extent returns where the stream of entry n begins and how long it says it
// is.
func (c *compound) extent(n uint32) (start uint32, size int64) {
	e := c.entry(n)
	return binary.LittleEndian.Uint32(e[116:]), int64(binary.LittleEndian.Uint32(e[120:]))
}

// stream returns the stream of a name directly below the root, at most limit
// bytes of it.
func (c *compound) stream(name string, limit int64) ([]byte, bool) {
	const stream = 2
	seen := map[uint32]bool{}
	todo := []uint32{binary.LittleEndian.Uint32(c.root[76:])}
	for len(todo) > 0 && len(seen) < maxCompoundTree {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		e := c.entry(n)
		if e == nil || seen[n] {
			continue
		}
		seen[n] = true
		if e[66] == stream && entryName(e) == name {
			start, size := c.extent(n)
			if size = min(size, limit); size < miniCutoff && int64(binary.LittleEndian.Uint32(e[120:])) < miniCutoff {
				return c.small(start, size), true
			}
			return c.chain(start, size), true
		}
		todo = append(todo, binary.LittleEndian.Uint32(e[68:]), binary.LittleEndian.Uint32(e[72:]))
	}
	return nil, false
}

// entryName is the name of an entry: UTF-16 with a final zero [MS-CFB §2.6.1].
func entryName(e []byte) string {
	n := int(binary.LittleEndian.Uint16(e[64:]))
	if n < 2 || n > 64 {
		return ""
	}
	return string(fromUTF16(e[:n-2]))
}

// fromUTF16 decodes UTF-16LE.
func fromUTF16(b []byte) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}
