package repair

import (
	"context"
	"sync"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// signedSamples are signed once a process: the keys are made there.
var signedSamples = sync.OnceValue(func() (out []string) {
	t := &testing.T{}
	for i, m := range samples() {
		signed, _ := signSample(t, m, canons[i%len(canons)], testKeys().rsa2048)
		out = append(out, signed.String())
	}
	return out
})

// FuzzRepair puts any text into a signed message, in the place of some. What is
// reported has proof; texts are bounded, and a signature that verifies is left
// alone.
func FuzzRepair(f *testing.F) {
	f.Add(byte(0), uint16(1100), byte(0), []byte("footer\r\n"))
	f.Add(byte(9), uint16(1200), byte(9), []byte("--b1\r\nContent-Type: text/html\r\n\r\n<body>"))
	f.Add(byte(4), uint16(800), byte(0), []byte("Content-Type: multipart/mixed; boundary=\"\r\n"))
	f.Add(byte(5), uint16(700), byte(1), []byte("=?utf-8?q?=FF?= https://urldefense.com/v3/__https:/x**A__;!!$"))
	f.Fuzz(func(t *testing.T, n byte, at uint16, cut byte, text []byte) {
		raw := signedSamples()[int(n)%len(samples())]
		start := min(int(at), len(raw))
		end := min(start+int(cut), len(raw))
		if len(text) > 8<<10 {
			return
		}
		b := append([]byte(raw[:start]), text...)
		v := dkim.NewVerifier(zone(record(testKeys().rsa2048)), message.Parse(append(b, raw[end:]...)), dkim.Options{MaxSignatures: 2})
		sigs, err := v.Verify(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for i := range sigs {
			r, err := New(v).Search(context.Background(), &sigs[i], Options{MaxHashes: 2000})
			if err != nil {
				t.Fatal(err)
			}
			if r == nil {
				continue
			}
			if sigs[i].BodyHash == dkim.Match && sigs[i].HeaderSignature == dkim.Match {
				t.Fatalf("repaired what is whole: %+v", r)
			}
			if len(r.Changes) == 0 && !r.Exhausted || len(r.Changes) > 0 && !r.BodyProved && !r.HeaderProved {
				t.Fatalf("%+v", r)
			}
			for _, c := range r.Changes {
				if c.Kind == "" || c.Description == "" || len(c.Text) > MaxChangeText || len(c.Diff) > MaxChangeDiff || len(c.Description) > 2000 {
					t.Fatalf("%+v", c)
				}
			}
		}
	})
}
