package received

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestDump(t *testing.T) {
	f, _ := os.Open(os.Getenv("DUMP"))
	if f == nil {
		t.Skip()
	}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	n := map[string]int{}
	seen := map[string]bool{}
	for sc.Scan() {
		_, v, ok := strings.Cut(sc.Text(), "\t")
		if !ok {
			v = sc.Text()
		}
		r := Parse(v)
		n[r.Dialect]++
		a, b := claimants(v)
		if len(a) > 1 || len(a) == 0 && len(b) > 1 {
			fmt.Println("MULTI", a, b, v)
		}
		if os.Getenv("ONLY") != "" && r.Dialect != os.Getenv("ONLY") {
			continue
		}
		k := r.Dialect + fmt.Sprint(r.Notes)
		if os.Getenv("ONLY") == "" && seen[k] {
			continue
		}
		seen[k] = true
		ef := "-"
		if r.EnvelopeFrom != nil {
			ef = *r.EnvelopeFrom
		}
		fmt.Printf("%s\n   => %s helo=%q rdns=%q/%s ip=%v:%d by=%q byip=%v with=%q proto=%q id=%q/%s for=%q ef=%q tls=%v %q %q shown=%v auth=%v %q local=%v uid=%q own=%v sw=%q %q rel=%q dist=%q t=%v comm=%q notes=%q\n", v, r.Dialect, r.Helo, r.RDNS, r.RDNSKind, r.IP, r.Port, r.By, r.ByIP, r.With, r.Proto, r.ID, r.IDKind, r.For, ef, r.TLS, r.TLSVersion, r.TLSCipher, r.TLSShown, r.Auth, r.AuthUser, r.Local, r.UID, r.OwnHost, r.Product, r.Version, r.Release, r.Distribution, r.Time.UTC().Format("2006-01-02T15:04:05"), r.Comments, r.Notes)
	}
	fmt.Println(n)
}
