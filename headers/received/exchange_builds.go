package received

import (
	_ "embed"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed exchange_builds.csv
var exchangeCSV string

// build is a version in four numbers.
type build [4]int

// parseBuild reads "15.2.2562.35" and the zero-padded "15.02.2562.035". Three
// numbers are enough.
func parseBuild(s string) (build, bool) {
	var b build
	n := 0
	for rest, more := s, true; more; n++ {
		var w string
		w, rest, more = strings.Cut(rest, ".")
		if n >= len(b) || w == "" || len(w) > 6 {
			return build{}, false
		}
		v, err := strconv.Atoi(w)
		if err != nil || v < 0 || !isDigit(w[0]) {
			return build{}, false
		}
		b[n] = v
	}
	return b, n >= 3
}

type exchangeBuild struct {
	build
	parts                 int // numbers in the table: 3 for old products
	product, update, date string
}

// exchangeTable is the table of builds, sorted, and its prefix rules by their
// text without the final dot.
type exchangeTable struct {
	builds   []exchangeBuild
	branches map[string]exchangeBuild
}

var exchangeBuilds = sync.OnceValue(func() exchangeTable {
	t := exchangeTable{branches: map[string]exchangeBuild{}}
	rows, err := csv.NewReader(strings.NewReader(exchangeCSV)).ReadAll()
	if err != nil {
		return t // a test reads the table
	}
	for _, row := range rows[1:] {
		e := exchangeBuild{product: row[1], update: row[2], date: row[3]}
		if prefix, ok := strings.CutSuffix(row[0], "."); ok {
			t.branches[prefix] = e
			continue
		}
		b, ok := parseBuild(row[0])
		if !ok {
			continue
		}
		e.build, e.parts = b, strings.Count(row[0], ".")+1
		t.builds = append(t.builds, e)
	}
	slices.SortFunc(t.builds, func(a, b exchangeBuild) int { return slices.Compare(a.build[:], b.build[:]) })
	return t
})

// unlisted ends the release of a build that Microsoft never listed.
const unlisted = ", unlisted security or hotfix update"

// ExchangeRelease says which product and which update has the build number version that
// stands in a Received field of host, and the day on which that update came out
// (YYYY-MM-DD, or "" where the number is not in the list exactly). The list is
// exchange_builds.csv.
//
// 15.0, 15.1 and 15.20 on Microsoft's own hosts are Exchange Online of that
// year, never Exchange Server. product is "" where the number is not a build of
// Exchange.
func ExchangeRelease(version, host string) (product, release, date string) {
	b, ok := parseBuild(version)
	if !ok {
		return "", "", ""
	}
	if b[0] == 15 && (b[1] == 20 || isOnline(host) && b[1] <= 1) {
		return "Exchange Online", "", ""
	}
	t := exchangeBuilds()
	branch := strconv.Itoa(b[0]) + "." + strconv.Itoa(b[1])
	line, known := t.branches[branch]

	i, exact := slices.BinarySearchFunc(t.builds, b, func(e exchangeBuild, b build) int {
		return slices.Compare(e.build[:], b[:])
	})
	if exact {
		return t.builds[i].product, t.builds[i].update, t.builds[i].date
	}
	var lower, higher *exchangeBuild
	if i > 0 && sameBranch(t.builds[i-1].build, b) {
		lower = &t.builds[i-1]
	}
	if i < len(t.builds) && sameBranch(t.builds[i].build, b) {
		higher = &t.builds[i]
	}
	// The first three numbers say the cumulative update, of 5.5 and 2000 the
	// service pack.
	near := lower
	if near == nil || near.build[2] != b[2] {
		near = higher
	}
	if near != nil && near.build[2] == b[2] {
		if near.parts == 3 {
			return near.product, near.update, ""
		}
		// Exchange 2007 writes a fourth number of its own into Received ("8.3.342.0",
		// the list has 8.3.342.4): the first three name the update, save where
		// several share them ("SP3 RU8", "SP3 RU8v2").
		if b[0] == 8 {
			if lower != nil && higher != nil && lower.build[2] == higher.build[2] {
				return near.product, "between " + lower.update + " and " + higher.update, ""
			}
			return near.product, near.update, ""
		}
		return near.product, cumulative(near.update) + unlisted, ""
	}
	switch {
	case lower != nil && higher != nil && lower.product == higher.product:
		return lower.product, "between " + lower.update + " and " + higher.update, ""
	case lower != nil && higher != nil:
		return line.product, "between " + lower.product + " " + lower.update + " and " + higher.product + " " + higher.update, ""
	case lower != nil:
		return lower.product, "after " + lower.update, ""
	case higher != nil:
		return higher.product, "before " + higher.update, ""
	case known:
		product, _, _ = strings.Cut(line.product, " on-premises")
		return product, "", ""
	}
	return "", "", ""
}

func sameBranch(a, b build) bool { return a[0] == b[0] && a[1] == b[1] }

// cumulative takes the month's update off: "CU15 Aug26SU" and "SP3 RU25" become
// "CU15 branch" and "SP3 branch".
func cumulative(update string) string {
	first, _, _ := strings.Cut(update, " ")
	if strings.HasPrefix(first, "CU") || strings.HasPrefix(first, "SP") || first == "RTM" {
		return first + " branch"
	}
	return update
}
