//go:build !unix

package mailtrace_test

import "time"

var started = time.Now()

// processorTime is the clock where the system does not tell more.
func processorTime() time.Duration { return time.Since(started) }
