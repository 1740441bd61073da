package spf_test

import (
	"github.com/mailtrace/mailtrace/internal/secondopinion"
	"github.com/mailtrace/mailtrace/spf"
)

func init() {
	spf.CrossCheck, spf.KnownDifference = secondopinion.SPF, secondopinion.SPFDifference
}
