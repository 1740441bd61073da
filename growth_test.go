package mailtrace_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var growthScale = flag.Int("growth", 1, "multiplies the sizes that TestGrowth tries")

// TestGrowth counts the work for n, 2n and 4n of whatever a sender can make long:
// twice the input may take twice the work and a little more. Work is how often each
// block of the code is entered and how much memory is taken, which no load of
// the machine changes. internal/growth has the series.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program with counters")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "growth")
	// Unoptimised, since compiling costs more than running.
	build := exec.Command("go", "build", "-cover", "-covermode=atomic", "-coverpkg=./...", "-gcflags="+module+"/...=-N -l", "-o", program, "./internal/growth")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	grown := func(pattern string) {
		run := exec.Command(program, "-dir", dir, "-scale", strconv.Itoa(*growthScale), "-run", pattern)
		run.Env = append(os.Environ(), "GOCOVERDIR="+t.TempDir())
		var stderr bytes.Buffer
		run.Stderr = &stderr
		out, err := run.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		faults := 0
		for line := range bytes.Lines(out) {
			var x struct {
				Series string
				N      int
				Dirs   [3]string
				Memory [3]uint64
				Blocks int
			}
			if err := json.Unmarshal(line, &x); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			faults++
			text := fmt.Sprintf("%s: %d, %d and %d take %d, %d and %d bytes of memory", x.Series, x.N, 2*x.N, 4*x.N, x.Memory[0], x.Memory[1], x.Memory[2])
			if pattern == squares {
				t.Log(text)
				continue
			}
			t.Errorf("%s\n%s", text, strings.Join(fastest(t, x.Dirs), "\n"))
		}
		if pattern == squares && faults != 1 {
			t.Errorf("a loop over pairs is not seen")
		}
	}
	grown(squares)
	grown("")
}

// squares names the one series that is known to grow faster than it is long: the
// test of the test.
const squares = "^pairs$"

// fastest names the blocks that grow fastest, with their counts.
func fastest(t *testing.T, dirs [3]string) []string {
	t.Helper()
	var counts [3]map[string]uint64
	for i, dir := range dirs {
		text := filepath.Join(t.TempDir(), "counts")
		if out, err := exec.Command("go", "tool", "covdata", "textfmt", "-i="+dir, "-o="+text).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		all, err := os.ReadFile(text)
		if err != nil {
			t.Fatal(err)
		}
		counts[i] = map[string]uint64{}
		for line := range strings.Lines(string(all)) {
			var at string
			var statements, n uint64
			if _, err := fmt.Sscan(line, &at, &statements, &n); err == nil {
				counts[i][strings.TrimPrefix(at, module+"/")] += n
			}
		}
	}
	var names []string
	for at, n4 := range counts[2] {
		n, n2 := counts[0][at], counts[1][at]
		if n4 > 10_000 && n2 >= n && n4 > n2 && float64(n4-n2) > 2.6*float64(n2-n) {
			names = append(names, at)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(counts[2][b], counts[2][a]) })
	var out []string
	for _, at := range names[:min(len(names), 8)] {
		out = append(out, fmt.Sprintf("  %s: %d, %d, %d times", at, counts[0][at], counts[1][at], counts[2][at]))
	}
	return out
}
