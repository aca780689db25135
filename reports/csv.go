package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// csvHeader names the columns of the long form: one line for each value, with the
// counts behind it. Ratios are fractions, unrounded; a number that does not exist is
// empty. kind is "dataset", or "mean" for a mean over datasets.
var csvHeader = []string{
	"row", "col", "metric", "kind", "published", "f1", "precision", "recall", "tp", "n_pred", "n_gold", "ci_low", "ci_high",
	"used", "total", "passages_scored", "passages", "failures", "queries", "runs", "note",
}

// Records is a table in the form csv: the header, and one line for each value.
type Records [][]string

// NewRecords returns records with the header of the long form.
func NewRecords() Records { return Records{csvHeader} }

// Add adds the value of a cell.
func (r *Records) Add(c *Cell) {
	line := []string{c.Row, c.Col, c.Metric, kind(c.average), "false", Fraction(c.Value), Fraction(c.Precision), Fraction(c.Recall)}
	if c.Counts != nil {
		tp, pred, gold := PrintedCounts(*c.Counts, c.doubled)
		line = append(line, Fraction(&tp), strconv.Itoa(pred), strconv.Itoa(gold))
	} else {
		line = append(line, "", "", "")
	}
	line = append(line, FractionInterval(c.CI)...)
	for _, n := range []int{c.Used, c.Total, c.Complete, c.Passages, c.Failures, c.Queries} {
		line = append(line, strconv.Itoa(n))
	}
	*r = append(*r, append(line, strings.Join(c.Runs, " "), c.Note))
}

// AddPublished adds a published value, which is in percent; mean is set for a printed
// mean over datasets.
func (r *Records) AddPublished(row, col, metric string, mean bool, percent float64, note string) {
	value := FromPercent(percent)
	line := append([]string{row, col, metric, kind(mean), "true", Fraction(&value)}, make([]string, len(csvHeader)-7)...)
	*r = append(*r, append(line, note))
}

func kind(mean bool) string {
	if mean {
		return "mean"
	}
	return "dataset"
}

// writeCSV prints all cells, also those of datasets that were not run. It prints the
// notes of cells, and no warnings.
func writeCSV(w io.Writer, t *Table) error {
	records := NewRecords()
	var ranks [][]string
	for i := range t.Cells {
		if c := &t.Cells[i]; t.shown(c) {
			records.Add(c)
			ranks = append(ranks, csvRank(c.Rank))
		}
	}
	for _, p := range t.Published {
		for _, at := range sortedKeys(p.Values) {
			if t.RunOnly && !t.ran(at) {
				continue
			}
			records.AddPublished(at, p.Name, "f1", p.domains, p.Values[at], p.Source)
		}
	}
	if t.ranked {
		records[0] = append(slices.Clone(records[0]), "rank_from", "rank_to")
		for i := range records[1:] {
			rank := csvRank(nil)
			if i < len(ranks) {
				rank = ranks[i]
			}
			records[i+1] = append(records[i+1], rank...)
		}
	}
	return records.write(w)
}

func (r Records) write(w io.Writer) error { return WriteCSV(w, r) }

// WriteCSV prints lines for other programs. A text that a spreadsheet would compute as a
// formula is marked as text.
func WriteCSV(w io.Writer, records [][]string) error {
	lines := make([][]string, len(records))
	for i, line := range records {
		for _, cell := range line {
			lines[i] = append(lines[i], csvText(cell))
		}
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("table: csv: %w", err)
	}
	return nil
}

// number is a number as this program and others write it.
var number = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// csvText marks a text as text that a spreadsheet would compute as a formula: one that
// begins with =, +, -, @, a tab or the end of a line, and is no number. The mark is an
// apostrophe.
func csvText(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) || number.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

// csvGrid prints the records of a grid; without records its cells, without its title
// and its notes. A dash for a number that does not exist is an empty cell.
func csvGrid(w io.Writer, g Grid) error {
	if g.Records != nil {
		return g.Records.write(w)
	}
	lines := Records{g.header()}
	for _, cells := range g.Body {
		line := slices.Clone(cells)
		for i, cell := range line {
			if cell == Undefined {
				line[i] = ""
			}
		}
		lines = append(lines, line)
	}
	if slices.Contains(g.Published, true) {
		lines[0] = append(g.header(), "published")
		for i := range g.Body {
			lines[i+1] = append(lines[i+1], strconv.FormatBool(g.published(i)))
		}
	}
	return lines.write(w)
}

func csvRank(rank *[2]int) []string {
	if rank == nil {
		return []string{"", ""}
	}
	return []string{strconv.Itoa(rank[0]), strconv.Itoa(rank[1])}
}

// Fraction prints a number for other programs, unrounded; nil prints as an empty text.
func Fraction(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

// FractionInterval prints the two ends of an interval as [Fraction] does.
func FractionInterval(ci *[2]float64) []string {
	if ci == nil {
		return []string{"", ""}
	}
	return []string{Fraction(&ci[0]), Fraction(&ci[1])}
}
