package findings

// Group J: path and infrastructure.
var infrastructure = []*Rule{
	dsnOriginalAnalysed,
}
