package received

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/internal/corpus"
)

func TestExchangeRelease(t *testing.T) {
	test := func(version, host, product, release, date string) {
		t.Helper()
		p, r, d := ExchangeRelease(version, host)
		if p != product || r != release || d != date {
			t.Errorf("ExchangeRelease(%q, %q) = %q, %q, %q\nwant %q, %q, %q", version, host, p, r, d, product, release, date)
		}
	}
	const host = "ex1.example.org"
	// Exactly, with and without zeros.
	test("15.2.2562.35", host, "Exchange Server SE", "RTM Dec25SU", "2025-12-09")
	test("15.02.2562.035", host, "Exchange Server SE", "RTM Dec25SU", "2025-12-09")
	test("15.2.1748.10", host, "Exchange Server 2019", "CU15", "2025-02-10")
	test("14.3.435.0", host, "Exchange Server 2010", "SP3 RU25", "2019-01-08")
	// The same first three numbers.
	test("14.3.123.3", host, "Exchange Server 2010", "SP3 branch, unlisted security or hotfix update", "")
	test("15.1.1713.4", host, "Exchange Server 2016", "CU12 branch, unlisted security or hotfix update", "")
	test("15.2.2562.99", host, "Exchange Server SE", "RTM branch, unlisted security or hotfix update", "")
	// Between two.
	test("14.3.440.0", host, "Exchange Server 2010", "between SP3 interim build between RU25 and RU26 (not in Microsoft lists) and SP3 RU26", "")
	test("14.3.430.0", host, "Exchange Server 2010", "between SP3 RU24 and SP3 RU25", "")
	test("15.2.9999.1", host, "Exchange Server SE", "after RTM Aug26SU", "")
	test("15.2.100.1", host, "Exchange Server 2019", "before Preview", "")
	test("15.2.2000.1", host, "Exchange Server 2019 or SE", "between Exchange Server 2019 CU15 Aug26SU and Exchange Server SE RTM", "")
	// Old products have three numbers.
	test("5.5.2653.19", host, "Exchange Server 5.5", "SP4", "")
	// The cloud.
	test("15.20.9115.13", host, "Exchange Online", "", "")
	test("15.1.707.6", "AM1EUR01FT001.mail.protection.outlook.com", "Exchange Online", "", "")
	test("15.0.1395.4", "X.namprd02.prod.outlook.com", "Exchange Online", "", "")
	test("15.1.1713.5", "notoutlook.com", "Exchange Server 2016", "CU12", "2019-02-12")
	// No build of Exchange.
	test("4.97", host, "", "", "")
	test("99.1.2.3", host, "", "", "")
	test("15.2.2562.-1", host, "", "", "")
	test("", host, "", "", "")
}

// TestExchangeTable reads every row of the table back.
func TestExchangeTable(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(exchangeCSV)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	builds, prefixes := 0, 0
	for _, row := range rows[1:] {
		if len(row) != 6 {
			t.Fatalf("%d columns in %v", len(row), row)
		}
		if strings.HasSuffix(row[0], ".") {
			prefixes++
			continue
		}
		if _, ok := parseBuild(row[0]); !ok {
			t.Errorf("cannot read build %q", row[0])
			continue
		}
		builds++
		if p, r, d := ExchangeRelease(row[0], "ex1.example.org"); p != row[1] || r != row[2] || d != row[3] {
			t.Errorf("%s: %q, %q, %q, want %q, %q, %q", row[0], p, r, d, row[1], row[2], row[3])
		}
	}
	table := exchangeBuilds()
	if len(table.builds) != builds || len(table.branches) != prefixes {
		t.Errorf("%d builds and %d branches in the table, %d and %d in the file", len(table.builds), len(table.branches), builds, prefixes)
	}
	for i := 1; i < len(table.builds); i++ {
		if table.builds[i].build == table.builds[i-1].build {
			t.Errorf("build %v stands twice", table.builds[i].build)
		}
	}
	t.Logf("%d builds, %d prefix rules", builds, prefixes)
}

// TestExchangeTableCurrent holds the embedded table against its source.
func TestExchangeTableCurrent(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(corpus.Path(t, "knowledge"), "exchange_builds.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if string(source) != exchangeCSV {
		t.Error("exchange_builds.csv differs from the shared table")
	}
}

func TestEndOfSupport(t *testing.T) {
	test := func(product, version, want string) {
		t.Helper()
		date, source, ok := EndOfSupport(product, version)
		got := ""
		if ok {
			got = date.Format(time.DateOnly)
		}
		if got != want || ok != (source != "") {
			t.Errorf("EndOfSupport(%q, %q) = %q (%s), want %q", product, version, got, source, want)
		}
	}
	test("Exchange Server 2007", "8.3.342.0", "2017-04-11")
	test("Exchange Server 2010", "14.3.123.3", "2020-10-13")
	test("Exchange Server 2013", "", "2023-04-11")
	test("Exchange Server 2016", "", "2025-10-14")
	test("Exchange Server 2019", "", "2025-10-14")
	test("Exchange Server", "15.0.1395.4", "2023-04-11")
	test("Exchange Server SE", "15.2.2562.35", "")
	test("Exchange Online", "15.20.9115.13", "")
	test("IIS SMTP", "6.0.3790.4675", "2015-07-14")
	test("IIS SMTP", "9.9.9.9", "")
	test("Postfix", "", "")
	known := map[string]bool{}
	for _, e := range endOfSupport {
		test(e.product, "", e.day)
		known[e.product] = true
	}
	for _, w := range windowsBuilds { // names that both tables know have to be spelled alike
		if !known[w.name] && strings.HasPrefix(w.name, "Windows Server 200") {
			t.Errorf("no end of support for %s", w.name)
		}
	}
}
