// Package corpus finds the material that tests read and that is not part of the
// repository: conformance vectors and real mail under licences of their own.
package corpus

import (
	"os"
	"path/filepath"
	"testing"
)

// Root is the folder of the material: $MAILTRACE_SHARED, or "shared" beside the
// repository, "" where neither is there.
func Root() string {
	if dir := os.Getenv("MAILTRACE_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			shared := filepath.Join(filepath.Dir(dir), "shared")
			if _, err := os.Stat(shared); err != nil {
				return ""
			}
			return shared
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

// Path is the path of a file or folder of the material, such as
// "corpora/arc/valimail". Where it is absent the test is skipped, and says so.
func Path(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Root(), filepath.FromSlash(name))
	if _, err := os.Stat(path); Root() == "" || err != nil {
		t.Skipf("%s is not here: it is not part of the repository, $MAILTRACE_SHARED names the folder that holds it", name)
	}
	return path
}
