package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// csvHeader names the columns of the long form: one line for each cell, with the
// counts behind its value. Ratios are unrounded; undefined ones are empty.
var csvHeader = []string{
	"row", "col", "metric", "f1", "precision", "recall", "tp", "n_pred", "n_gold", "ci_low", "ci_high",
	"used", "total", "passages_scored", "passages", "failures", "queries", "runs", "note",
}

// writeCSV prints all cells, also those of datasets that were not run. It prints the
// notes of cells, and no warnings.
func writeCSV(w io.Writer, t *Table) error {
	out := csv.NewWriter(w)
	lines := [][]string{csvHeader}
	for i := range t.Cells {
		lines = append(lines, csvLine(&t.Cells[i]))
	}
	if t.ranked {
		lines[0] = append(slices.Clone(csvHeader), "rank_from", "rank_to")
		for i := range t.Cells {
			lines[i+1] = append(lines[i+1], csvRank(t.Cells[i].Rank)...)
		}
	}
	for _, p := range t.Published {
		for _, at := range sortedKeys(p.Values) {
			value := p.Values[at] / 100
			line := append([]string{at, p.Name, "f1 (published)", number(&value)}, make([]string, len(csvHeader)-5)...)
			line = append(line, p.Source)
			lines = append(lines, append(line, make([]string, len(lines[0])-len(line))...))
		}
	}
	if err := out.WriteAll(lines); err != nil {
		return fmt.Errorf("table: csv: %w", err)
	}
	return nil
}

// csvGrid prints a grid without its title and its notes.
func csvGrid(w io.Writer, g Grid) error {
	out := csv.NewWriter(w)
	lines := append([][]string{g.header()}, g.Body...)
	if slices.Contains(g.Published, true) {
		lines[0] = append(g.header(), "published")
		for i := range g.Body {
			lines[i+1] = append(slices.Clone(g.Body[i]), strconv.FormatBool(g.published(i)))
		}
	}
	if err := out.WriteAll(lines); err != nil {
		return fmt.Errorf("table: csv: %w", err)
	}
	return nil
}

func csvLine(c *Cell) []string {
	line := []string{c.Row, c.Col, c.Metric, number(c.Value), number(c.Precision), number(c.Recall)}
	if c.Counts != nil {
		tp, pred, gold := PrintedCounts(*c.Counts, c.doubled)
		line = append(line, number(&tp), strconv.Itoa(pred), strconv.Itoa(gold))
	} else {
		line = append(line, "", "", "")
	}
	if c.CI != nil {
		line = append(line, number(&c.CI[0]), number(&c.CI[1]))
	} else {
		line = append(line, "", "")
	}
	for _, n := range []int{c.Used, c.Total, c.Complete, c.Passages, c.Failures, c.Queries} {
		line = append(line, strconv.Itoa(n))
	}
	return append(line, strings.Join(c.Runs, " "), c.Note)
}

func csvRank(rank *[2]int) []string {
	if rank == nil {
		return []string{"", ""}
	}
	return []string{strconv.Itoa(rank[0]), strconv.Itoa(rank[1])}
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
