package main

import (
	"os"
	"runtime/debug"
)

// A run over many inputs makes little that lasts and much that does not: most of
// what the collector would look at again and again is still there because
// nothing has been collected yet. It is let run less often, until the memory in
// use is large.
const (
	manyGCPercent = 400
	manyMemory    = 512 << 20
)

// collectLess is for a run over many inputs. GOGC and GOMEMLIMIT of the
// environment are the user's word.
func collectLess() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(manyGCPercent)
		debug.SetMemoryLimit(manyMemory)
	}
}

// manyInputs is called where a run turns out to have many inputs.
func (c *cli) manyInputs() {
	if c.many != nil {
		c.many()
	}
}
