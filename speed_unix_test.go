//go:build unix

package mailtrace_test

import (
	"syscall"
	"time"
)

// processorTime is what this process has used of processors, in user and system.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
