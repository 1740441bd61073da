package archive

import (
	"errors"
	"io"
)

// dictionaries passes an xz file on and ends it where a block asks for more
// memory than allowed: the library allocates what the header of a block says,
// up to 4 GB, and each block has its own. It follows the structure of the file
// only as far as it takes to find the headers (xz file format 1.2.1, §2 to §5):
// a stream header, blocks of LZMA2 chunks, an index, a footer.
type dictionaries struct {
	r     io.Reader
	most  int64
	state func(*dictionaries, byte) // takes the next byte
	skip  int64                     // bytes that tell nothing
	then  func(*dictionaries, byte) // the state behind them
	buf   []byte                    // of a header
	check int64                     // bytes of a block's checksum
	block int64                     // bytes of the block so far
	index struct{ left, size, shift int64 }
	sum   int64 // memory that all blocks asked for
	n     int64 // bytes of the file
	err   error
}

// A block of xz has at least its dictionary's size of text, but for the last:
// dictionarySum bytes are allocated whatever the file's length, and
// dictionaryRatio more for each of its bytes.
const (
	dictionarySum   = 4 << 30
	dictionaryRatio = 200
)

var (
	errXz     = errors.New("xz: damaged")
	checkSize = [16]int64{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}
)

// Read implements io.Reader.
func (d *dictionaries) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.r.Read(p)
	d.n += int64(n)
	for i := 0; i < n; {
		if d.skip > 0 {
			k := min(d.skip, int64(n-i))
			d.skip, d.block, i = d.skip-k, d.block+k, i+int(k)
			continue
		}
		if d.then != nil {
			d.state, d.then = d.then, nil
		}
		if d.state == nil {
			d.state = (*dictionaries).streamHeader
		}
		d.block++
		d.state(d, p[i])
		i++
		if d.err != nil {
			// The bytes that ask for it are not passed on.
			return 0, d.err
		}
	}
	return n, err
}

func (d *dictionaries) pass(n int64, then func(*dictionaries, byte)) { d.skip, d.then = n, then }

func (d *dictionaries) streamHeader(c byte) {
	if len(d.buf) == 0 && c == 0 {
		return // padding between streams
	}
	if d.buf = append(d.buf, c); len(d.buf) < 12 {
		return
	}
	d.check, d.buf = checkSize[d.buf[7]&15], d.buf[:0]
	d.state = (*dictionaries).blockStart
}

func (d *dictionaries) blockStart(c byte) {
	d.block = 1
	if c == 0 {
		d.index = struct{ left, size, shift int64 }{left: -1, size: 1}
		d.state = (*dictionaries).indexByte
		return
	}
	d.buf = append(d.buf[:0], c)
	d.state = (*dictionaries).blockHeader
}

// blockHeader: size, flags, sizes, filters, padding, CRC32 (§3.1).
func (d *dictionaries) blockHeader(c byte) {
	if d.buf = append(d.buf, c); len(d.buf) < (int(d.buf[0])+1)*4 {
		return
	}
	h := d.buf[2:]
	number := func() (v int64) {
		for shift := 0; len(h) > 0 && shift < 63; shift += 7 {
			b := h[0]
			h = h[1:]
			v |= int64(b&0x7f) << shift
			if b&0x80 == 0 {
				return v
			}
		}
		d.err = errXz
		return 0
	}
	flags := d.buf[1]
	if flags&0x40 != 0 {
		number()
	}
	if flags&0x80 != 0 {
		number()
	}
	for range int(flags&3) + 1 {
		id, size := number(), number()
		if d.err != nil || size < 0 || size > int64(len(h)) {
			d.err = errXz
			return
		}
		if id == 0x21 && size >= 1 {
			c := max(dictionary(h[0]), 8<<20) // the least that the library takes
			if d.sum += c; c > d.most {
				d.err = &Bound{"bytes of memory to unpack it", d.most}
				return
			}
			if (d.sum-dictionarySum)/dictionaryRatio > d.n {
				d.err = &Bound{"bytes of memory for each byte of its blocks", dictionaryRatio}
				return
			}
		}
		h = h[size:]
	}
	d.buf = d.buf[:0]
	d.state = (*dictionaries).chunk
}

// dictionary is the size that the byte of an LZMA2 filter stands for (§5.3.1).
func dictionary(c byte) int64 {
	bits := c & 0x3f
	if bits > 40 {
		return 1 << 62
	}
	if bits == 40 {
		return 1<<32 - 1
	}
	return int64(2|bits&1) << (bits/2 + 11)
}

// chunk reads the header of an LZMA2 chunk.
func (d *dictionaries) chunk(c byte) {
	d.buf = append(d.buf, c)
	control := d.buf[0]
	switch {
	case control == 0:
		d.buf = d.buf[:0]
		pad := (4 - d.block%4) % 4
		if n := pad + d.check; n > 0 {
			d.pass(n, (*dictionaries).blockStart)
		} else {
			d.state = (*dictionaries).blockStart
		}
	case control < 0x80 && len(d.buf) == 3:
		n := int64(d.buf[1])<<8 + int64(d.buf[2]) + 1
		d.buf = d.buf[:0]
		d.pass(n, (*dictionaries).chunk)
	case control >= 0x80 && len(d.buf) == 5:
		n := int64(d.buf[3])<<8 + int64(d.buf[4]) + 1
		if control >= 0xc0 {
			n++ // properties
		}
		d.buf = d.buf[:0]
		d.pass(n, (*dictionaries).chunk)
	}
}

// indexByte reads the number of records, then two numbers each, padding, CRC32
// and the footer of the stream (§4, §2.1.2).
func (d *dictionaries) indexByte(c byte) {
	x := &d.index
	x.size++
	if x.left < 0 {
		x.left -= int64(c&0x7f) << x.shift // counts down from -1
		x.shift += 7
		if x.shift > 56 {
			d.err = errXz
			return
		}
		if c&0x80 == 0 {
			x.left = (-1 - x.left) * 2
		} else {
			return
		}
	} else if c&0x80 == 0 {
		x.left--
	}
	if x.left == 0 {
		d.pass((4-x.size%4)%4+4+12, (*dictionaries).streamHeader)
	}
}
