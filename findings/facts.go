package findings

import "github.com/mailtrace/mailtrace/headers"

// Facts is what rules look at.
type Facts = headers.Facts
