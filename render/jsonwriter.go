package render

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// A report is a hundred structs and some thousand texts, and encoding/json takes
// longer over it than all signatures of a message took. The writer here is made
// once from a type and follows it by itself when keys are added. It writes what
// encoding/json writes, byte for byte, with the characters that a terminal might
// obey escaped; a test holds it to that.

// valueWriter appends the value at a place in memory, which is of the type that
// it was made for.
type valueWriter func(*jsonText, unsafe.Pointer)

// jsonText is JSON under way. err is the first value that has no JSON.
type jsonText struct {
	b   []byte
	err error
	// filled writes a list that is nil as an empty one.
	filled bool
}

// filledLists is a document in whose JSON a list that is nil is an empty one.
type filledLists struct{ document any }

var jsonWriters sync.Map // reflect.Type: valueWriter

// appendJSON appends the JSON of a value, best given by a pointer.
func appendJSON(b []byte, v any) ([]byte, error) {
	w := jsonText{b: b}
	if f, ok := v.(filledLists); ok {
		w.filled, v = true, f.document
	}
	x := reflect.ValueOf(v)
	if x.Kind() != reflect.Pointer || x.IsNil() {
		p := reflect.New(reflect.TypeFor[any]())
		if v != nil {
			p = reflect.New(x.Type())
			p.Elem().Set(x)
		}
		x = p
	}
	writerOf(x.Type().Elem())(&w, x.UnsafePointer())
	return w.b, w.err
}

// writerOf returns the writer of a type, and makes it where it is new.
func writerOf(t reflect.Type) valueWriter {
	if w, ok := jsonWriters.Load(t); ok {
		return w.(valueWriter)
	}
	// A type may hold itself: what is made below finds this one.
	var made valueWriter
	ready := make(chan struct{})
	w, loaded := jsonWriters.LoadOrStore(t, valueWriter(func(j *jsonText, p unsafe.Pointer) {
		<-ready
		made(j, p)
	}))
	if loaded {
		return w.(valueWriter)
	}
	made = newWriter(t)
	close(ready)
	jsonWriters.Store(t, made)
	return made
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	numberType    = reflect.TypeFor[json.Number]()
	timeType      = reflect.TypeFor[time.Time]()
)

func newWriter(t reflect.Type) valueWriter {
	switch t {
	case timeType:
		return writeTime
	case reflect.PointerTo(timeType):
		return pointerWriter(t)
	}
	if p := reflect.PointerTo(t); t == numberType || t.Implements(marshaler) || t.Implements(textMarshaler) || p.Implements(marshaler) || p.Implements(textMarshaler) {
		return otherWriter(t)
	}
	switch t.Kind() {
	case reflect.String:
		return func(j *jsonText, p unsafe.Pointer) { j.b = appendText(j.b, *(*string)(p)) }
	case reflect.Bool:
		return func(j *jsonText, p unsafe.Pointer) { j.b = strconv.AppendBool(j.b, *(*bool)(p)) }
	case reflect.Int:
		return func(j *jsonText, p unsafe.Pointer) { j.b = strconv.AppendInt(j.b, int64(*(*int)(p)), 10) }
	case reflect.Int64:
		return func(j *jsonText, p unsafe.Pointer) { j.b = strconv.AppendInt(j.b, *(*int64)(p), 10) }
	case reflect.Uint8:
		return func(j *jsonText, p unsafe.Pointer) { j.b = strconv.AppendUint(j.b, uint64(*(*uint8)(p)), 10) }
	case reflect.Uint16:
		return func(j *jsonText, p unsafe.Pointer) { j.b = strconv.AppendUint(j.b, uint64(*(*uint16)(p)), 10) }
	case reflect.Uint32:
		return func(j *jsonText, p unsafe.Pointer) { j.b = strconv.AppendUint(j.b, uint64(*(*uint32)(p)), 10) }
	case reflect.Float64:
		return writeFloat
	case reflect.Pointer:
		return pointerWriter(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return otherWriter(t) // base64
		}
		return sliceWriter(t)
	case reflect.Struct:
		return structWriter(t)
	case reflect.Map:
		if t.Key().Kind() == reflect.String && !t.Key().Implements(textMarshaler) {
			return mapWriter(t)
		}
	}
	return otherWriter(t)
}

// mapWriter writes the keys in their order, as encoding/json does.
func mapWriter(t reflect.Type) valueWriter {
	elem := writerOf(t.Elem())
	return func(j *jsonText, p unsafe.Pointer) {
		m := reflect.NewAt(t, p).Elem()
		if m.IsNil() && !j.filled {
			j.b = append(j.b, "null"...)
			return
		}
		keys := m.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		j.b = append(j.b, '{')
		for i, k := range keys {
			if i > 0 {
				j.b = append(j.b, ',')
			}
			j.b = append(appendText(j.b, k.String()), ':')
			at := reflect.New(t.Elem())
			at.Elem().Set(m.MapIndex(k))
			elem(j, at.UnsafePointer())
		}
		j.b = append(j.b, '}')
	}
}

func pointerWriter(t reflect.Type) valueWriter {
	elem := writerOf(t.Elem())
	return func(j *jsonText, p unsafe.Pointer) {
		if at := *(*unsafe.Pointer)(p); at != nil {
			elem(j, at)
		} else {
			j.b = append(j.b, "null"...)
		}
	}
}

// otherWriter leaves a type to encoding/json.
func otherWriter(t reflect.Type) valueWriter {
	return func(j *jsonText, p unsafe.Pointer) {
		var b bytes.Buffer
		if err := encode(&b, reflect.NewAt(t, p).Interface(), ""); err != nil {
			if j.err == nil {
				j.err = err
			}
			return
		}
		j.b = append(j.b, safeJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n")))...)
	}
}

func writeTime(j *jsonText, p unsafe.Pointer) {
	n := len(j.b)
	b, err := (*time.Time)(p).AppendText(append(j.b, '"'))
	if err != nil {
		if j.err == nil {
			j.err = err
		}
		j.b = j.b[:n]
		return
	}
	j.b = append(b, '"')
}

// writeFloat leaves what is not a plain decimal to encoding/json.
func writeFloat(j *jsonText, p unsafe.Pointer) {
	if f := *(*float64)(p); f == 0 || f >= 1e-6 && f < 1e21 || f <= -1e-6 && f > -1e21 {
		j.b = strconv.AppendFloat(j.b, f, 'f', -1, 64)
		return
	}
	otherFloat(j, p)
}

var otherFloat = otherWriter(reflect.TypeFor[float64]())

// sliceHeader is a slice as the language lays it out.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

func sliceWriter(t reflect.Type) valueWriter {
	elem, size := writerOf(t.Elem()), t.Elem().Size()
	return func(j *jsonText, p unsafe.Pointer) {
		s := (*sliceHeader)(p)
		if s.data == nil {
			if j.filled {
				j.b = append(j.b, "[]"...)
			} else {
				j.b = append(j.b, "null"...)
			}
			return
		}
		j.b = append(j.b, '[')
		for i := range s.len {
			if i > 0 {
				j.b = append(j.b, ',')
			}
			elem(j, unsafe.Add(s.data, uintptr(i)*size))
		}
		j.b = append(j.b, ']')
	}
}

// jsonField is a key of a struct.
type jsonField struct {
	key    string // with the comma before it and the colon behind
	offset uintptr
	write  valueWriter
	empty  func(unsafe.Pointer) bool // of omitempty; nil without
}

func structWriter(t reflect.Type) valueWriter {
	var fields []jsonField
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || strings.Contains(options, "string") || strings.Contains(options, "omitzero") {
			return otherWriter(t)
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		x := jsonField{key: "," + string(appendText(nil, name)) + ":", offset: f.Offset, write: writerOf(f.Type)}
		if options == "omitempty" {
			x.empty = emptiness(f.Type)
		}
		fields = append(fields, x)
	}
	return func(j *jsonText, p unsafe.Pointer) {
		start := len(j.b)
		for i := range fields {
			f := &fields[i]
			at := unsafe.Add(p, f.offset)
			if f.empty != nil && f.empty(at) {
				continue
			}
			j.b = append(j.b, f.key...)
			f.write(j, at)
		}
		if len(j.b) == start {
			j.b = append(j.b, "{}"...)
			return
		}
		j.b[start] = '{' // the first comma
		j.b = append(j.b, '}')
	}
}

// emptiness tells what omitempty leaves out; nil for a type of which nothing is.
func emptiness(t reflect.Type) func(unsafe.Pointer) bool {
	switch t.Kind() {
	case reflect.String:
		return func(p unsafe.Pointer) bool { return *(*string)(p) == "" }
	case reflect.Slice:
		return func(p unsafe.Pointer) bool { return (*sliceHeader)(p).len == 0 }
	case reflect.Pointer:
		return func(p unsafe.Pointer) bool { return *(*unsafe.Pointer)(p) == nil }
	case reflect.Struct:
		return nil
	case reflect.Bool:
		return func(p unsafe.Pointer) bool { return !*(*bool)(p) }
	case reflect.Int:
		return func(p unsafe.Pointer) bool { return *(*int)(p) == 0 }
	case reflect.Map, reflect.Array:
		return func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().Len() == 0 }
	}
	return func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().IsZero() }
}

// plainText are the bytes that stand in a JSON text as they are.
var plainText = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendText appends a text in quotation marks.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plainText[c] {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		size := 1
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\f':
			b = append(b, '\\', 'f')
		case c < 0x80:
			b = appendU(b, rune(c))
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				b = append(b, `\ufffd`...)
			case r != '\u2028' && r != '\u2029' && unicode.IsPrint(r) && !invisible(r):
				b = append(b, s[i:i+size]...)
			case r > 0xffff:
				hi, lo := utf16.EncodeRune(r)
				b = appendU(appendU(b, hi), lo)
			default:
				b = appendU(b, r)
			}
		}
		i += size
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
