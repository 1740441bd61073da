//go:build linux

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// maxPeak is what the program may take of memory, in MB, however long the
// mailbox is.
const maxPeak = 200

// A mailbox of any length runs in bounded memory, in a file, packed, and as a
// stream. scripts/bigmbox runs the same with a gigabyte.
func TestMemory(t *testing.T) {
	size := 32 // MB
	if s := os.Getenv("MAILTRACE_MBOX_MB"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		size = n
	}
	dir := t.TempDir()
	box, packed := filepath.Join(dir, "box"), filepath.Join(dir, "box.gz")
	n := bigMailbox(t, box, packed, int64(size)<<20)
	for _, way := range []string{"file", "gzip", "stream"} {
		path, stdin := box, io.Reader(nil)
		switch way {
		case "gzip":
			path = packed
		case "stream":
			f, err := os.Open(box)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			path, stdin = "-", struct{ io.Reader }{f} // a pipe, not the file
		}
		cmd := exec.Command("mailtrace", "analyze", "--dns", "off", "--summary", "--json", "-q", "--allow-gaps", "--fail-on", "never", path)
		var out, stderr bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		read := peakOf(cmd.Process.Pid)
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%s: %v\n%.300s%.300s", way, err, out.Bytes(), stderr.Bytes())
		}
		if want := fmt.Sprintf("\"messages\": %d,", n); !strings.Contains(out.String(), want) {
			t.Errorf("%s: not %s in %.200s", way, want, out.Bytes())
		}
		peak := read()
		if peak == 0 {
			t.Skip("no count of memory here")
		}
		t.Logf("%s: %d messages, %d MB: peak %d MB", way, n, size, peak)
		if peak > maxPeak {
			t.Errorf("%s: %d MB of memory for a mailbox of %d MB", way, peak, size)
		}
	}
}

// peakOf watches the most memory that a process had, and returns what gives it
// in MB, 0 where the system does not say. What the system counts for a process
// that has ended includes the memory of the one that started it, which here is
// the test.
func peakOf(pid int) func() int {
	done, peak := make(chan bool), make(chan int)
	go func() {
		most := 0
		for {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if _, line, ok := strings.Cut(string(text), "VmHWM:"); ok {
				kb := 0
				fmt.Sscan(line, &kb)
				most = max(most, kb>>10)
			}
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int { done <- true; return <-peak }
}

// bigMailbox writes a mailbox of messages of different lengths, up to a
// megabyte, and returns how many.
func bigMailbox(t *testing.T, path, packed string, size int64) int {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	g, err := os.Create(packed)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewWriterLevel(g, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(io.MultiWriter(f, z), 1<<20)
	line := strings.Repeat("A line of a message, as long as most are: %08d", 1) + "\n"
	n, written := 0, int64(0)
	for written < size {
		n++
		k, _ := fmt.Fprintf(w, "From a@example.com Mon Nov 23 01:38:52 2026\nReceived: from a.example.net (a.example.net [192.0.2.%d]) by mx.example.org (Postfix) with ESMTPS id %X for <b@example.org>; Mon, 23 Nov 2026 01:38:52 +0000\n"+
			"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s; h=from:to:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n"+
			"From: a@d%d.example\nTo: b@example.org\nSubject: %d\nDate: Mon, 23 Nov 2026 01:38:50 +0000\nMessage-ID: <%d@example.com>\n\n", n%250+1, n, n%5000, n, n)
		written += int64(k)
		lines := 40 + n*7919%600
		if n%97 == 0 {
			lines = 18_000
		}
		for i := range lines {
			k, _ = fmt.Fprintf(w, line, i)
			written += int64(k)
		}
		_ = w.WriteByte('\n')
		written++
	}
	for _, err := range []error{w.Flush(), z.Close(), f.Close(), g.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}
