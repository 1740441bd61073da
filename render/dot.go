package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// DOT writes the path of a message as a directed graph in the language of
// Graphviz, for those who lay it out themselves: a cluster for each
// organisation, a node for each host, an edge for each hop.
func DOT(w io.Writer, r *report.Report, _ Options) error {
	d := draw(r.Subject())
	var b strings.Builder
	fmt.Fprintf(&b, "digraph path {\n\tlabel=%s;\n\tlabelloc=t;\n\trankdir=TB;\n\tnode [shape=box, fontname=\"sans-serif\"];\n\tedge [fontname=\"sans-serif\"];\n",
		dotText(join("\n", d.mark+" "+d.status, d.title, d.line)))
	for i := 0; i < len(d.stops); {
		j := i + 1
		for j < len(d.stops) && d.stops[j].band == d.stops[i].band && d.stops[j].in.border == "" {
			j++
		}
		s := &d.stops[i]
		fmt.Fprintf(&b, "\tsubgraph cluster_%d {\n\t\tlabel=%s;\n", i, dotText(join(", ", s.band, s.role)))
		for k := i; k < j; k++ {
			dotNode(&b, k, &d.stops[k])
		}
		b.WriteString("\t}\n")
		i = j
	}
	for k := 1; k < len(d.stops); k++ {
		e := &d.stops[k].in
		var attrs []string
		if e.hop > 0 {
			label := join("\n", "hop "+strconv.Itoa(e.hop), join(" ", e.when, e.delay), e.how, e.link)
			if e.border != "" {
				label = join("\n", label, "border of "+e.border)
				attrs = append(attrs, "penwidth=3")
			}
			for _, g := range e.readings {
				label = join("\n", label, "reading "+strconv.Itoa(g)+": border here")
			}
			attrs = append(attrs, "label="+dotText(label))
		} else {
			attrs = append(attrs, `label="no line tells"`)
		}
		if e.fault {
			attrs = append(attrs, "color=red")
		}
		if e.claimed || e.hop == 0 {
			attrs = append(attrs, "style=dashed")
		}
		fmt.Fprintf(&b, "\th%d -> h%d [%s];\n", k-1, k, strings.Join(attrs, ", "))
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func dotNode(b *strings.Builder, k int, s *stop) {
	label := []string{s.name, strings.Join(s.addresses, ", "), join(" · ", s.service, s.software), s.age}
	if s.claimed {
		label = append(label, "claimed")
	}
	for _, v := range s.verdicts {
		var words []string
		for _, c := range v.chips {
			words = append(words, c.mark+" "+c.text)
		}
		by := "written here"
		if v.by != "" {
			by = "by " + v.by
		}
		label = append(label, join(", ", append(words, join(" ", by, v.trust))...))
	}
	for _, a := range s.asked {
		label = append(label, "asked here: "+a.mark+" "+a.text)
	}
	for _, e := range s.inner {
		label = append(label, "hop "+strconv.Itoa(e.hop)+" to itself")
	}
	label = append(label, s.fault)
	attrs := []string{"label=" + dotText(join("\n", label...))}
	if s.claimed {
		attrs = append(attrs, "style=dashed")
	}
	if s.fault != "" {
		attrs = append(attrs, "color=red", "penwidth=2")
	}
	fmt.Fprintf(b, "\t\th%d [%s];\n", k, strings.Join(attrs, ", "))
}

// dotText quotes text. In a label a backslash begins an escape, so that it is
// doubled like the quotation mark; a line end becomes the escape for one.
func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
