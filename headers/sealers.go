package headers

import (
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// SealerHop is the index of the hop whose server added an ARC set, -1 where it
// can't be told. The server that seals writes its verdicts into the set, so the
// hop is that of ARC-Authentication-Results; where these say nothing, the
// neighbour of the seal whose host is in the seal's domain.
func (f *Facts) SealerHop(s *arc.Set) int {
	if s.Results >= 0 {
		for n := range f.Claims {
			if c := &f.Claims[n]; c.Field == s.Results && c.Hop >= 0 {
				return c.Hop
			}
		}
	}
	field := s.Seal
	if field < 0 {
		field = s.MessageSignature
	}
	if field < 0 {
		return -1
	}
	below := f.hopBelow(field)
	org := mailname.Org(s.Domain)
	for _, k := range []int{below, below + 1} {
		if k >= 0 && k < len(f.Hops) && org != "" && f.Hops[k].Org == org {
			return k
		}
	}
	return below
}

// hopBelow is the index of the newest hop whose field stands below a field, -1
// where none does.
func (f *Facts) hopBelow(field int) int {
	for k := len(f.Hops) - 1; k >= 0; k-- {
		if f.Hops[k].Field > field {
			return k
		}
	}
	return -1
}

// SetClaims are the verdicts that the ARC-Authentication-Results of a set hold.
func (f *Facts) SetClaims(s *arc.Set) []*Claim {
	var out []*Claim
	if s.Results < 0 {
		return nil
	}
	for n := range f.Claims {
		if f.Claims[n].Field == s.Results {
			out = append(out, &f.Claims[n])
		}
	}
	return out
}

// sealed reports whether a set's seal verifies: then its sealer wrote what
// ARC-Authentication-Results say.
func sealed(s *arc.Set) bool { return s.SealResult == "pass" }

// changedSince reports whether a message signature of a set was shown not to fit
// the message any more, because of a hash and not for want of a key.
func changedSince(s *arc.Set) bool {
	return s.Message != nil && s.Message.Result == dkim.Fail && s.AMSResult == "fail"
}
