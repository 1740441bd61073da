package mailtrace

import (
	"os"
	"strings"
	"testing"
)

// TestCrossCheckVersions holds the versions in reports against go.mod.
func TestCrossCheckVersions(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for module, version := range map[string]string{blitiriModule: blitiriVersion, msgauthModule: msgauthVersion} {
		if !strings.Contains(string(mod), module+" "+version+"\n") {
			t.Errorf("go.mod does not require %s %s", module, version)
		}
	}
}
