package received

import "time"

// endOfSupport holds the last day of the maker's extended support, by the
// product's name as Received.Product and Received.Release give it.
var endOfSupport = [...]struct{ product, day string }{
	{"Exchange Server 5.5", "2006-01-10"},
	{"Exchange 2000 Server", "2011-01-11"},
	{"Exchange Server 2003", "2014-04-08"},
	{"Exchange Server 2007", "2017-04-11"},
	{"Exchange Server 2010", "2020-10-13"},
	{"Exchange Server 2013", "2023-04-11"},
	{"Exchange Server 2016", "2025-10-14"},
	{"Exchange Server 2019", "2025-10-14"},
	{"Windows 2000", "2010-07-13"},
	{"Windows Server 2003", "2015-07-14"},
	{"Windows Server 2008", "2020-01-14"},
	{"Windows Server 2008 SP2", "2020-01-14"},
	{"Windows Server 2008 R2", "2020-01-14"},
	{"Windows Server 2008 R2 SP1", "2020-01-14"},
	{"Windows Server 2012", "2023-10-10"},
	{"Windows Server 2012 R2", "2023-10-10"},
	{"Windows Server 2016", "2027-01-12"},
}

// EndOfSupport says on which day the maker's support for a product ended or
// will end, and who says so. product and version are those of Received. ok is
// false where nothing is known, which does not mean that there is support:
// extended programmes that cost money are not counted.
//
// An SMTP service of Windows ("IIS SMTP") ends with its Windows.
func EndOfSupport(product, version string) (date time.Time, source string, ok bool) {
	switch product {
	case "Exchange Server":
		product, _, _ = ExchangeRelease(version, "")
	case "IIS SMTP":
		product = windowsOf(version)
	}
	for _, e := range endOfSupport {
		if e.product == product {
			date, err := time.Parse(time.DateOnly, e.day)
			return date, "Microsoft Lifecycle, " + product, err == nil
		}
	}
	return time.Time{}, "", false
}
