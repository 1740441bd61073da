package findings

// Group C: DKIM broken in transit.
var brokenDKIM = []*Rule{}
