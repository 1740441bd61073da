package headers

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Bracket says on which stretch of the path a signature stopped to verify.
//
// A server that checks a signature sees the message as it came in. So a pass
// written at hop a and a fail written at hop b mean that one of the servers
// that wrote the hops a … b-1 changed it.
type Bracket struct {
	// First and Last are the indexes of the hops, oldest and newest, whose
	// servers may have made the change. Last < First where nobody can have: the
	// first server that received the message from its signer found it broken.
	First, Last int
	// Intact is the verdict that bounds the stretch below, nil where only the
	// place of the signature does: the servers above the signer. IntactSet is
	// the instance of the ARC set that says it, or whose message signature
	// shows it; 0 where it is none.
	Intact    *Claim
	IntactSet int
	// AfterSeal says that First is the server next to a sealer, because what the
	// sealer signed was changed too. Sealing comes last as a rule, but the sealer
	// may have changed the message after it.
	AfterSeal bool
	// Broken is the verdict that bounds it above, nil where only the message as
	// it is shows the change. BrokenSet is the instance of the ARC set whose
	// message signature still verifies: the change is older than it.
	Broken    *Claim
	BrokenSet int
	// Stranger says that First is the recipient's border, nothing says that the
	// signature was whole there, and the client that handed the message in is not
	// known as the signer's: it may have made the change, and wrote no line.
	Stranger bool
	// Hop is the index of the hop whose server is the likeliest to have made the
	// change, -1 where nothing tells.
	Hop int
	// Why says what names Hop: "only" where the stretch is one server's, else
	// what the software left behind.
	Why string
	// Field is the header field that Why rests on, -1 where it is none.
	Field int
}

// Single reports whether the stretch belongs to one server.
func (b *Bracket) Single() bool { return b.Why == onlyServer }

// Vague reports whether the stretch belongs to one organisation, and any of its
// servers on it may have made the change.
func (b *Bracket) Vague() bool { return b.Why == byRun }

// The words of Bracket.Why.
const (
	onlyServer = "only"
	byMark     = "mark"      // software wrote its host's name down
	byList     = "list"      // the stretch holds a mailing list
	byFilter   = "filter"    // a host took the message in a second time from itself
	byRelay    = "forwarder" // the stretch holds one organisation that sent the message on
	byRun      = "organisation"
)

// bracketSignatures finds the bracket of every signature that does not verify
// because the message was changed.
func (f *Facts) bracketSignatures() {
	f.Brackets = make([]*Bracket, len(f.DKIM))
	for i := range f.DKIM {
		if s := &f.DKIM[i]; Changed(s) {
			f.Brackets[i] = f.bracket(s)
		}
	}
}

// bracketsAnew finds the brackets once more, when it is known which verdicts are
// invented: their bounds are the weighed claims.
func bracketsAnew(c Facts) Signatures {
	f := &c
	f.bracketSignatures()
	return f.Signatures
}

// Changed reports whether a signature does not verify because of what it
// signed, and not for want of a key.
func Changed(s *dkim.Signature) bool {
	return s.EncodedWords || s.Result == dkim.Fail && (s.Code == dkim.ReasonBodyHash || s.Code == dkim.ReasonSignature || s.Code == dkim.ReasonBodyLength)
}

// Bracket returns the bracket of signature i, nil where it is whole.
func (f *Facts) Bracket(i int) *Bracket {
	if i < 0 || i >= len(f.Brackets) {
		return nil
	}
	return f.Brackets[i]
}

func (f *Facts) bracket(s *dkim.Signature) *Bracket {
	b := &Bracket{First: f.signerHop(s) + 1, Last: len(f.Hops) - 1, Hop: -1, Field: -1}
	f.boundBelow(b, s)
	f.boundAbove(b, s)
	b.Stranger = b.Intact == nil && b.IntactSet == 0 && b.First <= b.Last && f.strangerAt(b.First, s.Domain)
	f.name(b)
	return b
}

// signerHop is the index of the newest hop that was written before the message
// was signed: that of the signing server, which puts its field on top. -1 where
// it was signed before any.
func (f *Facts) signerHop(s *dkim.Signature) int {
	k := f.hopBelow(s.Field)
	// A signature that stands below fields which its own organisation wrote
	// later, or that others moved, says less; the organisation's hosts are the
	// signer's side all the same.
	org := mailname.Org(s.Domain)
	for org != "" && k+1 < len(f.Hops) && f.Hops[k+1].Org == org && f.RunOf(k+1) != f.LastRun() && mailname.SameOrg(s.Domain, f.FromDomain) {
		k++
	}
	return k
}

// boundBelow raises First to the newest hop at which the signature is known to
// have verified.
func (f *Facts) boundBelow(b *Bracket, s *dkim.Signature) {
	for n := range f.Claims {
		c := &f.Claims[n]
		if c.Normal != "pass" || c.Hop < b.First || !f.usable(c) || !about(c, s) {
			continue
		}
		b.First, b.Intact = c.Hop, c
		if c.Instance > 0 {
			b.IntactSet = c.Instance
		}
	}
	if f.ARC == nil {
		return
	}
	for i := range f.ARC.Sets {
		set := &f.ARC.Sets[i]
		// What a sealer signed does not fit any more: it was changed after it, and
		// the same part of the message is.
		if !sealed(set) || !changedSince(set) || !samePart(set.Message, s) {
			continue
		}
		if k := f.SealerHop(set); k >= b.First && (b.IntactSet == set.Instance || passedAt(f.SetClaims(set), s)) {
			b.First, b.IntactSet, b.AfterSeal = k+1, set.Instance, true
		}
	}
}

// boundAbove lowers Last to below the oldest hop at which the signature is known
// not to have verified.
func (f *Facts) boundAbove(b *Bracket, s *dkim.Signature) {
	for n := range f.Claims {
		c := &f.Claims[n]
		if !brokenVerdict(c) || c.Hop < b.First || c.Hop-1 > b.Last || !f.usable(c) || !about(c, s) {
			continue
		}
		if b.Broken == nil || c.Hop-1 < b.Last {
			b.Last, b.Broken = c.Hop-1, c
		}
	}
	if f.ARC == nil {
		return
	}
	for i := range f.ARC.Sets {
		set := &f.ARC.Sets[i]
		if set.AMSResult != "pass" || set.Message == nil || !covers(set.Message, s) {
			continue
		}
		// Nothing that it covers was changed since it was sealed.
		if k := f.SealerHop(set); k >= b.First && k < b.Last {
			b.Last, b.BrokenSet = k, set.Instance
		}
	}
}

// usable reports whether a verdict may bound a bracket: anything but what is
// invented, or came with the message without a server to it. What a seal
// vouches for is testimony.
func (f *Facts) usable(c *Claim) bool {
	return c.Method == "dkim" && c.Hop >= 0 && c.Trust != Forged && c.Trust != Untrusted
}

// about reports whether a verdict is about a signature.
func about(c *Claim, s *dkim.Signature) bool {
	if c.Domain != s.Domain || c.Selector != "" && c.Selector != s.Selector {
		return false
	}
	if len(strings.Trim(c.Signer, `"`)) >= 8 { // RFC 6008 §4: eight at least, fewer tell nothing
		if b, ok := dkim.TagValue(s.Tags, "b"); ok {
			// header.b holds the first characters of b= (RFC 6008).
			return strings.HasPrefix(strings.Join(strings.Fields(b), ""), strings.Trim(c.Signer, `"`))
		}
	}
	return true
}

// brokenVerdict reports whether a verdict says that the signature did not fit
// the message: "fail", or what Exim calls neutral when the body hash differs. A
// verdict about a key says nothing of the kind.
func brokenVerdict(c *Claim) bool {
	words := strings.ToLower(c.Comment + " " + c.Reason)
	switch c.Normal {
	case "fail":
		return !strings.Contains(words, "key not found") && !strings.Contains(words, "no key") && !strings.Contains(words, "expired")
	case "neutral":
		return strings.Contains(words, "body hash") || strings.Contains(words, "modified")
	}
	return false
}

func passedAt(claims []*Claim, s *dkim.Signature) bool {
	return slices.ContainsFunc(claims, func(c *Claim) bool { return c.Method == "dkim" && c.Normal == "pass" && about(c, s) })
}

// samePart reports whether both signatures broke in the same part of the
// message.
func samePart(a, b *dkim.Signature) bool {
	return a.BodyHash == dkim.Mismatch && b.BodyHash == dkim.Mismatch || a.HeaderSignature == dkim.Mismatch && b.HeaderSignature == dkim.Mismatch
}

// covers reports whether a message signature that verifies rules out that the
// part of the message in which s broke was changed after it: it signs the whole
// body, or all header fields that s signs.
func covers(ams, s *dkim.Signature) bool {
	if s.BodyHash == dkim.Mismatch && ams.UnsignedBytes > 0 {
		return false
	}
	if s.HeaderSignature != dkim.Mismatch {
		return true
	}
	for _, h := range s.SignedFields {
		if ams.Names(h) == 0 {
			return false
		}
	}
	return true
}

// name finds the likeliest server of the stretch.
func (f *Facts) name(b *Bracket) {
	if b.Last < b.First || b.First >= len(f.Hops) {
		return
	}
	b.Last = min(b.Last, len(f.Hops)-1)
	one := true
	for k := b.First; k <= b.Last; k++ {
		one = one && f.sameHost(k, b.First)
	}
	if one && !b.Stranger {
		b.Hop, b.Why = b.Last, onlyServer
		return
	}
	if k, field := f.markIn(b); k >= 0 {
		b.Hop, b.Why, b.Field = k, byMark, field
		return
	}
	// A list changes what it sends on, by trade.
	for k := b.Last; k >= b.First; k-- {
		if r := f.RunOf(k); f.isList(r) && r.Role != Recipient {
			b.Hop, b.Why = k, byList
			return
		}
	}
	for k := b.Last; k >= b.First; k-- {
		// Where a host hands a message to itself, a filter had it between.
		if h := &f.Hops[k]; k > b.First && (h.Local || h.IP.IsLoopback()) && f.sameHost(k, k-1) && f.RunOf(k).Role != Sender {
			b.Hop, b.Why = k, byFilter
			return
		}
	}
	if b.Stranger {
		return // the stretch has one more end, which nothing names
	}
	// One organisation, or one that is neither the sender's nor the recipient's.
	first, last := f.runOf[b.First], f.runOf[b.Last]
	if first == last {
		b.Hop, b.Why = b.Last, byRun
		return
	}
	relay := -1
	for k := b.First; k <= b.Last; k++ {
		if f.RunOf(k).Role == Intermediary {
			if relay >= 0 && f.runOf[relay] != f.runOf[k] {
				return
			}
			relay = k
		}
	}
	if relay >= 0 {
		b.Hop, b.Why = relay, byRelay
	}
}

// sameHost reports whether two hops were written by one host.
func (f *Facts) sameHost(a, b int) bool {
	x, y := mailname.Host(f.Hops[a].By), mailname.Host(f.Hops[b].By)
	return a == b || x != "" && x == y
}

// markFields are fields in which software that changes messages names its host,
// or that only one kind of server writes.
var markFields = []string{"X-MIME-Autoconverted", "X-hMailServer-Spam", "X-MIMETrack"}

// markIn finds a hop of the stretch whose server left its name in a field that
// it writes when it changes a message.
func (f *Facts) markIn(b *Bracket) (hop, field int) {
	for _, name := range markFields {
		for _, i := range f.Msg.All(name) {
			v := strings.ToLower(f.Msg.Value(i))
			for k := b.Last; k >= b.First; k-- {
				h := &f.Hops[k]
				if name == "X-hMailServer-Spam" && h.Dialect == "hmailserver" {
					return k, i
				}
				if by := mailname.Host(h.By); by != "" && namesHost(v, by) {
					return k, i
				}
			}
		}
	}
	return -1, -1
}

// namesHost reports whether a text holds a host name as a whole word.
func namesHost(text, name string) bool {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == ';' || r == ',' || r == '(' || r == ')' || r == '/'
	}) {
		if strings.TrimSuffix(w, ".") == name {
			return true
		}
	}
	return false
}

// After reports whether the whole stretch lies at or above a hop: then the
// message that came in there was the one that was signed.
func (b *Bracket) After(hop int) bool {
	return b != nil && b.First <= b.Last && (b.First >= hop || (b.Why == byMark && b.Hop >= hop))
}
