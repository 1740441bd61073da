package secondopinion

import (
	"os"
	"strings"
	"testing"
)

// TestVersions holds the versions in reports against go.mod.
func TestVersions(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for module, version := range map[string]string{SPFModule: SPFVersion, MsgauthModule: MsgauthVersion} {
		if !strings.Contains(string(mod), module+" "+version+"\n") {
			t.Errorf("go.mod does not require %s %s", module, version)
		}
	}
}
