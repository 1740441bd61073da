// Package secondopinion asks independent libraries the questions that mailtrace
// answers by engines of its own, over the same resolver, and says what is known
// to make the two differ. Where nothing known explains a difference, one of the
// two is wrong.
package secondopinion

// The libraries and their versions; a test holds them against go.mod.
const (
	SPFModule      = "blitiri.com.ar/go/spf"
	SPFVersion     = "v1.6.0"
	MsgauthModule  = "github.com/emersion/go-msgauth"
	MsgauthVersion = "v0.7.0"
)
