package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
)

var updateSecurity = flag.Bool("update-security", false, "write the table of bounds into SECURITY.md")

const (
	boundsBegin = "<!-- bounds -->\n"
	boundsEnd   = "<!-- end of bounds -->\n"
)

// SECURITY.md gives the bounds that the code has.
func TestSecurityPage(t *testing.T) {
	const page = "../../SECURITY.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| what | at most | constant or flag, and what happens there |\n|---|--:|---|\n")
	for _, l := range append(mailtrace.Limits(), inputLimits()...) {
		fmt.Fprintf(&want, "| %s | %s | %s |\n", l.What, amount(l), l.Where)
	}
	before, rest, ok := strings.Cut(string(text), boundsBegin)
	got, after, ok2 := strings.Cut(rest, boundsEnd)
	if !ok || !ok2 {
		t.Fatal("SECURITY.md has no place for the table")
	}
	if got == want.String() {
		return
	}
	if !*updateSecurity {
		t.Fatal("SECURITY.md is not what the code says; run go test ./cmd/mailtrace -run TestSecurityPage -update-security")
	}
	if err := os.WriteFile(page, []byte(before+boundsBegin+want.String()+boundsEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func amount(l mailtrace.Limit) string {
	switch {
	case l.Unit == "bytes" && l.Most >= 1<<30 && l.Most%(1<<30) == 0:
		return fmt.Sprintf("%d GB", l.Most>>30)
	case l.Unit == "bytes" && l.Most >= 1<<20 && l.Most%(1<<20) == 0:
		return fmt.Sprintf("%d MB", l.Most>>20)
	case l.Unit == "bytes" && l.Most%(1<<10) == 0:
		return fmt.Sprintf("%d KB", l.Most>>10)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", l.Most, l.Unit))
}
