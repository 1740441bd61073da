package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, name := range []string{"a.eml", "b.eml"} {
		path := filepath.Join(dir, name)
		paths = append(paths, path)
		text := "Return-Path: <ann@corp.example>\nReceived: from mail.corp.example (mail.corp.example [192.0.2.10])\n\tby mx.example.org (Postfix) with ESMTPS id 4XyZ045bKz1\n" +
			"\tfor <bob@example.org>; Wed, 2 Dec 2026 10:00:04 +0000 (UTC)\nFrom: ann@corp.example\nTo: bob@example.org\n\nHello\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	res := table(map[string]string{"corp.example": "v=spf1 ip4:192.0.2.0/24 -all", "_dmarc.corp.example": "v=DMARC1; p=reject"}, nil)
	if err := run(t.Context(), &out, res, paths); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.HasPrefix(got, paths[0]+": authenticated\n") || !strings.Contains(got, "\n"+paths[1]+": authenticated\n") {
		t.Errorf("%s", got)
	}
	if err := run(t.Context(), &out, res, []string{filepath.Join(dir, "absent")}); err == nil {
		t.Error("a file that is not there is no error")
	}
}
