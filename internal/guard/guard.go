// Package guard keeps a fault of this program inside the message or domain that
// brought it up. A panic becomes an error at the edge of the work, and one in a
// goroutine is carried to whoever waits for it: a goroutine without that ends
// the whole process, and with it the program that uses this module.
package guard

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// Fault is a panic that was caught. It is an error of this program, whatever
// the input was.
type Fault struct {
	Value any    // what was given to panic
	Stack []byte // where it happened
	At    string // function and line of this module, "" where the stack tells none
}

func (f *Fault) Error() string {
	s := fmt.Sprintf("internal error: %v", f.Value)
	if f.At != "" {
		s += " (" + f.At + ")"
	}
	return s
}

// Unwrap is the error that was given to panic, nil for another value.
func (f *Fault) Unwrap() error {
	err, _ := f.Value.(error)
	return err
}

// Catch makes an error of a panic. It is deferred:
//
//	func F() (err error) {
//		defer guard.Catch(&err)
func Catch(err *error) {
	if v := recover(); v != nil {
		*err = caught(v)
	}
}

// Run calls f and returns its panic as a *Fault.
func Run(f func()) (err error) {
	defer Catch(&err)
	f()
	return nil
}

func caught(v any) *Fault {
	if err, ok := v.(error); ok {
		var f *Fault
		if errors.As(err, &f) {
			return f // from a goroutine
		}
	}
	return &Fault{Value: v, Stack: debug.Stack(), At: place()}
}

const module = "github.com/mailtrace/mailtrace"

// place finds the newest frame of this module outside this package.
func place() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if name, ok := strings.CutPrefix(f.Function, module); ok && !strings.HasPrefix(name, "/internal/guard.") {
			file := f.File[strings.LastIndexByte(f.File, '/')+1:]
			return fmt.Sprintf("%s, %s:%d", strings.TrimPrefix(name, "/"), file, f.Line)
		}
		if !more {
			return ""
		}
	}
}

// Group is a sync.WaitGroup whose goroutines cannot end the process: Wait
// panics with the first *Fault of them, in the goroutine that waits. The zero
// value is ready.
type Group struct {
	wg    sync.WaitGroup
	mu    sync.Mutex
	fault error
}

// Go calls f in a goroutine of its own.
func (g *Group) Go(f func()) {
	g.wg.Go(func() {
		if err := Run(f); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.fault == nil {
				g.fault = err
			}
		}
	})
}

// Wait waits until all have returned.
func (g *Group) Wait() {
	g.wg.Wait()
	if g.fault != nil {
		panic(g.fault)
	}
}
