package guard

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	if err := Run(func() {}); err != nil {
		t.Error(err)
	}
	err := Run(func() { _ = []int{}[len(err0())] })
	var f *Fault
	if !errors.As(err, &f) || !strings.Contains(err.Error(), "index out of range") || len(f.Stack) == 0 {
		t.Errorf("%v", err)
	}
	if err := Run(func() { panic(io.EOF) }); !errors.Is(err, io.EOF) {
		t.Errorf("the error is not unwrapped: %v", err)
	}
}

func err0() string { return "" }

// The panic of a goroutine comes up where its group is waited for, once all
// have ended.
func TestGroup(t *testing.T) {
	done := make(chan bool, 2)
	err := Run(func() {
		var g Group
		g.Go(func() { done <- true })
		g.Go(func() { panic("first") })
		g.Go(func() { done <- true })
		g.Wait()
	})
	var f *Fault
	if !errors.As(err, &f) || f.Value != "first" || len(done) != 2 {
		t.Errorf("%v, %d done", err, len(done))
	}
	var quiet Group
	quiet.Go(func() {})
	quiet.Wait()
}
