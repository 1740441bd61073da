package findings

// Group G: ARC.
var arcRules = []*Rule{}
