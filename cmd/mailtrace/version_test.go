package main

import (
	"os"
	"regexp"
	"runtime/debug"
	"testing"

	"github.com/mailtrace/mailtrace"
)

func TestVersion(t *testing.T) {
	build := func(version string, settings ...string) *debug.BuildInfo {
		b := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: version}}
		for i := 0; i < len(settings); i += 2 {
			b.Settings = append(b.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
		}
		return b
	}
	test := func(b *debug.BuildInfo, version, from string) {
		t.Helper()
		if v, f := releaseOf(b), builtFrom(b); v != version || f != from {
			t.Errorf("%q %q, want %q %q", v, f, version, from)
		}
	}
	own := mailtrace.Version
	test(nil, own, "")
	test(build("(devel)"), own, "")
	test(build(""), own, "")
	test(build("v7.8.9"), "7.8.9", "")
	test(build("v7.8.9-rc.1"), "7.8.9-rc.1", "")
	test(build("v7.8.9+dirty"), own, "")
	test(build("v0.0.0-20261127120000-0123456789ab"), own, "")
	test(build("v7.8.10-0.20261127120000-0123456789ab"), own, "")
	checkout := []string{"vcs.revision", "0123456789abcdef0123", "vcs.time", "2026-11-27T12:00:00Z", "GOOS", "linux", "GOARCH", "arm64"}
	test(build("(devel)", append(checkout, "vcs.modified", "false")...), own, "commit 0123456789ab, 2026-11-27, go1.26.0 linux/arm64")
	test(build("(devel)", append(checkout, "vcs.modified", "true")...), own, "commit 0123456789ab, changed, 2026-11-27, go1.26.0 linux/arm64")
}

// The version of the source is the one that the changelog is about.
func TestVersionInChangelog(t *testing.T) {
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^## (\S+?),? `).FindSubmatch(text)
	if m == nil || string(m[1]) != mailtrace.Version {
		t.Errorf("the newest chapter is %q, the version %s", m, mailtrace.Version)
	}
}
