package reports

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"nerbench/internal/terminal"
)

// writeText prints the table as text, one grid for each metric. With bold the best
// values are bold, by sequences that only a terminal understands.
func writeText(out io.Writer, t *Table, bold bool) error {
	w := bufio.NewWriter(out)
	for i, metric := range t.Metrics {
		g := t.grid(metric)
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := textGrid(w, g, bold); err != nil {
			return fmt.Errorf("table: text: %w", err)
		}
	}
	writeLines(w, "", t.signatureLines())
	writeLines(w, "warning: ", t.Warnings)
	if err := w.Flush(); err != nil { // holds the first error of any write
		return fmt.Errorf("table: text: %w", err)
	}
	return nil
}

// textGrid prints a grid with its title and its notes.
func textGrid(w io.Writer, g Grid, bold bool) error {
	if _, err := fmt.Fprintf(w, "%s\n\n", printable(g.Title)); err != nil {
		return err
	}
	if err := writeGrid(w, g, bold); err != nil {
		return err
	}
	writeLines(w, "", g.notes())
	return nil
}

// writeLines prints lines after an empty one.
func writeLines(w io.Writer, prefix string, lines []string) {
	for i, line := range lines {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, prefix+printable(line))
	}
}

// writeGrid prints a grid without borders. The header keeps its case and nothing is
// wrapped, because users paste names into the next command.
func writeGrid(w io.Writer, g Grid, bold bool) error {
	if len(g.Body) == 0 {
		_, err := fmt.Fprintln(w, "nothing was run")
		return err
	}
	align := make([]tw.Align, len(g.Header))
	for i := range align {
		align[i] = tw.AlignRight
	}
	for i := range g.labels() {
		align[i] = tw.AlignLeft
	}
	columns := tw.CellAlignment{PerColumn: align}
	format := tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off}
	var rendered bytes.Buffer
	table := tablewriter.NewTable(&rendered,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.Off},
				Lines:      tw.Lines{ShowHeaderLine: tw.On},
			},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header: tw.CellConfig{Alignment: columns, Formatting: format},
			Row:    tw.CellConfig{Alignment: columns, Formatting: format},
		}),
	)
	table.Header(printables(g.header()))
	body := make([][]string, len(g.Body))
	for i := range g.Body {
		body[i] = printables(g.marked(i))
		for c := range body[i] {
			if g.bold(i, c) {
				body[i][c] += "*"
			}
		}
	}
	for i, line := range alignMarks(body, g.labels()) {
		for c := range line {
			if bold && g.bold(i, c) {
				line[c] = boldOn + line[c] + boldOff
			}
		}
		if err := table.Append(line); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(rendered.String()) {
		fmt.Fprintln(w, strings.TrimRight(strings.ReplaceAll(line, pad, " "), " \n"))
	}
	return nil
}

// The sequences of a terminal for bold letters. The table writer counts them as no
// width.
const boldOn, boldOff = "\x1b[1m", "\x1b[0m"

// pad is a no-break space, which the table writer does not trim. Names cannot contain
// it: [printable] escapes it.
const pad = "\u00a0"

// alignMarks pads the values of a column that have no mark, so that the decimal points
// are aligned.
func alignMarks(body [][]string, labels int) [][]string {
	out := make([][]string, len(body))
	width := make([]int, len(body[0]))
	for _, line := range body {
		for i, s := range line {
			width[i] = max(width[i], markWidth(i < labels, s))
		}
	}
	for n, line := range body {
		for i, s := range line {
			out[n] = append(out[n], s+strings.Repeat(pad, width[i]-markWidth(i < labels, s)))
		}
	}
	return out
}

// markWidth is the length of " (a)" at the end of a value; labels have none.
func markWidth(label bool, s string) int {
	i := strings.LastIndex(s, " (")
	if label || i < 0 {
		return 0
	}
	return len(s) - i
}

func printables(line []string) []string {
	out := make([]string, len(line))
	for i, s := range line {
		out[i] = printable(s)
	}
	return out
}

// printable escapes what could disturb a terminal, because names come from outside, and
// white space that could disturb the columns.
func printable(s string) string {
	return strings.NewReplacer("\t", `\t`, pad, `\u00a0`).Replace(terminal.Line(s))
}
