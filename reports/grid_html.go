package reports

import (
	"fmt"
	"io"
	"strings"
)

// writeHTMLTable prints the table as an HTML page.
func writeHTMLTable(w io.Writer, t *Table) error {
	parts := make([]figurePart, len(t.Metrics))
	for i, metric := range t.Metrics {
		parts[i] = figurePart{Table: t.grid(metric)}
		if i == len(t.Metrics)-1 {
			parts[i].Block = t.signatureLines()
			for _, warning := range t.Warnings {
				parts[i].Table.Notes = append(parts[i].Table.Notes, "warning: "+warning)
			}
		}
	}
	return writeFigurePage(w, fmt.Sprintf("F1, %s by %s", t.RowKey, t.ColKey), parts)
}

// writeFigurePage writes one self-contained HTML page without scripts: figures, each
// with the table of its numbers below.
func writeFigurePage(w io.Writer, title string, parts []figurePart) error {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>%s</title><style>%s</style></head><body><main>\n<h1>%s</h1>\n", esc(title), figurePageStyle, esc(title))
	for _, p := range parts {
		b.WriteString("<section>\n")
		if p.Figure != nil {
			if err := p.Figure.WriteSVG(&b); err != nil {
				return err
			}
		}
		p.Table.html(&b, title)
		for i, line := range p.Block {
			if i == 0 {
				fmt.Fprintf(&b, "<p>%s</p><ul>", esc(line))
			} else {
				fmt.Fprintf(&b, "<li><code>%s</code></li>", esc(line))
			}
			if i == len(p.Block)-1 {
				b.WriteString("</ul>\n")
			}
		}
		b.WriteString("</section>\n")
	}
	b.WriteString("</main></body></html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// figurePart is a table, the figure above it, which may be nil, and a block of lines
// below it, with its title first.
type figurePart struct {
	Figure *Figure
	Table  Grid
	Block  []string
}

const figurePageStyle = `:root{color-scheme:light dark}body{margin:0;background:#fff;color:#1c2330;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}main{max-width:1100px;margin:0 auto;padding:1.5rem}section{margin:0 0 3rem;overflow-x:auto}svg{max-width:900px;width:100%;height:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.25rem .8rem .25rem 0;text-align:right;border-bottom:1px solid #dfe3e9;white-space:nowrap}.label{text-align:left}caption{text-align:left;font-weight:600;padding:.5rem 0}th{border-bottom:2px solid #5b6675}tr.published td{font-style:italic;color:#5b6675}ul{color:#5b6675;font-size:.87rem;padding-left:1.1rem}` +
	`@media (prefers-color-scheme:dark){body{background:#14181f;color:#e6e9ee}th,td{border-color:#323a46}tr.published td,ul{color:#9aa5b4}}`

// htmlGrid writes a page with one table.
func htmlGrid(w io.Writer, g Grid) error {
	return writeFigurePage(w, g.Title, []figurePart{{Table: g}})
}

// html writes the grid as a table, with its title unless the page has the same.
func (g Grid) html(b *strings.Builder, page string) {
	b.WriteString("<table>")
	if g.Title != page {
		fmt.Fprintf(b, "<caption>%s</caption>", esc(g.Title))
	}
	b.WriteString("<thead><tr>")
	for i, h := range g.header() {
		class := ""
		if i < g.labels() {
			class = ` class="label"`
		}
		fmt.Fprintf(b, "<th%s>%s</th>", class, esc(h))
	}
	b.WriteString("</tr></thead><tbody>\n")
	for i := range g.Body {
		class := ""
		if g.published(i) {
			class = ` class="published"`
		}
		fmt.Fprintf(b, "<tr%s>", class)
		for c, s := range g.marked(i) {
			switch {
			case c < g.labels():
				fmt.Fprintf(b, `<td class="label">%s</td>`, esc(s))
			case g.printedElsewhere(i, c):
				fmt.Fprintf(b, "<td><i>%s</i></td>", esc(s))
			case g.bold(i, c):
				fmt.Fprintf(b, "<td><b>%s</b></td>", esc(s))
			default:
				fmt.Fprintf(b, "<td>%s</td>", esc(s))
			}
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table>\n")
	for i, n := range g.notes() {
		if i == 0 {
			b.WriteString("<ul>")
		}
		fmt.Fprintf(b, "<li>%s</li>", esc(n))
		if i == len(g.notes())-1 {
			b.WriteString("</ul>\n")
		}
	}
}
