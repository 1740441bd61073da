package render

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// Fixes writes what to set, product by product, in the order in which to do it.
func Fixes(w io.Writer, fixes report.Fixes, o Options) error {
	p := newPage(o)
	if len(fixes) == 0 && o.Detail != Verdict {
		p.line("no finding of the report has a known setting against it")
	}
	for i := range fixes {
		if i > 0 {
			p.blank()
		}
		p.fix(&fixes[i])
	}
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) fix(f *report.Fix) {
	head := Clean(f.Product)
	if f.Version != "" {
		head += " (" + Clean(f.Version) + ")"
	}
	p.hang("", 0, p.styled(head, bold))
	if f.Finding != "" {
		text := join(" ", Clean(f.Recipe), "against", Clean(f.Finding))
		if f.Effect == "tolerate" {
			text += "; it goes on, but this receiver accepts it"
		}
		p.hang("", 0, text)
	}
	for i, s := range f.Steps {
		n := strconv.Itoa(i+1) + ". "
		p.hang(pad(n, 4), 4, Clean(s.Text))
		// A command is for copying: it is never broken.
		for line := range strings.Lines(s.Command) {
			p.line("      ", p.styled(cleanTo(strings.TrimRight(line, "\r\n"), maxCommand), bold))
		}
	}
	if len(f.YourOwn) > 0 {
		names := slices.Clone(f.YourOwn)
		for i := range names {
			names[i] = Clean(names[i])
		}
		p.labelled("yours", yellow, "put in "+strings.Join(names, ", ")+" yourself")
	}
	if f.Test != "" {
		p.labelled("test", bold, Clean(f.Test))
	}
	if f.Risk != "" {
		p.labelled("risk", yellow, Clean(f.Risk))
	}
	source := Clean(f.Source)
	if f.Date != "" {
		source += ", " + Clean(f.Date)
	}
	basis := Clean(f.Basis)
	if f.Checked != "" {
		basis = join(", ", basis, "looked up again "+Clean(f.Checked))
	}
	if basis != "" {
		source += " (" + basis + ")"
	}
	p.labelled("source", faint, source)
}

// maxCommand bounds a line of a command, in characters.
const maxCommand = 2000
