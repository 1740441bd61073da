package compare_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

// FuzzCompare holds the result against the canonical forms themselves.
func FuzzCompare(f *testing.F) {
	signed, _ := readCase(f, "049-fwd-subject-tag-postfix")
	f.Add([]byte(signed), []byte(undo(f, signed, "[EXT] ", "")))
	f.Add([]byte(base), []byte(base+"-- \r\nlist \n \n"))
	f.Add([]byte("X: 1\n\na\n\n b \n"), []byte("X: 1\n\na\n\n\n b\n\t\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n"), []byte("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\neA==\n--b--\n"))
	f.Fuzz(func(t *testing.T, rawA, rawB []byte) {
		a, b := message.Parse(rawA), message.Parse(rawB)
		r, err := compare.Compare(context.Background(), dns.Disabled{}, a, b, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Summary == "" {
			t.Error("no summary")
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
		equal := func(canon string) bool {
			return bytes.Equal(dkim.AppendBody(nil, canon, a.BodyBytes()), dkim.AppendBody(nil, canon, b.BodyBytes()))
		}
		body := &r.Body
		if simple := equal(dkim.Simple); body.EqualSimple != simple || (body.First == nil) != simple {
			t.Errorf("simple forms equal: %v, got %v and line %v", simple, body.EqualSimple, body.First)
		}
		if relaxed := equal(dkim.Relaxed); body.EqualRelaxed != relaxed || (len(body.Hunks) == 0) != relaxed {
			t.Errorf("relaxed forms equal: %v, got %v and %d hunks", relaxed, body.EqualRelaxed, len(body.Hunks))
		}
		if body.First != nil {
			at(t, rawA, body.First.AtA)
			at(t, rawB, body.First.AtB)
		}
		for _, fields := range [][]compare.Field{r.Fields, r.Trace} {
			for _, f := range fields {
				if f.A != nil {
					at(t, rawA, f.A.At)
				}
				if f.B != nil {
					at(t, rawB, f.B.At)
				}
			}
		}
		lines := func(l compare.Lines) int { return l.Added - l.Removed }
		if d := lines(body.Start) + lines(body.Inside) + lines(body.End); d != body.LinesB-body.LinesA && body.Blanks == 0 {
			t.Errorf("%d lines against %d, but the difference is %d", body.LinesA, body.LinesB, d)
		}
		// The other way round it is the same the other way round.
		back, err := compare.Compare(context.Background(), dns.Disabled{}, b, a, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if back.Extent != r.Extent || len(back.Fields) != len(r.Fields) || len(back.Trace) != len(r.Trace) {
			t.Errorf("%s with %d and %d fields, the other way round %s with %d and %d",
				r.Extent, len(r.Fields), len(r.Trace), back.Extent, len(back.Fields), len(back.Trace))
		}
	})
}

func at(t *testing.T, raw []byte, offset int) {
	t.Helper()
	if offset < 0 || offset > len(raw) {
		t.Errorf("offset %d of %d bytes", offset, len(raw))
	}
}
