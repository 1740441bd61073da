package compare_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/message"
)

// BenchmarkCompare compares copies whose bodies differ at both ends and every
// hundredth line, in two sizes: the time a byte must stay the same.
func BenchmarkCompare(b *testing.B) {
	for _, lines := range []int{1_000, 100_000} {
		var sent, received strings.Builder
		sent.WriteString("From: ann@example.com\nSubject: Hello\n\n")
		received.WriteString("From: ann@example.com\nSubject: [list] Hello\n\nbanner\n")
		for i := range lines {
			line := fmt.Sprintf("line %d of a body that is long enough to be folded by no server\n", i)
			sent.WriteString(line)
			if i%100 == 50 {
				line = "another " + line
			}
			received.WriteString(line)
		}
		received.WriteString("footer\n")
		x, y := message.Parse([]byte(sent.String())), message.Parse([]byte(received.String()))
		b.Run(fmt.Sprintf("lines=%d", lines), func(b *testing.B) {
			b.SetBytes(int64(len(x.Raw) + len(y.Raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := compare.Compare(context.Background(), nil, x, y, compare.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
