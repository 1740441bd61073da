package findings

// Group I: spoofing.
var spoofing = []*Rule{
	directSpoof,
}
