package mailtrace_test

import (
	"bytes"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/damage"
)

// FuzzDamagedForms puts whatever message through every form of damage: none
// accuses anybody whom the clean one does not.
func FuzzDamagedForms(f *testing.F) {
	for _, e := range examples(f) {
		for i := 0; i < len(damage.Forms); i += 7 {
			f.Add(e.raw, i)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, form int) {
		if len(raw) > 64<<10 || form < 0 || form >= len(damage.Forms) {
			return
		}
		clean := analysed(t, raw, dns.Disabled{})
		if clean == nil || len(clean.Repairs) > 0 {
			return // damaged already
		}
		if !bytes.Contains(raw, []byte("\n\n")) && !bytes.Contains(raw, []byte("\n\r\n")) {
			return // cut off within its header: a form that adds an empty line mends it
		}
		x := damage.Forms[form]
		if what := other(clean, analysed(t, x.Make(raw), dns.Disabled{})); what != "" {
			t.Errorf("%s: %s", x.Name, what)
		}
	})
}
