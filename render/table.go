package render

import "strings"

// table writes rows with aligned columns under a heading. The last column is
// wrapped; a column that is empty in all rows takes no room. Where the columns
// leave the last one no room, each row is written as running text. Cells are
// clean.
func (p *page) table(heading string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	const lead, gap = 7, 2
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], width(c))
		}
	}
	last := len(widths) - 1
	for last > 0 && widths[last] == 0 {
		last--
	}
	column := lead
	for _, w := range widths[:last] {
		if w > 0 {
			column += w + gap
		}
	}
	p.blank()
	p.line(p.styled(heading, bold))
	for _, row := range rows {
		if column > p.width-minWidth/2 {
			p.hang(strings.Repeat(" ", lead), lead, join("  ", row...))
			continue
		}
		text := strings.Repeat(" ", lead)
		for i, c := range row[:last] {
			if widths[i] > 0 {
				text += pad(c, widths[i]+gap)
			}
		}
		p.hang(text, column, row[last])
	}
}
