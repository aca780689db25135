package reports

import (
	"slices"
)

// Line is the cells of one metric in one row or one column of a table.
type Line []*Cell

// Row returns the cells of a metric in one row.
func (t *Table) Row(metric, row string) Line {
	line := make(Line, len(t.Cols))
	for i, col := range t.Cols {
		line[i] = t.Cell(metric, row, col)
	}
	return line
}

// column returns the cells of a metric in one column.
func (t *Table) column(metric, col string) Line {
	line := make(Line, len(t.Rows))
	for i, row := range t.Rows {
		line[i] = t.Cell(metric, row, col)
	}
	return line
}

// Ran reports whether any cell of the line has a run.
func (l Line) Ran() bool { return slices.ContainsFunc(l, (*Cell).Ran) }

// Used returns the number of datasets that the averages of the line are over, and
// the number of datasets that they stand for. total is 0 if the line has no average.
func (l Line) Used() (used, total int) {
	for _, c := range l {
		if c.average && c.Ran() {
			used, total = max(used, c.Used), c.Total
		}
	}
	return used, total
}

// Passages returns the numbers of scored passages, of the cells that have any.
func (l Line) Passages() []int { return l.positive(func(c *Cell) int { return c.Complete }) }

// Gold returns the numbers of gold entities, of the cells that have any.
func (l Line) Gold() []int { return l.positive(func(c *Cell) int { return c.gold }) }

func (l Line) positive(of func(*Cell) int) []int {
	var numbers []int
	for _, c := range l {
		if n := of(c); n > 0 {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// Range prints numbers as one number if they are equal, else as a range; no number
// prints as an empty text.
func Range(numbers []int, print func(int) string) string {
	if len(numbers) == 0 {
		return ""
	}
	low, high := slices.Min(numbers), slices.Max(numbers)
	if low == high {
		return print(low)
	}
	return print(low) + "–" + print(high)
}
