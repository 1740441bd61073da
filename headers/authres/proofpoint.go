package authres

// proofpoint writes the result and the record in two fields.
var proofpoint = []source{
	{"X-Proofpoint-SPF-Result", wordReader("proofpoint", "spf", setResult)},
	{"X-Proofpoint-SPF-Record", readSPFRecord},
}

// readSPFRecord reads the record as it was at delivery.
func readSPFRecord(in input) []Verdict {
	v := in.verdict()
	v.Dialect, v.Method = "proofpoint", "spf-record"
	// The record has no line ends of its own: folding stands for one space.
	v.Record = clean(in.text)
	if v.Record == "" {
		return []Verdict{}
	}
	return []Verdict{v}
}
