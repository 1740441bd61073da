package render

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

// byEncodingJSON is what the writer is held to.
func byEncodingJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, v, ""); err != nil {
		t.Fatal(err)
	}
	return string(safeJSON(b.Bytes()))
}

// sameJSON compares the two over one value, in both forms.
func sameJSON(t *testing.T, name string, v any) {
	t.Helper()
	want := byEncodingJSON(t, v)
	var got bytes.Buffer
	if err := lineOf(&got, v); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		at := 0
		for at < len(want) && at < got.Len() && got.String()[at] == want[at] {
			at++
		}
		from := max(0, at-60)
		t.Fatalf("%s: at byte %d\n got %.160q\nwant %.160q", name, at, got.String()[from:], want[from:])
	}
	var indented, indent bytes.Buffer
	if err := Indented(&indented, v); err != nil {
		t.Fatal(err)
	}
	if err := encode(&indent, v, "  "); err != nil {
		t.Fatal(err)
	}
	if indented.String() != string(safeJSON(indent.Bytes())) {
		t.Fatalf("%s: the indented forms differ", name)
	}
}

func TestJSONWriter(t *testing.T) {
	sameJSON(t, "rechecked", rechecked())
	sameJSON(t, "bounced", bounced())
	sameJSON(t, "hostile", hostile())
	sameJSON(t, "nothing", &report.Report{})
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var r report.Report
		scribble(rng, reflect.ValueOf(&r).Elem(), 0)
		sameJSON(t, "random report", &r)
		var d report.Domain
		scribble(rng, reflect.ValueOf(&d).Elem(), 0)
		sameJSON(t, "random domain", &d)
	}
	type odd struct {
		A  map[string]int `json:"a,omitempty"`
		B  any            `json:"b"`
		C  []byte
		D  [2]int            `json:"d"`
		E  float64           `json:"e,omitempty"`
		F  json.Number       `json:"f,omitempty"`
		G  time.Time         `json:"g,omitempty"`
		H  int8              `json:"-"`
		I  int16             `json:"i,omitempty"`
		J  *odd              `json:"j,omitempty"`
		K  []*odd            `json:"k,omitempty"`
		L  map[string]string `json:"l"`
		no int
	}
	sameJSON(t, "odd", &odd{A: map[string]int{"a\u2028": 1}, B: []any{1, "x\x7f"}, C: []byte("abc"), E: 1e30, F: "3", I: 5, J: &odd{}, K: []*odd{nil, {}}, no: 1})
	sameJSON(t, "a value", odd{})
	sameJSON(t, "a list", []string{"a", "b"})
	sameJSON(t, "a map", map[string]any{"b": 1, "a": "\u2028"})
	sameJSON(t, "nil", nil)
	sameJSON(t, "nil pointer", (*odd)(nil))
	late := &report.Report{EvaluatedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := appendJSON(nil, late); err == nil {
		t.Error("a year of five digits is written (RFC 3339 §5.6)")
	}
}

// scribble fills a value with anything.
func scribble(rng *rand.Rand, v reflect.Value, depth int) {
	if v.Type() == timeType {
		v.Set(reflect.ValueOf(time.Unix(rng.Int64N(4e9), rng.Int64N(3)*1e6).In(time.FixedZone("", 3600*(rng.IntN(25)-12)))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(scribbled(rng))
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(rng.IntN(5) - 1))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(rng.IntN(250)))
	case reflect.Float64:
		v.SetFloat([]float64{0, 1, 0.3, -2.7, 1e-6, 1e-7, -1e-9, 1e20, 1e21, -1e22, 86400.25}[rng.IntN(11)])
	case reflect.Pointer:
		if rng.IntN(3) > 0 && depth < 6 {
			v.Set(reflect.New(v.Type().Elem()))
			scribble(rng, v.Elem(), depth+1)
		}
	case reflect.Slice:
		if n := rng.IntN(4); n > 0 && depth < 6 {
			v.Set(reflect.MakeSlice(v.Type(), n-1, n))
			for i := range n - 1 {
				scribble(rng, v.Index(i), depth+1)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scribble(rng, v.Field(i), depth+1)
			}
		}
	}
}

func scribbled(rng *rand.Rand) string {
	pieces := []string{"", "plain", "a b", "\"", "\\", "<&>", "\n", "\r", "\t", "\b", "\f", "\x00", "\x1f", "\x7f", "é", "日", "\u2028", "\u2029", "\u00a0", "\u200b", "\u202e",
		"\ufffd", "\xff", "\xe2\x80", "\xf0\x9f", "\U0001f600", "\U000e0041", "\u115f", "\ufe0f", "\u0085"}
	var b strings.Builder
	for range rng.IntN(5) {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	return b.String()
}

func BenchmarkJSONL(b *testing.B) {
	r := filled(rechecked())
	var out bytes.Buffer
	b.Run("writer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			out.Reset()
			if err := lineOf(&out, r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			out.Reset()
			if err := encode(&out, r, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
