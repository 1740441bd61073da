// Beside runs the inputs of the published attacks through other programs and
// prints who holds as a table (see scripts/beside).
//
//	beside run FOLDER       runs all programs on all inputs
//	beside mox INPUT        what mox says of one input, as JSON
//	beside go-msgauth INPUT
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"
	"github.com/mjl-/mox/dkim"
	"github.com/mjl-/mox/dmarc"
	"github.com/mjl-/mox/dns"
	"github.com/mjl-/mox/message"
	"github.com/mjl-/mox/smtp"
	"github.com/mjl-/mox/spf"
)

// input is what `go test -attacks-to` writes.
type input struct {
	Name    string
	Zone    [][3]string
	IP      string
	Helo    string
	From    string
	Verdict string
	Author  string
	DMARC   string
	Warned  string

	message []byte // nil where SPF alone is asked
}

// answer is what a program says.
type answer struct {
	Author string      `json:"author,omitempty"`
	DMARC  string      `json:"dmarc,omitempty"`
	SPF    string      `json:"spf,omitempty"`
	DKIM   [][2]string `json:"dkim,omitempty"` // domain, result
	Error  string      `json:"error,omitempty"`
}

const victim = "victim.example"

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: beside run FOLDER | beside mox INPUT | beside go-msgauth INPUT")
		os.Exit(2)
	}
	if os.Args[1] == "run" {
		run(os.Args[2])
		return
	}
	in, err := read(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	a := answer{}
	switch os.Args[1] {
	case "mox":
		a = mox(in)
	case "go-msgauth":
		a = goMsgauth(in)
	}
	json.NewEncoder(os.Stdout).Encode(a)
}

func read(name string) (*input, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	in := new(input)
	if err := json.Unmarshal(text, in); err != nil {
		return nil, err
	}
	in.message, err = os.ReadFile(strings.TrimSuffix(name, ".json") + ".eml")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return in, nil
}

// octets turns characters up to U+00FF into bytes.
func octets(s string) string {
	var b []byte
	for _, c := range s {
		b = append(b, byte(c))
	}
	return string(b)
}

func mox(in *input) answer {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	res := dns.MockResolver{PTR: map[string][]string{}, A: map[string][]string{}, AAAA: map[string][]string{}, TXT: map[string][]string{}, MX: map[string][]*net.MX{}}
	for _, r := range in.Zone {
		name := r[0] + "."
		switch r[1] {
		case "TXT":
			res.TXT[name] = append(res.TXT[name], octets(r[2]))
		case "A":
			res.A[name] = append(res.A[name], r[2])
		case "AAAA":
			res.AAAA[name] = append(res.AAAA[name], r[2])
		case "PTR":
			res.PTR[in.IP] = append(res.PTR[in.IP], r[2])
		case "MX":
			pref, host, _ := strings.Cut(r[2], " ")
			n, _ := strconv.Atoi(pref)
			res.MX[name] = append(res.MX[name], &net.MX{Host: host, Pref: uint16(n)})
		}
	}
	a := answer{}
	args := spf.Args{RemoteIP: net.ParseIP(in.IP), LocalIP: net.ParseIP("203.0.113.5"), LocalHostname: dns.Domain{ASCII: "mx.reader.example"}}
	if helo, err := dns.ParseDomain(in.Helo); err == nil {
		args.HelloDomain = dns.IPDomain{Domain: helo}
	}
	if in.From != "" {
		from, err := smtp.ParseAddress(in.From)
		if err != nil {
			a.Error = "MAIL FROM: " + err.Error() // the server refuses it
			return a
		}
		args.MailFromLocalpart, args.MailFromDomain = from.Localpart, from.Domain
	}
	got, domain, _, _, _ := spf.Verify(ctx, log, res, args)
	a.SPF = string(got.Result)
	if in.message == nil {
		return a
	}
	results, err := dkim.Verify(ctx, log, res, false, dkim.DefaultPolicy, bytes.NewReader(in.message), false)
	if err != nil {
		a.Error = "DKIM: " + err.Error()
	}
	for _, r := range results {
		d := ""
		if r.Sig != nil {
			d = r.Sig.Domain.ASCII
		}
		a.DKIM = append(a.DKIM, [2]string{d, string(r.Status)})
	}
	author, _, _, err := message.From(log, true, bytes.NewReader(in.message), nil)
	if err != nil {
		a.Error = "From: " + err.Error() // no author, no DMARC: the server refuses the message
		return a
	}
	a.Author = author.Domain.ASCII
	_, verdict := dmarc.Verify(ctx, log, res, author.Domain, results, spf.Status(got.Result), &domain, false)
	a.DMARC = string(verdict.Status)
	return a
}

func goMsgauth(in *input) answer {
	texts := map[string][]string{}
	for _, r := range in.Zone {
		if r[1] == "TXT" {
			texts[r[0]] = append(texts[r[0]], octets(r[2]))
		}
	}
	a := answer{}
	results, err := msgauth.VerifyWithOptions(bytes.NewReader(in.message), &msgauth.VerifyOptions{MaxVerifications: 32, LookupTXT: func(name string) ([]string, error) {
		if t, ok := texts[strings.ToLower(name)]; ok {
			return t, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}})
	if err != nil {
		a.Error = err.Error()
	}
	for _, r := range results {
		result := "pass"
		if r.Err != nil {
			result = "fail"
		}
		a.DKIM = append(a.DKIM, [2]string{r.Domain, result})
	}
	return a
}

// A program is asked about one input by a command.
type program struct {
	name string
	argv []string
	spf  bool // answers SPF
}

func run(dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		fmt.Fprintln(os.Stderr, "no inputs in", dir, err)
		os.Exit(2)
	}
	self, _ := os.Executable()
	programs := []program{{"go-msgauth", []string{self, "go-msgauth"}, false}, {"mox", []string{self, "mox"}, true}}
	for _, p := range []program{{"mailauth", []string{"node", "--max-old-space-size=1024", "mailauth.mjs"}, true}, {"dkimpy", []string{"/usr/bin/python3", "dkimpy.py"}, false}} {
		if out, err := exec.Command(p.argv[0], append(slices.Clone(p.argv[1:]), "--version")...).Output(); err == nil {
			fmt.Fprintf(os.Stderr, "%s %s", p.name, out)
			programs = append(programs, p)
		} else {
			fmt.Fprintf(os.Stderr, "%s does not run here: %v\n", p.name, err)
		}
	}
	// The worst of each program for each attack.
	type cell struct {
		rank int
		text string
	}
	table, count := map[string]map[string]cell{}, map[string]map[string]int{}
	var names []string
	for _, file := range files {
		in, err := read(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if table[in.Name] == nil {
			table[in.Name] = map[string]cell{}
			names = append(names, in.Name)
		}
		put := func(p string, rank int, text string) {
			if old, ok := table[in.Name][p]; !ok || rank > old.rank {
				table[in.Name][p] = cell{rank, text}
			}
		}
		put("mailtrace", 0, "holds")
		if in.Author == victim && in.DMARC == "pass" {
			put("mailtrace", 2, "passes, told: "+in.Warned)
		}
		for _, p := range programs {
			if in.message == nil && !p.spf {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			c := exec.CommandContext(ctx, p.argv[0], append(slices.Clone(p.argv[1:]), file)...)
			var stderr bytes.Buffer
			c.Stderr = &stderr
			out, err := c.Output()
			late := ctx.Err() != nil
			cancel()
			cpu := c.ProcessState.UserTime()
			var a answer
			switch {
			case late:
				put(p.name, 5, "no end after 60 s")
			case err != nil || json.Unmarshal(out, &a) != nil:
				put(p.name, 4, "ends by a fault: "+firstLine(stderr.String()))
			case cpu > 5*time.Second:
				put(p.name, 3, fmt.Sprintf("%.0f s of processor time", cpu.Seconds()))
			case in.message == nil:
				if a.SPF == "pass" && in.Verdict != "pass" {
					put(p.name, 2, "SPF passes")
				}
			case a.Author == victim && a.DMARC == "pass":
				put(p.name, 2, "DMARC passes")
			case (p.name == "go-msgauth" || p.name == "dkimpy") && slices.Contains(a.DKIM, [2]string{victim, "pass"}):
				put(p.name, 1, "the signature passes")
			}
			put(p.name, 0, "holds")
			if !late && os.Getenv("VERBOSE") != "" {
				fmt.Fprintf(os.Stderr, "%s %s %s %s", filepath.Base(file), in.Name, p.name, out)
			}
		}
	}
	name := func(s string) string { return strings.ReplaceAll(s, "_", " ") }
	fmt.Print("| attack | mailtrace |")
	for _, p := range programs {
		fmt.Printf(" %s |", p.name)
		count[p.name] = map[string]int{}
	}
	fmt.Print("\n|---|---|" + strings.Repeat("---|", len(programs)) + "\n")
	slices.Sort(names)
	all := 0
	for _, attack := range names {
		all++
		same := true
		row := "| " + name(attack) + " | " + table[attack]["mailtrace"].text + " |"
		for _, p := range programs {
			c, asked := table[attack][p.name]
			switch {
			case !asked:
				c.text = "-"
			case c.rank > 0:
				same = false
			default:
				count[p.name]["holds"]++
			}
			if asked {
				count[p.name]["asked"]++
			}
			row += " " + c.text + " |"
		}
		if !same || table[attack]["mailtrace"].rank > 0 {
			fmt.Println(row)
		}
	}
	fmt.Println()
	for _, p := range programs {
		fmt.Printf("%s holds in %d of %d attacks.\n", p.name, count[p.name]["holds"], count[p.name]["asked"])
	}
	fmt.Printf("%d attacks, %d inputs.\n", all, len(files))
}

func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && (strings.Contains(line, "rror") || strings.Contains(line, "panic")) {
			return line[:min(len(line), 100)]
		}
	}
	return strings.TrimSpace(s[:min(len(s), 100)])
}
