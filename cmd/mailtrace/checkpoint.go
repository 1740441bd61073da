package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
)

const (
	// checkpointEach is after how many messages what is done is kept, unless
	// keeping it takes more than a twentieth of the time; at the latest it is
	// after checkpointTime.
	checkpointEach = 100
	checkpointTime = 2 * time.Second
)

// checkpoint keeps what of a run is done, so that one which ended in whatever
// way goes on where it was: no message is missing in the output, and none is
// there twice.
//
// The output is written first, then the checkpoint beside it, which takes the
// old one's place in one step. So the output may be longer than the checkpoint
// says, never shorter; what is too much is cut off when the run goes on.
type checkpoint struct {
	saved
	file  string
	out   *os.File // the output; nil where only the summary counts
	w     *bufio.Writer
	ahead map[int]chain // done before an earlier one
	first int           // Done at the start
	was   map[int]chain // Also at the start
	begin chain         // Chain at the start
	count int           // done since it was kept
	last  time.Time     // when it was kept
	took  time.Duration // how long that took
	err   error         // the input is not what it was
}

// saved is what the file holds.
type saved struct {
	Schema  int           `json:"schema"`
	Version string        `json:"version"`
	Of      string        `json:"of"`             // the paths and options that the run had
	Done    int           `json:"done"`           // messages from the first on
	Also    []int         `json:"also,omitempty"` // and those behind, by number, of --unordered
	Chain   chain         `json:"chain"`          // which messages these were
	Bytes   int64         `json:"bytes"`          // of the output
	Code    int           `json:"code"`           // worst exit code
	Summary *bulk.Summary `json:"summary"`
	Chains  []chain       `json:"chains,omitempty"` // of Also
}

// chain stands for a message and all before it: their files, places and lengths.
type chain string

// next is the chain with one more message.
func (c chain) next(in *input) chain {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%q %d %d %d", c, in.path, in.index, in.at, in.size))
	return chain(base64.RawStdEncoding.EncodeToString(sum[:12]))
}

const checkpointHint = "remove the file to begin again"

// resume opens a checkpoint, "" for none. out is the file of the output, ""
// where only the summary counts.
func (c *cli) resume(file, out, of string, groupBy []string) (*checkpoint, error) {
	k := &checkpoint{
		saved: saved{Schema: 1, Version: mailtrace.Version, Of: of, Summary: &bulk.Summary{By: groupBy}},
		file:  file, ahead: map[int]chain{}, last: c.now(),
	}
	text, err := c.readFile(file, checkpointInput)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, wrong("give a file that can be read and written", "%s: %s", file, reason(err))
	default:
		var s saved
		if err := json.Unmarshal(text, &s); err != nil || s.Schema != 1 || s.Summary == nil || len(s.Also) != len(s.Chains) || s.Done < 0 || s.Bytes < 0 {
			return nil, wrong(checkpointHint, "%s: not a checkpoint", file)
		}
		if s.Version != mailtrace.Version {
			return nil, wrong("go on with that version, or "+checkpointHint, "%s: written by mailtrace %s", file, s.Version)
		}
		if s.Of != of {
			return nil, wrong("give the same paths and options, or "+checkpointHint, "%s: of another run", file)
		}
		if !slices.Equal(s.Summary.By, groupBy) && groupBy != nil {
			return nil, wrong(checkpointHint, "%s: of another run", file)
		}
		k.saved = s
		for i, n := range s.Also {
			k.ahead[n] = s.Chains[i]
		}
		c.code = worse(c.code, s.Code)
	}
	k.first, k.begin, k.was = k.Done, k.Chain, maps.Clone(k.ahead)
	if out == "" {
		return k, nil
	}
	if k.out, err = c.createFile(out, true); err != nil {
		return nil, err
	}
	info, err := k.out.Stat()
	switch {
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("not a file")
	case err == nil && info.Size() < k.Bytes:
		k.out.Close()
		return nil, wrong("put the output back, or remove "+file+" to begin again", "%s: shorter than %s says", out, file)
	case err == nil:
		err = k.out.Truncate(k.Bytes)
	}
	if err == nil {
		_, err = k.out.Seek(k.Bytes, io.SeekStart)
	}
	if err != nil {
		k.out.Close()
		return nil, wrong(writeHint, "%s: %s", out, reason(err))
	}
	k.w = bufio.NewWriterSize(k.out, 256<<10)
	return k, nil
}

// close ends the output.
func (k *checkpoint) close(out string) error {
	if k.out == nil {
		return nil
	}
	return writeError(out, k.out.Close())
}

// rest are the inputs that are not done. It numbers all, from 1.
func (k *checkpoint) rest(c *cli, in iter.Seq[input]) iter.Seq[input] {
	return func(yield func(input) bool) {
		var at chain
		n, skipped := 0, int64(0)
		for i := range in {
			n++
			at = at.next(&i)
			i.number, i.chain = n, at
			before, also := k.was[n]
			if n == k.first && at != k.begin || also && n > k.first && before != at {
				k.err = wrong("the files must be as they were; "+checkpointHint, "%s: other messages than before", k.file)
				return
			}
			if n <= k.first || also {
				skipped += i.read
				if i.held > 0 {
					c.memory.Release(i.held)
				}
				continue
			}
			i.read, skipped = i.read+skipped, 0
			if !yield(i) {
				return
			}
		}
		if n < k.first {
			k.err = wrong("the files must be as they were; "+checkpointHint, "%s: fewer messages than before", k.file)
		}
	}
}

// done notes that a message is in the output.
func (k *checkpoint) done(c *cli, r *result) error {
	k.ahead[r.number] = r.chain
	for {
		at, ok := k.ahead[k.Done+1]
		if !ok {
			break
		}
		k.Done++
		k.Chain = at
		delete(k.ahead, k.Done)
	}
	k.count++
	since := c.now().Sub(k.last)
	if k.count >= checkpointEach && since >= 20*k.took || since >= checkpointTime {
		return k.save(c)
	}
	return nil
}

// save keeps what is done: first the output, then the checkpoint.
func (k *checkpoint) save(c *cli) error {
	start := c.now()
	if k.out != nil {
		err := k.w.Flush()
		if err == nil {
			err = k.out.Sync()
		}
		if err == nil {
			k.Bytes, err = k.out.Seek(0, io.SeekCurrent)
		}
		if err != nil {
			return writeError(k.out.Name(), err)
		}
	}
	k.Also, k.Chains = nil, nil
	for n := range k.ahead {
		k.Also = append(k.Also, n)
	}
	slices.Sort(k.Also)
	for _, n := range k.Also {
		k.Chains = append(k.Chains, k.ahead[n])
	}
	k.Code = c.code
	text, err := json.Marshal(&k.saved)
	if err == nil {
		err = c.replaceFile(k.file, text, 0o600)
	}
	k.last = c.now()
	k.took, k.count = k.last.Sub(start), 0
	return writeError(k.file, err)
}

// runOf stands for the paths and the options that make the reports of a run.
func runOf(cmd *cobra.Command, paths []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q", paths)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "jobs", "progress", "checkpoint", "quiet", "color", "no-pager", "timeout", "retries":
		default:
			fmt.Fprintf(&b, " %s=%q", f.Name, f.Value.String())
		}
	})
	sum := sha256.Sum256([]byte(b.String()))
	return base64.RawStdEncoding.EncodeToString(sum[:12])
}
